// The break-glass bundle: `switchback runbook APP`, and what an adoption stores on every host.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cli/options.h"
#include "run/event.h"

namespace switchback {

struct RunbookFlags {
  std::string out;       // folder; empty: ./APP-runbook, or none when it is published
  bool publish = false;  // also to every host
};

// Writes the bundle into a folder, or stores it on every host. A host that does not take it makes
// the command fail, after all were asked.
int write_runbook(const Options& options, const std::string& application,
                  const RunbookFlags& flags);

// The adoption's request with the bundle of this configuration; `keep` also writes the file that
// its steps send.
Result<PlanRequest> with_runbook(const Options& options, const Application& application,
                                 PlanRequest request, bool keep);

// What runbooks did without Switchback, by the logs that they left on the hosts: notes for the
// journal of the run that takes the application over again, each log once, however many hosts have
// it. Logs named in `known` are left out; the new ones are added to it.
std::vector<Event> runbook_notes(const Options& options, const Application& application,
                                 std::set<std::string>& known);

}  // namespace switchback
