// Adoption, release and the sync between moves as plans: previewed, journaled and resumable like
// every other operation. None of them stops or starts anything of the application. For planner.cc.
#pragma once

#include "planner/planner.h"

namespace switchback {

// `active` is the site that runs the application now.
Result<Plan> make_adoption_plan(const Catalogue& catalogue, const Application& application,
                                const Claim& claim, const Snapshot& snapshot,
                                const PlanRequest& request, const std::string& active);

// The site that a first adoption takes for active: `wanted` when it is named, else the only one at
// which a database accepts writes, else the home primary.
std::string observed_active(const Application& application, const Snapshot& snapshot,
                            const std::string& wanted);

// Sites at which that component accepts writes, as far as somebody could look.
std::vector<std::string> writable_sites(const std::vector<Host>& hosts,
                                        const std::string& component, const Snapshot& snapshot);

}  // namespace switchback
