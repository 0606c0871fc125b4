#include "planner/resolution.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/adoption.h"
#include "planner/diagnosis.h"
#include "planner/parts.h"

namespace switchback {
namespace {

using Situation = Diagnosis::Situation;

std::unexpected<Error> refused(const Application& application, const std::string& why) {
  return fail(ErrorCode::refused, fmt::format("resolving {}: {}", application.name, why));
}

// Sites at which any data component accepts writes.
std::set<std::string> acting_sites(const Application& application, const Snapshot& snapshot) {
  std::set<std::string> acting;
  for (const Component& component : application.components) {
    for (const auto& site : writable_sites(application.all_hosts(), component.name, snapshot)) {
      acting.insert(site);
    }
  }
  return acting;
}

// The side that a person means: the one that was named, else the only one that acts.
Result<std::string> meant_side(const Application& application, const Snapshot& snapshot,
                               const std::string& wanted) {
  const auto acting = acting_sites(application, snapshot);
  const std::string choice =
      fmt::format("switchback resolve {0} --to {1}, or --to {2}", application.name,
                  application.home_primary().name, application.home_secondary().name);
  if (wanted.empty()) {
    if (acting.size() == 1) return *acting.begin();
    return refused(application,
                   fmt::format("{} accept writes, so that a person has to name the side that "
                               "stays; next: {}",
                               acting.empty() ? "neither side is seen to" : "both sides", choice));
  }
  if (acting.size() == 1 && *acting.begin() != wanted) {
    return refused(application,
                   fmt::format("{0} accepts writes and {1} does not; to make {1} active: "
                               "switchback resolve {2} --to {0}, then switchback switchover {2}",
                               *acting.begin(), wanted, application.name));
  }
  return wanted;
}

// The words on the hosts stay when they name this side; else it is active alone.
StatusPair words_after(const Draft& draft, bool& changes) {
  const bool primary = draft.application.home_primary().name == draft.to;
  const auto found = published_pair(draft.application, draft.snapshot);
  changes = !found || !is_active(primary ? found->primary : found->secondary) ||
            is_active(primary ? found->secondary : found->primary);
  if (!changes) return *found;
  return *pair_after("start", primary ? HomeRole::primary : HomeRole::secondary);
}

}  // namespace

int64_t newest_run_seen(const Application& application, const Snapshot& snapshot) {
  int64_t newest = 0;
  for (const Host& host : application.all_hosts()) {
    const Facts& facts = snapshot.of("host", host.key);
    for (int64_t n = 1; n <= facts.integer("seen_runs").value_or(0); ++n) {
      const auto words = split(facts.get(fmt::format("seen_run.{}", n)).value_or(""), ' ');
      Facts number;
      number.values["run"] = words.back();
      newest = std::max(newest, number.integer("run").value_or(0));
    }
  }
  return newest;
}

Result<Plan> make_resolution_plan(const Catalogue& catalogue, const Application& application,
                                  const Claim& claim, const Snapshot& snapshot,
                                  const PlanRequest& request) {
  std::vector<std::string> seen;
  std::string other_way = "there is nothing to resolve";
  for (const Diagnosis& each : diagnose(catalogue, application, claim, snapshot)) {
    if (each.situation == Situation::store_behind || each.situation == Situation::hosts_disagree) {
      seen.push_back(each.text);
      seen.insert(seen.end(), each.evidence.begin(), each.evidence.end());
    } else {
      other_way = fmt::format("what is wrong is another thing: {}: {}; next: {}",
                              situation_text(each.situation), each.text, each.next);
    }
  }
  if (seen.empty()) {
    return refused(application, "store and hosts hold the same claim; " + other_way);
  }
  const auto side = meant_side(application, snapshot, request.to_site);
  if (!side) return std::unexpected(side.error());

  Draft draft(catalogue, application, snapshot, Operation::resolve,
              application.other_site(*side).name, *side);
  bool words_change = false;
  const StatusPair words = words_after(draft, words_change);
  add_gate_of_resolution(draft, join(seen, "; "));
  add_claim(draft, {"gates"});
  // The claim given back would be the one that was wrong: from here on there is only forward.
  draft.steps("claim").front().point_of_no_return = true;
  Draft::Names end = host_nodes("claim.publish", application.all_hosts());
  if (words_change) {
    const bool to_primary = application.home_primary().name == draft.to;
    add_status(draft, draft.from, to_primary ? words.secondary : words.primary, IfUnreachable::skip,
               {"claim"});
    add_status(draft, draft.to, to_primary ? words.primary : words.secondary, IfUnreachable::fail,
               host_nodes("status", application.site(draft.from).hosts));
    end = host_nodes("status", application.all_hosts());
  }
  // What a resolution asks of the components: that copies of the claim outside of the hosts follow.
  for (const Component& component : application.components) {
    draft.add_hook(Hook::finish, component, {"claim"});
    end.push_back(Draft::node(Hook::finish, component.name));
  }
  add_announcement(
      draft, "announce.done",
      fmt::format("{}: resolved, {} is active by the claim", application.name, draft.to), end);

  Plan plan;
  plan.application = application.name;
  plan.operation = Operation::resolve;
  plan.from_site = draft.from;
  plan.to_site = draft.to;
  plan.claim_before = claim;
  for (const Component& component : application.components) {
    plan.active_after[component.name] = draft.to;
  }
  plan.status_after[application.home_primary().name] = status_text(words.primary);
  plan.status_after[application.home_secondary().name] = status_text(words.secondary);
  plan.hosts = application.all_hosts();
  plan.config_hash = application.config_hash;
  auto steps = draft.assemble();
  if (!steps) return std::unexpected(steps.error());
  plan.steps = std::move(*steps);
  for (Step& step : plan.steps) {
    // A host that meanwhile holds a claim above this one takes another resolution, which cannot
    // begin before this one has ended.
    step.skippable = step.skippable || step.guarding == Guarding::publish;
  }
  collect_scripts(catalogue, plan);
  add_assumptions(draft, claim, draft.to, plan);
  if (const auto problems = plan_problems(plan); !problems.empty()) {
    return fail(ErrorCode::internal, "making a plan: " + join(problems, "; "));
  }
  return plan;
}

}  // namespace switchback
