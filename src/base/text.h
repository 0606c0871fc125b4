// Text as people and shells read it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace switchback {

using Milliseconds = std::chrono::milliseconds;

// One shell word that every POSIX shell reads back as exactly `word`; plain words stay bare.
std::string quote_shell(std::string_view word);

// The known name that is nearest to `word` (edit distance), or nothing when none is near.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// Control characters (escape sequences of a hostile host) replaced, at most `limit` bytes kept.
std::string clean(std::string_view text, size_t limit = 4096);

// "850 ms", "4.2 s", "6 min 10 s", "3 h 05 min", "2 d 4 h".
std::string duration_text(Milliseconds duration);

// Reads "500ms", "30s", "5m", "2h", "7d"; a number without a unit is an error.
Result<Milliseconds> parse_duration(std::string_view text);

// UTC, ISO 8601 with milliseconds, from milliseconds since the epoch.
std::string time_text(int64_t unix_ms);

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// True for [A-Za-z0-9][A-Za-z0-9._-]*, at most 64 long: names of applications, sites, components.
bool is_name(std::string_view text);

}  // namespace switchback
