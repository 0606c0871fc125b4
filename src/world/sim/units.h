// systemd on a simulated host, as far as moves care: start and stop jobs, control groups that may
// keep a process, and the guard that is asked before every start (components/site/guard.sh).
#pragma once

#include <string>
#include <vector>

#include "world/sim/world.h"

namespace switchback {

// "ft-main" -> "ft-main.service"; names with a suffix stay.
std::string full_unit(const std::string& unit);

// `systemctl start --no-block`: the guard is asked when the job runs, not now.
void start_unit(SimulatedWorld& world, SimulatedHost& host, const std::string& unit,
                Milliseconds delay = Milliseconds(0));
// The unit ends within milliseconds; what it leaves in its control group stays until killed.
void stop_unit(SimulatedWorld& world, SimulatedHost& host, const std::string& unit);
void kill_unit(SimulatedHost& host, const std::string& unit);
// What happens at a boot: every enabled unit is started, if its guard lets it. Their jobs are
// queued from the beginning, before anybody can log in, and run when what they stand behind is up.
void boot_units(SimulatedWorld& world, SimulatedHost& host);

void open_guard(SimulatedHost& host, const std::string& application, const std::string& unit);
void close_guard(SimulatedHost& host, const std::string& application, const std::string& unit,
                 Instant now);
bool guard_is_open(const SimulatedHost& host, const std::string& application,
                   const std::string& unit);

// The scripts of the catalogue, by the component that owns them.
ScriptTable site_models();
ScriptTable systemd_models();
ScriptTable postgresql_models();
ScriptTable postgresql_rebuild_models();
ScriptTable files_models();
ScriptTable reach_models();
// All of them, and the toggles.
ScriptTable all_models();

}  // namespace switchback
