// Adoption, release and the sync between moves as plans: previewed, journaled and resumable like
// every other operation. None of them stops or starts anything of the application. For planner.cc.
#pragma once

#include "planner/planner.h"

namespace switchback {

// `active` is the site that runs the application now.
Result<Plan> make_adoption_plan(const Catalogue& catalogue, const Application& application,
                                const Claim& claim, const Snapshot& snapshot,
                                const PlanRequest& request, const std::string& active);

}  // namespace switchback
