#include <fmt/format.h>

#include <optional>

#include "model/yaml.h"

namespace switchback {
namespace {

// The length of the UTF-8 character at `at` (Unicode 15, table 3-7), or 0 when it is none.
size_t character_length(std::string_view bytes, size_t at) {
  const auto byte = [&](size_t offset) -> unsigned {
    return at + offset < bytes.size() ? static_cast<unsigned char>(bytes[at + offset]) : 0;
  };
  const auto follows = [&](size_t offset, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(offset) >= low && byte(offset) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// Why the character cannot stand in a configuration, or nothing.
std::optional<std::string> character_problem(std::string_view bytes, size_t at, size_t length) {
  const auto byte = static_cast<unsigned char>(bytes[at]);
  if (byte == 0) return "the file is binary (it holds a zero byte); a configuration is UTF-8 text";
  if (length == 0) {
    return fmt::format("byte 0x{:02x} is not UTF-8; save the file as UTF-8 text", byte);
  }
  const bool allowed = byte == '\t' || byte == '\n' || byte == '\r';
  const bool c1 = byte == 0xC2 && static_cast<unsigned char>(bytes[at + 1]) < 0xA0;
  if ((byte < 0x20 && !allowed) || byte == 0x7F || c1) {
    return fmt::format("control character 0x{:02x}; remove it",
                       c1 ? static_cast<unsigned char>(bytes[at + 1]) : byte);
  }
  return std::nullopt;
}

// A tab that opens a line of content. In YAML it can never be indentation; a tab behind spaces may
// be the text of a block, which only the parser can tell.
bool opens_with_tab(std::string_view line) {
  return line.starts_with('\t') && !trim(line).empty();
}

}  // namespace

bool check_bytes(std::string_view bytes, Problems& problems) {
  if (bytes.size() > largest_configuration_bytes) {
    problems.add({1, 1},
                 fmt::format("the file has {} bytes; a configuration has at most {} (1 MiB)",
                             bytes.size(), largest_configuration_bytes));
    return false;
  }
  size_t line_start = 0;
  int line = 1;
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = character_length(bytes, at);
    if (const auto problem = character_problem(bytes, at, length)) {
      problems.add({line, static_cast<int>(at - line_start) + 1}, *problem);
      return false;  // one is enough: the rest of a binary file is no better
    }
    if (at == line_start && opens_with_tab(bytes.substr(at, bytes.find('\n', at) - at))) {
      problems.add({line, 1}, "a tab is used for indentation; use spaces");
    }
    if (bytes[at] == '\n') {
      ++line;
      line_start = at + 1;
    }
    at += length;
  }
  return problems.empty();
}

}  // namespace switchback
