// Jobs that come round by time, taken by a compare-and-set in the store: of several processes that
// see the same job due, exactly one does it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "planner/schedule.h"
#include "store/store.h"

namespace switchback {

// When a sync of each component was last begun (wall clock); what cannot be read is missing.
std::map<std::string, int64_t> sync_attempts(Store& store, const Application& application);

// Takes the components whose sync is due for this caller alone; what somebody else took is left
// out.
Result<std::vector<std::string>> take_due_syncs(Store& store, const Application& application,
                                                const Claim& claim, const Snapshot& snapshot,
                                                const std::string& taker);

}  // namespace switchback
