// What a command knows before it decides anything: configuration, store, claim and fresh facts.
#pragma once

#include <memory>

#include "cli/options.h"
#include "planner/predict.h"

namespace switchback {

struct Situation {
  Application application;
  std::unique_ptr<Store> store;  // null when there is none yet and none was asked for
  Claim claim;
  Snapshot snapshot;
  Durations history;
};

// Longest time of one look at all hosts.
inline constexpr Milliseconds look_bound{12'000};

enum class Look {
  stored,  // only what the store knows, with its age
  fresh,   // every host is asked now, bounded; what does not answer keeps its stored facts
};

// Reads configuration and store and looks at the hosts. Read-only for the hosts; what was seen is
// kept in the store when there is one. Progress goes to standard error on a terminal.
// `pinned` are hosts to look at in place of those of the same key: a run keeps the addresses that
// it was planned with.
Result<Situation> look_at(const Options& options, const std::string& application, Look look,
                          bool create_store, const std::vector<Host>& pinned = {});

// Bodies of every named script that the program knows.
std::map<std::string, std::string> script_bodies();

}  // namespace switchback
