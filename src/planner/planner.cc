#include "planner/planner.h"

#include <fmt/format.h>

#include <algorithm>

#include "planner/adoption.h"
#include "planner/cold_start.h"
#include "planner/diagnosis.h"
#include "planner/draft.h"
#include "planner/join.h"
#include "planner/parts.h"
#include "planner/resolution.h"

namespace switchback {
namespace {

// Both sites as the operation sees them: `from` and `to` as in HookContext.
struct Direction {
  std::string from;
  std::string to;
  std::string active_after;
};

Error refusal(Operation operation, const std::string& application, const std::string& why) {
  return {ErrorCode::refused,
          fmt::format("planning a {} of {}: {}", operation_text(operation), application, why)};
}

Result<void> is_site(const Application& application, const PlanRequest& request) {
  const bool known = std::ranges::any_of(
      application.sites, [&](const Site& site) { return site.name == request.to_site; });
  if (known) return {};
  return fail(ErrorCode::invalid_input,
              fmt::format("planning a {}: there is no site '{}'; the sites are {} and {}",
                          operation_text(request.operation), clean(request.to_site, 64),
                          application.sites[0].name, application.sites[1].name));
}

// `highest`: the side that a cold start takes unless another one is asked for.
Result<Direction> direction_of(const Application& application, const std::string& active,
                               const std::string& highest, const PlanRequest& request) {
  const std::string other = application.other_site(active).name;
  const std::string home = application.home_primary().name;
  const Operation operation = request.operation;
  const std::string wanted = !request.to_site.empty()           ? request.to_site
                             : operation == Operation::failback ? home
                             : operation == Operation::start    ? highest
                                                                : other;
  if (auto known = is_site(application, {operation, wanted}); !known) {
    return std::unexpected(known.error());
  }
  if (operation == Operation::failback && active == home) {
    return std::unexpected(
        refusal(operation, application.name, active + " is active already and is its home"));
  }
  if (operation == Operation::failback && wanted != home) {
    return std::unexpected(refusal(operation, application.name,
                                   "a failback leads to the home primary " + home +
                                       "; next: switchback switchover --to " + wanted));
  }
  if (operation == Operation::start) {
    return Direction{application.other_site(wanted).name, wanted, wanted};
  }
  if (wanted == active) {
    const std::string why = operation == Operation::reprotect
                                ? active + " is the active site; only the other one can be rebuilt"
                                : active + " is the active site already";
    return std::unexpected(refusal(operation, application.name, why));
  }
  if (operation == Operation::reprotect) return Direction{active, wanted, active};
  return Direction{active, wanted, wanted};
}

// True when the standby is known to be there and nothing is wrong with it.
bool is_protected(const Catalogue& catalogue, const Application& application, const Claim& claim,
                  const Snapshot& snapshot, const Direction& direction) {
  if (!diagnose(catalogue, application, claim, snapshot).empty()) return false;
  const auto pair = published_pair(application, snapshot);
  if (!pair || (pair_name(*pair) != "normal" && pair_name(*pair) != "reversed")) return false;
  for (const Host& host : application.all_hosts()) {
    if (!snapshot.of("host", host.key).reachable) return false;
  }
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type == nullptr || type->ready == nullptr) continue;
    const HookContext context{application,    component,    Operation::switchover,
                              direction.from, direction.to, snapshot};
    for (const Finding& finding : type->ready(context)) {
      if (finding.level == Finding::Level::blocking || finding.level == Finding::Level::unknown) {
        return false;
      }
    }
  }
  return true;
}

// An abort gives the claim back. Whoever may have heard of the one that was taken is told of the
// one that replaces it: a host that still held the former could open its guards by it.
void add_undo_of_publications(const Claim& claim, Plan& plan) {
  if (plan.find("claim") == nullptr) return;
  std::vector<Argument> arguments = {
      Argument::capture("run:epoch"), Argument::capture("run:claim_id"),
      Argument::capture("run:store_id"), Argument::capture("run:number")};
  for (const auto& [component, site] : claim.active) {
    arguments.push_back(Argument::literal(component + "=" + site));
  }
  for (Step& step : plan.steps) {
    if (step.guarding == Guarding::publish) step.undo = script_command("claim_publish", arguments);
  }
}

}  // namespace

void collect_scripts(const Catalogue& catalogue, Plan& plan) {
  for (const Step& step : plan.steps) {
    for (const Command* command : {&step.probe, &step.apply, &step.undo}) {
      if (command->script.empty()) continue;
      const NamedScript* script = catalogue.find_script(command->script);
      if (script == nullptr) continue;  // plan_problems() names it
      plan.scripts[command->script] = script->body;
      plan.script_parameters[command->script] = script->parameters;
    }
  }
}

Result<std::string> active_site(const Application& application, const Claim& claim) {
  if (claim.epoch == 0) return application.home_primary().name;
  std::string active;
  for (const Component& component : application.components) {
    const auto found = claim.active.find(component.name);
    // A component that was added since the last claim is where the others are.
    if (found == claim.active.end()) continue;
    if (!active.empty() && found->second != active) {
      return fail(ErrorCode::refused,
                  fmt::format("reading claim {} of {}: its components are active at different "
                              "sites; next: switchback resolve {}",
                              claim.epoch, application.name, application.name));
    }
    active = found->second;
  }
  if (active.empty() && !claim.active.empty()) active = claim.active.begin()->second;
  for (const Site& site : application.sites) {
    if (site.name == active) return active;
  }
  return fail(ErrorCode::refused,
              fmt::format("reading claim {} of {}: it names no site of this configuration; next: "
                          "switchback resolve {}",
                          claim.epoch, application.name, application.name));
}

Result<Plan> make_plan(const Catalogue& catalogue, const Application& application,
                       const Claim& claim, const Snapshot& snapshot, const PlanRequest& request) {
  auto active = active_site(application, claim);
  if (!active) return std::unexpected(active.error());
  if (request.operation == Operation::resolve && !request.to_site.empty()) {
    if (auto known = is_site(application, request); !known) return std::unexpected(known.error());
  }
  if (request.operation == Operation::adopt && !request.to_site.empty()) {
    if (auto known = is_site(application, request); !known) return std::unexpected(known.error());
    if (claim.epoch > 0 && request.to_site != *active) {
      return std::unexpected(
          refusal(request.operation, application.name,
                  fmt::format("{} is active by claim {}; next: switchback switchover {} --to {}",
                              *active, claim.epoch, application.name, request.to_site)));
    }
  }
  if (request.operation == Operation::adopt && claim.epoch == 0) {
    active = observed_active(application, snapshot, request.to_site);
  }
  if (request.operation == Operation::adopt || request.operation == Operation::release ||
      request.operation == Operation::sync) {
    return make_adoption_plan(catalogue, application, claim, snapshot, request, *active);
  }
  if (request.operation == Operation::resolve) {
    return make_resolution_plan(catalogue, application, claim, snapshot, request);
  }
  const Standings standings = standings_of(catalogue, application, *active, snapshot);
  const auto direction = direction_of(application, *active, standings.highest, request);
  if (!direction) return std::unexpected(direction.error());
  if (request.operation == Operation::reprotect &&
      is_protected(catalogue, application, claim, snapshot, *direction)) {
    return std::unexpected(refusal(request.operation, application.name,
                                   direction->to + " stands by already and nothing is wrong with "
                                                   "it: there is nothing to rebuild"));
  }

  const HomeRole role = application.home_primary().name == direction->active_after
                            ? HomeRole::primary
                            : HomeRole::secondary;
  const auto pair = pair_after(operation_text(request.operation), role);
  if (!pair) {
    return fail(ErrorCode::internal, "making a plan: the status table has no row for it");
  }
  Draft draft(catalogue, application, snapshot, request.operation, direction->from, direction->to);
  switch (request.operation) {
    case Operation::switchover:
    case Operation::failback:
      join_move(draft, *pair);
      break;
    case Operation::failover:
      join_failover(draft, *pair);
      break;
    case Operation::reprotect:
      join_reprotect(draft, request, *pair);
      break;
    case Operation::start:
      join_start(draft, standings, *pair);
      break;
    case Operation::resolve:
    case Operation::adopt:
    case Operation::release:
    case Operation::sync:
      break;  // made above
  }

  Plan plan;
  plan.application = application.name;
  plan.operation = request.operation;
  plan.from_site = direction->from;
  plan.to_site = direction->to;
  plan.claim_before = claim;
  for (const Component& component : application.components) {
    plan.active_after[component.name] = direction->active_after;
  }
  plan.status_after[application.home_primary().name] = status_text(pair->primary);
  plan.status_after[application.home_secondary().name] = status_text(pair->secondary);
  plan.hosts = application.all_hosts();
  plan.config_hash = application.config_hash;
  auto steps = draft.assemble();
  if (!steps) return std::unexpected(steps.error());
  plan.steps = std::move(*steps);
  add_undo_of_publications(claim, plan);
  collect_scripts(catalogue, plan);
  if (request.operation == Operation::start) plan.remarks = standing_words(standings);
  add_assumptions(draft, claim, *active, plan);
  add_diagnoses(catalogue, application, claim, snapshot, plan);
  if (const auto problems = plan_problems(plan); !problems.empty()) {
    return fail(ErrorCode::internal, "making a plan: " + join(problems, "; "));
  }
  return plan;
}

}  // namespace switchback
