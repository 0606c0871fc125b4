#include "plan/snapshot.h"

#include <algorithm>
#include <charconv>

namespace switchback {

std::optional<std::string> Facts::get(std::string_view name) const {
  auto found = values.find(std::string(name));
  if (found == values.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<int64_t> Facts::integer(std::string_view name) const {
  const auto text = get(name);
  if (!text) return std::nullopt;
  int64_t number = 0;
  const char* end = text->data() + text->size();
  auto [rest, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::map<std::string, std::string> parse_facts(std::string_view output) {
  std::map<std::string, std::string> values;
  const auto is_key = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  };
  for (const std::string& line : split(output.substr(0, 1 << 18), '\n')) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos || equals == 0 || equals > 64 || values.size() >= 500) continue;
    const std::string_view name = std::string_view(line).substr(0, equals);
    if (!std::all_of(name.begin(), name.end(), is_key)) continue;
    values.emplace(name, clean(trim(std::string_view(line).substr(equals + 1)), 1024));
  }
  return values;
}

std::string observation_key(std::string_view name, std::string_view where) {
  return std::string(name) + "@" + std::string(where);
}

const Facts& Snapshot::of(std::string_view name, std::string_view where) const {
  static const Facts nothing;
  auto found = facts.find(observation_key(name, where));
  return found == facts.end() ? nothing : found->second;
}

const std::vector<Facts>& Snapshot::past_of(std::string_view name, std::string_view where) const {
  static const std::vector<Facts> nothing;
  auto found = past.find(observation_key(name, where));
  return found == past.end() ? nothing : found->second;
}

}  // namespace switchback
