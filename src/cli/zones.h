// The machine's time zones (tzdata), as planner/going_home.h wants them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace switchback {

// Seconds that local time is ahead of UTC in the zone at that moment; nothing when this machine
// does not know the zone. Sets TZ for a moment: not for two threads at once.
std::optional<int> offset_at(const std::string& zone, int64_t utc_s);

}  // namespace switchback
