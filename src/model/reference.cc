#include "model/reference.h"

#include <fmt/format.h>

#include "base/text.h"

namespace switchback {
namespace {

// A '|' ends a cell, in code too.
std::string cell(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string form_cell(const OptionSpec& row) {
  if (row.type == OptionType::choice) {
    return "`" + join(split(row.choices, '|'), "` or `") + "`";
  }
  const OptionForm& form = option_form(row.type);
  // A default shows as well as an example what a value looks like.
  if (row.has_default()) return std::string(form.name);
  return fmt::format("{}, e.g. `{}`", form.name, cell(form.example));
}

std::string default_cell(const OptionSpec& row) {
  if (row.required()) return "**required**";
  if (!row.has_default() || row.default_value.empty()) return "none";
  return fmt::format("`{}`", cell(row.default_value));
}

}  // namespace

std::string options_table(const ComponentSchema& type) {
  std::string table = "| option | value | default | meaning |\n|---|---|---|---|\n";
  for (const OptionSpec& row : type.options) {
    table += fmt::format("| `{}` | {} | {} | {} |\n", row.name, form_cell(row), default_cell(row),
                         cell(row.help));
  }
  return table;
}

}  // namespace switchback
