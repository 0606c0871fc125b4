// What the hosts say about themselves: reachable, alike, in time, adopted, of one mind.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "components/site.h"
#include "planner/identities.h"
#include "planner/parts.h"
#include "planner/readiness.h"

namespace switchback {
namespace {

using Level = Finding::Level;

constexpr int64_t clock_offset_limit_ms = 2'000;
constexpr int64_t free_limit_percent = 10;

struct Board {
  const Application& application;
  const Claim& claim;
  const Snapshot& snapshot;
  std::string active;
  std::vector<ReadyFinding> findings;

  const Facts& facts(const Host& host) const { return snapshot.of("host", host.key); }
  void add(Level level, std::string subject, std::string text, std::string fix = "") {
    findings.push_back({{level, std::move(subject), std::move(text), std::move(fix)}, true, true});
  }
};

void judge_reachability(Board& board, const Host& host) {
  const Facts& facts = board.facts(host);
  if (facts.reachable) return;
  if (host_answers(board.snapshot, host.key)) {
    board.add(Level::warning, host.key, "answers slowly: " + clean(facts.why, 200),
              "look at its load: uptime");
    return;
  }
  const bool standby = host.site != board.active;
  const std::string fix = fmt::format("ssh -p {} {}@{}", host.port, host.user, host.address);
  if (facts.why.empty() && facts.observed_at_ms == 0) {
    board.add(Level::unknown, host.key, "was never looked at", fix);
  } else {
    board.add(Level::blocking, host.key, "does not answer: " + clean(facts.why, 200), fix);
  }
  // An emergency asks nothing of the side that is left.
  if (!standby) board.findings.back().for_failover = false;
}

void judge_clock(Board& board, const Host& host) {
  const Facts& facts = board.facts(host);
  const auto clock = facts.integer("clock_ms");
  if (!facts.reachable || !clock) return;
  const int64_t offset = *clock - facts.observed_at_ms;
  if (std::abs(offset) <= clock_offset_limit_ms) return;
  board.add(Level::warning, host.key,
            fmt::format("its clock is {} {}", duration_text(Milliseconds(std::abs(offset))),
                        offset > 0 ? "ahead" : "behind"),
            "set the clock by NTP");
}

void judge_room(Board& board, const Host& host) {
  const Facts& facts = board.facts(host);
  for (int64_t n = 1; n <= facts.integer("disks").value_or(0); ++n) {
    const auto size = facts.integer(fmt::format("disk.{}.size_kb", n));
    const auto free = facts.integer(fmt::format("disk.{}.free_kb", n));
    if (!size || !free || *free * 100 >= *size * free_limit_percent) continue;
    const std::string path = facts.get(fmt::format("disk.{}", n)).value_or("a disk");
    board.add(Level::warning, host.key,
              fmt::format("{} has {} MiB of {} MiB free", path, *free >> 10, *size >> 10),
              "make room at " + path);
  }
  if (const auto missing = facts.get("missing_tools")) {
    board.add(Level::blocking, host.key, "lacks the programs " + *missing, "install " + *missing);
  }
}

// The standby must be able to carry what the active side carries.
void judge_size(Board& board, const Host& standby) {
  const Host* active = board.application.find_host(board.active, standby.role);
  if (active == nullptr) return;
  const Facts& here = board.facts(standby);
  const Facts& there = board.facts(*active);
  const std::pair<const char*, const char*> measures[] = {{"cpus", "processors"},
                                                          {"memory_kb", "KiB of memory"}};
  for (const auto& [fact, words] : measures) {
    const auto small = here.integer(fact);
    const auto large = there.integer(fact);
    // A few per cent are the kernel's own share, not a smaller machine.
    if (!small || !large || *small * 100 >= *large * 95) continue;
    board.add(Level::warning, standby.key,
              fmt::format("has {} {}, {} has {}", *small, words, active->key, *large),
              "give it what the active side has, or accept a slower one");
  }
}

void judge_identities(Board& board) {
  for (const auto& [host, text, fix] : mistaken_identities(board.application, board.snapshot)) {
    board.add(Level::blocking, host, text, fix);
  }
  const auto controller = board.snapshot.of("controller", "controller").get("machine_id");
  for (const Host& host : board.application.site(board.active).hosts) {
    const auto id = board.facts(host).get("machine_id");
    if (id && controller == id) {
      board.add(Level::warning, "controller",
                "runs on " + host.key + ": it is lost together with the active site",
                "run Switchback at a third place, or at the standby site");
    }
  }
}

// "7 c1a1m 5704e 12": epoch, claim id, store id and run, as the host holds them.
void judge_claim(Board& board, const Host& host) {
  const Facts& facts = board.facts(host);
  const auto text = facts.get("claim");
  if (!facts.reachable || !text) return;
  Facts words;
  const auto parts = split(*text, ' ');
  words.values["epoch"] = parts[0];
  const int64_t epoch = words.integer("epoch").value_or(0);
  const std::string id = parts.size() > 1 ? parts[1] : "";
  const std::string resolve = "switchback resolve " + board.application.name;
  if (epoch > board.claim.epoch) {
    board.add(Level::blocking, host.key,
              fmt::format("holds claim {}, the store only {}: the store is old, or not the one",
                          epoch, board.claim.epoch),
              resolve);
  } else if (epoch == board.claim.epoch && id != board.claim.claim_id) {
    board.add(Level::blocking, host.key,
              fmt::format("holds another claim {} than the store", epoch), resolve);
  } else if (epoch < board.claim.epoch) {
    board.add(Level::warning, host.key,
              fmt::format("still holds claim {}, now it is {}", epoch, board.claim.epoch),
              "switchback reprotect " + board.application.name);
  }
}

void judge_guard(Board& board, const Host& host) {
  const auto guard = board.facts(host).get("guard");
  if (!guard || *guard == guard_version()) return;
  board.add(
      Level::warning, host.key,
      fmt::format("its guard is of version {}, this program's is {}: what a step has stopped may "
                  "be started behind its back",
                  *guard, guard_version()),
      "switchback adopt " + board.application.name);
}

void judge_words(Board& board) {
  const auto pair = published_pair(board.application, board.snapshot);
  if (!pair) return;
  const std::string& name = board.application.name;
  const bool primary_active = board.application.home_primary().name == board.active;
  const bool both = is_active(pair->primary) && is_active(pair->secondary);
  if (both) {
    board.add(Level::blocking, "status", "two sites say that they are active: split brain",
              "switchback resolve " + name);
  } else if (is_active(primary_active ? pair->secondary : pair->primary)) {
    board.add(Level::blocking, "status", "the hosts call another site active than the claim",
              "switchback resolve " + name);
  } else if (find_row(*pair, "failover") == nullptr) {
    const auto ways = exits(*pair);
    board.add(Level::blocking, "status",
              fmt::format("the sites are in state '{}': nothing stands by", pair_name(*pair)),
              fmt::format("switchback {} {}", ways.front(), name));
  } else {
    board.add(Level::good, "status", fmt::format("the sites are in state '{}'", pair_name(*pair)));
  }
}

void judge_adoption(Board& board) {
  std::vector<std::string> without;
  for (const Host& host : board.application.all_hosts()) {
    const Facts& facts = board.facts(host);
    if (facts.reachable && !is_adopted(facts)) without.push_back(host.key);
  }
  if (without.empty()) return;
  board.add(Level::warning, "adoption",
            "no guard yet on " + join(without, ", ") +
                ": after a reboot units may start where they must not",
            "switchback adopt " + board.application.name);
}

// Cron lines that move files, and what the adoption names as conflicts.
void judge_conflicts(Board& board, const Host& host) {
  std::vector<std::string> lines;
  const auto collect = [&](const Facts& facts, const std::string& prefix, const char* words) {
    for (const auto& [name, value] : facts.values) {
      const bool numbered =
          name.starts_with(prefix + ".") &&
          name.find_first_not_of("0123456789", prefix.size() + 1) == std::string::npos;
      if (numbered) lines.push_back(words + value);
    }
  };
  const Facts& conflicts = board.snapshot.of("conflicts", host.key);
  collect(conflicts, "conflict", "");
  // The conflicts name the cron lines too.
  if (conflicts.observed_at_ms == 0) collect(board.facts(host), "cron", "cron moves files: ");
  for (const std::string& line : lines) {
    board.add(Level::warning, host.key, line, "decide who does this work, then take one out");
  }
}

void judge_backup(Board& board) {
  const auto& wanted = board.application.last_backup;
  if (!wanted) return;
  for (const Host& host : board.application.all_hosts()) {
    if (host.role != wanted->host_role) continue;
    const Facts& facts = board.snapshot.of("backup", host.key);
    if (facts.observed_at_ms == 0) {
      board.add(Level::unknown, "backup", "the backups on " + host.key + " were never looked at");
      continue;
    }
    const auto count = facts.integer("count").value_or(0);
    const auto age_s = facts.integer("age_s");
    const std::string fix = "look at the backup job that writes " + wanted->glob;
    if (count < wanted->min_count) {
      board.add(Level::warning, "backup",
                fmt::format("{} backups on {}, wanted are {}", count, host.key, wanted->min_count),
                fix);
    } else if (age_s && Milliseconds(*age_s * 1000) > wanted->max_age) {
      board.add(
          Level::warning, "backup",
          fmt::format("the newest on {} is {} old, wanted are {} at most", host.key,
                      duration_text(Milliseconds(*age_s * 1000)), duration_text(wanted->max_age)),
          fix);
    } else {
      board.add(Level::good, "backup",
                fmt::format("{} on {}, {} old", facts.get("name").value_or("?"), host.key,
                            duration_text(Milliseconds(age_s.value_or(0) * 1000))));
    }
  }
}

void judge_fencing(Board& board) {
  if (can_prove_silent_site(board.application)) return;
  board.add(Level::blocking, "fencing",
            "no configured method can prove that a site which does not answer is fenced",
            "add `attestation: {people: 1}` or a command with `prove` to `fencing`");
  board.findings.back().for_switchover = false;
}

}  // namespace

std::vector<ReadyFinding> host_findings(const Application& application, const Claim& claim,
                                        const Snapshot& snapshot, const std::string& active) {
  Board board{application, claim, snapshot, active, {}};
  for (const Host& host : application.all_hosts()) {
    judge_reachability(board, host);
    judge_clock(board, host);
    judge_room(board, host);
    if (host.site != active) judge_size(board, host);
    judge_claim(board, host);
    judge_guard(board, host);
    judge_conflicts(board, host);
  }
  judge_identities(board);
  judge_words(board);
  judge_adoption(board);
  judge_backup(board);
  judge_fencing(board);
  return board.findings;
}

}  // namespace switchback
