// What a run proves afterwards, from its events alone: timeline, people, evidence, outage and loss.
#pragma once

#include <string>
#include <vector>

#include "run/state.h"

namespace switchback {

// Fields, always present: run, application, operation, from_site, to_site, result, message, who,
// ticket, reason, plan_hash, journal_hash, created_at, ended_at, duration_ms, clock_set_back (then
// no duration is told), outage (from, until, milliseconds; null when nothing was stopped),
// critical_path (steps, commands_ms, people_ms, idle_ms; null unless the run is done), data_loss,
// salvage, evidence, people, notes, amendments, unprotected, remarks, waits_for (open gates),
// steps, timeline. `later` are runs of the same application that came after it, oldest first: what
// they salvaged of what this run left behind amends it ("amendments").
Json run_report(const RunState& state, const std::vector<Event>& events,
                const std::vector<RunState>& later = {});

// The run whose salvage tells what `first` has lost: itself, or the next one of `later` (oldest
// first); null when none has salvaged anything yet.
const RunState* salvaging_run(const RunState& first, const std::vector<RunState>& later);

// What nobody protects once the run has ended, and the command that does, one sentence each.
std::vector<std::string> unprotected(const RunState& state);

// The same as `run_report`, for people.
std::string report_markdown(const Json& report);

}  // namespace switchback
