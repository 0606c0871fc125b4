// What the looks at both sides mean for the next operation, and for the way back after it.
#include <fmt/format.h>

#include <algorithm>

#include "components/postgresql_parts.h"

namespace switchback::postgresql {
namespace {

using Level = Finding::Level;

struct Report {
  const HookContext& context;
  Side active_side;
  Side other_side;
  const Facts& active;
  const Facts& other;
  std::vector<Finding> findings;

  bool planned() const {
    return context.operation == Operation::switchover || context.operation == Operation::failback;
  }
  void add(Level level, std::string text, std::string fix = "") {
    findings.push_back({level, context.component.name, std::move(text), std::move(fix)});
  }
  // `blocking` for a planned move, which can wait; an emergency goes ahead with what there is.
  Level blocks_planned() const { return planned() ? Level::blocking : Level::warning; }
};

bool is(const Facts& facts, std::string_view name, std::string_view value) {
  return facts.get(name) == std::optional<std::string>(value);
}

std::string shown(const Facts& facts, std::string_view name) {
  return facts.get(name).value_or("unknown");
}

std::string bytes_text(int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  if (bytes < (1 << 20)) return fmt::format("{} KiB", bytes >> 10);
  if (bytes < (1 << 30)) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30));
}

void check_active(Report& report) {
  const Facts& facts = report.active;
  const Side& side = report.active_side;
  const Level level =
      report.context.operation == Operation::failover ? Level::warning : Level::blocking;
  if (!is(facts, "running", "yes")) {
    report.add(level, fmt::format("PostgreSQL does not run at {}, the active side", side.site),
               fmt::format("systemctl start {} on {}, or make a failover", side.unit, side.where));
  } else if (!is(facts, "in_recovery", "no")) {
    report.add(level,
               fmt::format("PostgreSQL at {} is a standby, though it should be active", side.site),
               "switchback resolve");
  } else {
    report.add(Level::good,
               fmt::format("PostgreSQL {} at {} accepts writes, timeline {}",
                           shown(facts, "version"), side.site, shown(facts, "timeline")));
  }
  if (const auto names = facts.get("synchronous_standby_names")) {
    report.add(Level::warning,
               fmt::format("synchronous_standby_names is '{}' at {}: while its standby is gone, "
                           "commits wait there",
                           *names, side.site),
               "allow for it in the plan, or clear the setting on the side that stays alone");
  }
}

void check_lag(Report& report) {
  const auto bytes = report.other.integer("lag_bytes");
  const auto ms = report.other.integer("lag_ms");
  const int64_t most_bytes = report.other_side.integer("max_lag_bytes", 67'108'864);
  const int64_t most_ms = report.other_side.duration("max_lag", 30'000).count();
  if (!bytes || !ms) {
    report.add(Level::unknown, "how far the standby is behind is not known", "look again");
  } else if (*bytes > most_bytes || *ms > most_ms) {
    report.add(report.blocks_planned(),
               fmt::format("the standby is {} and {} behind", bytes_text(*bytes),
                           duration_text(Milliseconds(*ms))),
               "wait, or look for what holds replay up: a long query there, a slow disk, the link");
  } else {
    report.add(Level::good, fmt::format("the standby is {} behind", bytes_text(*bytes)));
  }
}

void check_standby(Report& report) {
  const Facts& facts = report.other;
  const Side& side = report.other_side;
  if (!is(facts, "running", "yes")) {
    report.add(Level::blocking, fmt::format("PostgreSQL does not run at {}", side.site),
               fmt::format("systemctl start {} on {}; if it has no copy yet: switchback reprotect",
                           side.unit, side.where));
    return;
  }
  if (!is(facts, "in_recovery", "yes")) {
    report.add(
        Level::blocking,
        fmt::format("PostgreSQL at {} accepts writes, though it should be standby", side.site),
        "switchback resolve");
    return;
  }
  if (is(facts, "receiver", "streaming")) {
    report.add(Level::good,
               fmt::format("the standby at {} streams from {}", side.site, shown(facts, "sender")));
  } else {
    report.add(
        report.blocks_planned(),
        fmt::format("the standby at {} does not stream ({})", side.site, shown(facts, "receiver")),
        fmt::format("read the server's log on {}: link, pg_hba.conf of the active side, "
                    "password in .pgpass, records already removed",
                    side.where));
  }
  if (is(facts, "replay_paused", "yes")) {
    report.add(Level::blocking, fmt::format("replay is paused at {}", side.site),
               "select pg_wal_replay_resume()");
  }
  if (facts.integer("recovery_min_apply_delay").value_or(0) > 0) {
    report.add(report.blocks_planned(),
               fmt::format("the standby at {} replays late on purpose", side.site),
               "set recovery_min_apply_delay to 0");
  }
  check_lag(report);
}

// The two must be copies of each other, by programs that read the same data in the same way.
void check_pair(Report& report) {
  const auto one = report.active.get("system_identifier");
  const auto two = report.other.get("system_identifier");
  if (one && two && *one != *two) {
    report.add(Level::blocking,
               "the two sides are not copies of one database: their system "
               "identifiers differ",
               "move one of them away and let switchback reprotect build the standby");
  }
  const auto version = report.active.get("version");
  const auto other_version = report.other.get("version");
  if (version && other_version && *version != *other_version) {
    report.add(Level::warning,
               fmt::format("PostgreSQL is {} at {} and {} at {}", *version, report.active_side.site,
                           *other_version, report.other_side.site),
               "install the same minor version on both");
  }
  const auto collation = report.active.get("collversion");
  const auto other_collation = report.other.get("collversion");
  if (collation && other_collation && *collation != *other_collation) {
    report.add(
        Level::warning,
        fmt::format("text sorts by collation version {} at {} and {} at {}: indexes may be "
                    "wrong after a move",
                    *collation, report.active_side.site, *other_collation, report.other_side.site),
        "bring both to one release of the operating system, or reindex after the move");
  }
}

void check_conninfo(Report& report, const Side& side, const Facts& facts, const Side& peer) {
  const auto host = facts.get("primary_conninfo_host");
  if (!host) {
    report.add(
        report.blocks_planned(),
        fmt::format("PostgreSQL at {} has no primary_conninfo: it can never become a standby",
                    side.site),
        fmt::format("set primary_conninfo with host={} in its configuration files for good; "
                    "standby.signal alone decides the role",
                    peer.address));
  } else if (*host != peer.address) {
    report.add(
        Level::warning,
        fmt::format("primary_conninfo at {} names {}, and {} is known as {}", side.site, *host,
                    peer.site, peer.address),
        fmt::format("name {} there, or set the option address at {}", peer.address, peer.site));
  }
  if (is(facts, "auto_conninfo", "yes")) {
    report.add(Level::warning,
               fmt::format("postgresql.auto.conf at {} holds primary_conninfo, which beats every "
                           "other file",
                           side.site),
               "move it to the configuration files, then alter system reset primary_conninfo");
  }
}

// After a failover the side that is active now has to come back as standby of the other.
void check_way_back(Report& report) {
  const Facts& facts = report.active;
  const Side& side = report.active_side;
  std::string why;
  std::string fix;
  if (is(facts, "wal_log_hints", "off") && is(facts, "checksums", "off")) {
    why = "neither wal_log_hints nor data checksums are on there";
    fix = "set wal_log_hints = on at both sides and restart them";
  } else if (is(facts, "full_page_writes", "off")) {
    why = "full_page_writes is off there";
    fix = "set full_page_writes = on";
  } else if (is(facts, "rewind_access", "no")) {
    why = fmt::format("role {} cannot log in from there to {}, or may not read files",
                      side.rewind_user, report.other_side.site);
    fix = "grant what the manual page of pg_rewind lists, pg_hba.conf on both, .pgpass of os_user";
  } else if (json_text(side.options, "method") == "rebuild") {
    why = "the option method says so";
  }
  if (!why.empty()) {
    report.add(Level::warning,
               fmt::format("after a failover the way back for {} would be a full rebuild: {}",
                           side.site, why),
               fix);
    report.findings.back().way_back = "rebuild";
  } else if (facts.get("rewind_access")) {
    report.add(Level::good,
               fmt::format("after a failover the way back for {} would be a rewind", side.site));
    report.findings.back().way_back = "rewind";
  }
  const auto free = facts.integer("free_bytes");
  const auto needed = report.other.integer("data_bytes");
  if (is(facts, "own_mount", "yes")) {
    report.add(Level::warning,
               fmt::format("the data directory at {} is a file system of its own: a rebuild cannot "
                           "put a new copy in its place",
                           side.site),
               "keep the data in a subdirectory of the mount");
  } else if (free && needed && *free < *needed + *needed / 20) {
    report.add(Level::warning,
               fmt::format("{} free at {}: a rebuild needs {} beside the old directory",
                           bytes_text(*free), side.site, bytes_text(*needed)),
               "make room on that file system");
  }
}

void check_access(Report& report, const Side& side, const Facts& facts, const Side& peer) {
  // Nobody logs in at a side that is gone; that says nothing about roles and passwords.
  const bool peer_answers =
      (peer.site == report.active_side.site ? report.active : report.other).reachable;
  if (is(facts, "replication_access", "no") && peer_answers) {
    report.add(Level::warning,
               fmt::format("role {} cannot replicate from {} to {}", side.replication_user,
                           peer.site, side.site),
               fmt::format("allow it in pg_hba.conf at {}, and put the password into .pgpass of "
                           "os_user on {}",
                           peer.site, side.where));
  } else if (is(facts, "replication_access", "other_database")) {
    report.add(
        Level::blocking,
        fmt::format("at {} the address {} answers with another database", side.site, peer.address),
        "correct the option address");
  }
  if (facts.integer("kept_directories").value_or(0) > 0) {
    report.add(Level::warning,
               fmt::format("{} diverged data directories of earlier operations are kept at {}",
                           shown(facts, "kept_directories"), side.site),
               "remove the *.diverged.* directories when nobody needs their rows any more");
  }
}

// How long the active disk lasts when a slot holds everything back.
std::string time_until_full(const Facts& facts) {
  const auto free = facts.integer("wal_free_bytes");
  const auto rate = facts.integer("wal_bytes_per_s");
  if (!free) return "how much is free there is not known";
  if (!rate || *rate <= 0) return bytes_text(*free) + " are free there";
  return fmt::format("{} are free there: full in about {} at {} a second, its average",
                     bytes_text(*free), duration_text(Milliseconds(*free / *rate * 1000)),
                     bytes_text(*rate));
}

// Slots as "name/physical/inactive/reserved,…" or "none". A standby has some, too, after a move.
void check_slot_limit(Report& report, const Side& side, const Facts& facts, bool active) {
  const std::string slots = shown(facts, "slots");
  const bool unused = slots.find("/inactive") != std::string::npos;
  if (slots.find("/physical/") == std::string::npos || (!active && !unused)) return;
  if (facts.integer("max_slot_wal_keep_bytes").value_or(-1) >= 0) return;
  const int64_t spare = facts.integer("wal_free_bytes").value_or(int64_t{2} << 30) / 2;
  report.add(Level::warning,
             fmt::format("{} slot keeps records without limit at {} ({}): while its standby is "
                         "lost they fill the disk; {}",
                         unused ? "an unused" : "a", side.site, slots, time_until_full(facts)),
             fmt::format("on {}: alter system set max_slot_wal_keep_size = '{}MB'; select "
                         "pg_reload_conf(); a standby that is lost for longer is rebuilt",
                         side.where, std::max<int64_t>(64, spare >> 20)));
}

void check_slots(Report& report) {
  const Facts& facts = report.active;
  const std::string slots = shown(facts, "slots");
  const std::string& site = report.active_side.site;
  check_slot_limit(report, report.active_side, facts, true);
  check_slot_limit(report, report.other_side, report.other, false);
  for (const std::string& slot : split(slots, ',')) {
    if (!slot.ends_with("/lost")) continue;
    report.add(Level::warning,
               fmt::format("the slot {} at {} has lost its records: its standby cannot catch up",
                           slot.substr(0, slot.find('/')), site),
               fmt::format("switchback reprotect {}", report.context.application.name));
  }
  const auto asked = report.other.get("primary_slot_name");
  const bool there = asked && (("," + slots).find("," + *asked + "/") != std::string::npos);
  if (asked && !there && facts.get("slots")) {
    report.add(Level::warning,
               fmt::format("{} asks for the slot {}, and {} has none of that name",
                           report.other_side.site, *asked, site),
               fmt::format("on {}: select pg_create_physical_replication_slot('{}', true); a "
                           "reprotect makes it too",
                           report.active_side.where, *asked));
  }
}

// Enough records must be kept for a side that is away for a while.
void check_retention(Report& report) {
  const Facts& facts = report.active;
  if (facts.integer("wal_keep_bytes") == std::optional<int64_t>(0) && is(facts, "slots", "none") &&
      is(report.other, "restore_command", "no")) {
    report.add(Level::warning,
               "nothing keeps records for a standby that is away: a short break can mean a rebuild",
               "set wal_keep_size, or a slot with max_slot_wal_keep_size");
  }
  check_slots(report);
}

void add_unobserved(Report& report, const Side& side, const Facts& facts) {
  report.add(Level::unknown,
             fmt::format("nothing is known of PostgreSQL at {}: {}", side.site,
                         facts.why.empty() ? "it was not looked at" : facts.why),
             fmt::format("make {} reachable by ssh from the controller", side.where));
}

}  // namespace

std::vector<Finding> ready(const HookContext& context) {
  const Side active = side_of(context.application, context.component, context.from);
  const Side other = side_of(context.application, context.component, context.to);
  Report report{context,
                active,
                other,
                context.snapshot.of(context.component.name, active.where),
                context.snapshot.of(context.component.name, other.where),
                {}};
  if (json_text(active.options, "replication", "streaming") != "streaming") {
    report.add(Level::blocking, "replication can only be 'streaming' so far",
               "write replication: streaming");
  }
  const bool reprotect = context.operation == Operation::reprotect;
  if (report.active.reachable) {
    check_active(report);
    check_conninfo(report, active, report.active, other);
    if (!reprotect) check_way_back(report);
    check_access(report, active, report.active, other);
    check_retention(report);
  } else {
    // An emergency asks nothing of the side that is left; what it was like tells the way back.
    if (context.operation != Operation::failover) add_unobserved(report, active, report.active);
    if (!reprotect && report.active.observed_at_ms != 0) check_way_back(report);
  }
  if (report.other.reachable) {
    if (!reprotect) check_standby(report);
    check_conninfo(report, other, report.other, active);
    check_access(report, other, report.other, active);
  } else {
    add_unobserved(report, other, report.other);
  }
  check_pair(report);
  return report.findings;
}

}  // namespace switchback::postgresql
