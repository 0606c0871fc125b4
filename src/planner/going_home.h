// When may the application go home? `failback: {stable_for, windows}` judged for one plan.
//
// Windows are intervals of UTC: one starts at the first instant whose local time is at or past its
// start, and ends likewise. So a start that the change to summer time leaves out is the change
// itself, an hour that comes twice counts from its first, and a window that is left out altogether
// does not open. Pure: who knows the time zones is handed in.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "model/application.h"
#include "model/window.h"
#include "plan/plan.h"
#include "plan/prediction.h"
#include "plan/snapshot.h"

namespace switchback {

// Seconds that local time is ahead of UTC in the zone at that moment (seconds since 1970); nothing
// when the zone is not known.
using OffsetAt = std::function<std::optional<int>(const std::string& zone, int64_t utc_s)>;

struct HomeTiming {
  OffsetAt offset_at;
  int64_t last_move_ms = 0;  // end of the last move or reprotect in the store; 0: none
  std::string anyway;        // why it may go home all the same; empty: it may not
};

// An open window, in seconds of UTC: open at `from`, closed at `to`. Windows that touch are one.
struct Opening {
  int64_t from = 0;
  int64_t to = 0;
};

// The first moment at or after `utc_s` at which some window is open, with the whole opening that
// holds it; nothing when none opens within 16 days.
// Error: `unavailable` when a zone is not known.
Result<std::optional<Opening>> next_opening(const std::vector<Window>& windows, int64_t utc_s,
                                            const OffsetAt& offset_at);

// Adds to a planned move to the home primary what of `failback` is met or not, as assumptions that
// name when it becomes possible; overridden by `timing.anyway`, they become a remark. Plans of
// other operations, and other directions, stay as they are.
void add_going_home(const Application& application, const Snapshot& snapshot,
                    const Prediction& prediction, const HomeTiming& timing, Plan& plan);

}  // namespace switchback
