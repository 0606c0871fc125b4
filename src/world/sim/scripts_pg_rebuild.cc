// The PostgreSQL scripts of a reprotect: compare what lies on the other side, save it, rewind or
// rebuild. The comparison knows what the real one knows: control file, history files and records.
#include <fmt/format.h>

#include <algorithm>

#include "world/sim/pg_call.h"

namespace switchback {
namespace {

ScriptResult timelines(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (!c.running) return exit_with(2, "the active side does not answer");
  if (c.in_recovery) return exit_with(2, "this side is in recovery: it is not active");
  return {0,
          pg_identity(c) + fact_line("history", pg_history_text(c)) + "data_bytes=100000000\n",
          "",
          {},
          ""};
}

// Where a stopped directory's own records end: after a clean stop of a primary the START of its
// shutdown checkpoint, after a crash the START of its last record, for a standby an end.
struct OwnEnd {
  int timeline = 1;
  int64_t position = 0;
  bool is_end = false;
};

OwnEnd own_end(const PgCluster& c) {
  if (c.control_state == "shut down") return {c.control_timeline, c.control_checkpoint, false};
  if (c.control_state == "in production") return {c.timeline, pg_position(c.log.size() - 1), false};
  return {c.timeline, pg_end(c), true};
}

size_t records_before(int64_t position) {
  return static_cast<size_t>((position - pg_first_position) / pg_record_bytes);
}

// "1:0/3000150,2:end" -> pairs of timeline and position; -1 is the end.
std::vector<std::pair<int, int64_t>> history_from(const std::string& text) {
  std::vector<std::pair<int, int64_t>> history;
  for (const std::string& part : split(text, ',')) {
    const size_t colon = part.find(':');
    if (colon == std::string::npos) continue;
    const std::string position = part.substr(colon + 1);
    history.emplace_back(std::atoi(part.c_str()), position == "end" ? -1 : pg_lsn_number(position));
  }
  return history;
}

ScriptResult fact(const std::string& relation, int64_t fork, int fork_timeline, const OwnEnd& end,
                  const std::string& tail, const std::string& rewindable,
                  const std::string& reason) {
  const auto text = [](int64_t position) { return position <= 0 ? "0/0" : pg_lsn_text(position); };
  return {0,
          fact_line("relation", relation) + fact_line("fork_lsn", text(fork)) +
              fact_line("fork_timeline", std::to_string(fork_timeline)) +
              fact_line("end_lsn", text(end.position)) +
              fact_line("end_timeline", std::to_string(end.timeline)) + fact_line("tail", tail) +
              fact_line("rewindable", rewindable) + fact_line("reason", reason),
          "",
          {},
          ""};
}

// SYSTEM_IDENTIFIER TIMELINE LSN HISTORY
ScriptResult look(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (guard_is_open(call.host, call.application, pg_unit(call))) {
    return exit_with(2, "the guard is open");
  }
  if (c.running) return exit_with(2, "the server runs");
  if (c.away || c.rewind.ends_with("started")) {
    return fact("broken", 0, 0, {0, 0, false}, "none", "no",
                "an earlier pg_rewind was interrupted");
  }
  if (!c.present) return fact("absent", 0, 0, {0, 0, false}, "none", "no", "no database here");
  if (c.system_identifier != pg_argument(call, 0)) return exit_with(2, "another database");

  const OwnEnd end = own_end(c);
  auto theirs = history_from(pg_argument(call, 3));
  auto ours = history_from(pg_history_text(c));
  std::string relation;
  int64_t fork = 0;
  int common = 0;
  for (size_t i = 0; relation.empty(); ++i) {
    const int64_t begin = i == 0 ? 0 : theirs[i - 1].second;
    if (theirs[i].first != ours[i].first) {
      relation = "diverged";
      fork = begin;
      break;
    }
    common = theirs[i].first;
    const int64_t left = theirs[i].second;
    const int64_t gone = ours[i].second;
    if (left < 0 && gone < 0) {
      const bool ahead = end.position > pg_lsn_number(pg_argument(call, 2));
      relation = ahead ? "diverged" : "same";
      fork = ahead ? pg_lsn_number(pg_argument(call, 2)) : begin;
    } else if (gone < 0) {
      fork = left;
      const bool within = end.position < left || (end.position == left && end.is_end);
      relation = within ? "ancestor" : "diverged";
    } else if (left < 0 || left != gone) {
      relation = "diverged";
      fork = left < 0 ? gone : std::min(left, gone);
    }
  }
  if (common == 0) return exit_with(2, "the histories have nothing in common");
  const size_t count = records_before(end.position);
  const std::string tail = fmt::format("{}:{}:{}", end.timeline, count, pg_log_hash(c, count));
  const bool same_number = std::to_string(end.timeline) == pg_argument(call, 1);
  return fact(relation, fork, common, end, tail, same_number ? "no" : "yes",
              same_number ? "both sides are on the same timeline" : "-");
}

// RELATION FORK_LSN FORK_TIMELINE END_LSN END_TIMELINE TAIL REWINDABLE REASON WISH
ScriptResult method(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  const std::string& relation = pg_argument(call, 0);
  const auto answer = [&](const std::string& way, bool diverged, const std::string& reason) {
    return ScriptResult{0,
                        fact_line("method", way) + fact_line("diverged", diverged ? "yes" : "no") +
                            fact_line("fork_lsn", pg_argument(call, 1)) +
                            fact_line("fork_timeline", pg_argument(call, 2)) +
                            fact_line("reason", reason),
                        "",
                        {},
                        ""};
  };
  const bool wish = pg_argument(call, 8) == "rebuild";
  if (relation == "absent") return answer("rebuild", false, pg_argument(call, 7));
  if (relation == "broken") return answer("rebuild", true, pg_argument(call, 7));
  if (relation == "same" || relation == "ancestor") {
    const auto tail = split(pg_argument(call, 5), ':');
    if (tail.size() != 3) return answer("rebuild", false, "nothing to compare");
    const auto count = static_cast<size_t>(std::atoll(tail[1].c_str()));
    if (pg_log_hash(c, count) == tail[2]) {
      return answer(wish ? "rebuild" : "none", false, "it has nothing that this side has not");
    }
    return answer("rebuild", true, "both sides were written to");
  }
  if (relation != "diverged") return exit_with(2, "no relation");
  if (wish) return answer("rebuild", true, "asked for by the option method");
  if (pg_argument(call, 6) != "yes") return answer("rebuild", true, pg_argument(call, 7));
  return answer("rewind", true, "it left the common history");
}

std::string salvage_file(const ScriptCall& call) {
  return "salvage." + pg_argument(call, 0);
}

// RUN FORK_LSN FORK_TIMELINE KEEP
ScriptResult salvage(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (guard_is_open(call.host, call.application, pg_unit(call)) || c.running) {
    return exit_with(2, "the server runs, or may");
  }
  if (!c.present) return exit_with(2, "no control file");
  if (call.stage == 0) return {0, "", "", Milliseconds(400), "copying records"};
  if (call.host.disk_full) return exit_with(1, "no room");
  const int64_t fork = pg_lsn_number(pg_argument(call, 1));
  std::string saved = "writes";
  for (size_t i = fork <= 0 ? 0 : records_before(fork); i < c.log.size(); ++i) {
    if (c.log[i].write != 0) saved += fmt::format(" {}", c.log[i].write);
  }
  call.host.apps[call.application].files[salvage_file(call)] = saved;
  return {};
}

// RUN
ScriptResult salvaged(ScriptCall& call) {
  const auto& files = call.host.apps[call.application].files;
  const auto found = files.find(salvage_file(call));
  if (found == files.end()) return exit_with(1, "");
  const auto count = std::ranges::count(found->second, ' ');
  return {
      0,
      fact_line("transactions", std::to_string(count)) +
          "first_time=none\nlast_time=none\nrelations=none\npath=/var/lib/switchback/salvage\n" +
          fact_line("sha256", "0123abcd") + "copied=no\ncopy=none\nreason=-\n",
      "",
      {},
      ""};
}

ScriptResult names(ScriptCall&) {
  return {0, "names=none\n", "", {}, ""};
}

// The active side at ADDRESS, when this host reaches it.
const PgCluster* source_at(ScriptCall& call, const std::string& address) {
  SimulatedHost* source = call.world.host_at(address);
  if (source == nullptr || !call.world.talk(call.host.key, source->key)) return nullptr;
  for (const auto& [directory, cluster] : source->clusters) {
    if (pg_writable(cluster)) return &cluster;
  }
  return nullptr;
}

void become_copy(ScriptCall& call, const PgCluster& source) {
  PgCluster& c = cluster_of(call);
  const PgCluster before = c;
  c = source;
  c.unit = pg_unit(call);
  c.follows = before.follows;
  c.slot_asked = before.slot_asked;
  c.slots.clear();
  c.writer = before.writer;
  c.rewind = before.rewind;
  c.rebuild = before.rebuild;
  c.running = false;
  c.in_recovery = false;
  c.away = false;
  c.present = true;
  c.standby_signal = true;
  c.control_state = "in archive recovery";
  c.control_timeline = source.timeline;
}

// RUN SYSTEM_IDENTIFIER FORK_LSN FORK_TIMELINE ADDRESS PORT USER
ScriptResult rewind(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  const PgCluster* source = source_at(call, pg_argument(call, 4));
  if (call.stage == 0) {
    if (guard_is_open(call.host, call.application, pg_unit(call)) || c.running) {
      return exit_with(2, "the server runs, or may");
    }
    if (c.rewind.ends_with("started")) return exit_with(2, "an earlier pg_rewind was interrupted");
    if (!c.present || c.system_identifier != pg_argument(call, 1)) return exit_with(2, "another");
    if (source == nullptr) return exit_with(1, "the source does not answer");
    c.away = true;
    return {0, "", "", Milliseconds(50), "crash recovery"};
  }
  if (call.stage == 1) {
    // pg_rewind 15 reads the source's control file: without a checkpoint it sees the old timeline.
    const int64_t fork = static_cast<int64_t>(source == nullptr ? 0 : pg_common(c, *source));
    const bool sees = source != nullptr && source->control_timeline != own_end(c).timeline &&
                      pg_position(static_cast<size_t>(fork)) >= pg_lsn_number(pg_argument(call, 2));
    if (!sees) {
      c.away = false;
      return exit_with(1, "pg_rewind does not see that fork");
    }
    c.rewind = pg_argument(call, 0) + " started";
    return {0, "", "", Milliseconds(700), "50 %"};
  }
  if (source == nullptr) return exit_with(1, "the source went away");
  become_copy(call, *source);
  c.rewind = pg_argument(call, 0) + " done";
  return {};
}

// RUN SYSTEM_IDENTIFIER
ScriptResult rewound(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (c.rewind.ends_with("started")) return exit_with(2, "pg_rewind was interrupted");
  if (c.rewind != pg_argument(call, 0) + " done") return exit_with(1, "");
  const bool fit = c.standby_signal && c.system_identifier == pg_argument(call, 1);
  return exit_with(fit ? 0 : 2, "");
}

// RUN SYSTEM_IDENTIFIER SOURCE_BYTES ADDRESS PORT USER
ScriptResult rebuild(ScriptCall& call) {
  PgCluster& c = cluster_of(call);
  const PgCluster* source = source_at(call, pg_argument(call, 3));
  if (guard_is_open(call.host, call.application, pg_unit(call)) || c.running) {
    return exit_with(2, "the server runs, or may");
  }
  if (call.host.disk_full) return exit_with(1, "not enough room");
  if (source == nullptr) return exit_with(1, "pg_basebackup ended with 1");
  if (call.stage < 3) {
    return {0, "", "", Milliseconds(600), fmt::format("{} %", 30 * (call.stage + 1))};
  }
  become_copy(call, *source);
  c.rewind.clear();
  c.rebuild = pg_argument(call, 0) + " done";
  return {};
}

// RUN SYSTEM_IDENTIFIER
ScriptResult rebuilt(ScriptCall& call) {
  const PgCluster& c = cluster_of(call);
  if (c.rebuild != pg_argument(call, 0) + " done") return exit_with(1, "");
  const bool fit = c.standby_signal && c.system_identifier == pg_argument(call, 1);
  return exit_with(fit ? 0 : 2, "");
}

}  // namespace

ScriptTable postgresql_rebuild_models() {
  return {
      {"pg_timelines", {Milliseconds(15), timelines}}, {"pg_look", {Milliseconds(20), look}},
      {"pg_method", {Milliseconds(10), method}},       {"pg_salvage", {Milliseconds(20), salvage}},
      {"pg_salvaged", {Milliseconds(10), salvaged}},   {"pg_names", {Milliseconds(10), names}},
      {"pg_rewind", {Milliseconds(20), rewind}},       {"pg_rewound", {Milliseconds(6), rewound}},
      {"pg_rebuild", {Milliseconds(20), rebuild}},     {"pg_rebuilt", {Milliseconds(6), rebuilt}}};
}

}  // namespace switchback
