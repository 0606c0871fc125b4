// The order of each operation, as nodes of a draft. For the planner's own files.
#pragma once

#include "planner/cold_start.h"
#include "planner/draft.h"
#include "run/status_table.h"

namespace switchback {

// `pair` holds the words that the hosts publish at the end.
void join_move(Draft& draft, StatusPair pair);  // switchover, failback
void join_failover(Draft& draft, StatusPair pair);
void join_start(Draft& draft, const Standings& standings, StatusPair pair);
void join_reprotect(Draft& draft, const PlanRequest& request, StatusPair pair);

}  // namespace switchback
