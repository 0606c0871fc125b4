// The claim, its copies on the hosts, and the status words.
#include <fmt/format.h>

#include "planner/parts.h"

namespace switchback {
namespace {

constexpr int words_before_components = 4;

Argument literal(std::string_view word) {
  return Argument::literal(std::string(word));
}

}  // namespace

Draft::Names host_nodes(const std::string& prefix, const std::vector<Host>& hosts) {
  Draft::Names names;
  for (const Host& host : hosts) names.push_back(prefix + "." + id_part(host.key));
  return names;
}

void add_claim(Draft& draft, const Draft::Names& after) {
  Step step;
  step.id = "claim";
  step.kind = StepKind::claim;
  step.phase = "claim";
  step.where = "controller";
  step.title = "Claim: " + draft.to + " becomes the active site";
  draft.add("claim", {step}, after);
  const bool lost = is_emergency(draft.operation) || draft.operation == Operation::resolve;
  add_publication(draft, draft.application.site(draft.to).hosts, draft.to, IfUnreachable::fail,
                  {"claim"});
  add_publication(draft, draft.application.site(draft.from).hosts, draft.to,
                  lost ? IfUnreachable::skip : IfUnreachable::fail, {"claim"});
}

void add_publication(Draft& draft, const std::vector<Host>& hosts, const std::string& active,
                     IfUnreachable if_unreachable, const Draft::Names& after) {
  for (const Host& host : hosts) {
    Step step;
    step.id = "claim.publish." + id_part(host.key);
    step.phase = "claim";
    step.where = host.key;
    step.title = fmt::format("Write the claim of {} to {}", active, host.key);
    std::vector<Argument> arguments = {
        Argument::capture("run:epoch"), Argument::capture("run:claim_id"),
        Argument::capture("run:store_id"), Argument::capture("run:number")};
    for (const Component& component : draft.application.components) {
      arguments.push_back(literal(component.name + "=" + active));
    }
    step.probe = script_command("claim_published", arguments);
    step.apply = script_command("claim_publish", arguments);
    step.guarding = Guarding::publish;
    step.if_unreachable = if_unreachable;
    step.repeatable = true;
    step.bound = Milliseconds(10'000);
    draft.add(step.id, {step}, after);
  }
}

void publish_over_what_is_stopped(Draft& draft, const std::vector<Host>& hosts) {
  for (const std::string& node : host_nodes("claim.publish", hosts)) {
    for (Step& step : draft.steps(node)) {
      auto& words = step.probe.arguments;
      words.insert(words.begin() + words_before_components, literal("stopped"));
    }
  }
}

void need_claim_on_host(Draft& draft, const std::string& node) {
  for (Step& step : draft.steps(node)) {
    if (step.where == "controller") continue;
    step.needs.push_back("claim.publish." + id_part(step.where));
  }
}

void add_status(Draft& draft, const std::string& site, StatusWord word,
                IfUnreachable if_unreachable, const Draft::Names& after, std::string_view name) {
  for (const Host& host : draft.application.site(site).hosts) {
    Step step;
    step.id = fmt::format("{}.{}", name, id_part(host.key));
    step.phase = "status";
    step.where = host.key;
    step.title = fmt::format("Status of {} on {}: {}", site, host.key, status_text(word));
    const std::vector<Argument> arguments = {literal(draft.application.status_file),
                                             literal(status_text(word))};
    step.probe = script_command("site_status_is", arguments);
    step.apply = script_command("site_status", arguments);
    step.if_unreachable = if_unreachable;
    step.repeatable = true;
    step.bound = Milliseconds(10'000);
    Draft::Names before = after;
    if (name == "status") before.push_back("claim.publish." + id_part(host.key));
    draft.add(step.id, {step}, before);
  }
}

}  // namespace switchback
