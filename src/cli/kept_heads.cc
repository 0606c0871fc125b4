#include "cli/kept_heads.h"

#include <fmt/format.h>

#include "cli/situation.h"
#include "components/site.h"
#include "engine/observe.h"
#include "world/real_clock.h"

namespace switchback {

std::vector<KeptHead> heads_at_hosts(const Options& options, const Application& application,
                                     const std::string& store_id) {
  RealClock clock;
  RealShell shell(shell_options(options));
  const auto seen =
      observe(shell, clock, application.name, application.all_hosts(),
              journal_head_observations(application, store_id), script_bodies(), look_bound);
  std::vector<KeptHead> heads;
  for (const Host& host : application.all_hosts()) {
    const Facts& facts = seen.at(observation_key("journal", host.key));
    if (!facts.reachable) {
      fmt::print(stderr, "switchback: {} was not asked: {}\n", host.key, clean(facts.why, 200));
    }
    for (const auto& [name, value] : facts.values) {
      if (!name.starts_with("head.")) continue;
      if (const auto head = parse_head(value)) heads.push_back({host.key, *head});
    }
  }
  return heads;
}

}  // namespace switchback
