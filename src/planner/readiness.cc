#include "planner/readiness.h"

#include "components/site.h"

namespace switchback {

std::vector<Observation> observations(const Catalogue& catalogue, const Application& application) {
  std::vector<Observation> all = site_observations(application);
  const auto add = [&](const std::vector<Observation>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  add(backup_observations(application));
  add(conflict_observations(application));
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type != nullptr && type->observe != nullptr) add(type->observe(application, component));
  }
  return all;
}

}  // namespace switchback
