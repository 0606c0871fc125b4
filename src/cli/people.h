// What people add to a run: answers, notes, retry, skip, abort. Each is one event, written only if
// the journal still says what the person was shown.
#pragma once

#include <functional>
#include <string>

#include "run/state.h"
#include "store/store.h"

namespace switchback {

Result<RunState> load_run(Store& store, int64_t run);

// The runs of the same application that came after `run`, oldest first.
Result<std::vector<RunState>> load_later_runs(Store& store, const RunState& run);

// Appends `event` unless `refusal` says why not; reads and asks again when another writer was
// faster.
Result<void> add_to_run(Store& store, int64_t run, int64_t now_ms, EventKind kind, const Json& body,
                        const std::function<std::string(const RunState&)>& refusal);

}  // namespace switchback
