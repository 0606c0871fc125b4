#include "world/sim/units.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {
namespace {

constexpr Milliseconds boot_time{500};
constexpr Milliseconds until_on_disk{30'000};  // of what nobody syncs

std::string guard_name(const std::string& application, const std::string& unit) {
  return application + "/" + full_unit(unit);
}

const SimulatedClaimFile* claim_of(const SimulatedHost& host, const std::string& application) {
  const auto app = host.apps.find(application);
  return app == host.apps.end() || !app->second.claim ? nullptr : &*app->second.claim;
}

// Mode peer: this side is active by our own claim, and a host of the other side answers with a
// claim that is the same or older. Silence keeps the guard closed.
std::string peer_refusal(SimulatedWorld& world, const SimulatedHost& host,
                         const std::string& application, const SimulatedAdoption& adoption,
                         const std::string& component) {
  const SimulatedClaimFile* mine = claim_of(host, application);
  if (mine == nullptr) return "this host holds no claim";
  const auto active = mine->active.find(component);
  if (active == mine->active.end() || active->second != adoption.site) {
    return fmt::format("claim {} does not say that {} is active at {}", mine->epoch, component,
                       adoption.site);
  }
  bool confirmed = false;
  for (const std::string& address : adoption.peers) {
    const SimulatedHost* peer = world.host_at(address);
    if (peer == nullptr || !world.talk(host.key, peer->key)) continue;
    const SimulatedClaimFile* theirs = claim_of(*peer, application);
    if (theirs == nullptr) continue;
    if (theirs->epoch > mine->epoch) return peer->key + " holds a newer claim";
    if (theirs->epoch == mine->epoch && theirs->claim_id != mine->claim_id) {
      return peer->key + " holds another claim of the same epoch";
    }
    confirmed = true;
  }
  return confirmed ? "" : "no host of the other site confirms the claim";
}

// Empty: the unit may start.
std::string guard_refusal(SimulatedWorld& world, SimulatedHost& host, const std::string& unit) {
  for (const auto& [application, state] : host.apps) {
    if (!state.adoption) continue;
    for (const auto& guarded : state.adoption->units) {
      if (full_unit(guarded.unit) != unit) continue;
      if (guard_is_open(host, application, unit)) return "";
      const bool is_standby = std::ranges::any_of(host.clusters, [&](const auto& named) {
        return named.second.unit == unit && named.second.standby_signal;
      });
      std::string refusal;
      if (state.stopped.contains(unit)) {
        refusal = "it stays down until a step starts it";
      } else if (is_standby) {
        return "";
      } else if (state.adoption->mode == "confirm") {
        refusal = "after a boot a person confirms";
      } else if (state.adoption->mode == "peer") {
        refusal = peer_refusal(world, host, application, *state.adoption, guarded.component);
      }
      host.guard_says[guard_name(application, unit)] = refusal.empty() ? "started" : refusal;
      if (refusal.empty()) open_guard(host, application, unit);
      return refusal;
    }
  }
  return "";
}

void run_start_job(SimulatedWorld& world, SimulatedHost& host, const std::string& name, int job) {
  SimulatedUnit& unit = host.units[name];
  if (unit.job != job || !unit.starting) return;
  unit.starting = false;
  const std::string refusal = guard_refusal(world, host, name);
  if (!refusal.empty()) {
    unit.result = "exec-condition";
    world.tell(fmt::format("{}: guard keeps {} from starting: {}", host.key, name, refusal));
    return;
  }
  bool started = !unit.fails_to_start;
  for (auto& [directory, cluster] : host.clusters) {
    if (cluster.unit == name) started = started && pg_start(cluster);
  }
  unit.active = started;
  unit.processes = started ? 1 : 0;
  unit.result = started ? "success" : "exit-code";
  world.tell(fmt::format("{}: {} {}", host.key, name, started ? "started" : "failed"));
}

}  // namespace

std::string full_unit(const std::string& unit) {
  for (std::string_view suffix : {".service", ".socket", ".timer", ".target", ".path", ".mount"}) {
    if (unit.ends_with(suffix)) return unit;
  }
  return unit + ".service";
}

void open_guard(SimulatedHost& host, const std::string& application, const std::string& unit) {
  host.open_guards.insert(guard_name(application, unit));
  host.apps[application].stopped.erase(full_unit(unit));
}

void close_guard(SimulatedHost& host, const std::string& application, const std::string& unit,
                 Instant now) {
  host.open_guards.erase(guard_name(application, unit));
  host.apps[application].stopped.try_emplace(full_unit(unit), now + until_on_disk);
}

bool guard_is_open(const SimulatedHost& host, const std::string& application,
                   const std::string& unit) {
  return host.open_guards.contains(guard_name(application, unit));
}

void start_unit(SimulatedWorld& world, SimulatedHost& host, const std::string& name,
                Milliseconds delay) {
  SimulatedUnit& unit = host.units[full_unit(name)];
  if (unit.active || unit.starting) return;
  unit.starting = true;
  unit.result = "success";
  const Milliseconds time = delay + Milliseconds(20 + world.random(60));
  world.after_on(host.key, time, [&world, &host, full = full_unit(name), job = ++unit.job] {
    run_start_job(world, host, full, job);
  });
}

void stop_unit(SimulatedWorld& world, SimulatedHost& host, const std::string& name) {
  SimulatedUnit& unit = host.units[full_unit(name)];
  ++unit.job;
  unit.starting = false;
  unit.active = false;
  unit.processes = unit.leaves_process && unit.processes > 0 ? 1 : 0;
  for (auto& [directory, cluster] : host.clusters) {
    if (cluster.unit == full_unit(name)) pg_stop_cleanly(world, host, cluster);
  }
}

void kill_unit(SimulatedHost& host, const std::string& name) {
  SimulatedUnit& unit = host.units[full_unit(name)];
  unit.active = false;
  unit.processes = 0;
}

void boot_units(SimulatedWorld& world, SimulatedHost& host) {
  for (auto& [name, unit] : host.units) {
    if (unit.enabled) start_unit(world, host, name, boot_time);
  }
}

ScriptTable all_models() {
  ScriptTable all = toggle_scripts();
  for (const ScriptTable& table : {site_models(), systemd_models(), postgresql_models(),
                                   postgresql_rebuild_models(), files_models(), reach_models()}) {
    all.insert(table.begin(), table.end());
  }
  return all;
}

}  // namespace switchback
