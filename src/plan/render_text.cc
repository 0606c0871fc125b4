#include <fmt/format.h>

#include <algorithm>

#include "plan/render.h"

namespace switchback {
namespace {

constexpr size_t rule_width = 96;

// Fills up to a width in characters; widths of UTF-8 names are counted as bytes, names are ASCII.
std::string padded(const std::string& text, size_t width) {
  return text.size() >= width ? text : text + std::string(width - text.size(), ' ');
}

std::string rule(const std::string& words) {
  std::string line = "━━ " + words + " ";
  for (size_t i = words.size() + 4; i < rule_width; ++i) line += "━";
  return line + "\n";
}

std::string time_cell(const Step& step, const Prediction& prediction) {
  if (step.kind == StepKind::gate) return "a person";
  const auto found = prediction.steps.find(step.id);
  if (found == prediction.steps.end()) return "";
  return (found->second.guessed ? "~" : "") + duration_text(found->second.duration.expected);
}

struct Widths {
  size_t id = 0;
  size_t where = 0;
};

Widths widths_of(const Plan& plan) {
  Widths widths;
  for (const Step& step : plan.steps) {
    widths.id = std::max(widths.id, step.id.size());
    widths.where = std::max(widths.where, step.where.size());
  }
  widths.id = std::min<size_t>(widths.id, 40);
  return widths;
}

void add_step(const Prediction& prediction, const Step& step, size_t number,
              const std::map<std::string, size_t>& numbers, const Widths& widths, bool commands,
              std::string& text) {
  const auto found = prediction.steps.find(step.id);
  const bool critical = found != prediction.steps.end() && found->second.critical;
  text += fmt::format("{:>4} {} {}  {}  {:>8}  {}\n", number, critical ? "*" : " ",
                      padded(step.id, widths.id), padded(step.where, widths.where),
                      time_cell(step, prediction), clean(step.title, 200));
  const std::string margin(7, ' ');
  if (!step.needs.empty()) {
    std::vector<size_t> after;
    for (const std::string& need : step.needs) after.push_back(numbers.at(need));
    std::sort(after.begin(), after.end());
    text += fmt::format("{}after {}\n", margin, fmt::join(after, " "));
  }
  if (step.kind == StepKind::gate) {
    const std::string by = step.gate.by.empty() ? "a person" : step.gate.by;
    const std::string count =
        step.gate.people > 1 ? fmt::format(" ({} people)", step.gate.people) : "";
    text += fmt::format("{}asks {}{}: {}\n", margin, by, count, clean(step.gate.text, 1000));
  }
  for (const std::string& note : step_notes(step)) text += margin + note + "\n";
  if (!commands) return;
  const std::pair<const char*, const Command*> parts[] = {
      {"probe", &step.probe}, {"apply", &step.apply}, {"undo ", &step.undo}};
  for (const auto& [name, command] : parts) {
    if (!is_empty(*command)) text += fmt::format("{}{} {}\n", margin, name, command_text(*command));
  }
}

std::string head(const Plan& plan, const Prediction& prediction) {
  std::string text = plan_headline(plan) + "\n\n";
  text += fmt::format("  hash       {}\n", plan_hash(plan));
  text += plan.claim_before.epoch == 0
              ? std::string("  claim      nobody has claimed yet\n")
              : fmt::format("  claim      {} ({})\n", plan.claim_before.epoch,
                            plan.claim_before.claim_id);
  text += fmt::format("  expected   {} in all\n", span_text(prediction.total));
  if (prediction.outage.most.count() > 0) {
    text += fmt::format("  outage     {}\n", span_text(prediction.outage));
  }
  if (prediction.gates > 0) {
    text += fmt::format(
        "  people     {} at most; their time comes on top\n",
        prediction.gates == 1 ? "asked once" : fmt::format("asked {} times", prediction.gates));
  }
  if (prediction.guesses > 0) {
    text += fmt::format("  guessed    {} of {} steps never ran: their times (~) are guesses\n",
                        prediction.guesses, plan.steps.size());
  }
  for (const auto& [site, word] : plan.status_after) {
    text += fmt::format("  afterwards {} is {}\n", site, word);
  }
  return text + "\n";
}

std::string tail(const Plan& plan) {
  std::string text = "assumptions\n";
  int unknown = 0;
  for (const Assumption& assumption : plan.assumptions) {
    if (assumption.met && assumption.value == "unknown") {
      ++unknown;
      continue;
    }
    text += fmt::format("  {} {}: {}\n", assumption.met ? "✓" : "✗", clean(assumption.text, 500),
                        clean(assumption.value, 100));
  }
  if (unknown > 0) {
    text += fmt::format("  ? {} identities of machines and data are not observed yet\n", unknown);
  }
  if (!plan.remarks.empty()) text += "\nremarks\n";
  for (const std::string& remark : plan.remarks) text += "  - " + clean(remark, 500) + "\n";
  const bool unmet = std::any_of(plan.assumptions.begin(), plan.assumptions.end(),
                                 [](const Assumption& assumption) { return !assumption.met; });
  if (unmet) text += "\nThis plan does not run: an assumption marked ✗ is not met.\n";
  return text;
}

}  // namespace

std::string render_text(const Plan& plan, const Prediction& prediction, bool commands) {
  const std::vector<int> wave_of = waves(plan);
  const Widths widths = widths_of(plan);
  // Steps are numbered as they are shown: wave by wave.
  std::vector<size_t> order(plan.steps.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return wave_of[a] < wave_of[b]; });
  std::map<std::string, size_t> numbers;
  for (size_t i = 0; i < order.size(); ++i) numbers[plan.steps[order[i]].id] = i + 1;

  int line_before = 0;  // the wave of the first step behind which there is no way back
  for (size_t index : order) {
    if (plan.steps[index].point_of_no_return && line_before == 0) line_before = wave_of[index];
  }
  std::string text = head(plan, prediction);
  text += "Steps under one heading can run at the same time; * lies on the critical path.\n";
  int wave = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const Step& step = plan.steps[order[i]];
    if (wave_of[order[i]] != wave) {
      wave = wave_of[order[i]];
      text += "\n";
      if (wave == line_before) {
        text += rule("point of no return: from here on the run only goes forward") + "\n";
      }
      const auto found = prediction.steps.find(step.id);
      const Milliseconds start =
          found == prediction.steps.end() ? Milliseconds(0) : found->second.start;
      text += fmt::format("wave {}, from {} on\n", wave, duration_text(start));
    }
    add_step(prediction, step, i + 1, numbers, widths, commands, text);
  }
  return text + "\n" + tail(plan);
}

}  // namespace switchback
