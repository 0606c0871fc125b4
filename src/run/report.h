// What a run proves afterwards, from its events alone: timeline, people, evidence, outage and loss.
#pragma once

#include <string>
#include <vector>

#include "run/state.h"

namespace switchback {

// Fields, always present: run, application, operation, from_site, to_site, result, message, who,
// ticket, reason, plan_hash, journal_hash, created_at, ended_at, duration_ms, outage (from, until,
// milliseconds; null when nothing was stopped), data_loss, salvage, evidence, people, notes,
// unprotected, remarks, waits_for (open gates), steps, timeline.
Json run_report(const RunState& state, const std::vector<Event>& events);

// The same for people.
std::string report_markdown(const Json& report);

}  // namespace switchback
