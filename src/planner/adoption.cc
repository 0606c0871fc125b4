#include "planner/adoption.h"

#include <fmt/format.h>

#include "components/site.h"
#include "planner/diagnosis.h"
#include "planner/draft.h"
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
void join_sync(Draft& draft) {
  std::swap(draft.from, draft.to);
  for (const Component& component : draft.application.components) {
    draft.add_hook(Hook::refresh, component, {});
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

// Hosts that know a newer claim than the store belong to another controller, or to a store that was
// lost: taking them over silently would be the start of a split brain.
void require_own_hosts(const Draft& draft, const Claim& claim, Plan& plan) {
  for (const Host& host : draft.application.all_hosts()) {
    const auto text = draft.snapshot.of("host", host.key).get("claim");
    if (!text) continue;
    const auto words = split(*text, ' ');
    int64_t epoch = 0;
    for (char digit : words[0]) {
      if (digit >= '0' && digit <= '9') epoch = epoch * 10 + (digit - '0');
    }
    const bool newer = epoch > claim.epoch;
    const bool other = epoch == claim.epoch && words.size() > 1 && words[1] != claim.claim_id;
    if (!newer && !other) continue;
    plan.assumptions.push_back(
        {"claim@" + host.key, "no",
         fmt::format("{} holds no newer claim than this store; it holds epoch {} of another "
                     "controller or of a lost store. Next: switchback release {} from there",
                     host.key, words[0], draft.application.name),
         false});
  }
}

}  // namespace

Result<Plan> make_adoption_plan(const Catalogue& catalogue, const Application& application,
                                const Claim& claim, const Snapshot& snapshot, Operation operation,
                                const std::string& active) {
  const bool adopts = operation == Operation::adopt;
  Draft draft(catalogue, application, snapshot, operation, application.other_site(active).name,
              active);
  Plan plan;
  plan.application = application.name;
  plan.operation = operation;
  plan.from_site = active;
  plan.to_site = active;
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
    plan.status_after[application.home_primary().name] = status_text(words.primary);
    plan.status_after[application.home_secondary().name] = status_text(words.secondary);
    name_conflicts(draft, plan);
    require_own_hosts(draft, claim, plan);
  } else if (operation == Operation::release) {
    draft.add("release", release_steps(application), {});
  } else {
    join_sync(draft);
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
