#include "cli/people.h"

#include <fmt/format.h>

namespace switchback {

Result<RunState> load_run(Store& store, int64_t run) {
  auto events = store.read(run, 0);
  if (!events) return std::unexpected(events.error());
  if (events->empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("reading run {}: there is no such run; next: switchback runs", run));
  }
  return fold(*events);
}

Result<void> add_to_run(Store& store, int64_t run, int64_t now_ms, EventKind kind, const Json& body,
                        const std::function<std::string(const RunState&)>& refusal) {
  constexpr int tries = 20;
  for (int i = 0; i < tries; ++i) {
    auto state = load_run(store, run);
    if (!state) return std::unexpected(state.error());
    if (const std::string why = refusal(*state); !why.empty()) {
      return fail(ErrorCode::refused, fmt::format("run {}: {}", run, why));
    }
    Event event;
    event.run = run;
    event.at_ms = now_ms;
    event.kind = kind;
    event.body = body;
    auto written = store.append(run, state->last_sequence, {event});
    if (written) return {};
    if (written.error().code != ErrorCode::refused) return std::unexpected(written.error());
  }
  return fail(ErrorCode::unavailable,
              fmt::format("writing to run {}: others keep writing; try again", run));
}

}  // namespace switchback
