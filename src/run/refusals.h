// What a person asks of a run, and why it cannot be granted now: pure, in words that name a next
// step.
#pragma once

#include <string>

#include "run/state.h"

namespace switchback {

// Why this person may not answer this step's gate now; empty when they may.
std::string gate_refusal(const RunState& state, const std::string& step_id,
                         const GateAnswer& answer);
// Why the run cannot be aborted; empty when it can.
std::string abort_refusal(const RunState& state);
// Why the step cannot be retried or skipped; empty when it can.
std::string retry_refusal(const RunState& state, const std::string& step_id);
std::string skip_refusal(const RunState& state, const std::string& step_id);

}  // namespace switchback
