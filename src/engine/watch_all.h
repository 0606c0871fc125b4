// Looking at many applications at once, again and again, over one kept channel for each host: what
// `switchback serve` does in each cycle.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/application.h"
#include "plan/snapshot.h"
#include "world/clock.h"
#include "world/shell.h"

namespace switchback {

struct Watched {
  std::string application;
  std::vector<Host> hosts;
  std::vector<Observation> looks;
};

// The name of the channel to a host: applications that share a server share it.
std::string channel_of(const Host& host);

// Sends every look of every application at once, and calls `seen` for each application as soon as
// its last answer has come, at the latest at `bound`: nobody waits for the dead host of somebody
// else. Leaves early, without calling `seen` for the rest, when `interrupted` says so. The shell
// must not have other requests on their way.
void watch_all(Shell& shell, Clock& clock, const std::vector<Watched>& all,
               const std::map<std::string, std::string>& scripts, Milliseconds bound,
               const std::function<void(size_t, std::map<std::string, Facts>)>& seen,
               const std::function<bool()>& interrupted);

}  // namespace switchback
