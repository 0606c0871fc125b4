// The options of a component type as rows. The same rows make validation, defaults, the JSON
// Schema and the reference page, so that none of them can say something else.
#pragma once

#include <span>
#include <string_view>

namespace switchback {

enum class OptionType {
  text,       // any text without control characters
  name,       // [A-Za-z0-9_][A-Za-z0-9._@-]*: also a unit such as postgresql@15-main
  host_role,  // a role that the site has a host for
  choice,     // one of the words in OptionSpec::choices
  integer,    // a whole number, not negative
  percent,    // "20%"; held as a whole number
  boolean,
  duration,       // "30s"; held in milliseconds
  absolute_path,  // not "/", no "..", no control characters
  path_list,      // list of absolute_path
  text_list,      // list of text
  name_list,      // list of name
  address,        // IPv4, IPv6 or host name
  address_list,
  command,        // argument vector: list of text
  command_list,   // one argument vector, or a list of them; held as a list of vectors
  secret,         // reference: file:PATH, host-file:PATH, env:NAME, command:LINE
  http_check,     // {url, status, contains}
  http_request,   // {method, url, body, status, header_file}; may be null
  step_commands,  // {probe: command, apply: command, undo: command}
};

struct OptionSpec {
  std::string_view name;
  OptionType type = OptionType::text;
  std::string_view default_value;  // as YAML; "required" or "optional" when there is none
  std::string_view help;           // one sentence for operators
  std::string_view choices = "";   // choice only: "streaming|logical"

  bool required() const { return default_value == "required"; }
  bool has_default() const { return !required() && default_value != "optional"; }
};

// What a message, the schema and the reference page call a type, and what a right value looks like.
struct OptionForm {
  std::string_view name;     // "duration"
  std::string_view what;     // "a duration"
  std::string_view example;  // "30s"
};

const OptionForm& option_form(OptionType type);

// What the reader must know of a component type; components/types.h makes the rows from its table.
struct ComponentSchema {
  std::string_view name;
  std::string_view summary;
  std::span<const OptionSpec> options;
  bool holds_data = false;
};

}  // namespace switchback
