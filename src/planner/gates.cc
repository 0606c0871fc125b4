// What people decide, and what they are told.
#include <fmt/format.h>

#include <algorithm>

#include "planner/parts.h"

namespace switchback {
namespace {

Step gate_step(std::string id, std::string title, Gate gate) {
  Step step;
  step.id = std::move(id);
  step.kind = StepKind::gate;
  step.phase = "gates";
  step.where = "controller";
  step.title = std::move(title);
  step.gate = std::move(gate);
  step.guarding = Guarding::read;
  return step;
}

const Checklist& checklist_of(const Application& application, Operation operation) {
  switch (operation) {
    case Operation::switchover:
      return application.switchover_checklist;
    case Operation::failover:
      return application.failover_checklist;
    case Operation::reprotect:
      return application.reprotect_checklist;
    case Operation::failback:
      return application.failback_checklist;
    case Operation::start:
      return application.start_checklist;
    case Operation::resolve:
    case Operation::adopt:
    case Operation::release:
    case Operation::sync:
      break;
  }
  return application.switchover_checklist;
}

// A line with a command is answered by the machine, every other one by a named person.
std::vector<Step> checklist_steps(const std::vector<ChecklistItem>& items,
                                  const std::string& prefix) {
  std::vector<Step> steps;
  for (const ChecklistItem& item : items) {
    Step step = gate_step(fmt::format("{}.{}", prefix, steps.size() + 1), item.text,
                          {Gate::Kind::checklist, item.by, item.text, 1});
    if (!item.check.empty()) {
      step.kind = StepKind::wait;
      step.gate = {};
      step.probe = argv_command(item.check);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

void add_approval(const Draft& draft, std::vector<Step>& steps) {
  if (draft.application.approvals == 0) return;
  const std::string text =
      fmt::format("Approve this {} of {} from {} to {}, by the plan's hash",
                  operation_text(draft.operation), draft.application.name, draft.from, draft.to);
  steps.push_back(gate_step("gate.approval", text,
                            {Gate::Kind::approval, "approver", text, draft.application.approvals}));
}

// An emergency is not refused because the standby is not as it should be: a named person goes on
// with what there is, and the report holds the words.
void add_going_on(const Draft& draft, std::vector<Step>& steps) {
  std::vector<std::string> blocking;
  for (const Finding& finding : component_findings(draft)) {
    if (finding.level == Finding::Level::blocking) {
      blocking.push_back(finding.subject + ": " + finding.text);
    }
  }
  if (draft.operation != Operation::failover || blocking.empty()) return;
  steps.push_back(gate_step("gate.go_on", "Go on with the standby as it is",
                            {Gate::Kind::acceptance, "operator",
                             fmt::format("{} is not fully ready, and this is accepted: {}",
                                         draft.to, join(blocking, "; ")),
                             1}));
}

}  // namespace

void add_gates_before(Draft& draft, const std::string& loss) {
  std::vector<Step> steps =
      checklist_steps(checklist_of(draft.application, draft.operation).before, "gate.before");
  add_approval(draft, steps);
  add_going_on(draft, steps);
  if (!loss.empty()) {
    steps.push_back(gate_step(
        "gate.lower",
        fmt::format("Accept that {} is started though {} is higher", draft.to, draft.from),
        {Gate::Kind::acceptance, "operator",
         fmt::format("{} is started although {} is higher. Missing there until {} is salvaged by "
                     "a reprotect: {}",
                     draft.to, draft.from, draft.from, loss),
         1}));
  }
  draft.add("gates", std::move(steps), {});
}

void add_gate_of_resolution(Draft& draft, const std::string& seen) {
  std::vector<Step> steps = {gate_step(
      "gate.resolve", fmt::format("Say that {} is active, and that nobody else acts", draft.to),
      {Gate::Kind::acceptance, "operator",
       fmt::format("{} is active, and no other controller works on {} any more: it is switched "
                   "off, or its store is put away. What was seen: {}",
                   draft.to, draft.application.name, seen),
       1})};
  add_approval(draft, steps);
  draft.add("gates", std::move(steps), {});
}

void add_gates_after(Draft& draft, const Draft::Names& after) {
  draft.add("gates.after",
            checklist_steps(checklist_of(draft.application, draft.operation).after, "gate.after"),
            after);
}

void add_announcement(Draft& draft, const std::string& node, const std::string& text,
                      const Draft::Names& after, const std::string& more) {
  std::vector<Step> steps;
  // What becomes known during the run stands between two halves of the body, before its `"}`.
  const std::string body = dump_json({{"text", text}});
  const Argument news = more.empty() ? Argument::literal("") : Argument::capture(more);
  for (const Notification& notification : draft.application.notify) {
    Step step;
    step.id = fmt::format("{}.{}", node, steps.size() + 1);
    step.phase = "announce";
    step.where = "controller";
    step.title = "Announce: " + text + (more.empty() ? "" : "…");
    step.bound = Milliseconds(15'000);
    step.if_unreachable = IfUnreachable::skip;
    step.guarding = Guarding::stop;  // telling people is never refused
    step.repeatable = true;
    step.skippable = true;
    if (notification.webhook.empty()) {
      step.apply = argv_command(notification.command);
      step.apply.arguments.insert(step.apply.arguments.begin(), {Argument::literal(text), news});
      step.apply.script = "announce_command";
    } else {
      const bool is_plain = notification.webhook.starts_with("http");
      step.apply = script_command("announce_webhook",
                                  {Argument::literal(is_plain ? notification.webhook : "-"),
                                   Argument::literal(body.substr(0, body.size() - 2)), news,
                                   Argument::literal(body.substr(body.size() - 2))});
      if (!is_plain) step.apply.secret_stdin = notification.webhook;
    }
    steps.push_back(std::move(step));
  }
  draft.add(node, std::move(steps), after);
}

void add_acceptance(Draft& draft, const Component& component, const std::string& node,
                    const Draft::Names& after) {
  std::vector<Step> gates;
  for (Step& step : draft.steps(node)) {
    if (!step.destructive) continue;
    const std::string what = fmt::format("{} ({})", step.title, step.where);
    Step* gate = nullptr;
    for (Step& other : gates) {
      if (other.when == step.when) gate = &other;
    }
    if (gate != nullptr) {
      gate->gate.text += "; " + what;
    } else {
      const std::string suffix = gates.empty() ? "" : fmt::format(".{}", gates.size() + 1);
      gates.push_back(gate_step(
          "accept." + component.name + suffix,
          fmt::format("Accept what is overwritten of {} at {}", component.name, draft.to),
          {Gate::Kind::acceptance, "operator",
           fmt::format("{} is overwritten at {} by the state of {}; what only {} had is saved by "
                       "the salvage of this run: {}",
                       component.name, draft.to, draft.from, draft.to, what),
           1}));
      gate = &gates.back();
      gate->component = component.name;
      gate->when = step.when;
    }
    step.needs.push_back(gate->id);
  }
  draft.add("accept/" + component.name, std::move(gates), after);
}

void add_acceptance_of_lower(Draft& draft, const Component& component) {
  const std::string sync = Draft::node(Hook::sync, component.name);
  std::vector<Step> gates;
  for (const Step& step : draft.steps(sync)) {
    const bool tells = std::any_of(step.captures.begin(), step.captures.end(),
                                   [](const Capture& capture) { return capture.name == "ahead"; });
    if (!tells) continue;
    gates.push_back(gate_step(
        "accept." + component.name,
        fmt::format("Accept that {} is started though {} is ahead", draft.to, draft.from),
        {Gate::Kind::acceptance, "operator",
         fmt::format(
             "{} has records of {} that {} has not (`switchback run show` says how far each "
             "reaches). They are missing at {} until {} is salvaged by a reprotect. To "
             "start {} instead: answer no, abort this run, then switchback start {} --to {}",
             draft.from, component.name, draft.to, draft.to, draft.from, draft.from,
             draft.application.name, draft.from),
         1}));
    gates.back().component = component.name;
    gates.back().when = {{step.id + ":ahead", "other"}};
  }
  draft.add("accept/" + component.name, std::move(gates), {sync});
}

}  // namespace switchback
