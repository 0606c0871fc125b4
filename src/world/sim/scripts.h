// The named scripts as functions over a simulated host. A name means the same here and in the shell
// text: the same arguments, exit codes and lines of output.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "world/clock.h"

namespace switchback {

class SimulatedWorld;
struct SimulatedHost;

// One execution of a script on a host.
struct ScriptCall {
  SimulatedWorld& world;
  SimulatedHost& host;
  std::string application;
  const std::vector<std::string>& arguments;
  Instant begun;                              // when the script began
  std::string script;                         // its name
  int stage = 0;                              // how often it was called before
  std::map<std::string, std::string> memory;  // kept between stages

  // The argument; one that was not passed violates the invariants.
  const std::string& argument(size_t index) const;
};

struct ScriptResult {
  int exit_code = 0;
  std::string out;
  std::string err;
  // Set: the script has not ended and is called again so much later. What it has changed by then
  // stays changed when the host dies in between.
  std::optional<Milliseconds> again_after;
  std::string progress;
};

struct SimulatedScript {
  Milliseconds duration{2};  // until the first call: an effect happens at its end
  std::function<ScriptResult(ScriptCall&)> run;
};

// By script name; a plain argument vector is found as "$ WORD", by its first word.
using ScriptTable = std::map<std::string, SimulatedScript>;

// The smallest catalogue, for tests of the world itself:
//   toggle_set NAME VALUE [DURATION_MS]   toggle_is NAME VALUE   toggle_fail CODE
//   toggle_slow NAME STAGES PAUSE_MS      (sets NAME to 1, 2 … STAGES, with progress)
//   toggle_count NAME                     (adds one: shows an effect that happened twice)
ScriptTable toggle_scripts();

// "name=value" and its newline.
std::string fact_line(const std::string& name, const std::string& value);

}  // namespace switchback
