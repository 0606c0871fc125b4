#include "run/refusals.h"

#include <fmt/format.h>

namespace switchback {

std::string gate_refusal(const RunState& state, const std::string& step_id,
                         const GateAnswer& answer) {
  const auto place = state.index.find(step_id);
  if (place == state.index.end()) return fmt::format("run {} has no step {}", state.run, step_id);
  const Step& spec = state.plan->steps[place->second];
  const StepState& step = state.steps[place->second];
  if (spec.kind != StepKind::gate) return step_id + " asks nobody";
  if (step.status == StepStatus::done) return step_id + " is answered already";
  if (!step.gate_open || step.status != StepStatus::pending) {
    std::vector<std::string> before;
    for (const auto& id : spec.needs) {
      const StepState& need = state.of(id);
      if (!is_satisfied(need.status)) {
        before.push_back(fmt::format("{} ({}{}{})", id, step_status_text(need.status),
                                     need.message.empty() ? "" : ": ", need.message));
      }
    }
    return fmt::format("{} is not open; it waits for {}", step_id,
                       before.empty() ? "the run to be resumed" : join(before, ", "));
  }
  if (spec.gate.kind == Gate::Kind::approval && answer.yes && answer.who == state.who) {
    return fmt::format("{} asked for this run; somebody else must approve it", answer.who);
  }
  for (const GateAnswer& given : step.answers) {
    if (given.who == answer.who) return answer.who + " has answered already";
  }
  return "";
}

std::string abort_refusal(const RunState& state) {
  if (state.ended) return "the run has ended: " + state.result;
  if (state.abort_asked) return "it is being aborted already";
  if (state.past_point_of_no_return()) {
    return "the point of no return is passed: the run only goes forward (retry or skip)";
  }
  return "";
}

std::string retry_refusal(const RunState& state, const std::string& step_id) {
  const auto place = state.index.find(step_id);
  if (place == state.index.end()) return fmt::format("run {} has no step {}", state.run, step_id);
  const StepStatus status = state.steps[place->second].status;
  if (state.ended) return "the run has ended: " + state.result;
  if (status == StepStatus::failed || status == StepStatus::unknown) return "";
  return fmt::format("{} is {}; only a failed or unknown step is retried", step_id,
                     step_status_text(status));
}

std::string skip_refusal(const RunState& state, const std::string& step_id) {
  if (auto refusal = retry_refusal(state, step_id); !refusal.empty()) return refusal;
  // Nothing was promoted, and the claim says so: what stays as it is can wait for its host, and
  // must not keep a failover from beginning.
  if (state.abort_asked) return "";
  if (!state.plan->steps[state.index.at(step_id)].skippable) {
    return fmt::format("{} cannot be skipped: later steps rest on its proof", step_id);
  }
  return "";
}

}  // namespace switchback
