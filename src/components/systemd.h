// Component type `systemd`: services that run on the active side only.
//
// A stop closes the guard, stops all units of a host at once and is done when each is inactive and
// its cgroup empty; processes left behind are killed and the proof is taken again. A start opens
// the guard and is done when each unit is active and stays so. The undo of a stop starts exactly
// what the stop found running.
#pragma once

#include "components/component.h"

namespace switchback {

extern const ComponentType systemd_type;

// The full name of a unit: "ft-main-server" is "ft-main-server.service".
std::string unit_name(std::string_view unit);

}  // namespace switchback
