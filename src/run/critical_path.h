// Where the time of a run went: the chain of steps that determined its end, and what lay between
// them.
#pragma once

#include "run/state.h"

namespace switchback {

struct CriticalPath {
  std::vector<std::string> steps;  // from the first that was sent to the last that ended
  Milliseconds commands{0};        // as their hosts measured them
  Milliseconds people{0};          // gates, from the step before them to the answer
  Milliseconds idle{0};  // neither: our own part, and any time in which nobody performed it
};

// Backwards from the step that ended last, each time to the predecessor that ended last. Nothing
// for a run that has not ended, sent nothing, was undone, or whose clock was set back meanwhile.
std::optional<CriticalPath> critical_path(const RunState& state);

// The same for a report: steps, commands_ms, people_ms, idle_ms; or null.
Json critical_path_of(const RunState& state);
std::string critical_path_text(const Json& path);

}  // namespace switchback
