// The machine's clocks. `now` is CLOCK_BOOTTIME: it never steps and counts suspended time.
#pragma once

#include "world/clock.h"

namespace switchback {

class RealClock final : public Clock {
 public:
  Instant now() override;
  int64_t wall_ms() override;
};

}  // namespace switchback
