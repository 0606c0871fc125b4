#include "components/systemd.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "components/pieces.h"

namespace switchback {
namespace {

constexpr std::array systemd_options = {
    OptionSpec{"host", OptionType::host_role, "required", "Role of the hosts that run the units."},
    OptionSpec{"units", OptionType::name_list, "required",
               "The systemd units; '.service' may be left out."},
    OptionSpec{"start_bound", OptionType::duration, "2m",
               "Longest time until every unit is active."},
    OptionSpec{"stop_bound", OptionType::duration, "2m",
               "Longest time until every unit is stopped; what still lives then is killed."},
    OptionSpec{"settle", OptionType::duration, "2s",
               "How long every unit must keep running to count as settled; proven beside what "
               "comes next."},
};

// The parts of a script stay in this order.
// clang-format off
constexpr std::string_view stop_body =
#include "shell/guard_common.inc"
#include "shell/systemd_common.inc"
#include "shell/systemd_stop.inc"
    ;
constexpr std::string_view stopped_body =
#include "shell/systemd_common.inc"
#include "shell/systemd_stopped.inc"
    ;
constexpr std::string_view start_body =
#include "shell/guard_common.inc"
#include "shell/systemd_common.inc"
#include "shell/systemd_start.inc"
    ;
constexpr std::string_view running_body =
#include "shell/systemd_common.inc"
#include "shell/systemd_running.inc"
    ;
constexpr std::string_view start_again_body =
#include "shell/guard_common.inc"
#include "shell/systemd_common.inc"
#include "shell/systemd_start_again.inc"
    ;
constexpr std::string_view observe_body =
#include "shell/systemd_common.inc"
#include "shell/systemd_observe.inc"
    ;
// clang-format on

constexpr std::array systemd_scripts = {
    NamedScript{"systemd_stop", "COMPONENT RUN GRACE_S BOUND_S UNIT...", stop_body},
    NamedScript{"systemd_stopped", "UNIT...", stopped_body},
    NamedScript{"systemd_start", "BOUND_S UNIT...", start_body},
    NamedScript{"systemd_running", "UNIT...", running_body},
    NamedScript{"systemd_start_again", "COMPONENT RUN BOUND_S", start_again_body},
    NamedScript{"systemd_observe", "UNIT...", observe_body},
};

// How long processes may outlive their unit before they are killed.
constexpr std::string_view grace_s = "2";
// What killing, proving and the answer may take on top of a unit's own bound.
constexpr Milliseconds margin{15'000};

std::vector<std::string> units_of(const Component& component, std::string_view site) {
  std::vector<std::string> units;
  for (const auto& unit : option_list(component.options.at(std::string(site)), "units")) {
    units.push_back(unit_name(unit));
  }
  return units;
}

// "ft-main-server, ft-plugins-server": as people call them.
std::string spoken(const std::vector<std::string>& units) {
  std::vector<std::string> words;
  for (const auto& unit : units) {
    words.push_back(unit.ends_with(".service") ? unit.substr(0, unit.size() - 8) : unit);
  }
  return join(words, ", ");
}

Command stop_command(const HookContext& context, std::string_view site,
                     const std::vector<std::string>& units) {
  Command command = script_command(
      "systemd_stop", {Argument::literal(context.component.name), Argument::capture("run:name"),
                       Argument::literal(std::string(grace_s)),
                       Argument::literal(seconds_text(option_duration(
                           context.options(site), "stop_bound", Milliseconds(120'000))))});
  append(command.arguments, units);
  return command;
}

std::string numbered(std::string_view name, size_t index, size_t count) {
  return count == 1 ? std::string(name) : fmt::format("{}.{}", name, index + 1);
}

std::vector<Step> stop_steps(Hook hook, const HookContext& context, const std::string& site) {
  std::vector<Step> steps;
  const auto units = units_of(context.component, site);
  const auto hosts = component_hosts(context.application, context.component, site);
  const Milliseconds start_bound =
      option_duration(context.options(site), "start_bound", Milliseconds(120'000));
  for (size_t i = 0; i < hosts.size(); ++i) {
    Step step = component_step(hook, context, numbered("stop", i, hosts.size()), hosts[i].key,
                               fmt::format("Stop {} at {}, proven", spoken(units), hosts[i].key));
    step.probe = script_command("systemd_stopped", literals(units));
    step.apply = stop_command(context, site, units);
    // What is stopped to be rebuilt must not come back by an undo.
    if (context.operation != Operation::reprotect) {
      step.undo =
          script_command("systemd_start_again",
                         {Argument::literal(context.component.name), Argument::capture("run:name"),
                          Argument::literal(seconds_text(start_bound))});
    }
    step.bound =
        option_duration(context.options(site), "stop_bound", Milliseconds(120'000)) + margin;
    step.guarding = Guarding::stop;
    // A dead host proves nothing by its silence: a fencing method must.
    if (is_emergency(context.operation)) step.if_unreachable = IfUnreachable::evidence;
    step.repeatable = true;
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<Step> start_steps(const HookContext& context) {
  std::vector<Step> steps;
  const auto units = units_of(context.component, context.to);
  const auto hosts = component_hosts(context.application, context.component, context.to);
  const Json& options = context.options(context.to);
  const Milliseconds bound = option_duration(options, "start_bound", Milliseconds(120'000));
  for (size_t i = 0; i < hosts.size(); ++i) {
    Step step =
        component_step(Hook::start, context, numbered("start", i, hosts.size()), hosts[i].key,
                       fmt::format("Start {} at {}", spoken(units), hosts[i].key));
    step.probe = script_command("systemd_running", literals(units));
    step.apply = script_command("systemd_start", {Argument::literal(seconds_text(bound))});
    append(step.apply.arguments, units);
    step.undo = stop_command(context, context.to, units);
    step.bound = bound + margin;
    step.repeatable = true;
    steps.push_back(std::move(step));
  }
  return steps;
}

// "Running and staying so" is proven beside what comes next: traffic need not wait for it.
std::vector<Step> settle_steps(const HookContext& context) {
  const Json& options = context.options(context.to);
  const auto units = units_of(context.component, context.to);
  const auto hosts = component_hosts(context.application, context.component, context.to);
  std::vector<Step> steps;
  for (size_t i = 0; i < hosts.size(); ++i) {
    Step step =
        component_step(Hook::verify, context, numbered("settled", i, hosts.size()), hosts[i].key,
                       fmt::format("{} keep running at {}", spoken(units), hosts[i].key));
    step.kind = StepKind::wait;
    step.guarding = Guarding::read;
    step.probe = script_command("systemd_running", literals(units));
    step.hold = option_duration(options, "settle", Milliseconds(2'000));
    step.bound = 10 * step.hold + margin;
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<Step> systemd_steps(Hook hook, const HookContext& context) {
  switch (hook) {
    case Hook::stop:
      // In reprotect the side that is rebuilt must not run; it is the target there.
      return stop_steps(hook, context,
                        context.operation == Operation::reprotect ? context.to : context.from);
    case Hook::start:
      if (context.operation == Operation::reprotect) return {};
      return start_steps(context);
    case Hook::verify:
      return context.operation == Operation::reprotect ? std::vector<Step>{}
                                                       : settle_steps(context);
    default:
      return {};
  }
}

std::vector<Observation> systemd_observe(const Application& application,
                                         const Component& component) {
  std::vector<Observation> observations;
  for (const Site& site : application.sites) {
    const auto units = units_of(component, site.name);
    for (const Host& host : component_hosts(application, component, site.name)) {
      observations.push_back(
          {component.name, host.key, script_command("systemd_observe", literals(units))});
    }
  }
  return observations;
}

// What one side must be like: every unit known and guarded, running where it is active only.
void judge_side(const HookContext& context, const Host& host, bool active,
                std::vector<Finding>& findings) {
  const std::string& name = context.component.name;
  const Facts& facts = context.snapshot.of(name, host.key);
  if (facts.observed_at_ms == 0) {
    findings.push_back(not_observed(name, host.key, facts));
    return;
  }
  const int64_t units = facts.integer("units").value_or(0);
  for (int64_t n = 1; n <= units; ++n) {
    const auto value = [&](std::string_view what) {
      return facts.get(fmt::format("unit.{}{}", n, what)).value_or("unknown");
    };
    const std::string unit = value("");
    const bool runs = value(".active") == "active" || value(".processes") != "0";
    if (value(".load") != "loaded") {
      findings.push_back({Finding::Level::blocking, name,
                          fmt::format("{} is {} at {}", unit, value(".load"), host.key),
                          fmt::format("install {} at {}, or correct `units`", unit, host.key)});
    } else if (active && value(".active") != "active") {
      findings.push_back({Finding::Level::warning, name,
                          fmt::format("{} is {} ({}) at the active side {}", unit, value(".active"),
                                      value(".result"), host.key),
                          fmt::format("systemctl status {} at {}", unit, host.key)});
    } else if (!active && runs) {
      findings.push_back(
          {Finding::Level::blocking, name,
           fmt::format("{} runs at the standby side {}: it may write there", unit, host.key),
           fmt::format("systemctl stop {} at {}", unit, host.key)});
    }
    if (value(".guard") == "none") {
      findings.push_back(
          {Finding::Level::warning, name,
           fmt::format("{} has no guard at {}{}: after a boot it may start where it must not", unit,
                       host.key, value(".enabled") == "enabled" ? " and is enabled there" : ""),
           fmt::format("switchback adopt {}", context.application.name)});
    }
  }
}

std::vector<Finding> systemd_ready(const HookContext& context) {
  std::vector<Finding> findings;
  for (const std::string& site : {context.from, context.to}) {
    // In a failover nothing is expected of the side that is gone.
    if (is_emergency(context.operation) && site == context.from) continue;
    for (const Host& host : component_hosts(context.application, context.component, site)) {
      judge_side(context, host, site == context.from, findings);
    }
  }
  if (findings.empty()) {
    findings.push_back({Finding::Level::good, context.component.name,
                        fmt::format("{}: known and guarded where they must be",
                                    spoken(units_of(context.component, context.to))),
                        ""});
  }
  return findings;
}

std::string systemd_describe(const Facts& facts) {
  const int64_t units = facts.integer("units").value_or(0);
  std::string text = fmt::format("{} of {} units run", facts.integer("running").value_or(0), units);
  std::map<std::string, std::vector<std::string>> kept_down;  // by the reason
  for (int64_t n = 1; n <= units; ++n) {
    const auto value = [&](std::string_view what) {
      return facts.get(fmt::format("unit.{}{}", n, what));
    };
    const std::string unit = spoken({value("").value_or("?")});
    if (value(".load").value_or("loaded") != "loaded") {
      text += fmt::format("; {} is {}", unit, *value(".load"));
    } else if (value(".active") == "failed") {
      text += fmt::format("; {} failed ({})", unit, value(".result").value_or("unknown"));
    } else if (const auto reason = value(".guard_reason");
               reason && reason->starts_with("not started") && value(".guard") == "closed") {
      kept_down[*reason].push_back(unit);
    }
  }
  for (const auto& [reason, names] : kept_down) {
    text += fmt::format("; {} kept down: {}", spoken(names), reason);
  }
  return text;
}

std::vector<std::string> systemd_guarded(const Component& component, std::string_view site) {
  return units_of(component, site);
}

}  // namespace

std::string unit_name(std::string_view unit) {
  for (std::string_view suffix : {".service", ".socket", ".timer", ".target", ".path", ".mount"}) {
    if (unit.ends_with(suffix)) return std::string(unit);
  }
  return std::string(unit) + ".service";
}

const ComponentType systemd_type = {
    {"systemd", "Services that run on the active side only.", systemd_options, false},
    systemd_scripts,
    systemd_observe,
    systemd_steps,
    systemd_ready,
    systemd_guarded,
    systemd_describe,
};

}  // namespace switchback
