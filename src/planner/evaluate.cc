#include "planner/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "planner/adoption.h"
#include "planner/parts.h"

namespace switchback {
namespace {

// "7 c1a1m 5704e 12": epoch, claim id, store id and newest run, as a host holds them.
struct HostClaim {
  int64_t epoch = 0;
  std::string claim_id;
  std::string store_id;
  int64_t run = 0;
};

std::optional<HostClaim> claim_of(const Facts& facts) {
  const auto text = facts.get("claim");
  if (!facts.reachable || !text) return std::nullopt;
  auto words = split(*text, ' ');
  words.resize(4);
  Facts numbers;
  numbers.values = {{"epoch", words[0]}, {"run", words[3]}};
  return HostClaim{numbers.integer("epoch").value_or(0), words[1], words[2],
                   numbers.integer("run").value_or(0)};
}

std::string claim_text(int64_t epoch, const std::string& claim_id) {
  return epoch == 0 ? "nobody's" : fmt::format("{} ({})", epoch, claim_id);
}

// A claim that the run may find in the store. The store's compare-and-set comes before the journal
// hears of it: after a crash in between, the store is one claim ahead of the run.
bool is_own_claim(const RunState& state, const Claim& in_store) {
  if (in_store == state.claim) return true;
  const auto claim = state.index.find("claim");
  if (claim == state.index.end()) return false;
  const StepState& step = state.steps[claim->second];
  return (step.attempt > 0 && !state.claim_taken && in_store == state.next_claim) ||
         (step.undo_attempt > 0 && !state.claimed_back && in_store == claim_back(state));
}

void judge_claim(const RunState& state, const Claim& in_store,
                 std::vector<FalseAssumption>& found) {
  if (is_own_claim(state, in_store)) return;
  const std::string expected = claim_text(state.claim.epoch, state.claim.claim_id);
  const std::string actual = claim_text(in_store.epoch, in_store.claim_id);
  found.push_back(
      {"claim", expected, actual,
       expected == actual
           ? fmt::format("claim {} names other active members than the run's", actual)
           : fmt::format("the run works under claim {}, the store holds {}", expected, actual),
       "switchback resolve " + state.plan->application});
}

// A host of this store that has seen a newer run: the store is a copy from before that run.
void judge_newest_run(const RunState& state, const Claim& in_store, const Snapshot& snapshot,
                      std::vector<FalseAssumption>& found) {
  for (const Host& host : state.plan->hosts) {
    const auto held = claim_of(snapshot.of("host", host.key));
    if (!held || held->store_id != in_store.store_id || held->run <= state.run) continue;
    found.push_back({"run@" + host.key, std::to_string(state.run), std::to_string(held->run),
                     fmt::format("{} has seen run {} of this store: the store is an older copy",
                                 host.key, held->run),
                     "switchback resolve " + state.plan->application});
  }
}

// The identity of data that a reprotect overwrites becomes that of the active side.
bool is_rebuilt(const Plan& plan, const std::string& name, const std::string& fact,
                const std::string& value) {
  if (plan.operation != Operation::reprotect || fact != "system_identifier") return false;
  return std::ranges::any_of(plan.assumptions, [&](const Assumption& other) {
    return other.name.starts_with(name + "." + fact + "@" + plan.from_site + "/") &&
           other.value == value;
  });
}

void judge_identities(const Plan& plan, const Snapshot& snapshot,
                      std::vector<FalseAssumption>& found) {
  for (const Assumption& assumption : plan.assumptions) {
    const size_t dot = assumption.name.find('.');
    const size_t at = assumption.name.find('@');
    if (dot == std::string::npos || at == std::string::npos || at < dot) continue;
    const std::string name = assumption.name.substr(0, dot);
    const std::string fact = assumption.name.substr(dot + 1, at - dot - 1);
    if (fact != "machine_id" && fact != "system_identifier") continue;
    const Facts& facts = snapshot.of(name, assumption.name.substr(at + 1));
    const auto seen = facts.get(fact);
    if (!facts.reachable || !seen || assumption.value == "unknown") continue;
    if (*seen == assumption.value || is_rebuilt(plan, name, fact, *seen)) continue;
    found.push_back(
        {assumption.name, assumption.value, *seen,
         fmt::format("{}: it was {}, now it is {}", assumption.text, assumption.value, *seen),
         "bring the right machine or data back"});
  }
}

bool is_planned(Operation operation) {
  return operation != Operation::failover && operation != Operation::reprotect &&
         operation != Operation::resolve;
}

// An emergency may begin while the other side still writes, behind a fence; once the run has proven
// the component stopped, two that write are a split brain in every operation.
void judge_writers(const RunState& state, const Snapshot& snapshot,
                   std::vector<FalseAssumption>& found) {
  const Plan& plan = *state.plan;
  for (const auto& [component, site] : plan.active_after) {
    bool stopped = is_planned(plan.operation);
    for (size_t i = 0; i < plan.steps.size(); ++i) {
      const Step& spec = plan.steps[i];
      stopped |= spec.component == component && spec.phase == "stop" &&
                 state.steps[i].status == StepStatus::done;
    }
    const auto sites = writable_sites(plan.hosts, component, snapshot);
    if (!stopped || sites.size() < 2) continue;
    found.push_back(
        {"one_active." + component, "1", std::to_string(sites.size()),
         fmt::format("split brain: {} accepts writes at {}", component, join(sites, " and at ")),
         "stop it where it must not be active"});
  }
}

void judge_words(const Application& application, const RunState& state, const Snapshot& snapshot,
                 std::vector<FalseAssumption>& found) {
  // In an emergency and in a rebuild the words of the lost side change last.
  if (!is_planned(state.plan->operation)) return;
  const auto pair = published_pair(application, snapshot);
  if (!pair || !is_active(pair->primary) || !is_active(pair->secondary)) return;
  const std::string words =
      fmt::format("{} {}, {} {}", application.home_primary().name, status_text(pair->primary),
                  application.home_secondary().name, status_text(pair->secondary));
  found.push_back({"one_active", "1", "2", "split brain: the hosts say " + words,
                   "switchback resolve " + application.name});
}

}  // namespace

std::vector<FalseAssumption> foreign_claims(const std::vector<Host>& hosts, const Claim& in_store,
                                            const Snapshot& snapshot, const std::string& next) {
  std::vector<FalseAssumption> found;
  for (const Host& host : hosts) {
    const auto held = claim_of(snapshot.of("host", host.key));
    if (!held || held->epoch < in_store.epoch) continue;
    const bool same = held->epoch == in_store.epoch && held->claim_id == in_store.claim_id &&
                      (held->store_id.empty() || in_store.store_id.empty() ||
                       held->store_id == in_store.store_id);
    if (same) continue;
    const std::string expected = claim_text(in_store.epoch, in_store.claim_id);
    const std::string actual = claim_text(held->epoch, held->claim_id);
    found.push_back(
        {"claim@" + host.key, expected, actual,
         fmt::format("{} holds no newer claim than this store; it holds {} of store {}, "
                     "the store holds {}: another controller wrote it, or the store is "
                     "an older copy",
                     host.key, actual, held->store_id, expected),
         next});
  }
  return found;
}

void add_foreign_claims(const Application& application, const Claim& claim,
                        const Snapshot& snapshot, const std::string& next, Plan& plan) {
  for (const auto& each : foreign_claims(application.all_hosts(), claim, snapshot, next)) {
    plan.assumptions.push_back({each.name, "no", each.text + ". Next: " + each.next, false});
  }
}

std::vector<FalseAssumption> false_assumptions(const Application& application,
                                               const RunState& state, const Claim& in_store,
                                               const Snapshot& snapshot) {
  std::vector<FalseAssumption> found;
  judge_claim(state, in_store, found);
  // A resolution begins with claims that differ, and ends them.
  if (state.plan->operation != Operation::resolve || state.claim_taken) {
    for (auto& each : foreign_claims(state.plan->hosts, in_store, snapshot,
                                     "switchback resolve " + application.name)) {
      found.push_back(std::move(each));
    }
  }
  judge_newest_run(state, in_store, snapshot, found);
  judge_identities(*state.plan, snapshot, found);
  judge_writers(state, snapshot, found);
  judge_words(application, state, snapshot, found);
  return found;
}

}  // namespace switchback
