// The journal's records. A run *is* its events: state is a fold over them (run/state.h), and
// terminal, JSON, report and audit read the same stream. Format: docs/journal.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "plan/plan.h"

namespace switchback {

inline constexpr int journal_format = 1;

enum class EventKind {
  run_created,       // plan, plan_hash, next_claim, who, verified, ticket, reason, predicted_ms,
                     // predicted_outage_ms, anyway
  run_resumed,       // who: a new executor took over; every started step is unknown
  assumption_false,  // message, assumptions (name, expected, found each): the run was not taken up
                     // again, and approvals given before are void
  step_started,      // step, attempt: intent, written before the effect
  step_ended,        // step, attempt, outcome, captures, exit_code, message, elapsed_ms, applied,
                     // again (true: interrupted and repeatable, it is attempted anew)
  step_passed,       // step, reason: its condition is false, its host gone and that is allowed …
  step_progress,     // step, text: written seldom, for viewers
  step_reopened,     // step, reason: done before, no longer true
  gate_opened,       // step
  gate_answered,     // step, who, verified, answer (yes|no), text
  claim_taken,       // claim: the store's compare-and-set succeeded
  retry_asked,       // step, who
  skip_asked,        // step, who, reason
  abort_asked,       // who, reason
  noted,             // who, text
  observed,          // facts that a decision used, for the report
  announced,         // channel (the step whose way it went), text; ok (false: not delivered)
  run_ended,         // result (done|aborted|refused), message
};

std::string_view event_kind_text(EventKind kind);

// `body` holds the fields named above. `sequence` counts from 1 without a gap within the run;
// `hash` chains: SHA-256 over the previous hash and this record's text.
struct Event {
  int64_t run = 0;
  int64_t sequence = 0;
  int64_t at_ms = 0;  // wall clock, for people
  EventKind kind = EventKind::noted;
  Json body;
  std::string hash;
};

Json event_to_json(const Event& event);
Result<Event> event_from_json(const Json& value);

// The text that is stored and chained: everything but the hash.
std::string event_text(const Event& event);
std::string chain_hash(std::string_view previous_hash, const Event& event);

}  // namespace switchback
