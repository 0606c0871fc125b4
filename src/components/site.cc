#include "components/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "components/pieces.h"
#include "components/types.h"

namespace switchback {
namespace {

// The file's format belongs to the runner, which reads it before every step.
// The parts of a script stay in this order.
// clang-format off
constexpr std::string_view claim_publish_body =
#include "shell/claim_publish.inc"
    ;
constexpr std::string_view claim_published_body =
#include "shell/claim_published.inc"
    ;
constexpr std::string_view status_body =
#include "shell/site_status.inc"
    ;
constexpr std::string_view status_is_body =
#include "shell/site_status_is.inc"
    ;
constexpr std::string_view silence_body =
#include "shell/site_silence.inc"
    ;
constexpr std::string_view runbook_body =
#include "shell/site_runbook.inc"
    ;
constexpr std::string_view runbook_is_body =
#include "shell/site_runbook_is.inc"
    ;
constexpr std::string_view last_backup_body =
#include "shell/site_last_backup.inc"
    ;
constexpr std::string_view observe_body =
#include "shell/site_common.inc"
#include "shell/site_observe.inc"
    ;
constexpr std::string_view journal_head_body =
#include "shell/journal_head.inc"
    ;
constexpr std::string_view journal_heads_body =
#include "shell/journal_heads.inc"
    ;
constexpr std::string_view runbook_logs_body =
#include "shell/site_runbook_logs.inc"
    ;
constexpr std::string_view salvage_list_body =
#include "shell/salvage_list.inc"
    ;
constexpr std::string_view conflicts_body =
#include "shell/site_common.inc"
#include "shell/site_conflicts.inc"
    ;
constexpr std::string_view guard_body =
#include "shell/guard.inc"
    ;
// The guard program travels inside the scripts that install and compare it.
constexpr std::string_view adopt_body =
#include "shell/site_common.inc"
    "guard_text() { cat <<'END_OF_GUARD'\n"
#include "shell/guard.inc"
    "END_OF_GUARD\n}\n"
#include "shell/site_adopt.inc"
    ;
constexpr std::string_view adopted_body =
#include "shell/site_common.inc"
    "guard_text() { cat <<'END_OF_GUARD'\n"
#include "shell/guard.inc"
    "END_OF_GUARD\n}\n"
#include "shell/site_adopted.inc"
    ;
constexpr std::string_view release_body =
#include "shell/site_common.inc"
#include "shell/site_release.inc"
    ;
constexpr std::string_view released_body =
#include "shell/site_common.inc"
#include "shell/site_released.inc"
    ;
// clang-format on

constexpr std::string_view adopt_parameters =
    "SITE MODE STATUS_FILE NPEERS PEER... [UNIT COMPONENT DATADIR]...";

constexpr std::array scripts = {
    NamedScript{"claim_publish", "EPOCH CLAIM_ID STORE_ID RUN COMPONENT=SITE...",
                claim_publish_body},
    NamedScript{"claim_published", "EPOCH CLAIM_ID STORE_ID RUN [stopped] COMPONENT=SITE...",
                claim_published_body},
    NamedScript{"site_status", "FILE WORD", status_body},
    NamedScript{"site_status_is", "FILE WORD", status_is_body},
    NamedScript{"site_observe", "STATUS_FILE PATH...", observe_body},
    NamedScript{"site_conflicts", "NADDRESSES ADDRESS... UNIT...", conflicts_body},
    NamedScript{"site_silence", "[ADDRESS PORT,PORT...]...", silence_body},
    NamedScript{"site_runbook", "MANIFEST", runbook_body},
    NamedScript{"site_runbook_is", "MANIFEST", runbook_is_body},
    NamedScript{"site_last_backup", "GLOB", last_backup_body},
    NamedScript{"journal_head", "STORE_ID RUN SEQUENCE HASH", journal_head_body},
    NamedScript{"journal_heads", "STORE_ID", journal_heads_body},
    NamedScript{"site_runbook_logs", "LOGS LINES", runbook_logs_body},
    NamedScript{"salvage_list", "PATH SHA256 FROM", salvage_list_body},
    NamedScript{"site_adopt", adopt_parameters, adopt_body},
    NamedScript{"site_adopted", adopt_parameters, adopted_body},
    NamedScript{"site_release", "STATUS_FILE", release_body},
    NamedScript{"site_released", "STATUS_FILE", released_body},
};

// Directories whose file systems matter at that host: those of every component's `paths`.
std::vector<std::string> paths_at(const Application& application, const Host& host) {
  std::vector<std::string> paths;
  for (const Component& component : application.components) {
    const Json& options = component.options.at(host.site);
    if (option_text(options, "host") != host.role) continue;
    for (const auto& path : option_list(options, "paths")) paths.push_back(path);
  }
  return paths;
}

std::vector<Argument> adopt_arguments(const Application& application, const Host& host) {
  std::vector<std::string> peers;
  for (const Host& peer : application.other_site(host.site).hosts) {
    peers.push_back(peer.port == 22 ? fmt::format("{}@{}", peer.user, peer.address)
                                    : fmt::format("{}@{} {}", peer.user, peer.address, peer.port));
  }
  auto arguments = literals(
      {host.site, application.after_reboot, application.status_file, std::to_string(peers.size())});
  append(arguments, peers);
  for (const GuardedUnit& guarded : guarded_units(application, host.site)) {
    // The data directory of a database's unit is read on the host.
    if (guarded.host == host.key) append(arguments, {guarded.unit, guarded.component, ""});
  }
  return arguments;
}

// "status.dc.app": an id names a lock and a receipt on the host, so it holds no "/".
std::string step_id(std::string_view what, const Host& host) {
  std::string id = fmt::format("{}.{}", what, host.key);
  std::replace(id.begin(), id.end(), '/', '.');
  return id;
}

}  // namespace

std::span<const NamedScript> site_scripts() {
  return scripts;
}

std::string guard_version() {
  constexpr std::string_view mark = "# switchback guard ";
  const size_t begin = guard_body.find(mark) + mark.size();
  return std::string(guard_body.substr(begin, guard_body.find('\n', begin) - begin));
}

std::vector<GuardedUnit> guarded_units(const Application& application, std::string_view site) {
  std::vector<GuardedUnit> found;
  for (const Component& component : application.components) {
    const ComponentType* type = find_type(component.type);
    if (type == nullptr || type->guarded_units == nullptr) continue;
    for (const std::string& unit : type->guarded_units(component, site)) {
      for (const Host& host : component_hosts(application, component, site)) {
        found.push_back({host.key, unit, component.name});
      }
    }
  }
  return found;
}

std::vector<Observation> site_observations(const Application& application) {
  std::vector<Observation> observations;
  for (const Host& host : application.all_hosts()) {
    auto arguments = literals({application.status_file});
    append(arguments, paths_at(application, host));
    observations.push_back({"host", host.key, script_command("site_observe", arguments)});
  }
  return observations;
}

std::vector<Observation> backup_observations(const Application& application) {
  std::vector<Observation> observations;
  if (!application.last_backup) return observations;
  for (const Host& host : application.all_hosts()) {
    if (host.role != application.last_backup->host_role) continue;
    observations.push_back(
        {"backup", host.key,
         script_command("site_last_backup", literals({application.last_backup->glob}))});
  }
  return observations;
}

Command conflicts_command(const Application& application, const Host& host) {
  std::vector<std::string> addresses;
  for (const Component& component : application.components) {
    // An address that moves with the application must not belong to a boot configuration; the
    // host's own address is no such thing.
    const std::string value = option_text(component.options.at(host.site), "value");
    bool own = value.empty();
    for (const Host& each : application.all_hosts()) own = own || each.address == value;
    if (!own) addresses.push_back(value);
  }
  auto arguments = literals({std::to_string(addresses.size())});
  append(arguments, addresses);
  for (const GuardedUnit& guarded : guarded_units(application, host.site)) {
    if (guarded.host == host.key) append(arguments, {guarded.unit});
  }
  return script_command("site_conflicts", arguments);
}

std::vector<Observation> conflict_observations(const Application& application) {
  std::vector<Observation> observations;
  for (const Host& host : application.all_hosts()) {
    observations.push_back({"conflicts", host.key, conflicts_command(application, host)});
  }
  return observations;
}

std::vector<Observation> journal_head_observations(const Application& application,
                                                   const std::string& store_id) {
  std::vector<Observation> observations;
  for (const Host& host : application.all_hosts()) {
    observations.push_back(
        {"journal", host.key, script_command("journal_heads", literals({store_id}))});
  }
  return observations;
}

std::vector<Observation> runbook_log_observations(const Application& application) {
  std::vector<Observation> observations;
  for (const Host& host : application.all_hosts()) {
    observations.push_back(
        {"runbook_log", host.key, script_command("site_runbook_logs", literals({"4", "100"}))});
  }
  return observations;
}

Step status_step(const Application& application, const Host& host, std::string_view word) {
  Step step;
  step.id = step_id("status", host);
  step.phase = "status";
  step.where = host.key;
  step.title = fmt::format("{} is {}", host.key, word);
  step.probe =
      script_command("site_status_is", literals({application.status_file, std::string(word)}));
  step.apply =
      script_command("site_status", literals({application.status_file, std::string(word)}));
  step.repeatable = true;
  step.if_unreachable = IfUnreachable::skip;
  return step;
}

Step claim_publish_step(const Host& host, const std::map<std::string, std::string>& active) {
  Step step;
  step.id = step_id("claim.publish", host);
  step.phase = "claim";
  step.where = host.key;
  step.title = fmt::format("Tell {} the claim", host.key);
  std::vector<Argument> arguments = {
      Argument::capture("run:epoch"), Argument::capture("run:claim_id"),
      Argument::capture("run:store_id"), Argument::capture("run:number")};
  for (const auto& [component, site] : active) append(arguments, {component + "=" + site});
  step.probe = script_command("claim_published", arguments);
  step.apply = script_command("claim_publish", std::move(arguments));
  step.guarding = Guarding::publish;
  step.repeatable = true;
  return step;
}

Command silence_command(const Application& application, std::string_view site,
                        const std::vector<int>& ports) {
  std::vector<Argument> arguments;
  for (const Host& host : application.site(site).hosts) {
    std::string list = std::to_string(host.port);
    for (int port : ports) list += fmt::format(",{}", port);
    append(arguments, {host.address, list});
  }
  return script_command("site_silence", arguments);
}

std::vector<Step> adopt_steps(const Application& application) {
  std::vector<Step> steps;
  for (const Host& host : application.all_hosts()) {
    Step step;
    step.id = step_id("adopt", host);
    step.phase = "adopt";
    step.where = host.key;
    step.title = fmt::format("Put the units of {} under guard", host.key);
    step.probe = script_command("site_adopted", adopt_arguments(application, host));
    step.apply = script_command("site_adopt", adopt_arguments(application, host));
    step.undo = script_command("site_release", literals({application.status_file}));
    step.repeatable = true;
    steps.push_back(std::move(step));
  }
  return steps;
}

Step runbook_step(const Host& host, const std::string& manifest, const std::string& file) {
  Step step;
  step.id = step_id("runbook", host);
  step.phase = "adopt";
  step.where = host.key;
  step.title = fmt::format("Keep the break-glass runbooks on {}", host.key);
  step.probe = script_command("site_runbook_is", literals({manifest}));
  step.apply = script_command("site_runbook", literals({manifest}));
  step.apply.secret_stdin = "file:" + file;
  step.repeatable = true;
  step.skippable = true;
  return step;
}

std::vector<Step> release_steps(const Application& application) {
  std::vector<Step> steps;
  for (const Host& host : application.all_hosts()) {
    Step step;
    step.id = step_id("release", host);
    step.phase = "release";
    step.where = host.key;
    step.title = fmt::format("Take the guard out of {}", host.key);
    step.probe = script_command("site_released", literals({application.status_file}));
    step.apply = script_command("site_release", literals({application.status_file}));
    // Release must work whatever claim the host has seen.
    step.guarding = Guarding::stop;
    step.repeatable = true;
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace switchback
