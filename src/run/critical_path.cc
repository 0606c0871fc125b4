#include "run/critical_path.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {
namespace {

// The step of `places` that ended last, if any of them has ended.
std::optional<size_t> last_of(const RunState& state, const std::vector<size_t>& places) {
  std::optional<size_t> last;
  for (const size_t i : places) {
    const int64_t end = state.steps[i].ended_at_ms;
    if (end > 0 && (!last || end > state.steps[*last].ended_at_ms)) last = i;
  }
  return last;
}

std::vector<size_t> predecessors(const RunState& state, size_t step) {
  std::vector<size_t> places;
  for (const std::string& id : state.plan->steps[step].needs) places.push_back(state.index.at(id));
  return places;
}

}  // namespace

std::optional<CriticalPath> critical_path(const RunState& state) {
  if (!state.duration() || state.result != "done") return std::nullopt;
  std::vector<size_t> all(state.steps.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  CriticalPath path;
  auto place = last_of(state, all);
  const int64_t end = place ? state.steps[*place].ended_at_ms : 0;
  int64_t begin = 0;
  while (place) {
    const StepState& step = state.steps[*place];
    const auto before = last_of(state, predecessors(state, *place));
    path.steps.push_back(state.plan->steps[*place].id);
    if (state.plan->steps[*place].kind == StepKind::gate) {
      const int64_t asked = before ? state.steps[*before].ended_at_ms : state.created_at_ms;
      path.people += Milliseconds(step.ended_at_ms - asked);
      begin = asked;
    } else {
      path.commands += Milliseconds(step.elapsed_ms);
      if (step.started_at_ms > 0) begin = step.started_at_ms;
    }
    place = before;
  }
  if (begin == 0) return std::nullopt;
  std::reverse(path.steps.begin(), path.steps.end());
  path.idle = std::max(Milliseconds(end - begin) - path.commands - path.people, Milliseconds(0));
  return path;
}

Json critical_path_of(const RunState& state) {
  const auto path = critical_path(state);
  if (!path) return nullptr;
  return {{"steps", path->steps},
          {"commands_ms", path->commands.count()},
          {"people_ms", path->people.count()},
          {"idle_ms", path->idle.count()}};
}

// "21 steps, 4.6 s in their commands, 38 ms (0.8 %) between them".
std::string critical_path_text(const Json& path) {
  const auto commands = path.at("commands_ms").get<int64_t>();
  const auto people = path.at("people_ms").get<int64_t>();
  const auto idle = path.at("idle_ms").get<int64_t>();
  std::string text = fmt::format("{} steps, {} in their commands", path.at("steps").size(),
                                 duration_text(Milliseconds(commands)));
  if (people > 0) text += fmt::format(", {} of people", duration_text(Milliseconds(people)));
  text += fmt::format(", {} between them", duration_text(Milliseconds(idle)));
  if (commands > 0) {
    text += fmt::format(" ({:.1f} %)",
                        100.0 * static_cast<double>(idle) / static_cast<double>(commands));
  }
  return text;
}

}  // namespace switchback
