#include "cli/people.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {

Result<RunState> load_run(Store& store, int64_t run) {
  auto events = store.read(run);
  if (!events) return std::unexpected(events.error());
  if (events->empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("reading run {}: there is no such run; next: switchback runs", run));
  }
  return fold(*events);
}

Result<std::vector<RunState>> load_later_runs(Store& store, const RunState& run) {
  auto records = store.runs(run.plan->application);
  if (!records) return std::unexpected(records.error());
  std::sort(records->begin(), records->end(),
            [](const RunRecord& a, const RunRecord& b) { return a.run < b.run; });
  std::vector<RunState> later;
  for (const RunRecord& record : *records) {
    if (record.run <= run.run) continue;
    auto state = load_run(store, record.run);
    if (!state) return std::unexpected(state.error());
    later.push_back(std::move(*state));
  }
  return later;
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
