#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace switchback {
namespace {

// Captures that the run itself provides (plan/step.h).
constexpr std::string_view run_captures[] = {
    "run:number", "run:name", "run:epoch", "run:claim_id", "run:store_id", "run:who", "run:news"};

void add_reference_problem(const std::string& reference, const Step& step,
                           const std::set<std::string>& known, std::vector<std::string>& problems) {
  if (std::find(std::begin(run_captures), std::end(run_captures), reference) !=
      std::end(run_captures)) {
    return;
  }
  if (!known.contains(reference)) {
    problems.push_back(
        fmt::format("step {} uses {}, which no earlier step captures", step.id, reference));
  }
}

void add_command_problems(const Plan& plan, const Step& step, const Command& command,
                          const std::set<std::string>& known, std::vector<std::string>& problems) {
  if (!command.script.empty() && !plan.scripts.contains(command.script)) {
    problems.push_back(
        fmt::format("step {} names script {}, which has no body", step.id, command.script));
  }
  for (const Argument& argument : command.arguments) {
    if (argument.kind == Argument::Kind::capture) {
      add_reference_problem(argument.text, step, known, problems);
    }
  }
}

void add_step_problems(const Plan& plan, const Step& step, const std::set<std::string>& earlier,
                       const std::set<std::string>& captured, std::vector<std::string>& problems) {
  for (const auto& need : step.needs) {
    if (!earlier.contains(need)) {
      problems.push_back(fmt::format(
          "step {} needs {}, which does not stand before it (missing or circular)", step.id, need));
    }
  }
  std::vector<std::string> bound_to = step.unless;
  if (!step.proves_again.empty()) bound_to.push_back(step.proves_again);
  for (const auto& id : bound_to) {
    if (!earlier.contains(id)) {
      problems.push_back(
          fmt::format("step {} is bound to {}, which does not stand before it", step.id, id));
    }
  }
  if (step.where != "controller" && plan.find_host(step.where) == nullptr) {
    problems.push_back(
        fmt::format("step {} runs on {}, which is no host of the plan", step.id, step.where));
  }
  for (const Command* command : {&step.probe, &step.apply, &step.undo}) {
    add_command_problems(plan, step, *command, captured, problems);
  }
  for (const Condition& condition : step.when) {
    add_reference_problem(condition.reference, step, captured, problems);
  }
  const bool acts = step.kind == StepKind::command || step.kind == StepKind::wait;
  if (acts && is_empty(step.probe) && is_empty(step.apply)) {
    problems.push_back(fmt::format("step {} has nothing to run", step.id));
  }
}

}  // namespace

const Step* Plan::find(std::string_view id) const {
  for (const Step& step : steps) {
    if (step.id == id) return &step;
  }
  return nullptr;
}

const Host* Plan::find_host(std::string_view key) const {
  for (const Host& host : hosts) {
    if (host.key == key) return &host;
  }
  return nullptr;
}

std::vector<std::string> plan_problems(const Plan& plan) {
  std::vector<std::string> problems;
  std::set<std::string> earlier;
  std::set<std::string> captured;
  for (const Step& step : plan.steps) {
    add_step_problems(plan, step, earlier, captured, problems);
    if (!earlier.insert(step.id).second) {
      problems.push_back(fmt::format("step {} stands twice in the plan", step.id));
    }
    for (const Capture& capture : step.captures) captured.insert(step.id + ":" + capture.name);
    captured.insert(step.id + ":outcome");  // plan/step.h: how it ended
  }
  return problems;
}

std::string command_text(const Command& command) {
  std::vector<std::string> words;
  if (!command.script.empty()) words.push_back(command.script);
  for (const Argument& argument : command.arguments) {
    words.push_back(argument.kind == Argument::Kind::capture ? "<" + argument.text + ">"
                                                             : quote_shell(argument.text));
  }
  return join(words, " ");
}

}  // namespace switchback
