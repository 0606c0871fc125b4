// The way out when store and hosts hold different claims: an older copy of the store, runbooks that
// were used without it, or a second controller. A person names the side that is active; a claim
// above every claim that was seen goes to the store and to every host, which from then on refuse
// whoever still works under another one. Nothing is stopped, started or overwritten: what has to be
// done afterwards is a `start` or a `reprotect`. For planner.cc.
#pragma once

#include "planner/planner.h"

namespace switchback {

// Errors: `refused` when store and hosts agree, when nobody can tell which side is meant, or when
// the named one does not act and the other one does.
Result<Plan> make_resolution_plan(const Catalogue& catalogue, const Application& application,
                                  const Claim& claim, const Snapshot& snapshot,
                                  const PlanRequest& request);

// The newest run, of any store, that a host has seen. The numbers of an older copy of a store begin
// below it, and hosts refuse what they take for an older run; 0: none is known.
int64_t newest_run_seen(const Application& application, const Snapshot& snapshot);

}  // namespace switchback
