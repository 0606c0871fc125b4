#include "model/window.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "model/diagnostic.h"

namespace switchback {
namespace {

constexpr std::array<std::string_view, 7> day_names{"Mon", "Tue", "Wed", "Thu",
                                                    "Fri", "Sat", "Sun"};

std::optional<size_t> parse_day(std::string_view text) {
  const auto found = std::find(day_names.begin(), day_names.end(), text);
  if (found == day_names.end()) return std::nullopt;
  return static_cast<size_t>(found - day_names.begin());
}

bool parse_days(std::string_view text, std::array<bool, 7>& days) {
  if (text == "daily") {
    days.fill(true);
    return true;
  }
  for (const std::string& part : split(text, ',')) {
    const size_t dash = part.find('-');
    const auto first = parse_day(part.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_day(part.substr(dash + 1));
    if (!first || !last) return false;
    for (size_t day = *first;; day = (day + 1) % 7) {
      days[day] = true;
      if (day == *last) break;
    }
  }
  return true;
}

// "22:00" as minutes of the day.
std::optional<int> parse_minute(std::string_view text) {
  const auto digit = [&](size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  if (!digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

// "UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5".
bool is_zone(std::string_view text) {
  if (text == "UTC") return true;
  const auto parts = split(text, '/');
  if (parts.size() < 2 || parts.size() > 3 || text.size() > 64) return false;
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && part[0] >= 'A' && part[0] <= 'Z' &&
           std::all_of(part.begin(), part.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-' || c == '+';
           });
  });
}

}  // namespace

Result<Window> parse_window(std::string_view text) {
  const auto wrong = [&](std::string_view reason) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{} is not a window: {}; write for example \"Sat 22:00-02:00 "
                            "Europe/Berlin\" or \"Mon-Fri 01:00-03:00 UTC\"",
                            shown_text(text), reason));
  };
  const auto words = split(text, ' ');
  if (words.size() != 3) return wrong("it has not three words (days, times, time zone)");
  Window window;
  if (!parse_days(words[0], window.days)) return wrong("days are Mon to Sun or daily");
  const auto times = split(words[1], '-');
  const auto start = parse_minute(times.front());
  const auto end = parse_minute(times.back());
  if (times.size() != 2 || !start || !end) return wrong("times are HH:MM-HH:MM");
  if (*start == *end) return wrong("it ends when it starts");
  if (!is_zone(words[2])) return wrong("the zone is UTC or a name such as Europe/Berlin");
  window.start_minute = *start;
  window.end_minute = *end;
  window.zone = words[2];
  return window;
}

}  // namespace switchback
