#include "world/sim/scripts.h"

#include <fmt/format.h>

#include <cstdlib>

#include "world/sim/world.h"

namespace switchback {
namespace {

int64_t number(const std::string& text) {
  return std::atoll(text.c_str());
}

ScriptResult toggle_set(ScriptCall& call) {
  // The third argument makes it slow: the value changes at its end.
  if (call.stage == 0 && call.arguments.size() > 2) {
    return {0, "", "", Milliseconds(number(call.argument(2))), ""};
  }
  call.host.values[call.argument(0)] = call.argument(1);
  return {0, fact_line("set", call.argument(1)), "", {}, ""};
}

ScriptResult toggle_is(ScriptCall& call) {
  const std::string& value = call.host.values[call.argument(0)];
  return {value == call.argument(1) ? 0 : 1, fact_line("value", value), "", {}, ""};
}

ScriptResult toggle_fail(ScriptCall& call) {
  return {static_cast<int>(number(call.argument(0))), "", "failed as asked", {}, ""};
}

ScriptResult toggle_slow(ScriptCall& call) {
  const int64_t stages = number(call.argument(1));
  const int64_t done = call.stage + 1;
  call.host.values[call.argument(0)] = std::to_string(done);
  if (done >= stages) return {};
  return {0, "", "", Milliseconds(number(call.argument(2))), fmt::format("{} of {}", done, stages)};
}

ScriptResult toggle_count(ScriptCall& call) {
  std::string& value = call.host.values[call.argument(0)];
  value = std::to_string(number(value) + 1);
  return {0, fact_line("count", value), "", {}, ""};
}

}  // namespace

const std::string& ScriptCall::argument(size_t index) const {
  static const std::string missing;
  if (index < arguments.size()) return arguments[index];
  // A twin that reads more than the planner passes reads something else than the shell text does.
  world.violate(
      fmt::format("{} reads parameter {}, and was given {}", script, index + 1, arguments.size()));
  return missing;
}

std::string fact_line(const std::string& name, const std::string& value) {
  return name + "=" + value + "\n";
}

ScriptTable toggle_scripts() {
  return {{"toggle_set", {Milliseconds(4), toggle_set}},
          {"toggle_is", {Milliseconds(2), toggle_is}},
          {"toggle_fail", {Milliseconds(2), toggle_fail}},
          {"toggle_slow", {Milliseconds(4), toggle_slow}},
          {"toggle_count", {Milliseconds(4), toggle_count}}};
}

}  // namespace switchback
