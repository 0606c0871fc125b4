// The scripts that every plan uses on hosts (components/site/*.sh, planner/*.sh): claim, status,
// silence, adoption, observation, announcements.
#include <fmt/format.h>

#include <cstdlib>

#include "world/sim/units.h"

namespace switchback {
namespace {

// COMPONENT=SITE…
std::map<std::string, std::string> active_from(const ScriptCall& call, size_t first) {
  std::map<std::string, std::string> active;
  for (size_t i = first; i < call.arguments.size(); ++i) {
    const std::string& word = call.arguments[i];
    const size_t equals = word.find('=');
    if (equals != std::string::npos) active[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return active;
}

const PgCluster* cluster_of(const ScriptCall& call, const std::string& unit) {
  for (const auto& [directory, cluster] : call.host.clusters) {
    if (cluster.unit == unit) return &cluster;
  }
  return nullptr;
}

// Units here that the claim of these words makes active elsewhere.
std::vector<std::string> active_elsewhere(ScriptCall& call) {
  const auto& adoption = call.host.apps[call.application].adoption;
  const auto active = active_from(call, 4);
  std::vector<std::string> units;
  if (!adoption) return units;
  for (const auto& guarded : adoption->units) {
    const auto site = active.find(guarded.component);
    if (site == active.end() || site->second == adoption->site) continue;
    units.push_back(guarded.unit);
  }
  return units;
}

// EPOCH CLAIM_ID STORE_ID RUN COMPONENT=SITE…
ScriptResult claim_publish(ScriptCall& call) {
  if (call.host.disk_full) return {4, "", "no room for the claim", {}, ""};
  SimulatedAppState& app = call.host.apps[call.application];
  const int64_t epoch = std::atoll(call.argument(0).c_str());
  const bool other =
      app.claim && app.claim->epoch == epoch &&
      (app.claim->claim_id != call.argument(1) || app.claim->store_id != call.argument(2));
  if (app.claim && (app.claim->epoch > epoch || other)) {
    return {3, "", "this host keeps its claim", {}, ""};
  }
  for (const std::string& unit : active_elsewhere(call)) {
    if (cluster_of(call, unit) == nullptr && !guard_is_open(call.host, call.application, unit)) {
      app.stopped[unit] = {};  // on the disk before the claim is, by the order of the file system
    }
  }
  app.claim = SimulatedClaimFile{epoch, call.argument(1), call.argument(2),
                                 std::atoll(call.argument(3).c_str()), active_from(call, 4)};
  return {};
}

// EPOCH CLAIM_ID STORE_ID RUN [stopped] COMPONENT=SITE…; the run may be an older one of the same
// claim.
ScriptResult claim_published(ScriptCall& call) {
  const auto& claim = call.host.apps[call.application].claim;
  if (!claim) return {1, "", "no claim here", {}, ""};
  const bool same = std::to_string(claim->epoch) == call.argument(0) &&
                    claim->claim_id == call.argument(1) && claim->store_id == call.argument(2) &&
                    claim->active == active_from(call, 4);
  if (!same) return {1, "", fmt::format("claim {} here", claim->epoch), {}, ""};
  if (call.argument(4) != "stopped") return {};
  for (const std::string& unit : active_elsewhere(call)) {
    const PgCluster* cluster = cluster_of(call, unit);
    const bool stands_by = cluster != nullptr && cluster->standby_signal;
    if (guard_is_open(call.host, call.application, unit) && !stands_by) {
      return {1, "", unit + " was started again", {}, ""};
    }
  }
  return {};
}

ScriptResult site_status(ScriptCall& call) {
  if (call.host.disk_full) return {1, "", "no room for the status", {}, ""};
  call.host.status_files[call.argument(0)] = call.argument(1);
  return {};
}

ScriptResult site_status_is(ScriptCall& call) {
  const auto found = call.host.status_files.find(call.argument(0));
  const bool same = found != call.host.status_files.end() && found->second == call.argument(1);
  return {same ? 0 : 1, "", "", {}, ""};
}

// STATUS_FILE PATH…
ScriptResult site_observe(ScriptCall& call) {
  const SimulatedAppState& app = call.host.apps[call.application];
  std::string out = fact_line("machine_id", "machine-of-" + call.host.key) +
                    fact_line("hostname", call.host.key) +
                    fact_line("clock_ms", std::to_string(call.world.wall_ms())) +
                    fact_line("boot_id", std::to_string(call.host.boots)) + "cpus=2\n" +
                    "memory_kb=4000000\nmemory_available_kb=3000000\n";
  const size_t disks = call.arguments.size() + 1;
  for (size_t n = 1; n <= disks; ++n) {
    out += fact_line(fmt::format("disk.{}.size_kb", n), "100000000") +
           fact_line(fmt::format("disk.{}.free_kb", n), call.host.disk_full ? "0" : "90000000");
  }
  out += fact_line("disks", std::to_string(disks));
  if (app.claim) {
    out += fact_line("claim", fmt::format("{} {} {} {}", app.claim->epoch, app.claim->claim_id,
                                          app.claim->store_id, app.claim->run));
    int n = 0;
    for (const auto& [component, site] : app.claim->active) {
      out += fact_line(fmt::format("active.{}", ++n), component + " " + site);
    }
  }
  int seen_runs = 0;
  for (const auto& [store, run] : app.newest_run) {
    out += fact_line(fmt::format("seen_run.{}", ++seen_runs), fmt::format("{} {}", store, run));
  }
  out += fact_line("seen_runs", std::to_string(seen_runs));
  const auto status = call.host.status_files.find(call.argument(0));
  if (status != call.host.status_files.end()) out += fact_line("status", status->second);
  if (app.adoption) {
    out += fact_line("site", app.adoption->site) + "guard=2\n";
    int n = 0;
    for (const auto& guarded : app.adoption->units) {
      const bool open = guard_is_open(call.host, call.application, guarded.unit);
      out += fact_line(fmt::format("guarded.{}", ++n), guarded.unit + (open ? " open" : " closed"));
    }
    out += fact_line("guarded", std::to_string(n));
  }
  return {0, out + "crons=0\nmissing_tools=\n", "", {}, ""};
}

// [ADDRESS PORT,PORT…]…
ScriptResult site_silence(ScriptCall& call) {
  if (call.arguments.empty()) return {2, "", "nothing was asked", {}, ""};
  std::string words;
  for (size_t i = 0; i + 1 < call.arguments.size(); i += 2) {
    const SimulatedHost* other = call.world.host_at(call.arguments[i]);
    if (other != nullptr && call.world.talk(call.host.key, other->key)) {
      words += other->key + " answers\n";
    }
  }
  for (const auto& [directory, cluster] : call.host.clusters) {
    if (pg_upstream(call.world, call.host, cluster) != nullptr) words += "still receives\n";
  }
  return {words.empty() ? 0 : 1, fact_line("silent", words.empty() ? "yes" : "no"), words, {}, ""};
}

SimulatedAdoption adoption_from(const ScriptCall& call) {
  SimulatedAdoption adoption{call.argument(0), call.argument(1), call.argument(2), {}, {}};
  size_t at = 4;
  const size_t peers = static_cast<size_t>(std::atoi(call.argument(3).c_str()));
  for (size_t i = 0; i < peers; ++i, ++at) {
    const std::string& peer = call.argument(at);  // "user@address", perhaps " port"
    const size_t from = peer.find('@') + 1;
    adoption.peers.push_back(peer.substr(from, peer.find(' ') - from));
  }
  for (; at + 1 < call.arguments.size(); at += 3) {
    adoption.units.push_back({full_unit(call.argument(at)), call.argument(at + 1)});
  }
  return adoption;
}

ScriptResult site_adopt(ScriptCall& call) {
  if (call.host.disk_full) return {1, "", "no room", {}, ""};
  const SimulatedAdoption adoption = adoption_from(call);
  for (const auto& guarded : adoption.units) {
    SimulatedUnit& unit = call.host.units[guarded.unit];
    unit.enabled = true;
    if (unit.active || unit.starting) open_guard(call.host, call.application, guarded.unit);
  }
  call.host.apps[call.application].adoption = adoption;
  return {};
}

ScriptResult site_adopted(ScriptCall& call) {
  const auto& present = call.host.apps[call.application].adoption;
  const SimulatedAdoption wanted = adoption_from(call);
  bool same = present && present->site == wanted.site && present->mode == wanted.mode &&
              present->peers == wanted.peers && present->units.size() == wanted.units.size();
  for (const auto& guarded : wanted.units) {
    const SimulatedUnit& unit = call.host.units[guarded.unit];
    same = same && (!unit.active || guard_is_open(call.host, call.application, guarded.unit));
  }
  return {same ? 0 : 1, "", "", {}, ""};
}

ScriptResult site_release(ScriptCall& call) {
  SimulatedAppState& app = call.host.apps[call.application];
  app.adoption.reset();
  app.claim.reset();
  app.stopped.clear();
  call.host.sessions.clear();
  call.host.status_files.erase(call.argument(0));
  std::erase_if(call.host.open_guards,
                [&](const std::string& name) { return name.starts_with(call.application + "/"); });
  return {};
}

ScriptResult site_released(ScriptCall& call) {
  const SimulatedAppState& app = call.host.apps[call.application];
  const bool gone =
      !app.adoption && !app.claim && !call.host.status_files.contains(call.argument(0));
  return {gone ? 0 : 1, "", "", {}, ""};
}

ScriptResult constant(int exit_code, const std::string& out) {
  return {exit_code, out, "", {}, ""};
}

}  // namespace

ScriptTable site_models() {
  const auto says = [](int exit_code, const std::string& out) {
    return SimulatedScript{Milliseconds(2), [=](ScriptCall&) { return constant(exit_code, out); }};
  };
  return {{"claim_publish", {Milliseconds(4), claim_publish}},
          {"claim_published", {Milliseconds(2), claim_published}},
          {"site_status", {Milliseconds(4), site_status}},
          {"site_status_is", {Milliseconds(2), site_status_is}},
          {"site_observe", {Milliseconds(20), site_observe}},
          {"site_silence", {Milliseconds(1000), site_silence}},
          {"site_adopt", {Milliseconds(30), site_adopt}},
          {"site_adopted", {Milliseconds(10), site_adopted}},
          {"site_release", {Milliseconds(30), site_release}},
          {"site_released", {Milliseconds(10), site_released}},
          {"site_conflicts", says(0, "conflicts=0\n")},
          {"site_last_backup", says(0, "count=1\nname=backup\nbytes=1\nage_s=60\n")},
          {"announce_webhook", says(0, "delivered=yes\n")},
          {"announce_command", says(0, "delivered=yes\n")},
          {"$ true", says(0, "")},
          {"$ false", says(1, "")}};
}

}  // namespace switchback
