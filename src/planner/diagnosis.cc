#include "planner/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "planner/parts.h"

namespace switchback {
namespace {

using Situation = Diagnosis::Situation;

// "7 c1a1m 5704e 12": epoch, claim id, store id and run, as a host holds them.
struct HostClaim {
  Host host;
  int64_t epoch = 0;
  std::string id;
  std::string store;
  std::string seen;
};

struct Picture {
  const Catalogue& catalogue;
  const Application& application;
  const Claim& claim;
  const Snapshot& snapshot;
  std::string active;
  std::string standby;

  std::string seen(const Facts& facts) const;
};

std::string seen_words(const Facts& facts, int64_t now_ms) {
  if (facts.observed_at_ms == 0) return "never seen";
  return fmt::format("seen {} ago", duration_text(Milliseconds(now_ms - facts.observed_at_ms)));
}

std::string Picture::seen(const Facts& facts) const {
  return seen_words(facts, snapshot.now_ms);
}

std::vector<HostClaim> claims_of(const Application& application, const Snapshot& snapshot) {
  std::vector<HostClaim> found;
  for (const Host& host : application.all_hosts()) {
    const Facts& facts = snapshot.of("host", host.key);
    const auto words = split(facts.get("claim").value_or(""), ' ');
    if (words.size() < 3) continue;
    Facts number;
    number.values["epoch"] = words[0];
    found.push_back({host, number.integer("epoch").value_or(0), words[1], words[2],
                     seen_words(facts, snapshot.now_ms)});
  }
  return found;
}

std::string short_id(const std::string& id) {
  return clean(id.substr(0, 12), 12);
}

std::string words_of(const HostClaim& claim) {
  return fmt::format("{} holds claim {} ({}) of store {}, {}", claim.host.key, claim.epoch,
                     short_id(claim.id), short_id(claim.store), claim.seen);
}

// What accepts writes there, or runs there and may write, as one line each. Only what was seen by
// the last look: what a dead host did long ago proves nothing.
std::vector<std::string> acts_at(const Picture& picture, const std::string& site) {
  std::vector<std::string> found;
  for (const Component& component : picture.application.components) {
    for (const Host& host : picture.application.site(site).hosts) {
      const Facts& facts = picture.snapshot.of(component.name, host.key);
      if (!facts.reachable) continue;
      const auto running = facts.get("running").value_or("no");
      const bool writable = running == "yes" && facts.get("in_recovery").value_or("") == "no";
      // Units count their running ones.
      const bool units = facts.get("units") && facts.integer("running").value_or(0) > 0;
      if (!writable && !units) continue;
      found.push_back(fmt::format("{} {} at {}, {}", component.name,
                                  writable ? "accepts writes" : "runs", host.key,
                                  picture.seen(facts)));
    }
  }
  return found;
}

bool accepts_writes(const std::vector<std::string>& acts) {
  return std::any_of(acts.begin(), acts.end(), [](const std::string& line) {
    return line.find("accepts writes") != std::string::npos;
  });
}

// A side that should stand by and takes writes, whoever started it.
void find_split_brain(const Picture& picture, std::vector<Diagnosis>& found) {
  const auto here = acts_at(picture, picture.active);
  const auto there = acts_at(picture, picture.standby);
  if (!accepts_writes(there)) return;
  const std::string& name = picture.application.name;
  Diagnosis one;
  one.blocks = true;
  one.evidence = here;
  one.evidence.insert(one.evidence.end(), there.begin(), there.end());
  if (here.empty()) {
    one.situation = Situation::other_acts;
    one.text = fmt::format("{} accepts writes, and {} is active by the claim", picture.standby,
                           picture.active);
  } else {
    one.situation = Situation::split_brain;
    one.text = fmt::format("{} and {} are both active", picture.active, picture.standby);
  }
  one.next = fmt::format(
      "switchback resolve {0}; then choose the side that stays: switchback start {0} --to {1}, or "
      "--to {2}; the other one is stopped, and salvaged by the reprotect that follows",
      name, picture.active, picture.standby);
  found.push_back(std::move(one));
}

void find_disagreement(const Picture& picture, std::vector<Diagnosis>& found) {
  const auto claims = claims_of(picture.application, picture.snapshot);
  int64_t newest = picture.claim.epoch;
  for (const HostClaim& each : claims) newest = std::max(newest, each.epoch);
  Diagnosis one;
  one.blocks = true;
  // The side that is seen to write is the one that a person will name.
  const bool here = accepts_writes(acts_at(picture, picture.active));
  const bool there = accepts_writes(acts_at(picture, picture.standby));
  one.next = fmt::format(
      "switchback resolve {} --to {} (once no other controller is at work: a new "
      "claim then tells every host)",
      picture.application.name,
      here == there ? "SITE"
      : here        ? picture.active
                    : picture.standby);
  bool foreign = false;
  std::string other_store;
  for (const HostClaim& each : claims) {
    const bool newer = each.epoch > picture.claim.epoch;
    const bool differs =
        each.epoch == picture.claim.epoch &&
        (each.id != picture.claim.claim_id ||
         (!picture.claim.store_id.empty() && each.store != picture.claim.store_id));
    if (!newer && !differs) continue;
    one.evidence.push_back(words_of(each));
    foreign = foreign || differs;
    if (each.store != picture.claim.store_id) other_store = each.store;
  }
  if (one.evidence.empty()) return;
  one.evidence.push_back(fmt::format("this store holds claim {} ({})", picture.claim.epoch,
                                     short_id(picture.claim.claim_id)));
  if (newest > picture.claim.epoch) {
    one.situation = Situation::store_behind;
    one.text =
        fmt::format("the hosts hold claim {}, this store only {}: {}", newest, picture.claim.epoch,
                    other_store.empty()        ? "the store is an older copy of itself"
                    : other_store == "runbook" ? "runbooks have moved the application since"
                                               : "another controller has moved the application, "
                                                 "or this is not its store");
  } else {
    one.situation = Situation::hosts_disagree;
    one.text =
        fmt::format("hosts hold another claim {} than this store: two controllers act", newest);
  }
  found.push_back(std::move(one));
}

// The active side's database has a standby that streams. It may not know yet that this one is gone.
bool streams_still(const Picture& picture, const Component& component) {
  const auto& hosts = picture.application.site(picture.active).hosts;
  return std::any_of(hosts.begin(), hosts.end(), [&](const Host& host) {
    const Facts& facts = picture.snapshot.of(component.name, host.key);
    return facts.reachable &&
           facts.get("standbys").value_or("").find("/streaming/") != std::string::npos;
  });
}

// The host of every data component of the active side runs, and no data component of the other side
// follows it.
void find_lost_standby(const Picture& picture, std::vector<Diagnosis>& found) {
  Diagnosis one;
  one.situation = Situation::standby_lost;
  std::vector<std::string> silent;  // hosts that only the controller misses
  if (!accepts_writes(acts_at(picture, picture.active))) return;
  for (const Component& component : picture.application.components) {
    for (const Host& host : picture.application.site(picture.standby).hosts) {
      if (json_text(component.options.at(host.site), "host") != host.role) continue;
      const Facts& active = picture.snapshot.of(component.name, host.key);
      const ComponentType* type = picture.catalogue.find_type(component.type);
      if (type == nullptr || !type->schema.holds_data) continue;
      if (!active.reachable) {
        one.evidence.push_back(fmt::format("{} does not answer ({}), {}", host.key,
                                           active.why.empty() ? "never asked" : active.why,
                                           picture.seen(active)));
        if (streams_still(picture, component)) silent.push_back(host.key);
      } else if (active.get("present").value_or("") == "no") {
        one.evidence.push_back(
            fmt::format("{}: there is no database at {} yet", component.name, host.key));
      } else if (active.get("running").value_or("") == "no") {
        one.evidence.push_back(fmt::format("{} does not run at {}, {}", component.name, host.key,
                                           picture.seen(active)));
      } else if (active.get("in_recovery").value_or("") == "yes" &&
                 active.get("receiver").value_or("streaming") != "streaming") {
        one.evidence.push_back(fmt::format("{} at {} does not stream, {}", component.name, host.key,
                                           picture.seen(active)));
      }
    }
  }
  if (one.evidence.empty()) return;
  const auto pair = published_pair(picture.application, picture.snapshot);
  const bool said =
      pair && (pair->primary == StatusWord::down || pair->secondary == StatusWord::down);
  one.text = fmt::format("{} is lost as a standby: nothing protects {}{}", picture.standby,
                         picture.active, said ? "" : "; the hosts' words are those of before");
  one.next = "switchback reprotect " + picture.application.name;
  if (silent.size() == one.evidence.size()) {
    const std::string hosts = join(silent, ", ");
    one.text = fmt::format("{} does not answer, though a standby of {} still streams", hosts,
                           picture.active);
    one.next = fmt::format("make {} reachable by ssh from the controller; if it is gone: {}", hosts,
                           one.next);
  }
  found.push_back(std::move(one));
}

void find_closed_guards(const Picture& picture, std::vector<Diagnosis>& found) {
  Diagnosis one;
  one.situation = Situation::waits_for_start;
  for (const Host& host : picture.application.site(picture.active).hosts) {
    const Facts& facts = picture.snapshot.of("host", host.key);
    if (!facts.reachable) continue;
    for (int64_t n = 1; n <= facts.integer("guarded").value_or(0); ++n) {
      const std::string unit = facts.get(fmt::format("guarded.{}", n)).value_or("");
      if (!unit.ends_with(" closed")) continue;
      const auto reason = facts.get(fmt::format("guarded.{}.reason", n));
      one.evidence.push_back(fmt::format("{}: the guard of {} is closed{}{}", host.key,
                                         unit.substr(0, unit.size() - 7), reason ? ": " : "",
                                         reason.value_or("")));
    }
  }
  if (one.evidence.empty()) return;
  one.text =
      fmt::format("{} is active by the claim, and not everything may start there", picture.active);
  one.next = fmt::format("switchback start {} (its plan shows which side is higher)",
                         picture.application.name);
  found.push_back(std::move(one));
}

}  // namespace

std::string_view situation_text(Situation situation) {
  switch (situation) {
    case Situation::split_brain:
      return "split brain";
    case Situation::other_acts:
      return "the other side acts";
    case Situation::store_behind:
      return "store behind hosts";
    case Situation::hosts_disagree:
      return "hosts disagree";
    case Situation::standby_lost:
      return "standby lost";
    case Situation::waits_for_start:
      return "waits for start";
  }
  return "unknown";
}

int64_t newest_epoch(const Application& application, const Claim& claim, const Snapshot& snapshot) {
  int64_t newest = claim.epoch;
  for (const HostClaim& each : claims_of(application, snapshot)) {
    newest = std::max(newest, each.epoch);
  }
  return newest;
}

bool is_contradicted(const std::vector<Diagnosis>& found) {
  return std::any_of(found.begin(), found.end(), [](const Diagnosis& each) {
    return each.situation == Situation::store_behind || each.situation == Situation::hosts_disagree;
  });
}

void add_diagnoses(const Catalogue& catalogue, const Application& application, const Claim& claim,
                   const Snapshot& snapshot, Plan& plan) {
  int64_t rebuilt_epoch = 0;
  for (const HostClaim& each : claims_of(application, snapshot)) {
    if (each.host.site == plan.to_site) rebuilt_epoch = std::max(rebuilt_epoch, each.epoch);
  }
  for (const Diagnosis& each : diagnose(catalogue, application, claim, snapshot)) {
    const bool brain =
        each.situation == Situation::split_brain || each.situation == Situation::other_acts;
    // A reprotect stops and salvages a side whose claim is older: there is nothing to choose.
    const bool repairs = plan.operation == Operation::start ||
                         (plan.operation == Operation::reprotect && rebuilt_epoch < claim.epoch);
    if (!each.blocks || (brain && repairs)) continue;
    plan.assumptions.push_back({"picture." + std::string(situation_text(each.situation)), "no",
                                fmt::format("{}: {} ({}). Next: {}", situation_text(each.situation),
                                            each.text, join(each.evidence, "; "), each.next),
                                false});
  }
}

std::vector<Diagnosis> diagnose(const Catalogue& catalogue, const Application& application,
                                const Claim& claim, const Snapshot& snapshot) {
  std::vector<Diagnosis> found;
  const auto active = active_site(application, claim);
  if (!active) return found;  // said where the active site is asked for
  const Picture picture{catalogue, application, claim,
                        snapshot,  *active,     application.other_site(*active).name};
  find_disagreement(picture, found);
  find_split_brain(picture, found);
  // Which one is "the other side" was said by the claim that is contradicted.
  if (found.size() > 1 && found.back().situation == Situation::other_acts) found.pop_back();
  if (!found.empty()) return found;
  find_lost_standby(picture, found);
  find_closed_guards(picture, found);
  return found;
}

}  // namespace switchback
