#include "planner/adoption.h"

#include <fmt/format.h>

#include <algorithm>

#include "components/site.h"
#include "planner/diagnosis.h"
#include "planner/draft.h"
#include "planner/evaluate.h"
#include "planner/parts.h"

namespace switchback {
namespace {

// The guard comes first, then the claim: a unit that restarts in between finds its guard open.
void join_adoption(Draft& draft, const Claim& claim, StatusPair pair) {
  draft.add("adopt", adopt_steps(draft.application), {});
  if (claim.epoch == 0) {
    add_claim(draft, {"adopt"});
  } else {
    add_publication(draft, draft.application.all_hosts(), draft.to, IfUnreachable::fail, {"adopt"});
  }
  const bool to_primary = draft.application.home_primary().name == draft.to;
  add_status(draft, draft.to, to_primary ? pair.primary : pair.secondary, IfUnreachable::fail, {});
  add_status(draft, draft.from, to_primary ? pair.secondary : pair.primary, IfUnreachable::fail,
             {});
}

// Draft's `from` is the standby in this file; a pass reads from the active side.
void join_sync(Draft& draft, const std::vector<std::string>& only) {
  std::swap(draft.from, draft.to);
  for (const Component& component : draft.application.components) {
    const bool wanted =
        only.empty() || std::find(only.begin(), only.end(), component.name) != only.end();
    if (wanted) draft.add_hook(Hook::refresh, component, {});
  }
}

// What else on the hosts would act beside Switchback, each named with its host.
void name_conflicts(const Draft& draft, Plan& plan) {
  for (const Host& host : draft.application.all_hosts()) {
    const Facts& facts = draft.snapshot.of("conflicts", host.key);
    for (const auto& [name, words] : facts.values) {
      if (name.starts_with("conflict.")) {
        plan.remarks.push_back(fmt::format("{}: {}", host.key, words));
      }
    }
  }
}

bool is_standby(const Application& application, const std::string& site,
                const std::string& component, const Snapshot& snapshot) {
  return std::ranges::any_of(application.site(site).hosts, [&](const Host& host) {
    const Facts& facts = snapshot.of(component, host.key);
    return facts.reachable && facts.get("in_recovery") == "yes";
  });
}

// The first claim says who is active: it must not contradict what the databases say themselves.
void require_roles(const Draft& draft, const std::string& active, Plan& plan) {
  const Application& application = draft.application;
  const std::string other = application.other_site(active).name;
  const auto unmet = [&](const std::string& component, const std::string& text) {
    plan.assumptions.push_back({"active." + component, "no", text, false});
  };
  for (const Component& component : application.components) {
    const auto sites = writable_sites(plan.hosts, component.name, draft.snapshot);
    if (sites.size() > 1) {
      unmet(component.name,
            fmt::format("{} accepts writes at one site; it does at {}. Next: stop the one that is "
                        "not to be active, then adopt again",
                        component.name, join(sites, " and at ")));
    } else if (sites.size() == 1 && sites[0] == other) {
      unmet(component.name,
            fmt::format("{} is active at {}; it accepts writes at {}. Next: switchback adopt {} "
                        "--to {}",
                        component.name, active, other, application.name, other));
    } else if (sites.empty() && is_standby(application, active, component.name, draft.snapshot)) {
      unmet(component.name,
            fmt::format("{} is active at {}; it is a standby there, and accepts writes nowhere. "
                        "Next: start the active database, or: switchback adopt {} --to {}",
                        component.name, active, application.name, other));
    }
  }
}

void require_hosts(const Draft& draft, Plan& plan) {
  for (const Host& host : draft.application.all_hosts()) {
    const Facts& facts = draft.snapshot.of("host", host.key);
    if (facts.reachable) continue;
    plan.assumptions.push_back(
        {"reachable@" + host.key, "no",
         fmt::format("{} answers; it did not: {}", host.key,
                     facts.why.empty() ? "it was never asked" : clean(facts.why, 200)),
         false});
  }
}

}  // namespace

void add_runbooks(Draft& draft, const PlanRequest& request, const std::vector<Host>& hosts) {
  if (request.runbook_manifest.empty()) return;
  std::vector<Step> steps;
  for (const Host& host : hosts) {
    steps.push_back(runbook_step(host, request.runbook_manifest, request.runbook_file));
  }
  draft.add("runbook", std::move(steps), {"adopt"});
}

std::vector<std::string> writable_sites(const std::vector<Host>& hosts,
                                        const std::string& component, const Snapshot& snapshot) {
  std::vector<std::string> sites;
  for (const Host& host : hosts) {
    const Facts& facts = snapshot.of(component, host.key);
    const bool writable =
        facts.reachable && facts.get("running") == "yes" && facts.get("in_recovery") == "no";
    if (writable && std::ranges::find(sites, host.site) == sites.end()) sites.push_back(host.site);
  }
  return sites;
}

std::string observed_active(const Application& application, const Snapshot& snapshot,
                            const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  for (const Component& component : application.components) {
    const auto sites = writable_sites(application.all_hosts(), component.name, snapshot);
    if (sites.size() == 1) return sites[0];
  }
  return application.home_primary().name;
}

Result<Plan> make_adoption_plan(const Catalogue& catalogue, const Application& application,
                                const Claim& claim, const Snapshot& snapshot,
                                const PlanRequest& request, const std::string& active) {
  const Operation operation = request.operation;
  const bool adopts = operation == Operation::adopt;
  const std::string standby = application.other_site(active).name;
  Draft draft(catalogue, application, snapshot, operation, standby, active);
  Plan plan;
  plan.application = application.name;
  plan.operation = operation;
  plan.from_site = active;
  plan.to_site = operation == Operation::sync ? standby : active;
  plan.claim_before = claim;
  plan.hosts = application.all_hosts();
  plan.config_hash = application.config_hash;
  for (const Component& component : application.components) {
    plan.active_after[component.name] = active;
  }
  if (adopts) {
    const auto pair =
        pair_after("switchover", application.home_primary().name == active ? HomeRole::primary
                                                                           : HomeRole::secondary);
    // Hosts that were adopted before keep the words that their last operation left.
    const auto published = published_pair(application, snapshot);
    StatusPair words = published && claim.epoch > 0 ? *published : *pair;
    for (const Diagnosis& each : diagnose(catalogue, application, claim, snapshot)) {
      if (published && claim.epoch > 0) break;
      if (each.situation != Diagnosis::Situation::standby_lost) continue;
      // Nothing stands by yet: the first build makes it so, by a reprotect.
      const bool at_home = application.home_primary().name == active;
      words = at_home ? StatusPair{StatusWord::production_alone, StatusWord::down}
                      : StatusPair{StatusWord::down, StatusWord::production_alone};
      plan.remarks.push_back(each.text + "; next: " + each.next);
    }
    join_adoption(draft, claim, words);
    add_runbooks(draft, request, application.all_hosts());
    plan.status_after[application.home_primary().name] = status_text(words.primary);
    plan.status_after[application.home_secondary().name] = status_text(words.secondary);
    name_conflicts(draft, plan);
    if (claim.epoch == 0) require_roles(draft, active, plan);
    add_foreign_claims(
        application, claim, snapshot,
        fmt::format("switchback release {} from the controller that wrote it", application.name),
        plan);
  } else if (operation == Operation::release) {
    draft.add("release", release_steps(application), {});
  } else {
    join_sync(draft, request.only);
    const auto published = published_pair(application, snapshot);
    if (published) add_one_active(application, *published, active, plan);
  }
  require_hosts(draft, plan);
  // Adopting and releasing are how hosts come under another store, or leave it.
  if (operation == Operation::sync) add_diagnoses(catalogue, application, claim, snapshot, plan);
  auto steps = draft.assemble();
  if (!steps) return std::unexpected(steps.error());
  plan.steps = std::move(*steps);
  collect_scripts(catalogue, plan);
  if (const auto problems = plan_problems(plan); !problems.empty()) {
    return fail(ErrorCode::internal, "making a plan: " + join(problems, "; "));
  }
  return plan;
}

}  // namespace switchback
