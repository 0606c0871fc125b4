#include "planner/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "planner/readiness.h"

namespace switchback {
namespace {

constexpr std::string_view notable[] = {
    "status",  "claim", "guard",   "boot_id", "in_recovery", "timeline", "receiver",
    "unit",    "slots", "running", "missing", "access",      "answers",  "replication_access",
    "version", "value", "state",   "crons"};

bool is_notable(const std::string& name) {
  const size_t dot = name.rfind('.');
  const std::string_view last =
      dot == std::string::npos ? std::string_view(name) : std::string_view(name).substr(dot + 1);
  return std::find(std::begin(notable), std::end(notable), last) != std::end(notable);
}

// "database@dc/db" as people say it.
std::string spoken(const std::string& key) {
  const size_t at = key.find('@');
  const std::string where = key.substr(at + 1);
  return key.starts_with("host@") ? where : where + " " + key.substr(0, at);
}

std::optional<int64_t> every_of(const Component& component, const std::string& site) {
  const auto every = component.options.at(site).find("every");
  if (every == component.options.at(site).end() || !every->is_number_integer()) return std::nullopt;
  return every->get<int64_t>();
}

}  // namespace

std::vector<std::string> due_syncs(const Application& application, const Claim& claim,
                                   const Snapshot& snapshot,
                                   const std::map<std::string, int64_t>& attempts) {
  std::vector<std::string> due;
  const auto active = active_site(application, claim);
  if (!active) return due;
  const Site& standby = application.other_site(*active);
  for (const Component& component : application.components) {
    const auto every = every_of(component, standby.name);
    if (!every) continue;
    const auto attempt = attempts.find(component.name);
    int64_t last = attempt == attempts.end() ? 0 : attempt->second;
    for (const Host& host : standby.hosts) {
      const Facts& facts = snapshot.of(component.name, host.key);
      const auto age = facts.integer("last_good_age_s");
      if (age) last = std::max(last, facts.observed_at_ms - *age * 1000);
    }
    if (snapshot.now_ms - last >= *every) due.push_back(component.name);
  }
  return due;
}

std::string why_no_sync(const Application& application, const Claim& claim,
                        const Snapshot& snapshot) {
  if (claim.epoch == 0) {
    return "it is not adopted; next: switchback adopt " + application.name;
  }
  const auto active = active_site(application, claim);
  if (!active) return active.error().message;
  for (const ReadyFinding& each : host_findings(application, claim, snapshot, *active)) {
    const Finding& finding = each.finding;
    if (finding.level != Finding::Level::blocking && finding.level != Finding::Level::unknown) {
      continue;
    }
    if (finding.subject == "fencing") continue;  // matters to an emergency alone
    return finding.subject + ": " + finding.text;
  }
  for (const Host& host : application.all_hosts()) {
    const Facts& facts = snapshot.of("host", host.key);
    if (!facts.reachable) return host.key + ": did not answer in time";
    const auto text = facts.get("claim");
    const std::string epoch = text ? split(*text, ' ').front() : "no claim";
    if (epoch == std::to_string(claim.epoch)) continue;
    return fmt::format("{}: holds {}, the store claim {}", host.key,
                       text ? "claim " + epoch : epoch, claim.epoch);
  }
  return "";
}

std::vector<std::string> changes(const std::map<std::string, Facts>& before,
                                 const std::map<std::string, Facts>& now) {
  std::vector<std::string> lines;
  // What a host runs is as silent as the host: one line says it.
  const auto explained = [&](const std::string& key) {
    const auto host = now.find("host@" + key.substr(key.find('@') + 1));
    return !key.starts_with("host@") && host != now.end() && !host->second.reachable;
  };
  const auto was_slow = [](const Facts& facts) {
    return facts.why.starts_with("no answer within") || facts.why.starts_with("timed_out");
  };
  Snapshot fresh_looks;
  fresh_looks.facts = now;
  // A busy host answers some looks too late; that is no news unless it answers none.
  const auto only_slow = [&](const std::string& key, const Facts& facts) {
    return was_slow(facts) && host_answers(fresh_looks, key.substr(key.find('@') + 1));
  };
  const auto host_was_away = [&](const std::string& key) {
    const auto host = before.find("host@" + key.substr(key.find('@') + 1));
    return !key.starts_with("host@") && host != before.end() && !host->second.reachable;
  };
  for (const auto& [key, fresh] : now) {
    const auto found = before.find(key);
    if (found == before.end() || found->second.looked_at_ms == 0) {
      if (!fresh.reachable && !explained(key) && !only_slow(key, fresh)) {
        lines.push_back(fmt::format("{}: does not answer: {}", spoken(key), clean(fresh.why, 200)));
      }
      continue;
    }
    const Facts& old = found->second;
    if (old.reachable && !fresh.reachable && !explained(key) && !only_slow(key, fresh)) {
      lines.push_back(
          fmt::format("{}: does not answer any more: {}", spoken(key), clean(fresh.why, 200)));
    } else if (!old.reachable && fresh.reachable && !host_was_away(key) && !was_slow(old)) {
      lines.push_back(fmt::format("{}: answers again", spoken(key)));
    }
    if (!fresh.reachable) continue;
    for (const auto& [name, value] : fresh.values) {
      const auto was = old.values.find(name);
      if (!is_notable(name) || was == old.values.end() || was->second == value) continue;
      lines.push_back(fmt::format("{}: {} was {}, is {}", spoken(key), name,
                                  clean(was->second, 100), clean(value, 100)));
    }
  }
  return lines;
}

}  // namespace switchback
