#include "components/command.h"

#include <fmt/format.h>

#include <array>

#include "components/pieces.h"

namespace switchback {
namespace {

constexpr std::array command_options = {
    OptionSpec{"host", OptionType::host_role, "optional",
               "Role of the host that runs the commands; without it the controller does."},
    OptionSpec{"prepare", OptionType::step_commands, "optional",
               "Before anything stops, at the side that becomes active."},
    OptionSpec{"stop", OptionType::step_commands, "optional", "At the side that is left."},
    OptionSpec{"promote", OptionType::step_commands, "optional",
               "After the claim, at the side that becomes active."},
    OptionSpec{"start", OptionType::step_commands, "optional",
               "At the side that becomes active, once what it needs runs."},
    OptionSpec{"verify", OptionType::step_commands, "optional",
               "Whether it works, at the side that becomes active."},
    OptionSpec{"follow", OptionType::step_commands, "optional",
               "Makes the side that was left the other's standby."},
    OptionSpec{"bound", OptionType::duration, "1m", "Longest time of each step."},
};

std::vector<std::string> words(const Json& commands, std::string_view name) {
  return option_list(commands, name);
}

// In reprotect the side that must not run is the target; nothing else happens there.
std::string side_of(Hook hook, const HookContext& context) {
  if (context.operation == Operation::reprotect) return context.to;
  return hook == Hook::stop || hook == Hook::follow ? context.from : context.to;
}

bool runs_in(Hook hook, Operation operation) {
  switch (hook) {
    case Hook::prepare:
    case Hook::promote:
    case Hook::start:
    case Hook::verify:
    case Hook::follow:
      return operation != Operation::reprotect;
    case Hook::stop:
      return true;
    default:
      return false;
  }
}

std::vector<Step> command_steps(Hook hook, const HookContext& context) {
  if (!runs_in(hook, context.operation)) return {};
  const std::string site = side_of(hook, context);
  const Json& options = context.options(site);
  const auto found = options.find(std::string(hook_text(hook)));
  if (found == options.end() || !found->is_object()) return {};
  const Host* host = context.application.find_host(site, option_text(options, "host"));
  Step step =
      component_step(hook, context, hook_text(hook), host == nullptr ? "controller" : host->key,
                     fmt::format("{} {} at {}", hook_text(hook), context.component.name, site));
  step.probe = argv_command(words(*found, "probe"));
  step.apply = argv_command(words(*found, "apply"));
  // What is stopped to be rebuilt must not come back by an undo.
  if (context.operation != Operation::reprotect) step.undo = argv_command(words(*found, "undo"));
  step.bound = option_duration(options, "bound", Milliseconds(60'000));
  // A probe proves what an interrupted apply has done; without one only a person can.
  step.repeatable = !is_empty(step.probe);
  if (is_empty(step.apply)) {
    step.kind = StepKind::wait;
    step.guarding = Guarding::read;
  } else if (hook == Hook::stop) {
    step.guarding = Guarding::stop;
  }
  if (hook == Hook::stop && is_emergency(context.operation)) {
    step.if_unreachable = IfUnreachable::evidence;
  }
  step.skippable = hook == Hook::verify;
  return {step};
}

// Nothing is known of a user's own commands beyond their steps.
std::vector<Observation> command_observe(const Application&, const Component&) {
  return {};
}

std::vector<Finding> command_ready(const HookContext& context) {
  for (const auto& [name, value] : context.options(context.to).items()) {
    if (!value.is_object() || !words(value, "probe").empty()) continue;
    return {{Finding::Level::warning, context.component.name,
             fmt::format("`{}` has no probe: after an interruption only a person can say what it "
                         "has done",
                         name),
             "add a probe that exits 0 when it is done and 1 when it is not"}};
  }
  return {};
}

std::vector<std::string> no_units(const Component&, std::string_view) {
  return {};
}

}  // namespace

const ComponentType command_type = {
    {"command", "Your own probe, apply and undo for any moment of an operation.", command_options,
     false},
    {},
    command_observe,
    command_steps,
    command_ready,
    no_units,
};

}  // namespace switchback
