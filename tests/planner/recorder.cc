#include "planner/recorder.h"

#include <fmt/format.h>

#include "components/site.h"

namespace switchback {
namespace {

constexpr NamedScript scripts[] = {
    {"recorder_do", "COMPONENT HOOK", "echo \"$1 $2\" >>\"$SB_STATE/done\"\n"},
    {"recorder_done", "COMPONENT HOOK",
     "grep -qx \"$1 $2\" \"$SB_STATE/done\" && echo lsn=0/1A && echo method=copy\n"},
};
constexpr NamedScript site_scripts_here[] = {
    {"claim_publish", "EPOCH CLAIM_ID STORE_ID RUN [COMPONENT SITE]...",
     "echo \"$*\" >\"$SB_STATE/claim\"\n"},
    {"claim_published", "EPOCH CLAIM_ID [COMPONENT SITE]...",
     "read -r epoch id rest <\"$SB_STATE/claim\" && [ \"$epoch $id\" = \"$1 $2\" ]\n"},
    {"site_status", "FILE WORD", "echo \"$2\" >\"$1\"\n"},
    {"site_status_is", "FILE WORD", "[ \"$(cat \"$1\")\" = \"$2\" ]\n"},
    {"site_silence", "[ADDRESS PORT,PORT...]...", "exit 0\n"},
};

Step hook_step(Hook hook, const HookContext& context, const std::string& where) {
  Step step;
  step.id = fmt::format("{}.{}", context.component.name, hook_text(hook));
  step.where = where;
  step.title = fmt::format("{} of {}", hook_text(hook), context.component.name);
  const std::vector<Argument> arguments = {Argument::literal(context.component.name),
                                           Argument::literal(std::string(hook_text(hook)))};
  step.probe = script_command("recorder_done", arguments);
  step.apply = script_command("recorder_do", arguments);
  return step;
}

std::vector<Step> database_steps(Hook hook, const HookContext& context) {
  const bool reprotect = context.operation == Operation::reprotect;
  const std::string from = context.host(context.from);
  const std::string to = context.host(context.to);
  Step step = hook_step(hook, context, to);
  switch (hook) {
    case Hook::prepare:
      step.where = from;
      return {step};
    case Hook::stop:
      step.where = reprotect ? to : from;
      step.guarding = Guarding::stop;
      step.captures = {{"lsn", "lsn"}};
      return {step};
    case Hook::sync:
      if (context.operation == Operation::failover) return {};
      if (context.operation == Operation::start) step.captures = {{"ahead", "word"}};
      step.apply.arguments.push_back(Argument::capture(context.component.name + ".stop:lsn"));
      return {step};
    case Hook::promote:
      step.point_of_no_return = true;
      return {step};
    case Hook::follow:
      step.where = from;
      return {step};
    case Hook::salvage:
      return {step};
    case Hook::rebuild: {
      Step method = step;
      method.id = context.component.name + ".method";
      method.title = "How the database is rebuilt";
      method.captures = {{"method", "word"}};
      Step rewind = step;
      rewind.id = context.component.name + ".rewind";
      rewind.when = {{method.id + ":method", "rewind"}};
      rewind.destructive = true;
      Step copy = step;
      copy.id = context.component.name + ".copy";
      copy.when = {{method.id + ":method", "copy"}};
      copy.destructive = true;
      Step caught_up = step;
      caught_up.id = context.component.name + ".caught_up";
      caught_up.needs = {rewind.id, copy.id};
      return {method, rewind, copy, caught_up};
    }
    default:
      return {};
  }
}

std::vector<Step> files_steps(Hook hook, const HookContext& context) {
  if (context.operation == Operation::resolve) return {};
  Step step = hook_step(hook, context, context.host(context.to));
  if (hook == Hook::rebuild) step.destructive = true;
  const bool has = hook == Hook::prepare || hook == Hook::sync || hook == Hook::salvage ||
                   hook == Hook::rebuild || hook == Hook::finish;
  return has ? std::vector{step} : std::vector<Step>{};
}

std::vector<Step> services_steps(Hook hook, const HookContext& context) {
  Step step = hook_step(hook, context, context.host(context.to));
  if (hook == Hook::start && context.operation != Operation::reprotect) return {step};
  if (hook != Hook::stop) return {};
  if (context.operation != Operation::reprotect) step.where = context.host(context.from);
  step.guarding = Guarding::stop;
  return {step};
}

std::vector<Step> http_steps(Hook hook, const HookContext& context) {
  if (hook != Hook::verify) return {};
  Step step = hook_step(hook, context, context.host(context.to));
  step.kind = StepKind::wait;
  step.probe = argv_command({"true"});
  step.apply = {};
  return {step};
}

std::vector<Step> dns_steps(Hook hook, const HookContext& context) {
  const bool has = hook == Hook::finish || (context.operation != Operation::resolve &&
                                            (hook == Hook::prepare || hook == Hook::start));
  if (!has || context.operation == Operation::reprotect) return {};
  return {hook_step(hook, context, "controller")};
}

std::vector<Finding> ready(const HookContext& context) {
  std::vector<Finding> findings;
  for (const Host& host : context.application.all_hosts()) {
    const Facts& facts = context.snapshot.of(context.component.name, host.key);
    if (const auto trouble = facts.get("trouble")) {
      findings.push_back({Finding::Level::blocking, context.component.name, *trouble, "repair it"});
    }
    if (const auto way = facts.get("way")) {
      findings.push_back({Finding::Level::good, context.component.name,
                          "after a failover the way back is a " + *way, "", *way});
    }
  }
  return findings;
}

std::vector<Observation> observe(const Application& application, const Component& component) {
  std::vector<Observation> observations;
  for (const Host& host : application.all_hosts()) {
    if (json_text(component.options.at(host.site), "host") != host.role) continue;
    observations.push_back({component.name, host.key, argv_command({"true"})});
  }
  return observations;
}

std::vector<std::string> no_units(const Component&, std::string_view) {
  return {};
}

constexpr ComponentType types[] = {
    {{"postgresql", "", {}, true}, scripts, observe, database_steps, ready, no_units},
    {{"files", "", {}, true}, scripts, observe, files_steps, ready, no_units},
    {{"systemd", "", {}, false}, scripts, observe, services_steps, ready, no_units},
    {{"http", "", {}, false}, scripts, observe, http_steps, ready, no_units},
    {{"dns", "", {}, false}, scripts, observe, dns_steps, ready, no_units},
};

Component component(const std::string& name, const std::string& type, const std::string& role,
                    std::vector<std::string> needs) {
  Component made;
  made.name = name;
  made.type = type;
  made.needs = std::move(needs);
  for (const char* site : {"dc", "dr"}) made.options[site] = {{"host", role}};
  return made;
}

}  // namespace

Catalogue recorder_catalogue() {
  Catalogue catalogue;
  for (const ComponentType& type : types) catalogue.types.push_back(&type);
  catalogue.scripts.assign(std::begin(site_scripts_here), std::end(site_scripts_here));
  return catalogue;
}

Application recorder_application() {
  Application application;
  application.name = "serviceops";
  application.sites = {{"dc",
                        true,
                        {{"dc/app", "dc", "app", "10.77.1.10", "ops", 22, true},
                         {"dc/db", "dc", "db", "10.77.1.20", "root", 22, false}}},
                       {"dr",
                        false,
                        {{"dr/app", "dr", "app", "10.77.2.10", "ops", 22, true},
                         {"dr/db", "dr", "db", "10.77.2.20", "root", 22, false}}}};
  application.components = {
      component("database", "postgresql", "db", {}),
      component("attachments", "files", "app", {}),
      component("services", "systemd", "app", {"database", "attachments"}),
      component("login", "http", "app", {"services"}),
      component("address", "dns", "", {"login"}),
  };
  application.components[0].options["dc"]["port"] = 5432;
  application.components[0].options["dr"]["port"] = 5432;
  FencingMethod stop;
  stop.name = "stop";
  FencingMethod word;
  word.kind = FencingMethod::Kind::attestation;
  word.name = "attestation";
  application.fencing = {stop, word};
  application.status_file = "/var/lib/switchback/serviceops/status";
  application.config_hash = std::string(64, 'c');
  return application;
}

Snapshot recorder_snapshot(const Application& application) {
  Snapshot snapshot;
  snapshot.now_ms = 1'700'000'000'000;
  for (const Host& host : application.all_hosts()) {
    Facts facts;
    facts.reachable = true;
    facts.observed_at_ms = snapshot.now_ms - 2'000;
    facts.values = {{"machine_id", "machine-" + host.site + host.role},
                    {"guard", guard_version()},
                    {"site", host.site},
                    {"status", host.site == "dc" ? "production" : "standby"}};
    snapshot.facts[observation_key("host", host.key)] = facts;
  }
  for (const Component& each : application.components) {
    for (const Observation& look : observe(application, each)) {
      Facts facts;
      facts.reachable = true;
      facts.observed_at_ms = snapshot.now_ms - 2'000;
      if (each.type == "postgresql") facts.values = {{"system_identifier", "7300000000000000001"}};
      snapshot.facts[observation_key(look.name, look.where)] = facts;
    }
  }
  return snapshot;
}

Claim claim_at(const Application& application, const std::string& site, int64_t epoch) {
  Claim claim{epoch, "c1a1m", "5704e", {}};
  for (const Component& each : application.components) claim.active[each.name] = site;
  return claim;
}

}  // namespace switchback
