// What was observed, and how long ago. A fact that nobody could observe is missing, never a guess.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "plan/step.h"

namespace switchback {

// One look at one thing on one host: a read-only command whose output is lines "name=value".
struct Observation {
  std::string name;   // "database" (the component) or "host", "claim", "backup"
  std::string where;  // host key, or "controller"
  Command command;
};

// What a look answered. `values` holds the lines "name=value" of its output, cleaned and bounded.
struct Facts {
  bool reachable = false;  // false: the look failed; `why` says how, `values` may hold older ones
  std::string why;
  int64_t observed_at_ms = 0;  // wall clock of the values; 0: never observed
  int64_t looked_at_ms = 0;    // of the newest look, whether it succeeded or not
  int64_t away_since_ms = 0;   // of the first look that failed since the last answer; 0: it answers
  std::map<std::string, std::string> values;

  // The value, or nothing when it is missing or empty.
  std::optional<std::string> get(std::string_view name) const;
  std::optional<int64_t> integer(std::string_view name) const;
};

// Reads lines "name=value"; other lines, repeated names and more than 500 lines are ignored.
std::map<std::string, std::string> parse_facts(std::string_view output);

// Earlier looks by key, the oldest first: thinned with age, and only the facts worth keeping.
// `observed_at_ms` is the time of the look; one that failed has no values.
using PastLooks = std::map<std::string, std::vector<Facts>>;

struct Snapshot {
  int64_t now_ms = 0;
  std::map<std::string, Facts> facts;  // key: observation_key(name, where)
  PastLooks past;

  const Facts& of(std::string_view name, std::string_view where) const;  // empty when unknown
  const std::vector<Facts>& past_of(std::string_view name, std::string_view where) const;
};

std::string observation_key(std::string_view name, std::string_view where);

}  // namespace switchback
