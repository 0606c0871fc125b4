#include "engine/watch_all.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/observe.h"

namespace switchback {
namespace {

constexpr Milliseconds slice{250};  // how soon an interruption is noticed

struct Waiting {
  size_t application = 0;
  std::string key;
};

}  // namespace

std::string channel_of(const Host& host) {
  return fmt::format("{}@{}:{}{}", host.user, host.address, host.port, host.become ? "+sudo" : "");
}

void watch_all(Shell& shell, Clock& clock, const std::vector<Watched>& all,
               const std::map<std::string, std::string>& scripts, Milliseconds bound,
               const std::function<void(size_t, std::map<std::string, Facts>)>& seen,
               const std::function<bool()>& interrupted) {
  std::map<RequestId, Waiting> waiting;
  std::vector<std::map<std::string, Facts>> facts(all.size());
  std::vector<size_t> open(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    std::map<std::string, std::string> channels{{"controller", "controller"}};
    std::vector<Host> hosts = all[i].hosts;
    for (Host& host : hosts) {
      channels[host.key] = channel_of(host);
      host.key = channel_of(host);
    }
    shell.connect(hosts);
    for (const Observation& look : all[i].looks) {
      const std::string key = observation_key(look.name, look.where);
      facts[i][key] = silent_facts(bound, clock.wall_ms());
      ShellRequest request = look_request(all[i].application, look, scripts, bound);
      request.host = channels.at(look.where);
      waiting[shell.start(request)] = {i, key};
      ++open[i];
    }
  }
  const Instant deadline = clock.now() + bound;
  while (!waiting.empty() && clock.now() < deadline) {
    if (interrupted()) break;
    const auto event = shell.next_event(std::min(deadline, clock.now() + slice));
    if (!event || event->kind != ShellEvent::Kind::answer) continue;
    const auto found = waiting.find(event->request);
    if (found == waiting.end()) continue;
    const auto [i, key] = found->second;
    waiting.erase(found);
    facts[i][key] = facts_of(event->answer, clock.wall_ms());
    if (--open[i] == 0) seen(i, facts[i]);
  }
  for (const auto& [id, one] : waiting) shell.cancel(id);
  for (size_t i = 0; i < all.size() && !interrupted(); ++i) {
    if (open[i] > 0) seen(i, facts[i]);
  }
}

}  // namespace switchback
