#include "components/files.h"

#include <fmt/format.h>

#include <array>

#include "components/files_ready.h"
#include "components/pieces.h"

namespace switchback {
namespace {

constexpr std::array files_options = {
    OptionSpec{"host", OptionType::host_role, "required", "Role of the host that holds the files."},
    OptionSpec{"paths", OptionType::path_list, "required", "Directories, the same on both sites."},
    OptionSpec{"every", OptionType::duration, "5m",
               "How often the standby side pulls; the data loss of an emergency."},
    OptionSpec{
        "max_shrink", OptionType::percent, "20%",
        "Largest part of a directory that one pass may delete; three entries always may go."},
    OptionSpec{"exclude", OptionType::text_list, "[]",
               "Patterns, as rsync's --exclude reads them."},
    OptionSpec{"key", OptionType::absolute_path, "/root/.ssh/id_ed25519",
               "The receiving host's own ssh key, on that host."},
    OptionSpec{"salvage_max", OptionType::integer, "10240",
               "Most MiB that are saved from the old side before it is overwritten."},
    OptionSpec{"bulk_bound", OptionType::duration, "4h",
               "Longest time of a pass while users work."},
    OptionSpec{"sync_bound", OptionType::duration, "10m",
               "Longest time of the last pass, with everything stopped."},
    OptionSpec{"last_sync_bound", OptionType::duration, "1m",
               "Longest time spent in an emergency on fetching what can still be fetched."},
    OptionSpec{"compare_bound", OptionType::duration, "4h",
               "Longest time of the comparison of all contents afterwards."},
};

// Each script is what all share, then its own text.
// The parts of a script stay in this order.
// clang-format off
constexpr std::string_view access_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_access.inc"
    ;
constexpr std::string_view pull_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_pull.inc"
    ;
constexpr std::string_view equal_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_equal.inc"
    ;
constexpr std::string_view last_sync_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_last_sync.inc"
    ;
constexpr std::string_view compare_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_compare.inc"
    ;
constexpr std::string_view follow_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_follow.inc"
    ;
constexpr std::string_view follows_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_follows.inc"
    ;
constexpr std::string_view salvage_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_salvage.inc"
    ;
constexpr std::string_view salvaged_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_salvaged.inc"
    ;
constexpr std::string_view observe_body =
#include "shell/work_common.inc"
#include "shell/files_common.inc"
#include "shell/files_observe.inc"
    ;
// clang-format on

constexpr std::string_view parameters =
    "MODE RUN COMPONENT SOURCE PEER PORT BECOME KEY SHRINK NEXCLUDES EXCLUDE... PATH...";

constexpr std::array files_scripts = {
    NamedScript{"files_access", parameters, access_body},
    NamedScript{"files_pull", parameters, pull_body},
    NamedScript{"files_equal", parameters, equal_body},
    NamedScript{"files_last_sync", parameters, last_sync_body},
    NamedScript{"files_compare", parameters, compare_body},
    NamedScript{"files_follow", parameters, follow_body},
    NamedScript{"files_follows", parameters, follows_body},
    NamedScript{"files_salvage", parameters, salvage_body},
    NamedScript{"files_salvaged", parameters, salvaged_body},
    NamedScript{"files_observe", parameters, observe_body},
};

constexpr Milliseconds stall_limit{300'000};

// The script with its parameters, run at `receiver`, which pulls from `source`.
Command files_command(std::string_view script, std::string_view mode, Argument run,
                      const Application& application, const Component& component,
                      std::string_view receiver, std::string_view source) {
  const Json& options = component.options.at(std::string(receiver));
  const std::string role = option_text(component.options.at(std::string(source)), "host");
  const Host* peer = application.find_host(source, role);
  const auto excludes = option_list(options, "exclude");
  std::vector<Argument> arguments = {Argument::literal(std::string(mode)), std::move(run)};
  append(
      arguments,
      {component.name, std::string(source), fmt::format("{}@{}", peer->user, peer->address),
       std::to_string(peer->port), peer->become ? "yes" : "no", option_text(options, "key"),
       std::to_string(option_integer(options, "max_shrink", 20)), std::to_string(excludes.size())});
  append(arguments, excludes);
  append(arguments, option_list(options, "paths"));
  return script_command(script, std::move(arguments));
}

Command files_command(std::string_view script, std::string_view mode, const HookContext& context,
                      std::string_view receiver, std::string_view source) {
  return files_command(script, mode, Argument::capture("run:name"), context.application,
                       context.component, receiver, source);
}

Milliseconds bound_of(const HookContext& context, std::string_view name) {
  return option_duration(context.options(context.to), name, Milliseconds(600'000));
}

std::string spoken(const HookContext& context) {
  return join(option_list(context.options(context.to), "paths"), ", ");
}

Step bulk_step(Hook hook, const HookContext& context) {
  Step step = component_step(hook, context, "bulk", context.host(context.to),
                             fmt::format("Copy what changed in {} from {} to {}", spoken(context),
                                         context.from, context.to));
  step.apply = files_command("files_pull", "bulk", context, context.to, context.from);
  step.bound = bound_of(context, "bulk_bound");
  step.stall = stall_limit;
  step.repeatable = true;
  return step;
}

std::vector<Step> prepare_steps(const HookContext& context) {
  Step access = component_step(Hook::prepare, context, "access", context.host(context.to),
                               fmt::format("{} may pull from {}", context.to, context.from));
  access.apply = files_command("files_access", "access", context, context.to, context.from);
  access.guarding = Guarding::read;
  access.repeatable = true;
  Step bulk = bulk_step(Hook::prepare, context);
  bulk.needs = {access.id};
  return {access, bulk};
}

Step final_sync(const HookContext& context) {
  Step step = component_step(Hook::sync, context, "sync", context.host(context.to),
                             fmt::format("Last pass over {}, proven equal", spoken(context)));
  step.probe = files_command("files_equal", "final", context, context.to, context.from);
  step.apply = files_command("files_pull", "final", context, context.to, context.from);
  step.captures = {{"files", "integer"}, {"changed", "integer"}, {"bytes", "integer"}};
  step.bound = bound_of(context, "sync_bound");
  step.repeatable = true;
  return step;
}

// Best effort: it says what is lost at most and never holds a failover up.
Step last_sync(const HookContext& context) {
  const Milliseconds bound = bound_of(context, "last_sync_bound");
  Step step =
      component_step(Hook::sync, context, "last_sync", context.host(context.to),
                     fmt::format("Fetch what {} still gives of {}", context.from, spoken(context)));
  step.apply =
      files_command("files_last_sync", seconds_text(bound), context, context.to, context.from);
  step.captures = {{"synced", "word"}, {"loss_upper_bound_s", "word"}};
  step.bound = bound + Milliseconds(30'000);
  step.if_unreachable = IfUnreachable::skip;
  step.repeatable = true;
  step.skippable = true;
  return step;
}

Step follow_step(const HookContext& context) {
  Step step = component_step(
      Hook::follow, context, "follow", context.host(context.from),
      fmt::format("{} receives {} from {}", context.from, spoken(context), context.to));
  step.probe = files_command("files_follows", "follow", context, context.from, context.to);
  step.apply = files_command("files_follow", "follow", context, context.from, context.to);
  step.bound = Milliseconds(120'000);
  step.repeatable = true;
  return step;
}

Step salvage_step(const HookContext& context) {
  const auto most = option_integer(context.options(context.to), "salvage_max", 10240);
  Step step =
      component_step(Hook::salvage, context, "salvage", context.host(context.to),
                     fmt::format("Save what only {} has of {}", context.to, spoken(context)));
  step.probe = files_command("files_salvaged", "salvage", context, context.to, context.from);
  step.apply =
      files_command("files_salvage", std::to_string(most), context, context.to, context.from);
  step.captures = {
      {"files", "integer"}, {"bytes", "integer"}, {"path", "text"}, {"sha256", "word"}};
  step.bound = bound_of(context, "bulk_bound");
  step.repeatable = true;
  return step;
}

Step rebuild_step(const HookContext& context) {
  Step step = component_step(
      Hook::rebuild, context, "rebuild", context.host(context.to),
      fmt::format("Make {} at {} a copy of {}", spoken(context), context.to, context.from));
  step.probe = files_command("files_equal", "rebuild", context, context.to, context.from);
  step.apply = files_command("files_pull", "rebuild", context, context.to, context.from);
  step.captures = {{"files", "integer"}, {"changed", "integer"}, {"bytes", "integer"}};
  step.bound = bound_of(context, "bulk_bound");
  step.stall = stall_limit;
  step.repeatable = true;
  step.destructive = true;
  return step;
}

Step compare_step(const HookContext& context) {
  Step step = component_step(
      Hook::finish, context, "compare", context.host(context.to),
      fmt::format("Compare all contents of {} with {}", spoken(context), context.from));
  step.apply = files_command("files_compare", "compare", context, context.to, context.from);
  step.captures = {{"compared", "integer"}, {"damaged", "integer"}, {"missing", "integer"}};
  step.bound = bound_of(context, "compare_bound");
  step.guarding = Guarding::read;
  step.if_unreachable = IfUnreachable::skip;
  step.repeatable = true;
  step.skippable = true;
  return step;
}

std::vector<Step> files_steps(Hook hook, const HookContext& context) {
  // A cold start and a resolution move nothing: each side has its last copy, and which one is newer
  // is not known.
  if (context.operation == Operation::start || context.operation == Operation::resolve) return {};
  if (context.operation == Operation::failover) {
    return hook == Hook::sync ? std::vector{last_sync(context)} : std::vector<Step>{};
  }
  if (context.operation == Operation::reprotect) {
    switch (hook) {
      case Hook::salvage:
        return {salvage_step(context)};
      case Hook::rebuild:
        return {rebuild_step(context)};
      case Hook::finish:
        return {compare_step(context)};
      default:
        return {};
    }
  }
  switch (hook) {
    case Hook::refresh:
      return {files_scheduled_sync(context)};
    case Hook::prepare:
      return prepare_steps(context);
    case Hook::sync:
      return {final_sync(context)};
    case Hook::follow:
      return {follow_step(context)};
    case Hook::finish:
      return {compare_step(context)};
    default:
      return {};
  }
}

std::vector<Observation> files_observe(const Application& application, const Component& component) {
  std::vector<Observation> observations;
  for (const Site& site : application.sites) {
    const std::string role = option_text(component.options.at(site.name), "host");
    observations.push_back(
        {component.name, application.find_host(site.name, role)->key,
         files_command("files_observe", "observe", Argument::literal("0"), application, component,
                       site.name, application.other_site(site.name).name)});
  }
  return observations;
}

std::vector<std::string> no_units(const Component&, std::string_view) {
  return {};
}

}  // namespace

Step files_scheduled_sync(const HookContext& context) {
  Step step = bulk_step(Hook::refresh, context);
  step.id = context.component.name + ".scheduled";
  return step;
}

const ComponentType files_type = {
    {"files", "Directories that the standby side pulls from the active one by rsync.",
     files_options, true},
    files_scripts,
    files_observe,
    files_steps,
    files_ready,
    no_units,
    files_describe,
};

}  // namespace switchback
