#include "world/real_clock.h"

#include <ctime>

#include "base/check.h"

namespace switchback {
namespace {

int64_t read_ms(clockid_t clock) {
  timespec time{};
  SWITCHBACK_CHECK(clock_gettime(clock, &time) == 0, "the kernel has this clock");
  return static_cast<int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace

Instant RealClock::now() {
  return Instant(std::chrono::milliseconds(read_ms(CLOCK_BOOTTIME)));
}

int64_t RealClock::wall_ms() {
  return read_ms(CLOCK_REALTIME);
}

}  // namespace switchback
