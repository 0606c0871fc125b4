#include "planner/cold_start.h"

#include <fmt/format.h>

namespace switchback {
namespace {

// "0/3000060" as a number.
std::optional<int64_t> position_number(const std::string& text) {
  const auto parts = split(text, '/');
  if (parts.size() != 2) return std::nullopt;
  int64_t number = 0;
  for (const std::string& part : parts) {
    if (part.empty() || part.size() > 8) return std::nullopt;
    int64_t value = 0;
    for (const char digit : part) {
      const char lower = static_cast<char>(digit | 0x20);
      if (digit >= '0' && digit <= '9') {
        value = value * 16 + (digit - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        value = value * 16 + (lower - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    number = (number << 32) + value;
  }
  return number;
}

DataPosition position_of(const Component& component, const Facts& facts, int64_t now_ms) {
  DataPosition position;
  position.component = component.name;
  position.seen_now = facts.reachable;
  position.is_standby = facts.get("in_recovery").value_or("no") == "yes";
  position.runs = facts.get("running").value_or("no") == "yes";
  position.timeline = facts.integer("timeline");
  // A running standby may have received more than it has replayed.
  for (const char* name : {"lsn", "received_lsn"}) {
    const std::string text = facts.get(name).value_or("");
    const auto number = position_number(text);
    if (!number || (position.lsn && *position.lsn >= *number)) continue;
    position.lsn = number;
    position.lsn_text = text;
  }
  position.last_commit = facts.get("last_commit").value_or(facts.get("last_replay").value_or(""));
  position.age_ms = facts.observed_at_ms == 0 ? 0 : now_ms - facts.observed_at_ms;
  return position;
}

SideStanding standing_of(const Catalogue& catalogue, const Application& application,
                         const Site& site, const Snapshot& snapshot) {
  SideStanding side;
  side.site = site.name;
  side.seen_now = true;
  for (const Host& host : site.hosts) {
    const Facts& known = snapshot.of("host", host.key);
    side.seen_now = side.seen_now && known.reachable;
    const auto words = split(known.get("claim").value_or(""), ' ');
    Facts first;
    first.values["epoch"] = words[0];
    const int64_t epoch = first.integer("epoch").value_or(0);
    if (epoch <= side.epoch || words.size() < 2) continue;
    side.epoch = epoch;
    side.claim_id = words[1];
  }
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type == nullptr || !type->schema.holds_data) continue;
    const Host* host =
        application.find_host(site.name, json_text(component.options.at(site.name), "host"));
    if (host == nullptr) continue;
    const Facts& facts = snapshot.of(component.name, host->key);
    // What has no timeline, such as files, cannot be compared this way.
    if (!facts.get("timeline") && !facts.get("present")) continue;
    side.data.push_back(position_of(component, facts, snapshot.now_ms));
  }
  return side;
}

// 1: `left` reaches further, -1: `right` does, 0: neither, or nobody can tell.
int compare(const DataPosition& left, const DataPosition& right) {
  if (!left.timeline || !right.timeline) {
    return static_cast<int>(left.timeline.has_value()) -
           static_cast<int>(right.timeline.has_value());
  }
  if (*left.timeline != *right.timeline) return *left.timeline > *right.timeline ? 1 : -1;
  // On one timeline a standby has what its primary gave it. Positions read from a running and from
  // a stopped server differ by a record and prove nothing; the run compares the records themselves.
  if (left.is_standby != right.is_standby) return left.is_standby ? -1 : 1;
  if (!left.lsn || !right.lsn || *left.lsn == *right.lsn) return 0;
  return *left.lsn > *right.lsn ? 1 : -1;
}

// 1, -1 as above over all components; 0 also when they contradict each other.
int compare(const SideStanding& left, const SideStanding& right) {
  bool ahead = false;
  bool behind = false;
  for (const DataPosition& one : left.data) {
    for (const DataPosition& two : right.data) {
      if (one.component != two.component) continue;
      const int order = compare(one, two);
      ahead = ahead || order > 0;
      behind = behind || order < 0;
    }
  }
  return ahead == behind ? 0 : ahead ? 1 : -1;
}

void find_highest(Standings& standings, const std::string& active) {
  const SideStanding& one = standings.sides[0];
  const SideStanding& two = standings.sides[1];
  standings.highest = active;
  if (!one.seen_now || !two.seen_now) {
    const SideStanding& silent = one.seen_now ? two : one;
    standings.reason = fmt::format("{} is active by the claim; what {} holds now is not known",
                                   active, silent.site);
    const SideStanding& other = one.seen_now ? one : two;
    if (other.seen_now && other.epoch > silent.epoch) {
      standings.highest = other.site;
      standings.reason = fmt::format("{} holds a newer claim than {}, which is silent, had last",
                                     other.site, silent.site);
    }
    return;
  }
  if (one.epoch != two.epoch) {
    standings.highest = one.epoch > two.epoch ? one.site : two.site;
    standings.reason = fmt::format("{} holds the newer claim", standings.highest);
    return;
  }
  const int order = compare(one, two);
  if (order == 0) {
    standings.reason =
        fmt::format("{} is active by the claim, and neither side's data reach further", active);
    return;
  }
  standings.highest = order > 0 ? one.site : two.site;
  standings.reason = fmt::format("the data of {} reach further", standings.highest);
}

std::string words_of(const DataPosition& position) {
  const std::string age =
      position.seen_now ? ""
      : position.age_ms == 0
          ? ", never seen"
          : fmt::format(", as it was {} ago", duration_text(Milliseconds(position.age_ms)));
  if (!position.timeline) {
    return fmt::format("{}: {}{}", position.component,
                       position.seen_now ? "no data there" : "not known", age);
  }
  return fmt::format("{}: {} {}, timeline {}, {}, last commit {}{}", position.component,
                     position.runs ? "running" : "stopped",
                     position.is_standby ? "standby" : "primary", *position.timeline,
                     position.lsn_text.empty() ? "position unknown" : position.lsn_text,
                     position.last_commit.empty() ? "unknown" : position.last_commit, age);
}

std::string lost_of(const DataPosition& higher, const DataPosition& lower) {
  if (!higher.timeline) return "";
  const std::string last = higher.last_commit.empty() || higher.last_commit.starts_with("none")
                               ? ""
                               : fmt::format(", the last at {}", higher.last_commit);
  if (!lower.timeline) return fmt::format("{}: everything{}", higher.component, last);
  if (*higher.timeline != *lower.timeline) {
    return fmt::format("{}: every commit since timeline {} began{}", higher.component,
                       *higher.timeline, last);
  }
  if (higher.lsn && lower.lsn && *higher.lsn > *lower.lsn) {
    return fmt::format("{}: {} bytes of log behind {}{}", higher.component,
                       *higher.lsn - *lower.lsn, lower.lsn_text, last);
  }
  return fmt::format("{}: what was committed behind {}, if anything{}", higher.component,
                     lower.lsn_text.empty() ? "its last position" : lower.lsn_text, last);
}

}  // namespace

const SideStanding& Standings::of(const std::string& site) const {
  return sides[0].site == site ? sides[0] : sides[1];
}

const SideStanding& Standings::other(const std::string& site) const {
  return sides[0].site == site ? sides[1] : sides[0];
}

Standings standings_of(const Catalogue& catalogue, const Application& application,
                       const std::string& active, const Snapshot& snapshot) {
  Standings standings;
  for (const Site* site : {&application.home_primary(), &application.home_secondary()}) {
    standings.sides.push_back(standing_of(catalogue, application, *site, snapshot));
  }
  find_highest(standings, active);
  return standings;
}

std::vector<std::string> standing_words(const Standings& standings) {
  std::vector<std::string> lines;
  for (const SideStanding& side : standings.sides) {
    std::vector<std::string> parts;
    parts.push_back(side.epoch == 0 ? "no claim"
                                    : fmt::format("claim {} ({})", side.epoch, side.claim_id));
    if (side.data.empty()) parts.push_back("how far its data reach is not known");
    for (const DataPosition& position : side.data) parts.push_back(words_of(position));
    lines.push_back(side.site + ": " + join(parts, "; "));
  }
  lines.push_back(fmt::format("The higher side is {}: {}", standings.highest, standings.reason));
  return lines;
}

std::string loss_by_starting(const Standings& standings, const std::string& site) {
  if (site == standings.highest) return "";
  std::vector<std::string> parts;
  const SideStanding& higher = standings.other(site);
  for (const DataPosition& one : higher.data) {
    for (const DataPosition& two : standings.of(site).data) {
      if (one.component == two.component) parts.push_back(lost_of(one, two));
    }
  }
  std::erase(parts, "");
  return parts.empty() ? "what only " + higher.site + " has, which is not known"
                       : join(parts, "; ");
}

}  // namespace switchback
