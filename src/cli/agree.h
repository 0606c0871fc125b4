// A person agrees to a plan, and that plan is still the one when it starts.
#pragma once

#include <functional>

#include "cli/situation.h"

namespace switchback {

// A plan, and what it was made from.
struct Prepared {
  Situation situation;
  Plan plan;
  Prediction prediction;
};

// How old a look at the hosts may be when a run is made of it: people think before they say yes.
inline constexpr Milliseconds look_lasts{15'000};

struct Asking {
  std::function<Result<Prepared>()> prepare;  // looks at the hosts and plans
  // Shows the plan and asks for it; `changed` when another one was agreed to before. An error: no.
  std::function<Result<void>(const Prepared&, bool changed)> ask;
  std::function<int64_t()> now_ms;  // wall clock
};

// The plan to start: one that a person agreed to, and that a look no older than `look_lasts` gives
// again. Whoever took longer is asked again only when the plan has become another one.
Result<Prepared> agree(const Asking& asking);

}  // namespace switchback
