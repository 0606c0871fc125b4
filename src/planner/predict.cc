#include "planner/predict.h"

#include <algorithm>

namespace switchback {
namespace {

// What a step takes that never ran, by its phase: rough, from measurements on small machines.
struct Guess {
  std::string_view phase;
  Milliseconds duration;
};
constexpr Guess guesses[] = {
    {"prepare", Milliseconds(5'000)},  {"announce", Milliseconds(500)},
    {"stop", Milliseconds(2'000)},     {"sync", Milliseconds(2'000)},
    {"fencing", Milliseconds(100)},    {"claim", Milliseconds(20)},
    {"promote", Milliseconds(500)},    {"start", Milliseconds(5'000)},
    {"verify", Milliseconds(1'000)},   {"follow", Milliseconds(3'000)},
    {"salvage", Milliseconds(30'000)}, {"rebuild", Milliseconds(120'000)},
    {"status", Milliseconds(20)},      {"finish", Milliseconds(5'000)},
};

Span guess(const Step& step) {
  Milliseconds expected{1'000};
  for (const Guess& row : guesses) {
    if (row.phase == step.phase) expected = row.duration;
  }
  expected = std::min(expected, step.bound) + step.hold;
  return {expected / 2, expected, expected * 2};
}

Span from_past(std::vector<Milliseconds> past) {
  std::sort(past.begin(), past.end());
  return {past.front(), past[past.size() / 2], past.back()};
}

// Ends of all steps when each takes `length`; steps stand behind those they need.
std::map<std::string, Milliseconds> ends_of(const Plan& plan, const Prediction& prediction,
                                            Milliseconds Span::*length) {
  std::map<std::string, Milliseconds> ends;
  for (const Step& step : plan.steps) {
    Milliseconds start{0};
    for (const std::string& need : step.needs) start = std::max(start, ends[need]);
    ends[step.id] = start + prediction.steps.at(step.id).duration.*length;
  }
  return ends;
}

bool interrupts(const Step& step) {
  return step.phase == "stop";
}
bool restores(const Step& step) {
  return step.phase == "promote" || step.phase == "start" || step.phase == "verify";
}

// The outage begins with the first stop (in an emergency it has begun already) and ends when the
// last start is verified. A reprotect interrupts nobody.
Milliseconds outage_of(const Plan& plan, const Prediction& prediction,
                       const std::map<std::string, Milliseconds>& ends,
                       Milliseconds Span::*length) {
  if (plan.operation == Operation::reprotect) return Milliseconds(0);
  Milliseconds begin = Milliseconds::max();
  Milliseconds end{0};
  for (const Step& step : plan.steps) {
    const Milliseconds step_end = ends.at(step.id);
    if (interrupts(step)) {
      begin = std::min(begin, step_end - prediction.steps.at(step.id).duration.*length);
    }
    if (restores(step)) end = std::max(end, step_end);
  }
  if (is_emergency(plan.operation) || begin > end) begin = Milliseconds(0);
  return end - begin;
}

void mark_critical_path(const Plan& plan, Prediction& prediction) {
  const Step* last = nullptr;
  for (const Step& step : plan.steps) {
    if (last == nullptr || prediction.steps[step.id].end > prediction.steps[last->id].end) {
      last = &step;
    }
  }
  while (last != nullptr) {
    prediction.critical_path.push_back(last->id);
    StepPrediction& here = prediction.steps[last->id];
    here.critical = true;
    const Step* before = nullptr;
    for (const std::string& need : last->needs) {
      if (prediction.steps[need].end == here.start) before = plan.find(need);
    }
    last = before;
  }
  std::reverse(prediction.critical_path.begin(), prediction.critical_path.end());
}

}  // namespace

Prediction predict(const Plan& plan, const Durations& past) {
  Prediction prediction;
  for (const Step& step : plan.steps) {
    StepPrediction& one = prediction.steps[step.id];
    const auto found = past.find(step.id);
    if (step.kind == StepKind::gate) {
      ++prediction.gates;
    } else if (step.kind == StepKind::milestone) {
      one.duration = {};
    } else if (found != past.end() && !found->second.empty()) {
      one.duration = from_past(found->second);
    } else {
      one.duration = guess(step);
      one.guessed = true;
      ++prediction.guesses;
    }
  }
  const auto fill = [&](Milliseconds Span::*length) {
    const auto ends = ends_of(plan, prediction, length);
    for (const auto& [id, end] : ends) {
      prediction.total.*length = std::max(prediction.total.*length, end);
    }
    prediction.outage.*length = outage_of(plan, prediction, ends, length);
    return ends;
  };
  fill(&Span::least);
  fill(&Span::most);
  for (const auto& [id, end] : fill(&Span::expected)) {
    StepPrediction& one = prediction.steps[id];
    one.end = end;
    one.start = end - one.duration.expected;
  }
  mark_critical_path(plan, prediction);
  return prediction;
}

}  // namespace switchback
