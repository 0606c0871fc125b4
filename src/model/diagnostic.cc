#include "model/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {

std::string diagnostic_text(std::string_view file, const Diagnostic& diagnostic) {
  return fmt::format("{}:{}:{}: {}", file, diagnostic.mark.line, diagnostic.mark.column,
                     diagnostic.message);
}

void Problems::add(Mark mark, std::string message) {
  // One line each, whatever the file holds.
  std::replace(message.begin(), message.end(), '\n', ' ');
  found_.push_back(Diagnostic{mark, std::move(message)});
}

std::vector<Diagnostic> Problems::sorted() const {
  std::vector<Diagnostic> all = found_;
  std::stable_sort(all.begin(), all.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return a.mark.line != b.mark.line ? a.mark.line < b.mark.line : a.mark.column < b.mark.column;
  });
  if (all.size() > shown) {
    const size_t more = all.size() - shown;
    all.resize(shown);
    all.push_back(
        {all.back().mark, fmt::format("and {} more problems; correct these first", more)});
  }
  return all;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (known.empty()) return "there is none to name";
  if (const auto near = nearest(word, known)) return fmt::format("did you mean '{}'?", *near);
  constexpr size_t enough = 24;
  if (known.size() <= enough) return "known here: " + join(known, ", ");
  const std::vector<std::string> first(known.begin(), known.begin() + enough);
  return fmt::format("known here: {} and {} more", join(first, ", "), known.size() - enough);
}

std::string shown_text(std::string_view text) {
  std::string flat;
  for (char c : text.substr(0, 61)) {
    // U+0080 to U+009F are C2 80 to C2 9F; some terminals obey them.
    const bool c1 = flat.ends_with('\xC2') && static_cast<unsigned char>(c) < 0xA0;
    if (c1) flat.pop_back();
    flat += c1 ? '?' : c == '\n' || c == '\t' ? ' ' : c;
  }
  if (text.size() <= 60) return "'" + clean(flat, 60) + "'";
  // The cut must not leave half a character behind.
  size_t end = std::min<size_t>(60, flat.size() - 1);
  while (end > 0 && (static_cast<unsigned char>(flat[end]) & 0xC0) == 0x80) --end;
  return "'" + clean(std::string_view(flat).substr(0, end), 60) + "…'";
}

}  // namespace switchback
