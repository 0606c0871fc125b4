#include "model/options.h"

#include <array>

#include "base/check.h"

namespace switchback {
namespace {

struct Row {
  OptionType type;
  OptionForm form;
};

constexpr std::array<Row, 20> forms{{
    {OptionType::text, {"text", "text", "ServiceOps"}},
    {OptionType::name, {"name", "a name (letters, digits, '.', '_', '-')", "main"}},
    {OptionType::host_role, {"host role", "a host of the site", "db"}},
    {OptionType::choice, {"word", "one of the known words", ""}},
    {OptionType::integer, {"number", "a whole number", "1"}},
    {OptionType::percent, {"percent", "a percentage", "20%"}},
    {OptionType::boolean, {"true or false", "true or false", "true"}},
    {OptionType::duration, {"duration", "a duration", "30s"}},
    {OptionType::absolute_path, {"path", "an absolute path", "/srv/files"}},
    {OptionType::path_list, {"paths", "a list of absolute paths", "[/srv/files]"}},
    {OptionType::text_list, {"texts", "a list of texts", "[\"one text\", \"another\"]"}},
    {OptionType::name_list, {"names", "a list of names", "[main, worker]"}},
    {OptionType::address, {"address", "an address (IPv4, IPv6 or host name)", "192.0.2.10"}},
    {OptionType::address_list, {"addresses", "a list of addresses", "[192.0.2.53]"}},
    {OptionType::command, {"command", "a command as a list of arguments", "[program, argument]"}},
    {OptionType::command_list,
     {"commands", "a command as a list of arguments, or a list of commands",
      "[program, argument]"}},
    {OptionType::secret, {"secret", "a reference to a secret", "file:/etc/switchback/key"}},
    {OptionType::http_check,
     {"HTTP check", "a map of url, status, contains", "{url: \"http://127.0.0.1/\", status: 200}"}},
    {OptionType::http_request,
     {"HTTP request", "a map of method, url, body, status, header_file",
      "{method: POST, url: \"http://127.0.0.1/\"}"}},
    {OptionType::step_commands,
     {"step", "a map of probe, apply, undo",
      "{probe: [program, argument], apply: [program, argument]}"}},
}};

}  // namespace

const OptionForm& option_form(OptionType type) {
  for (const Row& row : forms) {
    if (row.type == type) return row.form;
  }
  SWITCHBACK_CHECK(false, "every option type has a form");
}

}  // namespace switchback
