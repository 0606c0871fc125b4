#include "model/application.h"

#include <algorithm>

#include "base/check.h"

namespace switchback {

const Site& Application::site(std::string_view wanted) const {
  for (const Site& candidate : sites) {
    if (candidate.name == wanted) return candidate;
  }
  SWITCHBACK_CHECK(false, "a site that is asked for exists");
}

const Site& Application::other_site(std::string_view wanted) const {
  return sites[0].name == wanted ? sites[1] : sites[0];
}

const Component* Application::find_component(std::string_view wanted) const {
  for (const Component& component : components) {
    if (component.name == wanted) return &component;
  }
  return nullptr;
}

const Host* Application::find_host(std::string_view at_site, std::string_view role) const {
  for (const Host& host : site(at_site).hosts) {
    if (host.role == role) return &host;
  }
  return nullptr;
}

std::vector<Host> Application::all_hosts() const {
  std::vector<Host> hosts;
  for (const Site& each : sites) hosts.insert(hosts.end(), each.hosts.begin(), each.hosts.end());
  return hosts;
}

std::vector<std::string> Application::dependants(std::string_view wanted) const {
  // Components stand behind those they need, so one pass finds the indirect ones too.
  std::vector<std::string> found;
  for (const Component& component : components) {
    const bool depends =
        std::any_of(component.needs.begin(), component.needs.end(), [&](const std::string& need) {
          return need == wanted || std::find(found.begin(), found.end(), need) != found.end();
        });
    if (depends) found.push_back(component.name);
  }
  return found;
}

}  // namespace switchback
