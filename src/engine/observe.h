// Looking at the hosts: read-only commands in parallel, answers as facts with their time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/snapshot.h"
#include "world/clock.h"
#include "world/shell.h"

namespace switchback {

// Runs every observation at once and waits for the answers until `bound`. A host that does not
// answer gives facts that are not `reachable` and say why; nothing waits longer than the bound.
// `scripts` maps names to bodies. The shell must not have other requests on their way.
std::map<std::string, Facts> observe(Shell& shell, Clock& clock, const std::string& application,
                                     const std::vector<Host>& hosts,
                                     const std::vector<Observation>& observations,
                                     const std::map<std::string, std::string>& scripts,
                                     Milliseconds bound);

// The parts of it, for watch_all.h: the request of one look, what its answer says, and what is said
// of a look that was not answered in time.
ShellRequest look_request(const std::string& application, const Observation& observation,
                          const std::map<std::string, std::string>& scripts, Milliseconds bound);
Facts facts_of(const Answer& answer, int64_t now_ms);
Facts silent_facts(Milliseconds bound, int64_t now_ms);

// What is known now: the new facts, and for what could not be seen the older values with their age.
std::map<std::string, Facts> merge_facts(std::map<std::string, Facts> known,
                                         const std::map<std::string, Facts>& seen);

}  // namespace switchback
