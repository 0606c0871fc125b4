// The fixed part of a configuration's grammar as rows, as component types have theirs. The reader
// and the JSON Schema are made from them; sections are what stands around the rows.
#pragma once

#include <array>

#include "model/options.h"

namespace switchback::grammar {

// A key whose value is a map or list of its own grammar.
struct Section {
  std::string_view name;
  bool required = false;
  std::string_view help;
};

constexpr std::array<OptionSpec, 3> application_rows{{
    {"application", OptionType::name, "required", "Name of the application."},
    {"after_reboot", OptionType::choice, "peer",
     "What opens the guard after a boot: the other site's word, a person, or nothing at all.",
     "peer|confirm|open"},
    {"status_file", OptionType::absolute_path, "optional",
     "File on every host that holds the site's status word (default "
     "/var/lib/switchback/APPLICATION/status)."},
}};

constexpr std::array<Section, 9> application_sections{{
    {"objectives", false, "Largest accepted data loss and recovery time."},
    {"sites", true, "The two sites and their hosts."},
    {"components", true, "The parts of the application, by name."},
    {"fencing", false, "Ordered methods that make sure the other site cannot act."},
    {"checklists", false, "What people or commands confirm before and after an operation."},
    {"approvals", false, "Who must approve a plan besides the requester."},
    {"failback", false, "When the application may go home."},
    {"notify", false, "Who is told."},
    {"last_backup", false, "Where the newest backups lie, and how old they may be."},
}};

constexpr std::array<OptionSpec, 2> objectives_rows{{
    {"data_loss", OptionType::duration, "optional", "RPO: largest accepted data loss."},
    {"recovery_time", OptionType::duration, "optional", "RTO: largest accepted outage."},
}};

constexpr std::array<OptionSpec, 1> site_rows{{
    {"home", OptionType::choice, "required", "The home role, which never changes.",
     "primary|secondary"},
}};

constexpr std::array<Section, 1> site_sections{{
    {"hosts", false, "The site's servers by role; a role may be a list of hosts."},
}};

constexpr std::array<OptionSpec, 4> host_rows{{
    {"address", OptionType::address, "required", "Where ssh reaches the host."},
    {"user", OptionType::name, "root", "The user that logs in."},
    {"port", OptionType::integer, "22", "The port of sshd."},
    {"become", OptionType::choice, "optional", "How the user becomes root.", "sudo"},
}};

constexpr std::array<OptionSpec, 3> component_rows{{
    {"type", OptionType::name, "required", "Type of the component."},
    {"needs", OptionType::name_list, "[]", "Components that must run before this one."},
    {"writers", OptionType::name_list, "[]",
     "Components that write its data, besides those that need it."},
}};

constexpr std::array<OptionSpec, 3> command_method_rows{{
    {"engage", OptionType::command_list, "required",
     "Cuts the site off; runs on the controller, {site} is the fenced site."},
    {"prove", OptionType::command_list, "required", "Exits with 0 when the site cannot act."},
    {"lift", OptionType::command_list, "required", "Lets the site act again."},
}};

constexpr std::array<OptionSpec, 4> own_method_rows{{
    {"name", OptionType::name, "command", "Name of the method in plans; unique."},
    command_method_rows[0],
    command_method_rows[1],
    {"lift", OptionType::command_list, "optional", "Lets the site act again."},
}};

constexpr std::array<OptionSpec, 1> attestation_rows{{
    {"people", OptionType::integer, "1", "How many named people must give their word."},
}};

constexpr std::array<Section, 4> fencing_methods{{
    {"stop", false, "Every unit stopped and proven stopped; write 'stop: all'."},
    {"firewall", false, "The site is cut off by a firewall."},
    {"command", false, "Own commands: power-off, a cloud's API."},
    {"attestation", false, "Named people give their word; stands last."},
}};

constexpr std::array<std::string_view, 5> checklist_operations{"switchover", "failover",
                                                               "reprotect", "failback", "start"};

constexpr std::array<OptionSpec, 3> checklist_item_rows{{
    {"text", OptionType::text, "required", "What must be so."},
    {"by", OptionType::name, "optional", "The role that confirms it (default operator)."},
    {"check", OptionType::command, "optional",
     "A command on the controller that confirms it by exit code 0."},
}};

constexpr std::array<OptionSpec, 1> approvals_rows{{
    {"people", OptionType::integer, "required", "How many people besides the requester."},
}};

constexpr std::array<OptionSpec, 2> failback_rows{{
    {"stable_for", OptionType::duration, "optional",
     "How long the home primary must have been healthy."},
    {"windows", OptionType::text_list, "[]",
     "Maintenance windows such as \"Sat 22:00-02:00 Europe/Berlin\"."},
}};

constexpr std::array<OptionSpec, 2> notification_rows{{
    {"webhook", OptionType::text, "optional", "URL, or a reference to the secret that holds it."},
    {"command", OptionType::command, "optional",
     "Runs on the controller; the message is its last argument."},
}};

constexpr std::array<OptionSpec, 4> last_backup_rows{{
    {"host", OptionType::name, "required", "The host on which the backups lie."},
    {"glob", OptionType::absolute_path, "required",
     "Their files, such as /var/backups/app/DB_*.zip."},
    {"max_age", OptionType::duration, "24h", "The newest must not be older."},
    {"count", OptionType::integer, "1", "At least so many must be there."},
}};

constexpr std::array<OptionSpec, 3> http_check_rows{{
    {"url", OptionType::text, "required", "Requested from the component's host."},
    {"status", OptionType::integer, "200", "The answer's status."},
    {"contains", OptionType::text, "optional", "Text that the answer's body must hold."},
}};

constexpr std::array<OptionSpec, 5> http_request_rows{{
    {"method", OptionType::choice, "POST", "The request's method.", "GET|POST|PUT|PATCH|DELETE"},
    {"url", OptionType::text, "required", "Requested from the component's host."},
    {"body", OptionType::text, "optional", "The request's body."},
    {"status", OptionType::integer, "200", "The answer's status."},
    {"header_file", OptionType::absolute_path, "optional",
     "File on the host with a header line (credentials)."},
}};

constexpr std::array<OptionSpec, 3> step_commands_rows{{
    {"probe", OptionType::command, "optional", "Exits with 0 when done, 1 when not done."},
    {"apply", OptionType::command, "optional", "Makes it so; without it the probe is waited for."},
    {"undo", OptionType::command, "optional", "Takes it back."},
}};

// The rows inside a value that is a map of its own; empty for every other type.
constexpr std::span<const OptionSpec> rows_inside(OptionType type) {
  switch (type) {
    case OptionType::http_check:
      return http_check_rows;
    case OptionType::http_request:
      return http_request_rows;
    case OptionType::step_commands:
      return step_commands_rows;
    default:
      return {};
  }
}

}  // namespace switchback::grammar
