#include "cli/situation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "components/types.h"
#include "engine/observe.h"
#include "planner/readiness.h"
#include "world/real_clock.h"
#include "world/real_shell.h"

namespace switchback {
namespace {

constexpr int64_t past_of_interest = 86'400'000;

}  // namespace

std::map<std::string, std::string> script_bodies() {
  std::map<std::string, std::string> bodies;
  for (const NamedScript& script : all_scripts()) bodies.emplace(script.name, script.body);
  return bodies;
}

Result<Situation> look_at(const Options& options, const std::string& application, Look look,
                          bool create_store, const std::vector<Host>& pinned) {
  Situation situation;
  auto read = load_application(options, application);
  if (!read) return std::unexpected(read.error());
  situation.application = std::move(*read);
  for (Site& site : situation.application.sites) {
    for (Host& host : site.hosts) {
      const auto same = [&](const Host& other) { return other.key == host.key; };
      const auto found = std::ranges::find_if(pinned, same);
      if (found != pinned.end()) host = *found;
    }
  }
  const std::string& name = situation.application.name;
  auto store = create_store ? open_store(options, true) : open_store_to_read(options);
  // Reading works without a store: the first five minutes come before any adoption.
  if (!store && (create_store || store.error().code != ErrorCode::not_found)) {
    return std::unexpected(store.error());
  }
  RealClock clock;
  if (store) {
    situation.store = std::move(*store);
    auto claim = situation.store->claim(name);
    if (!claim) return std::unexpected(claim.error());
    situation.claim = *claim;
    auto facts = situation.store->facts(name);
    if (!facts) return std::unexpected(facts.error());
    situation.snapshot.facts = *facts;
    // The past only sharpens figures: without it everything still works.
    auto looks = situation.store->past_looks(name, clock.wall_ms() - past_of_interest);
    if (looks) situation.snapshot.past = std::move(*looks);
    auto history = situation.store->durations(name);
    if (!history) return std::unexpected(history.error());
    for (const PastDuration& past : *history) {
      situation.history[past.step].push_back(Milliseconds(past.elapsed_ms));
    }
  }
  if (look == Look::fresh) {
    if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "looking at the hosts of {} …\n", name);
    RealShell shell(shell_options(options));
    const auto seen =
        observe(shell, clock, name, situation.application.all_hosts(),
                observations(catalogue(), situation.application), script_bodies(), look_bound);
    situation.snapshot.facts = merge_facts(std::move(situation.snapshot.facts), seen);
    if (situation.store) {
      // Facts are a convenience of later questions; a full disk must not hide today's answer.
      auto kept = situation.store->put_facts(name, situation.snapshot.facts);
      if (!kept) fmt::print(stderr, "switchback: {}\n", kept.error().message);
    }
  }
  situation.snapshot.now_ms = clock.wall_ms();
  return situation;
}

}  // namespace switchback
