// Is what a run was approved for still true? Asked whenever a run that lay still is to be taken up,
// with a fresh look at the hosts; while an answer is "no", nothing is sent and approvals are void.
//
// Only what was seen is judged: a host that does not answer, or a fact that nobody could read,
// makes nothing false. The configuration is no question here: a run keeps the one it was planned
// with.
#pragma once

#include <string>
#include <vector>

#include "plan/snapshot.h"
#include "run/state.h"

namespace switchback {

struct FalseAssumption {
  std::string
      name;  // as in Assumption: "claim", "claim@dc/db", "host.machine_id@dc/db", "one_active"
  std::string expected;
  std::string found;
  std::string text;  // what is wrong
  std::string next;  // what to do about it
};

// Everything that is no longer true of `state`'s plan. `in_store` is the claim as the store holds
// it now; before the claim step that is the plan's, behind it the one that the run took. The
// application gives the sites, as the run was planned for them.
std::vector<FalseAssumption> false_assumptions(const Application& application,
                                               const RunState& state, const Claim& in_store,
                                               const Snapshot& snapshot);

// Hosts that hold a newer claim than the store, or another one of the same epoch: they belong to
// another controller, or the store is an old copy. To take them over silently would be the start of
// a split brain. `next` is what to do about it.
std::vector<FalseAssumption> foreign_claims(const std::vector<Host>& hosts, const Claim& in_store,
                                            const Snapshot& snapshot, const std::string& next);

// Adds `foreign_claims` to a plan as assumptions that are not met.
void add_foreign_claims(const Application& application, const Claim& claim,
                        const Snapshot& snapshot, const std::string& next, Plan& plan);

}  // namespace switchback
