// What the renderings share.
#include "plan/render.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {

std::string span_text(const Span& span) {
  if (span.least == span.most) return duration_text(span.expected);
  return fmt::format("{} ({} to {})", duration_text(span.expected), duration_text(span.least),
                     duration_text(span.most));
}

std::vector<int> waves(const Plan& plan) {
  std::map<std::string, int> wave_of;
  std::vector<int> numbers;
  for (const Step& step : plan.steps) {
    int wave = 1;
    for (const std::string& need : step.needs) wave = std::max(wave, wave_of[need] + 1);
    wave_of[step.id] = wave;
    numbers.push_back(wave);
  }
  return numbers;
}

std::string plan_headline(const Plan& plan) {
  if (plan.operation == Operation::reprotect) {
    return fmt::format("reprotect of {}: {} is rebuilt as the standby of {}", plan.application,
                       plan.to_site, plan.from_site);
  }
  if (plan.operation == Operation::start) {
    return fmt::format("start of {}: {} is started, {} is stopped", plan.application, plan.to_site,
                       plan.from_site);
  }
  if (plan.operation == Operation::resolve) {
    return fmt::format("resolve of {}: {} is active by a new claim", plan.application,
                       plan.to_site);
  }
  if (plan.operation == Operation::sync) {
    return fmt::format("sync of {}: {} is brought near {}", plan.application, plan.to_site,
                       plan.from_site);
  }
  if (plan.from_site == plan.to_site) {
    return fmt::format("{} of {}: {} is the active site", operation_text(plan.operation),
                       plan.application, plan.from_site);
  }
  return fmt::format("{} of {}: {} -> {}", operation_text(plan.operation), plan.application,
                     plan.from_site, plan.to_site);
}

std::vector<std::string> step_notes(const Step& step) {
  std::vector<std::string> notes;
  for (const Condition& condition : step.when) {
    notes.push_back(fmt::format("only if {} is {}", condition.reference, condition.equals));
  }
  if (!step.unless.empty()) {
    notes.push_back(fmt::format("not if all of these are done: {}", join(step.unless, ", ")));
  }
  if (!step.proves_again.empty()) {
    notes.push_back(fmt::format("not if {} was proven at most {} before", step.proves_again,
                                duration_text(fresh_proof)));
  }
  if (step.if_unreachable == IfUnreachable::skip) {
    notes.push_back("passed over when " + step.where + " is gone");
  }
  if (step.if_unreachable == IfUnreachable::evidence) {
    notes.push_back("proves nothing when it fails, and the run goes on");
  }
  if (step.destructive) notes.push_back("overwrites data");
  if (step.point_of_no_return) notes.push_back("point of no return");
  if (step.hold.count() > 0) {
    notes.push_back("must stay true for " + duration_text(step.hold));
  }
  return notes;
}

Json render_json(const Plan& plan, const Prediction& prediction) {
  const auto span = [](const Span& value) {
    return Json{{"least_ms", value.least.count()},
                {"expected_ms", value.expected.count()},
                {"most_ms", value.most.count()}};
  };
  Json steps = Json::object();
  for (const Step& step : plan.steps) {
    const auto found = prediction.steps.find(step.id);
    if (found == prediction.steps.end()) continue;
    const StepPrediction& one = found->second;
    steps[step.id] = {{"duration", span(one.duration)},
                      {"start_ms", one.start.count()},
                      {"end_ms", one.end.count()},
                      {"guessed", one.guessed},
                      {"critical", one.critical}};
  }
  Json value = plan_to_json(plan);
  value["hash"] = plan_hash(plan);
  value["prediction"] = {{"total", span(prediction.total)},
                         {"outage", span(prediction.outage)},
                         {"gates", prediction.gates},
                         {"guesses", prediction.guesses},
                         {"critical_path", prediction.critical_path},
                         {"steps", steps}};
  return value;
}

}  // namespace switchback
