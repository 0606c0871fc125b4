#include "components/dns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "components/pieces.h"

namespace switchback {
namespace {

constexpr std::array dns_options = {
    OptionSpec{"servers", OptionType::address_list, "required",
               "Every authoritative server of the zone; the first takes updates."},
    OptionSpec{"update_server", OptionType::address, "optional",
               "The server that takes updates, when it is not the first of `servers`."},
    OptionSpec{"port", OptionType::integer, "53", "Port of all servers."},
    OptionSpec{"zone", OptionType::address, "required", "The zone, such as example.test."},
    OptionSpec{"record", OptionType::name, "required", "The record's name within the zone."},
    OptionSpec{"value", OptionType::address, "required",
               "What the record holds when that site is active: IPv4, IPv6 or a host name."},
    OptionSpec{"ttl", OptionType::duration, "5m", "Time to live in quiet times."},
    OptionSpec{"switch_ttl", OptionType::duration, "5s", "Time to live around a move."},
    OptionSpec{"key", OptionType::secret, "optional",
               "The update key's file on the controller, as nsupdate -k reads it."},
    OptionSpec{"bound", OptionType::duration, "1m",
               "Longest time until every server answers a new value."},
};

// The parts of a script stay in this order.
// clang-format off
constexpr std::string_view lower_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_lower.inc"
    ;
constexpr std::string_view ttl_low_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_ttl_low.inc"
    ;
constexpr std::string_view waited_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_waited.inc"
    ;
constexpr std::string_view set_ttl_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_set_ttl.inc"
    ;
constexpr std::string_view ttl_is_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_ttl_is.inc"
    ;
constexpr std::string_view point_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_point.inc"
    ;
constexpr std::string_view points_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_points.inc"
    ;
constexpr std::string_view observe_body =
#include "shell/work_common.inc"
#include "shell/dns_common.inc"
#include "shell/dns_observe.inc"
    ;
// clang-format on

constexpr std::string_view parameters =
    "MODE PORT ZONE RECORD VALUE TTL EPOCH CLAIM_ID COMPONENT UPDATE_SERVER SERVER...";

constexpr std::array dns_scripts = {
    NamedScript{"dns_lower", parameters, lower_body},
    NamedScript{"dns_ttl_low", parameters, ttl_low_body},
    NamedScript{"dns_waited", parameters, waited_body},
    NamedScript{"dns_set_ttl", parameters, set_ttl_body},
    NamedScript{"dns_ttl_is", parameters, ttl_is_body},
    NamedScript{"dns_point", parameters, point_body},
    NamedScript{"dns_points", parameters, points_body},
    NamedScript{"dns_observe", parameters, observe_body},
};

// Which site's value, and for how long a resolver may keep it.
struct Wanted {
  std::string_view mode;
  std::string_view site;
  std::string_view ttl_option;
};

Command dns_command(std::string_view script, const Component& component, const Wanted& wanted,
                    Argument epoch, Argument claim_id) {
  const Json& options = component.options.at(std::string(wanted.site));
  const auto servers = option_list(options, "servers");
  std::string update = option_text(options, "update_server");
  if (update.empty() && !servers.empty()) update = servers.front();
  auto arguments = literals(
      {std::string(wanted.mode), std::to_string(option_integer(options, "port", 53)),
       option_text(options, "zone"), option_text(options, "record"), option_text(options, "value"),
       seconds_text(option_duration(options, wanted.ttl_option, Milliseconds(5'000)))});
  arguments.push_back(std::move(epoch));
  arguments.push_back(std::move(claim_id));
  append(arguments, {component.name, update});
  append(arguments, servers);
  return script_command(script, std::move(arguments));
}

Command dns_command(std::string_view script, const HookContext& context, const Wanted& wanted,
                    bool writes) {
  Command command = dns_command(script, context.component, wanted, Argument::capture("run:epoch"),
                                Argument::capture("run:claim_id"));
  if (writes) command.secret_stdin = option_text(context.options(wanted.site), "key");
  return command;
}

std::string record_name(const HookContext& context) {
  const Json& options = context.options(context.to);
  return option_text(options, "record") + "." + option_text(options, "zone");
}

Milliseconds bound_of(const HookContext& context) {
  return option_duration(context.options(context.to), "bound", Milliseconds(60'000));
}

Milliseconds quiet_ttl(const HookContext& context) {
  return option_duration(context.options(context.from), "ttl", Milliseconds(300'000));
}

bool lowers_ttl(const HookContext& context) {
  return seconds_text(quiet_ttl(context)) !=
         seconds_text(
             option_duration(context.options(context.from), "switch_ttl", Milliseconds(5'000)));
}

// The longest time to live that was seen at any server: caches may hold it.
Milliseconds seen_ttl(const HookContext& context) {
  const Facts& facts = context.snapshot.of(context.component.name, "controller");
  int64_t longest_s = 0;
  for (int64_t n = 1; n <= facts.integer("servers").value_or(0); ++n) {
    longest_s = std::max(longest_s, facts.integer(fmt::format("server.{}.ttl", n)).value_or(0));
  }
  return Milliseconds(std::min<int64_t>(longest_s, 7 * 86'400) * 1000);
}

std::vector<Step> prepare_steps(const HookContext& context) {
  if (!lowers_ttl(context)) return {};
  const Wanted low{"all", context.from, "switch_ttl"};
  Step lower = component_step(Hook::prepare, context, "lower_ttl", "controller",
                              fmt::format("Lower the time to live of {}", record_name(context)));
  lower.probe = dns_command("dns_ttl_low", context, low, false);
  lower.apply = dns_command("dns_lower", context, low, true);
  lower.undo = dns_command("dns_set_ttl", context, {"undo", context.from, "ttl"}, true);
  lower.bound = bound_of(context);
  lower.repeatable = true;
  Step wait = component_step(
      Hook::prepare, context, "old_ttl_over", "controller",
      fmt::format("Wait until no cache holds the old answer for {}", record_name(context)));
  wait.kind = StepKind::wait;
  wait.probe = dns_command("dns_waited", context, low, false);
  wait.needs = {lower.id};
  wait.bound = std::max(quiet_ttl(context), seen_ttl(context)) + Milliseconds(60'000);
  wait.guarding = Guarding::read;
  wait.skippable = true;
  return {lower, wait};
}

Step point_step(const HookContext& context) {
  // In an emergency a name server may be lost with its site.
  const bool is_failover = is_emergency(context.operation);
  const std::string_view mode = is_failover ? "answering" : "all";
  Step step = component_step(Hook::start, context, "point", "controller",
                             fmt::format("{} becomes {}", record_name(context),
                                         option_text(context.options(context.to), "value")));
  step.probe = dns_command("dns_points", context, {mode, context.to, "switch_ttl"}, false);
  step.apply = dns_command("dns_point", context, {mode, context.to, "switch_ttl"}, true);
  step.undo = dns_command("dns_point", context, {mode, context.from, "switch_ttl"}, true);
  step.captures = {{"silent", "text"}};
  step.bound = bound_of(context);
  step.repeatable = true;
  return step;
}

Step restore_step(const HookContext& context) {
  const bool is_failover = is_emergency(context.operation);
  const Wanted quiet{is_failover ? "answering" : "all", context.to, "ttl"};
  Step step = component_step(Hook::finish, context, "restore_ttl", "controller",
                             fmt::format("Restore the time to live of {}", record_name(context)));
  step.probe = dns_command("dns_ttl_is", context, quiet, false);
  step.apply = dns_command("dns_set_ttl", context, quiet, true);
  step.bound = bound_of(context);
  step.repeatable = true;
  step.skippable = true;
  return step;
}

// A resolution: whoever still works under the claim that is replaced must not update the record.
Step mark_step(const HookContext& context) {
  const Wanted renewed{"answering", context.to, "ttl"};
  Step step = component_step(Hook::finish, context, "mark", "controller",
                             fmt::format("{} names the new claim", record_name(context)));
  step.probe = dns_command("dns_points", context, renewed, false);
  step.apply = dns_command("dns_point", context, renewed, true);
  step.bound = bound_of(context);
  step.repeatable = true;
  step.skippable = true;
  return step;
}

std::vector<Step> dns_steps(Hook hook, const HookContext& context) {
  if (context.operation == Operation::reprotect) return {};
  if (context.operation == Operation::resolve) {
    return hook == Hook::finish ? std::vector{mark_step(context)} : std::vector<Step>{};
  }
  switch (hook) {
    case Hook::prepare:
      return is_emergency(context.operation) ? std::vector<Step>{} : prepare_steps(context);
    case Hook::start:
      return {point_step(context)};
    case Hook::finish:
      return lowers_ttl(context) ? std::vector{restore_step(context)} : std::vector<Step>{};
    default:
      return {};
  }
}

std::vector<Observation> dns_observe(const Application& application, const Component& component) {
  const Wanted wanted{"observe", application.home_primary().name, "ttl"};
  return {{component.name, "controller",
           dns_command("dns_observe", component, wanted, Argument::literal("0"),
                       Argument::literal("none"))}};
}

void judge_server(const HookContext& context, int64_t n, const Facts& facts,
                  std::vector<Finding>& findings) {
  const auto value = [&](std::string_view what) {
    return facts.get(fmt::format("server.{}{}", n, what)).value_or("");
  };
  const std::string& name = context.component.name;
  const std::string server = value("");
  const std::string update = option_text(context.options(context.to), "update_server");
  const bool takes_updates = update.empty() ? n == 1 : server == update;
  if (value(".answers") != "yes") {
    const bool tolerable = is_emergency(context.operation) && !takes_updates;
    findings.push_back({tolerable ? Finding::Level::warning : Finding::Level::blocking, name,
                        fmt::format("name server {} {}", server, value(".answers")),
                        fmt::format("dig @{} {}", server, record_name(context))});
    return;
  }
  const std::string expected = option_text(context.options(context.from), "value");
  std::string found = value(".value");
  if (found.ends_with('.') && !expected.ends_with('.')) found.pop_back();
  if (found != expected) {
    findings.push_back({Finding::Level::warning, name,
                        fmt::format("{} answers '{}' for {}, and {} is {}", server, found,
                                    record_name(context), context.from, expected),
                        fmt::format("correct {} or `value`", record_name(context))});
  }
}

std::vector<Finding> dns_ready(const HookContext& context) {
  const std::string& name = context.component.name;
  const Facts& facts = context.snapshot.of(name, "controller");
  if (facts.observed_at_ms == 0) return {not_observed(name, "controller", facts)};
  std::vector<Finding> findings;
  for (int64_t n = 1; n <= facts.integer("servers").value_or(0); ++n) {
    judge_server(context, n, facts, findings);
  }
  if (seen_ttl(context) > quiet_ttl(context)) {
    findings.push_back(
        {Finding::Level::warning, name,
         fmt::format("the time to live of {} is {}, longer than `ttl`: a move waits for that long",
                     record_name(context), duration_text(seen_ttl(context))),
         fmt::format("set it to {}", duration_text(quiet_ttl(context)))});
  }
  if (findings.empty()) {
    findings.push_back(
        {Finding::Level::good, name,
         fmt::format("every name server answers {} for {}",
                     option_text(context.options(context.from), "value"), record_name(context)),
         ""});
  }
  return findings;
}

std::string dns_describe(const Facts& facts) {
  std::vector<std::string> parts;
  for (int64_t n = 1; n <= facts.integer("servers").value_or(0); ++n) {
    const auto value = [&](std::string_view what) {
      return facts.get(fmt::format("server.{}{}", n, what)).value_or("");
    };
    parts.push_back(value(".answers") == "yes"
                        ? fmt::format("{} answers {}, time to live {} s", value(""),
                                      value(".value"), value(".ttl"))
                        : fmt::format("{} does not answer: {}", value(""), value(".answers")));
  }
  return join(parts, "; ");
}

std::vector<std::string> no_units(const Component&, std::string_view) {
  return {};
}

}  // namespace

const ComponentType dns_type = {
    {"dns", "A record that points at the active side, changed by RFC 2136 updates.", dns_options,
     false},
    dns_scripts,
    dns_observe,
    dns_steps,
    dns_ready,
    no_units,
    dns_describe,
};

}  // namespace switchback
