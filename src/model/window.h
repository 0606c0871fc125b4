// A maintenance window of the week: "Sat 22:00-02:00 Europe/Berlin".
//
// Days are Mon to Sun, a list ("Sat,Sun"), a range ("Mon-Fri") or "daily". An end before the start
// lies on the next day. The zone is "UTC" or a name of the time zone database; whether this machine
// knows it is asked when the window is used.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.h"

namespace switchback {

struct Window {
  std::array<bool, 7> days{};  // the start's day, Monday first
  int start_minute = 0;        // of the day
  int end_minute = 0;          // smaller than start_minute: on the next day
  std::string zone;
};

Result<Window> parse_window(std::string_view text);

}  // namespace switchback
