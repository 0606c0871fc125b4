// The PostgreSQL scripts of a move (components/postgresql/*.sh): stop, prove, promote, follow. The
// first eight arguments describe the cluster, as in the shell text.
#include <fmt/format.h>

#include <cstdlib>

#include "world/sim/pg_call.h"
#include "world/sim/units.h"

namespace switchback {
namespace {

// BOUND_S
ScriptResult checkpoint(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  if (!pg_writable(c)) return exit_with(1, "no checkpoint at the active side");
  pg_checkpoint(c);
  return {0, pg_identity(c), "", {}, ""};
}

// SYSTEM_IDENTIFIER TIMELINE LSN MAX_LAG_BYTES MAX_LAG_MS
ScriptResult standby_ready(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  const int64_t lsn = pg_lsn_number(pg_argument(call, 2));
  if (lsn < 0) return exit_with(2, "no position");
  if (!c.running) return exit_with(2, "the standby does not answer");
  if (!c.in_recovery) return exit_with(2, "this side is not a standby");
  if (c.system_identifier != pg_argument(call, 0)) return exit_with(2, "another database");
  if (c.replay_paused) return exit_with(1, "replay is paused");
  if (pg_upstream(call.world, call.host, c) == nullptr) return exit_with(1, "not streaming");
  if (std::to_string(c.timeline) != pg_argument(call, 1)) return exit_with(1, "another timeline");
  if (pg_position(c.replayed) < lsn) return exit_with(1, "has not replayed it yet");
  return {0, "lag_bytes=0\n", "", {}, ""};
}

ScriptResult hold(ScriptCall& call) {
  if (!cluster_of(call).running) return exit_with(1, "no server");
  call.host.sessions.insert(call.argument(1));
  return {};
}

ScriptResult holds(ScriptCall& call) {
  const bool held = cluster_of(call).running && call.host.sessions.contains(call.argument(1));
  return exit_with(held ? 0 : 1, "");
}

ScriptResult release(ScriptCall& call) {
  call.host.sessions.erase(call.argument(1));
  return {};
}

// MODE BOUND_S
ScriptResult stop(ScriptCall& call) {
  if (pg_argument(call, 0) != "fence" && cluster_of(call).standby_signal) {
    return exit_with(2, "it is set up as a standby");
  }
  if (call.stage == 0) {
    close_guard(call.host, call.application, pg_unit(call), call.world.now());
    return {0, "", "", Milliseconds(10 + call.world.random(40)), ""};
  }
  call.host.sessions.erase(call.argument(1));
  stop_unit(call.world, call.host, pg_unit(call));
  pg_stop_cleanly(call.world, call.host, cluster_of(call));
  kill_unit(call.host, pg_unit(call));
  return {};
}

// MODE SYSTEM_IDENTIFIER|-
ScriptResult stopped(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  const bool fence = pg_argument(call, 0) == "fence";
  if (guard_is_open(call.host, call.application, pg_unit(call))) {
    return exit_with(1, "the guard is open");
  }
  if (c.running) {
    if (!fence && c.standby_signal) return exit_with(2, "the server runs as a standby");
    return exit_with(1, "the server runs");
  }
  const bool absent = !c.present || c.away;
  if (absent && !fence) return exit_with(2, "no control file");
  const std::string& expected = pg_argument(call, 1);
  if (!absent && expected != "-" && expected != c.system_identifier) {
    return exit_with(2, "another database");
  }
  const SimulatedUnit& unit = call.host.units[pg_unit(call)];
  if (unit.active || unit.starting) return exit_with(1, "the unit is active");
  if (unit.processes > 0) return exit_with(1, "processes are left");
  const std::string clean = absent                                       ? "absent"
                            : c.control_state == "shut down"             ? "yes"
                            : c.control_state == "shut down in recovery" ? "standby"
                                                                         : "no";
  if (!fence && clean != "yes") {
    return exit_with(2, "it did not stop cleanly as a primary: " + c.control_state);
  }
  return {0,
          fact_line("lsn", absent ? "0/0" : pg_lsn_text(c.control_checkpoint)) +
              fact_line("timeline", std::to_string(absent ? 0 : c.control_timeline)) +
              fact_line("system_identifier", absent ? "0" : c.system_identifier) +
              fact_line("clean", clean),
          "",
          {},
          ""};
}

// BOUND_S
ScriptResult start_primary(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  if (call.stage == 0) {
    if (c.standby_signal) return exit_with(2, "it is set up as a standby");
    open_guard(call.host, call.application, pg_unit(call));
    if (!c.running) start_unit(call.world, call.host, pg_unit(call));
  }
  if (c.running) return exit_with(c.in_recovery ? 2 : 0, "");
  return pg_wait(call, pg_argument(call, 0), "the server did not accept connections");
}

// LSN TIMELINE SYSTEM_IDENTIFIER WAIT_S
ScriptResult replayed(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  const int64_t lsn = pg_lsn_number(pg_argument(call, 0));
  if (lsn < 0) return exit_with(2, "no position");
  if (!c.running) return exit_with(2, "the standby does not answer");
  if (c.system_identifier != pg_argument(call, 2)) return exit_with(2, "another database");
  if (!c.in_recovery) {
    const auto left = c.history.find(std::atoi(pg_argument(call, 1).c_str()));
    if (left == c.history.end() || left->second <= lsn) {
      return exit_with(2, "this side is no standby any more");
    }
    return {0, fact_line("lsn", pg_lsn_text(left->second)), "", {}, ""};
  }
  if (pg_position(c.replayed) > lsn) {
    return {0, fact_line("lsn", pg_lsn_text(pg_position(c.replayed))), "", {}, ""};
  }
  return pg_wait(call, pg_argument(call, 3), "replayed up to less than " + pg_argument(call, 0));
}

// WAIT_S
ScriptResult promote(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  open_guard(call.host, call.application, pg_unit(call));
  if (call.stage == 0 && !c.running) start_unit(call.world, call.host, pg_unit(call));
  if (!c.running) return pg_wait(call, pg_argument(call, 0), "not promoted: no answer");
  if (!c.in_recovery) return {};
  if (call.stage == 0) return {0, "", "", Milliseconds(20 + call.world.random(40)), ""};
  pg_promote(c);
  call.world.tell(call.host.key + ": promoted to timeline " + std::to_string(c.timeline));
  return {};
}

// SYSTEM_IDENTIFIER|-
ScriptResult promoted(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (!c.running) return exit_with(2, "the server does not run");
  if (c.standby_signal || c.in_recovery) return exit_with(1, "the server is a standby");
  const std::string& expected = pg_argument(call, 0);
  if (expected != "-" && expected != c.system_identifier) return exit_with(2, "another database");
  if (!guard_is_open(call.host, call.application, pg_unit(call))) {
    return exit_with(1, "the guard is closed");
  }
  return {0, pg_identity(c), "", {}, ""};
}

ScriptResult position(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (c.away) return exit_with(2, "no control file");
  const std::string none = "lsn=0/0\ntimeline=0\nsystem_identifier=0\nlast_commit=none\n";
  if (!c.present) return {0, none, "", {}, ""};
  return {0, pg_identity(c) + "last_commit=none\n", "", {}, ""};
}

// LSN TIMELINE SYSTEM_IDENTIFIER
ScriptResult compare(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (!c.present || c.away) return exit_with(2, "no control file");
  const int timeline = std::atoi(pg_argument(call, 1).c_str());
  const int64_t theirs = pg_lsn_number(pg_argument(call, 0));
  std::string ahead = "none";
  if (timeline == 0 || pg_argument(call, 2) != c.system_identifier) {
    ahead = "here";
  } else if (timeline != c.timeline) {
    ahead = timeline > c.timeline ? "other" : "here";
  } else if (theirs != pg_end(c)) {
    ahead = theirs > pg_end(c) ? "other" : "here";
  }
  return {0, fact_line("ahead", ahead) + pg_identity(c), "", {}, ""};
}

ScriptResult up(ScriptCall& call) {
  const bool open = guard_is_open(call.host, call.application, pg_unit(call));
  return exit_with(cluster_of(call).running && open ? 0 : 1, "");
}

// BOUND_S
ScriptResult bring_up(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  if (call.stage == 0) {
    if (!c.present || c.away || c.rewind.ends_with("started")) return exit_with(2, "not fit");
    open_guard(call.host, call.application, pg_unit(call));
    if (!c.running) start_unit(call.world, call.host, pg_unit(call));
  }
  if (c.running) return {};
  return pg_wait(call, pg_argument(call, 0), "the server did not answer");
}

// SLOT
ScriptResult slot(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  if (!pg_writable(c)) return exit_with(1, "no slot at the active side");
  c.slots[pg_argument(call, 0)] = "reserved";
  return {};
}

ScriptResult slot_is(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (!c.running) return exit_with(2, "the active side does not answer");
  const auto found = c.slots.find(pg_argument(call, 0));
  return exit_with(found == c.slots.end() || found->second == "lost" ? 1 : 0, "");
}

ScriptResult writable(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  if (!pg_writable(c)) return exit_with(1, "no write");
  pg_append(c);
  return {};
}

// clean|compared BOUND_S
ScriptResult start_standby(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  if (!c.present || c.away) return exit_with(2, "no control file");
  if (call.stage == 0 && !c.running) {
    const bool fit = c.control_state == "shut down" || c.control_state == "shut down in recovery" ||
                     c.control_state == "in archive recovery";
    if (!fit && !c.standby_signal && pg_argument(call, 0) != "compared") {
      return exit_with(2, "run reprotect: " + c.control_state);
    }
    if (c.follows.empty()) return exit_with(2, "no primary_conninfo");
    c.standby_signal = true;
    return {0, "", "", Milliseconds(3), ""};
  }
  // One that ran already must survive a restart of its unit, too.
  open_guard(call.host, call.application, pg_unit(call));
  if (call.stage == 1 && !c.running) start_unit(call.world, call.host, pg_unit(call));
  if (c.running) return exit_with(c.in_recovery ? 0 : 1, "");
  return pg_wait(call, pg_argument(call, 1), "no standby that answers");
}

ScriptResult stands_by(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (!c.running) return exit_with(1, "the server does not run");
  if (!c.standby_signal || !c.in_recovery) return exit_with(2, "it runs, and not as a standby");
  const bool open = guard_is_open(call.host, call.application, pg_unit(call));
  return exit_with(open ? 0 : 1, open ? "" : "the guard is closed");
}

ScriptResult mark(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  if (!pg_writable(c)) return exit_with(1, "no mark at the active side");
  pg_append(c);
  return {0, pg_identity(c), "", {}, ""};
}

// LSN TIMELINE SYSTEM_IDENTIFIER
ScriptResult follows(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  const int64_t lsn = pg_lsn_number(pg_argument(call, 0));
  if (lsn < 0) return exit_with(2, "no position");
  if (!c.running) return exit_with(1, "the server does not run");
  if (!c.in_recovery) return exit_with(2, "it is a primary");
  if (c.system_identifier != pg_argument(call, 2)) return exit_with(2, "another database");
  const PgCluster* upstream = pg_upstream(call.world, call.host, c);
  if (upstream == nullptr) return exit_with(1, "the walreceiver is not streaming");
  if (std::to_string(c.timeline) != pg_argument(call, 1)) return exit_with(1, "another timeline");
  if (pg_position(c.replayed) < lsn) return exit_with(1, "has not replayed it");
  return {0, fact_line("lsn", pg_lsn_text(pg_position(c.replayed))) + "sender=peer\n", "", {}, ""};
}

ScriptResult observe(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (!c.present || c.away)
    return {0,
            "present=no\nrunning=no\nfree_bytes=99999999999\n" +
                fact_line("primary_slot_name", c.slot_asked),
            "",
            {},
            ""};
  const bool open = guard_is_open(call.host, call.application, pg_unit(call));
  const auto yes = [](bool value) { return value ? "yes" : "no"; };
  const bool recovery = c.running ? c.in_recovery : c.standby_signal;
  const PgCluster* upstream = pg_upstream(call.world, call.host, c);
  std::string out =
      fact_line("present", "yes") + fact_line("control_state", c.control_state) +
      fact_line("system_identifier", c.system_identifier) +
      fact_line("wal_segment_bytes", "16777216") + "wal_log_hints=on\nchecksums=on\n" +
      fact_line("guard", open ? "open" : "closed") +
      fact_line("unit", call.host.units[pg_unit(call)].active ? "active" : "inactive") +
      fact_line("running", yes(c.running)) + fact_line("in_recovery", yes(recovery)) +
      "version=15.8\n" + fact_line("timeline", std::to_string(c.timeline)) +
      fact_line("lsn", pg_lsn_text(pg_end(c))) + fact_line("history", pg_history_text(c)) +
      "walkable=yes\nauto_conninfo=no\n" + fact_line("standby_signal", yes(c.standby_signal)) +
      "data_bytes=100000000\nfree_bytes=99999999999\nown_mount=no\n" +
      "kept_directories=0\nreplication_access=yes\nrewind_access=yes\n" +
      "archive_mode=off\nhot_standby=on\nmax_wal_senders=10\nfull_page_writes=on\n" +
      "wal_level=replica\ndefault_transaction_read_only=off\n" +
      "recovery_min_apply_delay=0\nwal_keep_bytes=536870912\nslots=none\n" +
      "max_slot_wal_keep_bytes=-1\nrestore_command=no\ncollversion=2.36\n" +
      "tablespaces=0\nsynchronous_standby_names=\n" + fact_line("primary_slot_name", c.slot_asked);
  const SimulatedHost* source = call.world.find_host(c.follows);
  if (source != nullptr) out += fact_line("primary_conninfo_host", source->address);
  if (recovery && c.running) {
    const int64_t lag = upstream == nullptr ? 0 : pg_end(*upstream) - pg_position(c.replayed);
    out += fact_line("receiver", upstream == nullptr ? "none" : "streaming") +
           fact_line("lag_bytes", std::to_string(lag)) + "lag_ms=0\n" +
           fact_line("replay_paused", yes(c.replay_paused));
  } else if (c.running) {
    out += "standbys=none\n";
  }
  return {0, out, "", {}, ""};
}

}  // namespace

ScriptTable postgresql_models() {
  return {{"pg_checkpoint", {Milliseconds(30), checkpoint}},
          {"pg_standby_ready", {Milliseconds(10), standby_ready}},
          {"pg_hold", {Milliseconds(10), hold}},
          {"pg_holds", {Milliseconds(5), holds}},
          {"pg_release", {Milliseconds(3), release}},
          {"pg_stop", {Milliseconds(6), stop}},
          {"pg_stopped", {Milliseconds(8), stopped}},
          {"pg_start_primary", {Milliseconds(6), start_primary}},
          {"pg_replayed", {Milliseconds(6), replayed}},
          {"pg_promote", {Milliseconds(6), promote}},
          {"pg_promoted", {Milliseconds(6), promoted}},
          {"pg_position", {Milliseconds(20), position}},
          {"pg_compare", {Milliseconds(20), compare}},
          {"pg_slot", {Milliseconds(8), slot}},
          {"pg_slot_is", {Milliseconds(6), slot_is}},
          {"pg_up", {Milliseconds(6), up}},
          {"pg_bring_up", {Milliseconds(6), bring_up}},
          {"pg_writable", {Milliseconds(8), writable}},
          {"pg_start_standby", {Milliseconds(6), start_standby}},
          {"pg_stands_by", {Milliseconds(6), stands_by}},
          {"pg_mark", {Milliseconds(8), mark}},
          {"pg_follows", {Milliseconds(8), follows}},
          {"pg_observe", {Milliseconds(40), observe}}};
}

}  // namespace switchback
