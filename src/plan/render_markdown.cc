#include <fmt/format.h>

#include <algorithm>

#include "plan/render.h"

namespace switchback {
namespace {

// Text of a table cell: one line, and no bar that would end the cell.
std::string cell(std::string_view text) {
  std::string kept;
  for (char c : clean(text)) {
    if (c == '|') kept += '\\';
    kept += c == '\n' ? ' ' : c;
  }
  return kept;
}

// A fence longer than any run of backticks inside.
std::string fenced(std::string_view body, std::string_view language) {
  std::string fence = "```";
  while (body.find(fence) != std::string_view::npos) fence += '`';
  std::string text = fmt::format("{}{}\n{}", fence, language, body);
  if (!body.ends_with('\n')) text += '\n';
  return text + fence + "\n";
}

std::string time_cell(const Step& step, const Prediction& prediction) {
  if (step.kind == StepKind::gate) return "a person";
  const auto found = prediction.steps.find(step.id);
  if (found == prediction.steps.end()) return "";
  return (found->second.guessed ? "~" : "") + duration_text(found->second.duration.expected);
}

std::string step_section(const Step& step) {
  std::string text = fmt::format("### {}\n\n{} ({})\n\n", step.id, cell(step.title), step.where);
  if (!step.needs.empty()) {
    text += fmt::format("- after: {}\n", join(step.needs, ", "));
  }
  for (const std::string& note : step_notes(step)) text += "- " + note + "\n";
  if (step.kind == StepKind::gate) {
    text += fmt::format("- asks {} ({}): {}\n", step.gate.by.empty() ? "a person" : step.gate.by,
                        step.gate.people, cell(step.gate.text));
  }
  text += fmt::format("- bound: {}\n", duration_text(step.bound));
  std::string commands;
  const std::pair<const char*, const Command*> parts[] = {
      {"probe", &step.probe}, {"apply", &step.apply}, {"undo", &step.undo}};
  for (const auto& [name, command] : parts) {
    if (!is_empty(*command)) commands += fmt::format("{:5} {}\n", name, command_text(*command));
  }
  for (const Capture& capture : step.captures) {
    commands += fmt::format("gives {} ({})\n", capture.name, capture.type);
  }
  if (!commands.empty()) text += "\n" + fenced(commands, "");
  return text + "\n";
}

}  // namespace

std::string render_markdown(const Plan& plan, const Prediction& prediction) {
  std::string text = fmt::format("# {}\n\n", plan_headline(plan));
  text += fmt::format("- plan hash: `{}`\n- claim: {}\n- expected: {}\n", plan_hash(plan),
                      plan.claim_before.epoch, span_text(prediction.total));
  if (prediction.outage.most.count() > 0) {
    text += fmt::format("- outage: {}\n", span_text(prediction.outage));
  }
  text += fmt::format("- people are asked at most {} times; {} of {} times are guesses (~)\n",
                      prediction.gates, prediction.guesses, plan.steps.size());
  for (const auto& [site, word] : plan.status_after) {
    text += fmt::format("- afterwards {} is `{}`\n", site, word);
  }
  text += "\n## Assumptions\n\n| met | name | value | what |\n|---|---|---|---|\n";
  for (const Assumption& assumption : plan.assumptions) {
    text += fmt::format("| {} | {} | {} | {} |\n", assumption.met ? "yes" : "**no**",
                        cell(assumption.name), cell(assumption.value), cell(assumption.text));
  }
  if (!plan.remarks.empty()) text += "\n## Remarks\n\n";
  for (const std::string& remark : plan.remarks) text += "- " + cell(remark) + "\n";

  text +=
      "\n## Order\n\nSteps of one wave can run at the same time.\n\n"
      "| wave | step | where | time | what |\n|---|---|---|---|---|\n";
  const std::vector<int> wave_of = waves(plan);
  std::vector<size_t> order(plan.steps.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return wave_of[a] < wave_of[b]; });
  for (size_t index : order) {
    const Step& step = plan.steps[index];
    text +=
        fmt::format("| {} | {} | {} | {} | {}{} |\n", wave_of[index], step.id, step.where,
                    time_cell(step, prediction),
                    step.point_of_no_return ? "**point of no return:** " : "", cell(step.title));
  }
  text += "\n## Steps\n\n";
  for (size_t index : order) text += step_section(plan.steps[index]);
  text += "## Scripts\n\nEach runs on its host as `sh -c`, as root.\n\n";
  for (const auto& [name, body] : plan.scripts) {
    const auto parameters = plan.script_parameters.find(name);
    text += fmt::format("### {} {}\n\n", name,
                        parameters == plan.script_parameters.end() ? "" : parameters->second);
    text += fenced(body, "sh") + "\n";
  }
  return text;
}

}  // namespace switchback
