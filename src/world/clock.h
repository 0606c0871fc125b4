// Time, handed in. Decisions use the monotonic time; wall time is stored for people and expiries.
#pragma once

#include <chrono>
#include <cstdint>

namespace switchback {

// Milliseconds of a clock that never steps and counts suspended time (CLOCK_BOOTTIME).
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() = 0;
  virtual int64_t wall_ms() = 0;  // since the Unix epoch, UTC
};

}  // namespace switchback
