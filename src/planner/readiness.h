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
#include "planner/price.h"

namespace switchback {

struct ReadyFinding {
  Finding finding;
  bool for_switchover = true;            // it matters for a planned move
  bool for_failover = true;              // it matters for an emergency
  std::optional<Milliseconds> age = {};  // of the look it rests on
  std::string effect = {};               // what it does to loss or time; empty when good
};

struct Readiness {
  std::string application;
  std::string active;
  std::string standby;
  bool switchover_go = false;
  bool failover_go = false;
  bool go = false;                     // both
  std::vector<ReadyFinding> findings;  // the gravest first
  std::optional<Span> switchover_outage;
  Price price;  // of a failover now
};

// Everything that `ready`, plans and `status` look at; all of it only reads.
std::vector<Observation> observations(const Catalogue& catalogue, const Application& application);

Readiness ready(const Catalogue& catalogue, const Application& application, const Claim& claim,
                const Snapshot& snapshot, const Durations& history);

Json readiness_json(const Readiness& readiness);
std::string readiness_text(const Readiness& readiness, bool color);
// One line that begins with "go" or "NO-GO", for a monitoring check.
std::string readiness_line(const Readiness& readiness);

// The price alone, for a plan of a failover.
Price price_now(const Catalogue& catalogue, const Application& application, const Claim& claim,
                const Snapshot& snapshot, const Durations& history);

// Loss, ages and objectives as they were when a run was created, for its report.
Json situation_record(const Catalogue& catalogue, const Application& application,
                      const Claim& claim, const Snapshot& snapshot, const Prediction& prediction,
                      const Durations& history);

// Findings about the hosts themselves. For readiness.cc and tests.
std::vector<ReadyFinding> host_findings(const Application& application, const Claim& claim,
                                        const Snapshot& snapshot, const std::string& active);

}  // namespace switchback
