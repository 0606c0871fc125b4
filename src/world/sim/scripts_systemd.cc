// The systemd scripts (components/systemd/*.sh) over simulated units.
#include <fmt/format.h>

#include <cstdlib>

#include "world/sim/units.h"

namespace switchback {
namespace {

std::vector<std::string> units_from(const ScriptCall& call, size_t first) {
  std::vector<std::string> units;
  for (size_t i = first; i < call.arguments.size(); ++i) units.push_back(call.arguments[i]);
  return units;
}

// What of the units still lives; empty when nothing does.
std::string alive(const ScriptCall& call, const std::vector<std::string>& units) {
  std::string words;
  for (const std::string& name : units) {
    const SimulatedUnit& unit = call.host.units[full_unit(name)];
    if (unit.starting) words += name + ": a job is waiting\n";
    if (unit.active) words += name + " is still active\n";
    if (unit.processes > 0) words += name + ": a process still lives\n";
    if (guard_is_open(call.host, call.application, name)) words += name + ": its guard is open\n";
  }
  return words;
}

ScriptResult stopped(ScriptCall& call) {
  const std::string words = alive(call, units_from(call, 0));
  return {words.empty() ? 0 : 1, "", words, {}, ""};
}

// COMPONENT RUN GRACE_S BOUND_S UNIT…
ScriptResult stop(ScriptCall& call) {
  const auto units = units_from(call, 4);
  if (call.stage == 0) {
    std::string& record = call.host.apps[call.application]
                              .files["running." + call.argument(0) + "." + call.argument(1)];
    for (const std::string& name : units) {
      const SimulatedUnit& unit = call.host.units[full_unit(name)];
      const bool runs = unit.active || unit.starting;
      if (runs && record.find(name + "\n") == std::string::npos) record += name + "\n";
      close_guard(call.host, call.application, name, call.world.now());
    }
    return {0, "", "", Milliseconds(5), ""};
  }
  if (call.stage == 1) {
    for (const std::string& name : units) stop_unit(call.world, call.host, name);
  }
  if (alive(call, units).empty()) return {};
  if (call.stage == 2) {
    for (const std::string& name : units) kill_unit(call.host, name);
  }
  if (call.stage > 4) return {1, "", alive(call, units), {}, ""};
  return {0, "", "", Milliseconds(std::atoi(call.argument(2).c_str()) * 1000), ""};
}

ScriptResult start_units(ScriptCall& call, const std::vector<std::string>& units, int bound_s) {
  if (call.stage == 0) {
    for (const std::string& name : units) open_guard(call.host, call.application, name);
    for (const std::string& name : units) start_unit(call.world, call.host, name);
  }
  bool waiting = false;
  for (const std::string& name : units) {
    const SimulatedUnit& unit = call.host.units[full_unit(name)];
    if (unit.active) continue;
    if (!unit.starting) return {1, "", name + " did not start: " + unit.result, {}, ""};
    waiting = true;
  }
  if (!waiting) return {};
  if (call.world.now() - call.begun >= Milliseconds(bound_s * 1000)) {
    return {1, "", "not running within the bound", {}, ""};
  }
  return {0, "", "", Milliseconds(20), ""};
}

ScriptResult start(ScriptCall& call) {
  return start_units(call, units_from(call, 1), std::atoi(call.argument(0).c_str()));
}

ScriptResult start_again(ScriptCall& call) {
  const std::string& record = call.host.apps[call.application]
                                  .files["running." + call.argument(0) + "." + call.argument(1)];
  std::vector<std::string> units;
  for (const std::string& name : split(record, '\n')) {
    if (!name.empty()) units.push_back(name);
  }
  if (units.empty()) return {};
  return start_units(call, units, std::atoi(call.argument(2).c_str()));
}

ScriptResult running(ScriptCall& call) {
  std::string words;
  for (const std::string& name : units_from(call, 0)) {
    if (!call.host.units[full_unit(name)].active) words += name + " is inactive\n";
    if (!guard_is_open(call.host, call.application, name))
      words += name + ": its guard is closed\n";
  }
  return {words.empty() ? 0 : 1, "", words, {}, ""};
}

ScriptResult observe(ScriptCall& call) {
  const auto units = units_from(call, 0);
  const auto& app = call.host.apps[call.application];
  std::string out;
  int n = 0;
  int running_count = 0;
  for (const std::string& name : units) {
    const SimulatedUnit& unit = call.host.units[full_unit(name)];
    const std::string prefix = fmt::format("unit.{}", ++n);
    const bool open = guard_is_open(call.host, call.application, name);
    running_count += unit.active || unit.processes > 0 ? 1 : 0;
    out += fact_line(prefix, name) + fact_line(prefix + ".load", "loaded") +
           fact_line(prefix + ".active", unit.active ? "active" : "inactive") +
           fact_line(prefix + ".sub", unit.active ? "running" : "dead") +
           fact_line(prefix + ".result", unit.result) +
           fact_line(prefix + ".enabled", unit.enabled ? "enabled" : "disabled") +
           fact_line(prefix + ".guard", !app.adoption ? "none"
                                        : open        ? "open"
                                                      : "closed") +
           fact_line(prefix + ".processes", std::to_string(unit.processes));
  }
  out += fact_line("units", std::to_string(n)) +
         fact_line("running", std::to_string(running_count)) +
         fact_line("stopped", std::to_string(n - running_count)) + "missing=0\n" +
         fact_line("unguarded", app.adoption ? "0" : std::to_string(n));
  return {0, out, "", {}, ""};
}

}  // namespace

ScriptTable systemd_models() {
  return {{"systemd_stop", {Milliseconds(8), stop}},
          {"systemd_stopped", {Milliseconds(6), stopped}},
          {"systemd_start", {Milliseconds(8), start}},
          {"systemd_running", {Milliseconds(6), running}},
          {"systemd_start_again", {Milliseconds(8), start_again}},
          {"systemd_observe", {Milliseconds(12), observe}}};
}

}  // namespace switchback
