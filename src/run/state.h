// The state of a run: a fold over its events, nothing else. `apply` is the one function that
// changes it, and it checks every transition; a journal that cannot be folded is corrupt.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/event.h"

namespace switchback {

enum class StepStatus {
  pending,
  started,  // the intent is journaled; whether the effect happened is not known yet
  done,
  failed,    // not done, proven: a person retries, skips or aborts
  unknown,   // it may have happened: asked again before anything is decided
  passed,    // its condition is false, or it was allowed to fail
  unproven,  // fencing: gave no evidence, a later method must
  skipped,   // by a person, with a reason
  undone,    // reversed while aborting
};

std::string_view step_status_text(StepStatus status);

struct GateAnswer {
  std::string who;
  bool verified = false;  // the identity comes from the log-in, not from a word
  bool yes = false;
  std::string text;
  int64_t at_ms = 0;
};

struct StepState {
  StepStatus status = StepStatus::pending;
  int attempt = 0;       // effects started forward
  int undo_attempt = 0;  // effects started backward
  bool undoing = false;  // the running or last attempt is the undo
  bool applied = false;  // the effect may have begun
  bool gate_open = false;
  bool voided = false;  // a gate whose answers were given under facts that are no longer true
  std::vector<GateAnswer> answers;
  std::map<std::string, std::string> captures;
  std::string message;  // why it has this status, in words
  std::string progress;
  int64_t started_at_ms = 0;
  int64_t ended_at_ms = 0;
  int64_t elapsed_ms = 0;
};

// An approval that was given under facts which were found false later.
struct VoidedAnswer {
  std::string gate;
  GateAnswer answer;
  std::string why;
};

struct RunState {
  int64_t run = 0;
  std::shared_ptr<const Plan> plan;
  std::map<std::string, size_t> index;  // step id -> place in plan->steps and steps
  std::vector<StepState> steps;
  Claim claim;       // under which the run acts now
  Claim next_claim;  // what the claim step takes
  bool claim_taken = false;
  bool claimed_back = false;
  std::string hash;  // the plan's
  std::string who;
  std::string ticket;
  std::string reason;
  int64_t created_at_ms = 0;
  int64_t predicted_ms = 0;
  int64_t predicted_outage_ms = 0;
  std::string price;  // what an emergency would cost, in words, when the run was created
  int64_t priced_at_ms = 0;
  std::string anyway;          // why it may go home now all the same (planner/going_home.h)
  std::set<std::string> told;  // news that were sent while it lasted (run/news.h)
  std::vector<VoidedAnswer> voided;
  bool abort_asked = false;
  bool ended = false;
  std::string result;
  std::string message;
  int64_t ended_at_ms = 0;
  int64_t last_at_ms = 0;
  bool clock_set_back = false;  // between two events: differences of their times say nothing
  int64_t last_sequence = 0;
  std::string last_hash;

  StepState& of(const std::string& id) { return steps[index.at(id)]; }
  const StepState& of(const std::string& id) const { return steps[index.at(id)]; }
  // From its creation to its end. Nothing while it is open, or when the clock was set back
  // meanwhile.
  std::optional<Milliseconds> duration() const;
  // True once a step behind which nothing is undone may have begun.
  bool past_point_of_no_return() const;
  // True once any effect on the world may have begun (looking is none).
  bool any_effect() const;
  // The value of a capture reference ("step:name" or "run:name"); empty when it is not known.
  std::string value_of(const std::string& reference) const;
};

// Folds one event into the state. `corrupt` when it cannot follow.
Result<void> apply(RunState& state, const Event& event);
Result<RunState> fold(const std::vector<Event>& events);

// "5704e11f.12.3fa9c1": the run's name on hosts: of its store, of its number there, and of the
// claim that it would take, because a lost store, or a copy of this one, may have left a run 12,
// too.
std::string run_name(const RunState& state);

// The claim that an abort takes after `next_claim`: the old members under a newer epoch.
Claim claim_back(const RunState& state);

// True when a successor may start: done, passed, unproven or skipped.
bool is_satisfied(StepStatus status);

}  // namespace switchback
