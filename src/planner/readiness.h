// Would a move work now, what would it lose, how long would it take? Pure: the answer to
// `switchback ready`, from configuration, claim and the last looks at the hosts.
//
// A verdict is "go" only when nothing speaks against it and nothing that matters is unknown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "planner/planner.h"
#include "planner/predict.h"

namespace switchback {

struct ReadyFinding {
  Finding finding;
  bool for_switchover = true;  // it matters for a planned move
  bool for_failover = true;    // it matters for an emergency
};

// What an emergency now would lose of one component, as an upper bound where it is known.
struct Loss {
  std::string component;
  std::optional<int64_t> bytes;
  std::optional<Milliseconds> age;  // of the newest state that the standby is known to hold
  std::string text;
};

struct Readiness {
  std::string application;
  std::string active;
  std::string standby;
  bool switchover_go = false;
  bool failover_go = false;
  bool go = false;                     // both
  std::vector<ReadyFinding> findings;  // the gravest first
  std::vector<Loss> losses;
  std::optional<Span> switchover_outage;
  std::optional<Span> failover_outage;
  int guesses = 0;                    // of the failover's steps, how many never ran
  std::vector<std::string> way_back;  // what it would cost to come home after an emergency
};

// Everything that `ready`, plans and `status` look at; all of it only reads.
std::vector<Observation> observations(const Catalogue& catalogue, const Application& application);

Readiness ready(const Catalogue& catalogue, const Application& application, const Claim& claim,
                const Snapshot& snapshot, const Durations& history);

Json readiness_json(const Readiness& readiness);
std::string readiness_text(const Readiness& readiness, bool color);

// Loss, ages and objectives as they were when a run was created, for its report.
Json situation_record(const Catalogue& catalogue, const Application& application,
                      const Claim& claim, const Snapshot& snapshot, const Prediction& prediction);

// Findings about the hosts themselves. For readiness.cc and tests.
std::vector<ReadyFinding> host_findings(const Application& application, const Claim& claim,
                                        const Snapshot& snapshot, const std::string& active);

}  // namespace switchback
