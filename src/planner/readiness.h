// Placeholder until the readiness of an application is written: what is looked at.
#pragma once

#include <vector>

#include "model/application.h"
#include "planner/planner.h"

namespace switchback {

std::vector<Observation> observations(const Catalogue& catalogue, const Application& application);

}  // namespace switchback
