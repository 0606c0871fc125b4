#include "planner/identities.h"

#include <fmt/format.h>

namespace switchback {

std::vector<MistakenIdentity> mistaken_identities(const Application& application,
                                                  const Snapshot& snapshot) {
  std::vector<MistakenIdentity> found;
  const auto hosts = application.all_hosts();
  for (size_t i = 0; i < hosts.size(); ++i) {
    const Facts& facts = snapshot.of("host", hosts[i].key);
    if (!facts.reachable) continue;
    const auto site = facts.get("site");
    if (site && !site->empty() && *site != hosts[i].site) {
      found.push_back(
          {hosts[i].key,
           fmt::format("is a host of {} by its own word: the address {} belongs to another "
                       "host than this one",
                       *site, hosts[i].address),
           "correct the addresses in the configuration"});
    }
    const auto id = facts.get("machine_id");
    for (size_t j = 0; id && !id->empty() && j < i; ++j) {
      const Facts& other = snapshot.of("host", hosts[j].key);
      if (!other.reachable || other.get("machine_id") != id) continue;
      // One machine under two names at one site is a small installation; across sites it is a
      // clone.
      if (hosts[i].site == hosts[j].site && hosts[i].address == hosts[j].address) continue;
      found.push_back({hosts[i].key,
                       fmt::format("has the machine id of {}: a clone, or the same machine twice",
                                   hosts[j].key),
                       "systemd-machine-id-setup on the clone, then reboot it"});
    }
  }
  return found;
}

}  // namespace switchback
