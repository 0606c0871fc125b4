// What happens next in a run: a pure function of the plan, the folded state, what is on its way,
// and the time. The engine writes `record` to the journal, and only then performs `dispatch`.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/state.h"

namespace switchback {

using DecisionTime = std::chrono::time_point<std::chrono::steady_clock, Milliseconds>;

// What the engine knows and the journal does not.
struct Flight {
  std::set<size_t> steps;                     // requests on their way
  std::map<size_t, int> rechecks;             // how often an unknown step was asked again
  std::map<size_t, DecisionTime> not_before;  // back-off of those
  std::set<size_t> to_reprove;                // done steps whose truth a resumed run must see again
  std::map<size_t, DecisionTime> proven_at;   // when this executor heard that a step is done
};

struct Dispatch {
  enum class Kind {
    forward,  // a new attempt of the step
    undo,     // a new attempt of its reverse
    recheck,  // the same attempt again: its receipt, or a probe, tells
    reprove,  // a look at a step that was done before the run was resumed
  };
  Kind kind = Kind::forward;
  size_t step = 0;
  int attempt = 1;
};

struct Decision {
  enum class Situation {
    running,  // something is on its way or about to be
    waiting,  // for a person's answer
    held,     // something failed or is unknown: a person retries, skips or aborts
    ended,
  };
  Situation situation = Situation::running;
  std::vector<Event> record;
  std::vector<Dispatch> dispatch;
  std::optional<DecisionTime> again_at;  // when a back-off ends
  bool again = false;  // something was passed over: decide once more before waiting
  std::string reason;  // why, in one sentence for log, JSON and screen
};

inline constexpr int recheck_limit = 4;

Decision decide(const RunState& state, const Flight& flight, DecisionTime now);

// The done steps that must be proven again when a run is resumed: those with a probe whose direct
// successors are not all finished (somebody may have started the old side overnight).
std::set<size_t> steps_to_reprove(const RunState& state);

}  // namespace switchback
