#include "model/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/check.h"
#include "model/form.h"
#include "model/grammar.h"

namespace switchback {
namespace {

std::string example_of(const OptionSpec& row) {
  if (row.type == OptionType::choice) return split(row.choices, '|').front();
  return std::string(option_form(row.type).example);
}

// "'every' must be a duration, not a list; write for example 30s".
Json wrong_kind(const Node& node, const OptionSpec& row, Problems& problems) {
  if (node.kind == Node::Kind::null) {
    problems.add(node.mark, fmt::format("'{}' has no value; write {} such as {}", row.name,
                                        option_form(row.type).what, example_of(row)));
  } else {
    problems.add(node.mark, fmt::format("'{}' must be {}, not {}; write for example {}: {}",
                                        row.name, option_form(row.type).what, kind_text(node.kind),
                                        row.name, example_of(row)));
  }
  return nullptr;
}

Json complain(const Node& node, const OptionSpec& row, std::string_view complaint,
              Problems& problems) {
  problems.add(node.mark, fmt::format("'{}': {}", row.name, complaint));
  return nullptr;
}

Complaint text_complaint(OptionType type, std::string_view text) {
  switch (type) {
    case OptionType::name:
    case OptionType::name_list:
      return option_name_problem(text);
    case OptionType::absolute_path:
    case OptionType::path_list:
      return path_problem(text);
    case OptionType::address:
    case OptionType::address_list:
      return address_problem(text);
    case OptionType::secret:
      return secret_problem(text);
    case OptionType::command:
    case OptionType::command_list:
      return text_problem(text, true);
    default:
      return text_problem(text);
  }
}

// A whole number from 0 to 2^31 - 1.
std::optional<int> parse_number(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < 0) return std::nullopt;
  return number;
}

Json read_number(const Node& node, const OptionSpec& row, Problems& problems) {
  const auto number = node.quoted ? std::nullopt : parse_number(node.text);
  if (number) return *number;
  const bool digits = !node.quoted && !node.text.empty() &&
                      node.text.find_first_not_of("0123456789") == std::string::npos;
  return complain(node, row,
                  fmt::format("{} {}", shown_text(node.text),
                              digits ? "is too large; write at most 2147483647"
                                     : "is not a whole number; write digits only, without quotes"),
                  problems);
}

Json read_percent(const Node& node, const OptionSpec& row, Problems& problems) {
  std::string_view digits = node.text;
  if (digits.ends_with('%')) {
    digits.remove_suffix(1);
    const auto number = parse_number(digits);
    if (number && *number <= 100) return *number;
  }
  return complain(node, row,
                  fmt::format("{} is not a percentage; write 0% to 100%", shown_text(node.text)),
                  problems);
}

Json read_boolean(const Node& node, const OptionSpec& row, Problems& problems) {
  if (!node.quoted && (node.text == "true" || node.text == "false")) return node.text == "true";
  return complain(node, row, shown_text(node.text) + " is neither; write true or false", problems);
}

Json read_choice(const Node& node, const OptionSpec& row, Problems& problems) {
  const auto choices = split(row.choices, '|');
  if (std::find(choices.begin(), choices.end(), node.text) != choices.end()) return node.text;
  return complain(
      node, row,
      fmt::format("{} is not possible; write {}", shown_text(node.text), join(choices, " or ")),
      problems);
}

Json read_host_role(const Node& node, const OptionSpec& row, const Site* site, Problems& problems) {
  if (const auto problem = name_problem(node.text, false)) {
    return complain(node, row, *problem, problems);
  }
  if (site == nullptr) return node.text;
  std::vector<std::string> roles;
  for (const Host& host : site->hosts) {
    if (host.role == node.text) return node.text;
    if (roles.empty() || roles.back() != host.role) roles.push_back(host.role);
  }
  return complain(node, row,
                  fmt::format("site '{}' has no host {}; {}", site->name, shown_text(node.text),
                              suggestion(node.text, roles)),
                  problems);
}

Json read_scalar(const Node& node, const OptionSpec& row, const Site* site, Problems& problems) {
  if (node.kind != Node::Kind::scalar) return wrong_kind(node, row, problems);
  switch (row.type) {
    case OptionType::integer:
      return read_number(node, row, problems);
    case OptionType::percent:
      return read_percent(node, row, problems);
    case OptionType::boolean:
      return read_boolean(node, row, problems);
    case OptionType::choice:
      return read_choice(node, row, problems);
    case OptionType::host_role:
      return read_host_role(node, row, site, problems);
    case OptionType::duration: {
      const auto duration = parse_duration(node.text);
      if (duration) return duration->count();
      return complain(node, row, duration.error().message, problems);
    }
    default:
      break;
  }
  if (const auto problem = text_complaint(row.type, node.text)) {
    return complain(node, row, *problem, problems);
  }
  if (row.type == OptionType::text && node.text.empty()) {
    return complain(node, row, "the text is empty; write one, or remove the line", problems);
  }
  // A trailing '/' means something to rsync and nothing to people.
  if (row.type == OptionType::absolute_path && node.text.ends_with('/')) {
    return node.text.substr(0, node.text.size() - 1);
  }
  return node.text;
}

// One argument vector. An argument may be empty; the program may not.
Json read_command(const Node& node, const OptionSpec& row, Problems& problems) {
  if (node.kind != Node::Kind::list) return wrong_kind(node, row, problems);
  Json arguments = Json::array();
  for (const Node& item : node.items) {
    if (item.kind != Node::Kind::scalar) {
      return complain(
          item, row,
          fmt::format("an argument must be text, not {}; put it in quotes", kind_text(item.kind)),
          problems);
    }
    if (const auto problem = text_problem(item.text, true)) {
      return complain(item, row, *problem, problems);
    }
    arguments.push_back(item.text);
  }
  if (arguments.empty() || arguments[0] == "") {
    return complain(node, row, "the command is empty; write [program, argument]", problems);
  }
  return arguments;
}

Json read_command_list(const Node& node, const OptionSpec& row, Problems& problems) {
  const bool several = node.kind == Node::Kind::list && !node.items.empty() &&
                       node.items[0].kind == Node::Kind::list;
  Json commands = Json::array();
  if (!several) {
    commands.push_back(read_command(node, row, problems));
    return commands[0].is_null() ? Json() : commands;
  }
  for (const Node& item : node.items) {
    commands.push_back(read_command(item, row, problems));
    if (commands.back().is_null()) return nullptr;
  }
  return commands;
}

Json read_list(const Node& node, const OptionSpec& row, Problems& problems) {
  if (node.kind != Node::Kind::list) return wrong_kind(node, row, problems);
  OptionSpec item_row = row;
  item_row.type = row.type == OptionType::path_list      ? OptionType::absolute_path
                  : row.type == OptionType::name_list    ? OptionType::name
                  : row.type == OptionType::address_list ? OptionType::address
                                                         : OptionType::text;
  Json values = Json::array();
  std::set<std::string> seen;
  for (const Node& item : node.items) {
    Json value = read_scalar(item, item_row, nullptr, problems);
    if (value.is_null()) continue;
    if (!seen.insert(value.get<std::string>()).second) {
      complain(item, row, shown_text(item.text) + " stands here twice; remove one", problems);
    }
    values.push_back(std::move(value));
  }
  if (node.items.empty() && row.required()) {
    return complain(node, row, "the list is empty; write " + example_of(row), problems);
  }
  return values;
}

// What the rows of a map inside cannot say.
void check_inside(const Node& node, const OptionSpec& row, const Json& value, Problems& problems) {
  if (row.type == OptionType::step_commands) {
    if (node.find("probe") == nullptr && node.find("apply") == nullptr) {
      problems.add(
          node.mark,
          fmt::format("'{}' has neither 'probe' nor 'apply'; add both, or the one that fits",
                      row.name));
    } else if (node.find("undo") != nullptr && node.find("apply") == nullptr) {
      problems.add(node.mark,
                   fmt::format("'{}' has an 'undo' without an 'apply'; add 'apply'", row.name));
    }
    return;
  }
  const Node* url = node.find("url");
  if (url != nullptr && value.at("url").is_string()) {
    if (const auto problem = url_problem(url->text)) problems.add(url->mark, *problem);
  }
  const Node* status = node.find("status");
  const int number = number_of(value, "status", 200);
  if (status != nullptr && (number < 100 || number > 599)) {
    problems.add(status->mark, fmt::format("'status': {} is no HTTP status; write 100 to 599",
                                           shown_text(status->text)));
  }
}

}  // namespace

Json read_value(const Node& node, const OptionSpec& row, const Site* site, Problems& problems) {
  switch (row.type) {
    case OptionType::path_list:
    case OptionType::text_list:
    case OptionType::name_list:
    case OptionType::address_list:
      return read_list(node, row, problems);
    case OptionType::command:
      return read_command(node, row, problems);
    case OptionType::command_list:
      return read_command_list(node, row, problems);
    case OptionType::http_check:
    case OptionType::http_request:
    case OptionType::step_commands: {
      if (node.kind != Node::Kind::map) return wrong_kind(node, row, problems);
      const MapPlace place{fmt::format("'{}'", row.name), node.mark, {}};
      Json value = read_rows(node, place, grammar::rows_inside(row.type), problems);
      check_inside(node, row, value, problems);
      return value;
    }
    default:
      return read_scalar(node, row, site, problems);
  }
}

Json read_default(const OptionSpec& row, const MapPlace& place, const Site* site,
                  Problems& problems) {
  if (row.required()) {
    problems.add(place.mark, fmt::format("{} has no '{}'; add {}: {}", place.what, row.name,
                                         row.name, example_of(row)));
    return nullptr;
  }
  // An empty default is YAML's nothing: the same as "optional".
  if (!row.has_default() || row.default_value.empty() || row.default_value == "null")
    return nullptr;
  Problems wrong;
  const Node node = parse_yaml(row.default_value, wrong);
  SWITCHBACK_CHECK(wrong.empty(), "the default of an option is YAML");
  Json value = read_value(node, row, site, wrong);
  for (const Diagnostic& diagnostic : wrong.sorted()) {
    problems.add(place.mark, fmt::format("{}: the default does not fit here: {}", place.what,
                                         diagnostic.message));
  }
  return value;
}

Json read_rows(const Node& node, const MapPlace& place, std::span<const OptionSpec> rows,
               Problems& problems) {
  Json values = Json::object();
  const bool is_map = expect_map(node, place, problems);
  if (is_map) check_keys(node, place, row_names(rows), problems);
  for (const OptionSpec& row : rows) {
    const Node* value = node.find(row.name);
    values[std::string(row.name)] = value != nullptr ? read_value(*value, row, nullptr, problems)
                                    : is_map         ? read_default(row, place, nullptr, problems)
                                                     : Json();
  }
  return values;
}

bool expect_map(const Node& node, const MapPlace& place, Problems& problems) {
  if (node.kind == Node::Kind::map) return true;
  const Mark mark = node.mark.line == 0 ? place.mark : node.mark;
  problems.add(mark, fmt::format("{} must be a map (key: value), not {}; write its keys below it, "
                                 "indented by spaces",
                                 place.what, kind_text(node.kind)));
  return false;
}

std::span<const Node> expect_list(const Node& node, std::string_view what, Problems& problems) {
  if (node.kind == Node::Kind::list) return node.items;
  problems.add(node.mark, fmt::format("{} must be a list, not {}; write one '- ' for each entry",
                                      what, kind_text(node.kind)));
  return {};
}

void check_keys(const Node& node, const MapPlace& place, const std::vector<std::string>& known,
                Problems& problems) {
  std::vector<std::string> all = known;
  all.insert(all.end(), place.other_keys.begin(), place.other_keys.end());
  // Past this many problems a suggestion helps nobody and costs time.
  constexpr size_t enough = 1000;
  for (const Entry& entry : node.entries) {
    if (std::find(all.begin(), all.end(), entry.key) != all.end()) continue;
    problems.add(entry.key_mark,
                 problems.size() < enough
                     ? fmt::format("{} has no key {}; {}", place.what, shown_text(entry.key),
                                   suggestion(entry.key, all))
                     : fmt::format("{} has no key {}", place.what, shown_text(entry.key)));
  }
}

std::vector<std::string> row_names(std::span<const OptionSpec> rows) {
  std::vector<std::string> names;
  for (const OptionSpec& row : rows) names.emplace_back(row.name);
  return names;
}

int number_of(const Json& object, std::string_view field, int otherwise) {
  const auto found = object.find(std::string(field));
  return found != object.end() && found->is_number_integer() ? found->get<int>() : otherwise;
}

std::optional<Milliseconds> duration_of(const Json& object, std::string_view field) {
  const auto found = object.find(std::string(field));
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return Milliseconds(found->get<int64_t>());
}

std::vector<std::string> texts_of(const Json& object, std::string_view field) {
  const auto found = object.find(std::string(field));
  if (found == object.end() || !found->is_array()) return {};
  return found->get<std::vector<std::string>>();
}

}  // namespace switchback
