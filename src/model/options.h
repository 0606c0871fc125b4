// The options of a component type as rows. The same rows make validation, defaults, the JSON
// Schema and the reference page, so that none of them can say something else.
#pragma once

#include <span>
#include <string_view>

namespace switchback {

enum class OptionType {
  text,            // any text without control characters
  name,            // [A-Za-z0-9][A-Za-z0-9._-]*
  host_role,       // a role that the site has a host for
  integer,         // a whole number, not negative
  percent,         // "20%"; held as a whole number
  boolean,
  duration,        // "30s"; held in milliseconds
  absolute_path,   // not "/", no "..", no control characters
  path_list,       // list of absolute_path
  name_list,       // list of name
  address,         // IPv4, IPv6 or host name
  address_list,
  command,         // argument vector: list of text
  secret,          // reference: file:PATH, host-file:PATH, env:NAME, command:LINE
  http_check,      // {url, status, contains}
  http_request,    // {method, url, body, status, header_file}; may be null
  step_commands,   // {probe: command, apply: command, undo: command}
};

struct OptionSpec {
  std::string_view name;
  OptionType type = OptionType::text;
  std::string_view default_value;  // as YAML; "required" or "optional" when there is none
  std::string_view help;           // one sentence for operators
};

// What the reader must know of a component type; components/types.h makes the rows from its table.
struct ComponentSchema {
  std::string_view name;
  std::string_view summary;
  std::span<const OptionSpec> options;
  bool holds_data = false;
};

}  // namespace switchback
