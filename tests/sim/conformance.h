// The table of the conformance suite, one line for each step of each operation:
//
//   OPERATION STEP BEFORE ANSWER AFTER AGAIN STILL [undone:PROBE]
//
// BEFORE, AFTER and STILL are the probe's words before the step, after it, and after a second apply
// without the probe; "-" where a step has no probe. ANSWER and AGAIN are the words of the step and
// of that second apply; `undone` is the probe after the step's undo.
#pragma once

#include <string>

namespace switchback {

extern const std::string conformance_table;

}  // namespace switchback
