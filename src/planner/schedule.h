// What `switchback serve` decides, as pure functions: which syncs are due, why none may run now,
// and what changed between two looks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "planner/planner.h"

namespace switchback {

// Components with an option `every` whose last good pass and whose last attempt (wall clock by
// component, missing: none) are both that long ago.
std::vector<std::string> due_syncs(const Application& application, const Claim& claim,
                                   const Snapshot& snapshot,
                                   const std::map<std::string, int64_t>& attempts);

// Why nothing may be synced at the moment, in words; empty when it may. Data never flows while
// anybody disagrees about who is active.
std::string why_no_sync(const Application& application, const Claim& claim,
                        const Snapshot& snapshot);

// One line for each thing that an operator would want to know of: hosts and components that stop or
// begin to answer, roles, streams, units, claims, addresses. Quiet when nothing changed.
std::vector<std::string> changes(const std::map<std::string, Facts>& before,
                                 const std::map<std::string, Facts>& now);

}  // namespace switchback
