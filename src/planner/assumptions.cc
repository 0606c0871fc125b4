// What an approval rests on. planner/evaluate.cc asks at every resume whether it is still true:
// "claim" against the store and the hosts, "NAME.FACT@HOST" against a fresh look.
#include <fmt/format.h>

#include <algorithm>

#include "planner/diagnosis.h"
#include "planner/evaluate.h"
#include "planner/identities.h"
#include "planner/parts.h"

namespace switchback {
namespace {

// A site-wide statement that is known to be false, or not known at all.
void add_unmet(Plan& plan, std::string name, std::string text) {
  plan.assumptions.push_back({std::move(name), "no", std::move(text), false});
}

void add_claim(const Draft& draft, const Claim& claim, const std::string& active, Plan& plan) {
  if (claim.epoch == 0) {
    plan.assumptions.push_back(
        {"claim", "0", "Nobody has claimed yet: the home primary " + active + " is taken as active",
         true});
  } else {
    plan.assumptions.push_back({"claim", fmt::format("{} {}", claim.epoch, claim.claim_id),
                                fmt::format("{} is active by claim {}", active, claim.epoch),
                                true});
  }
  plan.assumptions.push_back({"config", draft.application.config_hash,
                              "The configuration is the one that the plan was made from", true});
}

// Identities: nothing is promoted, rewound or overwritten on a machine that was exchanged.
void add_identities(const Draft& draft, Plan& plan) {
  const auto add = [&](const std::string& name, const std::string& fact, const Host& host,
                       const std::string& text) {
    const auto value = draft.snapshot.of(name, host.key).get(fact);
    plan.assumptions.push_back({fmt::format("{}.{}@{}", name, fact, host.key),
                                value.value_or("unknown"),
                                value ? text : text + " (not observed yet: binds nothing)", true});
  };
  for (const Host& host : draft.application.all_hosts()) {
    add("host", "machine_id", host, "Identity of the machine " + host.key);
  }
  for (const Component& component : draft.application.components) {
    const ComponentType* type = draft.catalogue.find_type(component.type);
    if (type == nullptr || !type->schema.holds_data) continue;
    for (const Host& host : draft.application.all_hosts()) {
      if (json_text(component.options.at(host.site), "host") != host.role) continue;
      const Facts& facts = draft.snapshot.of(component.name, host.key);
      // Looked at, and there is no such identity: files have none.
      if (facts.observed_at_ms > 0 && !facts.get("system_identifier")) continue;
      add(component.name, "system_identifier", host,
          fmt::format("Identity of the data of {} at {}", component.name, host.key));
    }
  }
}

// Hosts that the operation cannot do without must have answered when they were last looked at.
void add_reachability(const Draft& draft, Plan& plan) {
  for (const Host& host : draft.application.all_hosts()) {
    const Facts& facts = draft.snapshot.of("host", host.key);
    const bool resolves = draft.operation == Operation::resolve;
    const bool lost_side = (is_emergency(draft.operation) || resolves) && host.site == draft.from;
    if (facts.observed_at_ms == 0 && facts.why.empty() && !facts.reachable) {
      plan.remarks.push_back(host.key + " was never observed: nothing is known of it");
    } else if (lost_side && resolves) {
      if (facts.reachable) continue;
      plan.remarks.push_back(host.key + " does not answer: it keeps its claim until a reprotect");
    } else if (lost_side && draft.operation == Operation::start) {
      continue;  // the plan says how each side was found
    } else if (lost_side && facts.reachable) {
      plan.remarks.push_back(fmt::format("{} answers: a switchover would lose nothing", host.key));
    } else if (!lost_side && !facts.reachable) {
      add_unmet(plan, "reachable@" + host.key,
                fmt::format("{} answers; it did not: {}{}", host.key, clean(facts.why, 500),
                            draft.operation != Operation::start
                                ? ""
                                : fmt::format(". If it stays lost: switchback start {} --to {}",
                                              draft.application.name, draft.from)));
    }
  }
}

void add_findings(const Draft& draft, Plan& plan) {
  // Where everything is down, what is down says nothing; a resolution touches nothing that runs.
  if (draft.operation == Operation::start || draft.operation == Operation::resolve) return;
  // What a reprotect repairs does not stand in its way; in an emergency a person decides
  // (gates.cc).
  const bool stops =
      draft.operation != Operation::reprotect && draft.operation != Operation::failover;
  int number = 0;
  for (const Finding& finding : component_findings(draft)) {
    if (finding.level == Finding::Level::blocking && stops) {
      add_unmet(plan, fmt::format("ready.{}.{}", finding.subject, ++number),
                finding.subject + ": " + finding.text +
                    (finding.fix.empty() ? "" : "; next: " + finding.fix));
    } else if (finding.level != Finding::Level::good) {
      plan.remarks.push_back(finding.subject + ": " + finding.text);
    }
  }
}

std::string words_of(const Application& application, StatusPair pair) {
  return fmt::format("{} {}, {} {}", application.home_primary().name, status_text(pair.primary),
                     application.home_secondary().name, status_text(pair.secondary));
}

// The published words must be those of a pair that the operation leads out of.
void add_pair(const Draft& draft, const std::string& active, Plan& plan) {
  const auto pair = published_pair(draft.application, draft.snapshot);
  if (!pair) return;
  // By these a person leaves two active sides, and chooses one.
  if (draft.operation == Operation::start || draft.operation == Operation::resolve) return;
  if (add_one_active(draft.application, *pair, active, plan)) return;
  const std::string words = words_of(draft.application, *pair);
  if (find_row(*pair, operation_text(draft.operation)) == nullptr) {
    const auto ways = exits(*pair);
    add_unmet(plan, "status",
              fmt::format("{} leads out of the sites' status ({}: {}); what does: {}",
                          operation_text(draft.operation), pair_name(*pair), words,
                          fmt::join(ways, ", ")));
  }
}

// A cold start stops the other side: an application that runs is moved by other means.
void add_nothing_runs(const Draft& draft, const std::string& active, Plan& plan) {
  if (draft.operation != Operation::start) return;
  const auto writes_at = [&](const std::string& site) {
    bool writes = false;
    for (const Component& component : draft.application.components) {
      for (const Host& host : draft.application.site(site).hosts) {
        const Facts& facts = draft.snapshot.of(component.name, host.key);
        if (!facts.reachable || facts.get("running").value_or("") != "yes") continue;
        writes = writes || facts.get("in_recovery").value_or("") == "no";
      }
    }
    return writes;
  };
  bool all_run = true;
  for (const Component& component : draft.application.components) {
    for (const Host& host : draft.application.site(active).hosts) {
      const Facts& facts = draft.snapshot.of(component.name, host.key);
      if (facts.reachable && facts.integer("stopped").value_or(0) > 0) all_run = false;
    }
  }
  // Both write: a person chooses which one stays.
  if (!writes_at(active) || writes_at(draft.application.other_site(active).name)) return;
  const std::string& name = draft.application.name;
  if (draft.to != active) {
    add_unmet(plan, "nothing_runs",
              fmt::format("Nothing runs; but the database at {} accepts writes, and a start of {} "
                          "would lose them. Next: switchback switchover {}",
                          active, draft.to, name));
  } else if (all_run) {
    add_unmet(plan, "nothing_runs",
              fmt::format("There is something to start; but {} runs. Next: switchback status {}",
                          active, name));
  }
}

void add_fencing(const Draft& draft, Plan& plan) {
  if (!is_emergency(draft.operation)) return;
  if (!can_prove_silent_site(draft.application)) {
    add_unmet(plan, "fencing",
              fmt::format("A fencing method can prove that {} cannot act when it does not answer. "
                          "Next: add {{command: {{engage: [...], prove: [...]}}}} or "
                          "{{attestation: {{people: 1}}}} to `fencing`",
                          draft.from));
  }
}

void add_consequences(const Draft& draft, Plan& plan) {
  const std::string& name = draft.application.name;
  switch (draft.operation) {
    case Operation::switchover:
    case Operation::failback:
      plan.remarks.push_back(fmt::format("Afterwards {} stands by for {} as soon as it follows",
                                         draft.from, draft.to));
      break;
    case Operation::failover:
      plan.remarks.push_back(fmt::format(
          "Afterwards {} is unprotected until `switchback reprotect {}`: nothing stands "
          "by",
          draft.to, name));
      plan.remarks.push_back(fmt::format(
          "Whatever {} wrote last and {} did not receive is missing at {} until it is salvaged",
          draft.from, draft.to, draft.to));
      break;
    case Operation::start:
      plan.remarks.push_back(
          fmt::format("{} is stopped where it answers; afterwards {} is unprotected until "
                      "`switchback reprotect {}`",
                      draft.from, draft.to, name));
      break;
    case Operation::reprotect:
      plan.remarks.push_back(fmt::format("{} stays active and is not interrupted", draft.from));
      break;
    case Operation::resolve:
      plan.remarks.push_back(
          fmt::format("Nothing is stopped or started; whoever still acts under another claim is "
                      "refused by the hosts from then on. Afterwards: switchback status {}",
                      name));
      break;
    case Operation::adopt:
    case Operation::release:
    case Operation::sync:
      break;
  }
}

// What was read of a site before it went silent may be the word of before its last run ended. The
// word of the site that answers is true, and a pair needs the other one to fit.
StatusPair fitting(const Application& application, const Snapshot& snapshot, StatusPair pair) {
  const auto answers = [&](const Site& site) {
    return std::ranges::any_of(
        site.hosts, [&](const Host& host) { return snapshot.of("host", host.key).reachable; });
  };
  const bool primary = answers(application.home_primary());
  const bool both_or_none = primary == answers(application.home_secondary());
  if (pair_name(pair) != "contradiction" || both_or_none) return pair;
  for (const NamedPair& named : named_pairs()) {
    if (primary ? named.pair.primary == pair.primary : named.pair.secondary == pair.secondary) {
      return named.pair;
    }
  }
  return pair;
}

}  // namespace

bool add_one_active(const Application& application, StatusPair pair, const std::string& active,
                    Plan& plan) {
  const bool primary_active = application.home_primary().name == active;
  const bool two_active = is_active(pair.primary) && is_active(pair.secondary);
  if (!two_active && !is_active(primary_active ? pair.secondary : pair.primary)) return false;
  add_unmet(plan, "one_active",
            fmt::format("At most one site is active; the hosts say {}. Next: switchback resolve {}",
                        words_of(application, pair), application.name));
  return true;
}

std::vector<Finding> component_findings(const Draft& draft) {
  std::vector<Finding> findings;
  for (const Component& component : draft.application.components) {
    const ComponentType* type = draft.catalogue.find_type(component.type);
    if (type == nullptr || type->ready == nullptr) continue;
    const auto more = type->ready(
        {draft.application, component, draft.operation, draft.from, draft.to, draft.snapshot});
    findings.insert(findings.end(), more.begin(), more.end());
  }
  return findings;
}

std::optional<StatusPair> published_pair(const Application& application, const Snapshot& snapshot) {
  const auto epoch_at = [&](const Host& host) {
    const auto claim = snapshot.of("host", host.key).get("claim");
    return claim ? int64_t{std::atoll(claim->c_str())} : int64_t{0};
  };
  int64_t newest = 0;
  for (const Host& host : application.all_hosts()) newest = std::max(newest, epoch_at(host));
  const auto word_of = [&](const Site& site) {
    std::optional<StatusWord> word;
    std::optional<StatusWord> lost;
    for (const Host& host : site.hosts) {
      const auto text = snapshot.of("host", host.key).get("status");
      const auto read = text ? parse_status(*text) : std::nullopt;
      if (!read) continue;
      // A host that was dead when the claim moved on still holds its last word; by the newer claim
      // its site is lost until it is rebuilt. A standby's word, read before the move, of a host
      // that cannot be asked now, says nothing.
      if (epoch_at(host) < newest) {
        const bool answers = snapshot.of("host", host.key).reachable;
        if (is_active(*read)) lost = StatusWord::down;
        if (!is_active(*read) && answers && !lost) lost = *read;
        continue;
      }
      // Hosts of one site that disagree: the active word counts, it is the one that could harm.
      if (!word || is_active(*read)) word = read;
    }
    return word ? word : lost;
  };
  auto primary = word_of(application.home_primary());
  auto secondary = word_of(application.home_secondary());
  if (!primary || !secondary) return std::nullopt;
  // A standby that missed a cold start does not know yet that the other side was left alone.
  if (primary == StatusWord::production_alone && !is_active(*secondary)) {
    secondary = StatusWord::down;
  }
  if (secondary == StatusWord::production_alone && !is_active(*primary)) {
    primary = StatusWord::down;
  }
  return fitting(application, snapshot, {*primary, *secondary});
}

void add_assumptions(const Draft& draft, const Claim& claim, const std::string& active,
                     Plan& plan) {
  const bool contradicted =
      is_contradicted(diagnose(draft.catalogue, draft.application, claim, draft.snapshot));
  const auto mistaken = mistaken_identities(draft.application, draft.snapshot);
  for (const auto& [host, text, fix] : mistaken) {
    add_unmet(plan, "identity@" + host, fmt::format("{} {}; next: {}", host, text, fix));
  }
  // Whatever else was seen was seen of the wrong hosts, and would give wrong advice.
  if (!mistaken.empty()) return;
  add_claim(draft, claim, active, plan);
  add_identities(draft, plan);
  if (!contradicted) add_pair(draft, active, plan);
  add_reachability(draft, plan);
  add_nothing_runs(draft, active, plan);
  if (!contradicted) add_findings(draft, plan);
  add_fencing(draft, plan);
  add_consequences(draft, plan);
}

}  // namespace switchback
