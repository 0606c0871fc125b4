// What an answer of the world means for a step: done, not done or unknown, and why. Pure.
#pragma once

#include <map>
#include <string>

#include "plan/step.h"
#include "world/shell.h"

namespace switchback {

struct Verdict {
  Outcome outcome = Outcome::unknown;
  bool applied = true;  // false: the effect certainly never began
  bool again = false;   // interrupted, not done, and repeatable: a new attempt may start by itself
  std::string message;  // why, with the host's own words
  std::map<std::string, std::string> captures;
};

// `command` is the one that ran (the step's apply or its undo); a probe decides where there is one.
Verdict judge(const Step& step, const Answer& answer, bool undo);

// True when the value has the capture's type: lsn "0/3000028", integer, word, text.
bool is_of_type(std::string_view value, std::string_view type);

}  // namespace switchback
