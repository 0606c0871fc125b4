// How long a plan will take: each step from its own past, the whole along the graph.
#pragma once

#include "plan/plan.h"
#include "plan/prediction.h"

namespace switchback {

// Past durations of steps by step id, in any order. Runs of other operations count too: the same id
// is the same work.
using Durations = std::map<std::string, std::vector<Milliseconds>>;

// The median of each step's past, or a guess; starts and ends along the graph.
Prediction predict(const Plan& plan, const Durations& past);

}  // namespace switchback
