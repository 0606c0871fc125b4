// What each component type gives for each hook of each operation, as golden text.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "components/site.h"
#include "components/types.h"
#include "golden.h"

namespace switchback {
namespace {

Json per_site(const Json& both, const Json& dc = Json::object(), const Json& dr = Json::object()) {
  Json options = {{"dc", both}, {"dr", both}};
  options["dc"].update(dc);
  options["dr"].update(dr);
  return options;
}

Application sample() {
  Application application;
  application.name = "serviceops";
  application.sites = {{"dc",
                        true,
                        {{"dc/app", "dc", "app", "10.77.1.10", "ops", 22, true},
                         {"dc/web.1", "dc", "web", "10.77.1.31"},
                         {"dc/web.2", "dc", "web", "10.77.1.32"}}},
                       {"dr",
                        false,
                        {{"dr/app", "dr", "app", "10.77.2.10", "ops", 2222, true},
                         {"dr/web.1", "dr", "web", "10.77.2.31"},
                         {"dr/web.2", "dr", "web", "10.77.2.32"}}}};
  application.status_file = "/var/lib/switchback/serviceops/status";
  application.last_backup = LastBackup{"app", "/var/backups/serviceops/*.zip"};
  const auto add = [&](std::string name, std::string type, Json options) {
    application.components.push_back({std::move(name), std::move(type), {}, {}, options, {}});
  };
  add("attachments", "files",
      per_site({{"host", "app"},
                {"paths", {"/opt/flotomate/filestore", "/opt/flotomate/it's here"}},
                {"every", 300'000},
                {"max_shrink", 20},
                {"exclude", {"*.tmp"}},
                {"key", "/root/.ssh/id_ed25519"},
                {"salvage_max", 10240},
                {"bulk_bound", 14'400'000},
                {"sync_bound", 600'000},
                {"last_sync_bound", 60'000},
                {"compare_bound", 14'400'000}}));
  add("services", "systemd",
      per_site({{"host", "app"},
                {"units", {"ft-main-server", "ft-plugins-server.service"}},
                {"start_bound", 120'000},
                {"stop_bound", 90'000},
                {"settle", 2'000}}));
  add("front", "systemd",
      per_site({{"host", "web"},
                {"units", {"nginx"}},
                {"start_bound", 10'000},
                {"stop_bound", 10'000},
                {"settle", 500}}));
  add("login", "http",
      per_site({{"host", "app"},
                {"from", nullptr},
                {"check",
                 {{"url", "http://127.0.0.1:8080/login"}, {"status", 200}, {"contains", "Log in"}}},
                {"request", nullptr},
                {"credentials", nullptr},
                {"timeout", 5'000},
                {"bound", 60'000}}));
  add("scheduler", "http",
      per_site({{"host", nullptr},
                {"from", "controller"},
                {"check",
                 {{"url", "https://x.test/state"}, {"status", nullptr}, {"contains", "running"}}},
                {"request",
                 {{"method", "POST"},
                  {"url", "https://x.test/resume"},
                  {"body", "{}"},
                  {"status", 204},
                  {"header_file", nullptr}}},
                {"credentials", "file:/etc/switchback/curl"},
                {"timeout", 5'000},
                {"bound", 60'000}}));
  add("address", "dns",
      per_site({{"servers", {"10.77.0.53", "10.77.0.54"}},
                {"update_server", nullptr},
                {"port", 53},
                {"zone", "example.test"},
                {"record", "serviceops"},
                {"ttl", 30'000},
                {"switch_ttl", 5'000},
                {"key", "file:/etc/switchback/serviceops-dns.key"},
                {"bound", 60'000}},
               {{"value", "10.77.1.10"}}, {{"value", "10.77.2.10"}}));
  add("licence", "command",
      per_site({{"host", "app"},
                {"prepare", nullptr},
                {"stop", {{"probe", {"lic", "off?"}}, {"apply", {"lic", "off"}}}},
                {"start",
                 {{"probe", {"lic", "on?"}}, {"apply", {"lic", "on"}}, {"undo", {"lic", "off"}}}},
                {"verify", {{"probe", {"lic", "check"}}, {"apply", nullptr}}},
                {"follow", {{"apply", {"lic", "follow"}}}},
                {"bound", 60'000}}));
  return application;
}

constexpr Hook hooks[] = {Hook::prepare, Hook::stop,   Hook::sync,    Hook::promote, Hook::start,
                          Hook::verify,  Hook::follow, Hook::salvage, Hook::rebuild, Hook::finish};

std::string step_text(const Step& step) {
  std::string text = fmt::format("{} at {}: {}\n", step.id, step.where, step.title);
  const auto command = [&](std::string_view name, const Command& which) {
    if (is_empty(which)) return;
    text += fmt::format("  {} {}{}\n", name, command_text(which),
                        which.secret_stdin.empty() ? "" : "  < " + which.secret_stdin);
  };
  command("probe", step.probe);
  command("apply", step.apply);
  command("undo ", step.undo);
  text += fmt::format("  bound {}", duration_text(step.bound));
  if (step.hold.count() > 0) text += ", hold " + duration_text(step.hold);
  if (step.stall.count() > 0) text += ", stall " + duration_text(step.stall);
  if (step.kind == StepKind::wait) text += ", wait";
  if (step.guarding == Guarding::stop) text += ", guarding stop";
  if (step.guarding == Guarding::read) text += ", guarding read";
  if (step.guarding == Guarding::publish) text += ", guarding publish";
  if (step.if_unreachable == IfUnreachable::skip) text += ", unreachable: skip";
  if (step.if_unreachable == IfUnreachable::evidence) text += ", unreachable: evidence";
  if (step.repeatable) text += ", repeatable";
  if (step.skippable) text += ", skippable";
  if (step.destructive) text += ", destructive";
  for (const Capture& capture : step.captures) {
    text += fmt::format(", captures {} ({})", capture.name, capture.type);
  }
  for (const auto& need : step.needs) text += ", needs " + need;
  return text + "\n";
}

std::string steps_text(const Application& application, const Component& component,
                       const Snapshot& snapshot) {
  std::string text;
  for (Operation operation : {Operation::switchover, Operation::failover, Operation::reprotect}) {
    const bool back = operation == Operation::reprotect;
    const HookContext context{application,        component,          operation,
                              back ? "dr" : "dc", back ? "dc" : "dr", snapshot};
    for (Hook hook : hooks) {
      for (const Step& step : find_type(component.type)->steps(hook, context)) {
        text +=
            fmt::format("{} {}: {}", operation_text(operation), hook_text(hook), step_text(step));
      }
    }
  }
  for (const Observation& look : find_type(component.type)->observe(application, component)) {
    text +=
        fmt::format("observe {} at {}: {}\n", look.name, look.where, command_text(look.command));
  }
  return text;
}

TEST(Steps, OfEveryTypeAreTheGoldenOnes) {
  const Application application = sample();
  const Snapshot nothing;
  for (const Component& component : application.components) {
    expect_golden("components/" + component.name + ".txt",
                  steps_text(application, component, nothing));
  }
}

TEST(Steps, OfTheSiteAreTheGoldenOnes) {
  const Application application = sample();
  std::string text;
  for (const Step& step : adopt_steps(application)) text += step_text(step);
  for (const Step& step : release_steps(application)) text += step_text(step);
  const Host& host = application.sites[0].hosts[0];
  text += step_text(status_step(application, host, "production"));
  text += step_text(claim_publish_step(host, {{"address", "dr"}, {"services", "dr"}}));
  text += command_text(silence_command(application, "dc", {5432})) + "\n";
  for (const auto& looks : {site_observations(application), conflict_observations(application),
                            backup_observations(application)}) {
    for (const Observation& look : looks) {
      text +=
          fmt::format("observe {} at {}: {}\n", look.name, look.where, command_text(look.command));
    }
  }
  expect_golden("components/site.txt", text);
}

// No id may become a path: it names locks and receipts on the hosts.
TEST(Steps, HaveIdsThatNameFiles) {
  const Application application = sample();
  for (const Step& step : adopt_steps(application)) {
    EXPECT_EQ(step.id.find('/'), std::string::npos) << step.id;
  }
}

TEST(Steps, UseOnlyScriptsThatExist) {
  const Application application = sample();
  const Snapshot nothing;
  for (const Component& component : application.components) {
    for (Operation operation : {Operation::switchover, Operation::failover, Operation::reprotect}) {
      const HookContext context{application, component, operation, "dc", "dr", nothing};
      for (Hook hook : hooks) {
        for (const Step& step : find_type(component.type)->steps(hook, context)) {
          for (const Command* command : {&step.probe, &step.apply, &step.undo}) {
            if (command->script.empty()) continue;
            const auto scripts = find_type(component.type)->scripts;
            EXPECT_TRUE(std::any_of(scripts.begin(), scripts.end(), [&](const NamedScript& each) {
              return each.name == command->script;
            })) << command->script;
          }
        }
      }
    }
  }
}

std::string ready_text(const HookContext& context) {
  std::string text;
  constexpr std::string_view levels[] = {"good", "warning", "blocking", "unknown"};
  for (const Finding& finding : find_type(context.component.type)->ready(context)) {
    text += fmt::format("{}: {}: {}{}\n", levels[static_cast<int>(finding.level)], finding.subject,
                        finding.text, finding.fix.empty() ? "" : "; " + finding.fix);
  }
  return text;
}

Facts seen(std::string_view lines) {
  Facts facts;
  facts.reachable = true;
  facts.observed_at_ms = 1;
  facts.values = parse_facts(lines);
  return facts;
}

class Ready : public testing::Test {
 protected:
  std::string of(const std::string& component, Operation operation = Operation::switchover) {
    return ready_text(
        {application_, *application_.find_component(component), operation, "dc", "dr", snapshot_});
  }
  void look(const std::string& component, const std::string& where, std::string_view lines) {
    snapshot_.facts[observation_key(component, where)] = seen(lines);
  }
  const Application application_ = sample();
  Snapshot snapshot_;
};

TEST_F(Ready, WithoutAnObservationNothingIsKnown) {
  for (const char* name : {"attachments", "services", "address"}) {
    EXPECT_TRUE(of(name).starts_with("unknown: ")) << of(name);
  }
}

constexpr std::string_view units =
    "units=2\nunit.1=ft-main-server.service\nunit.1.load=loaded\nunit.1.active={0}\n"
    "unit.1.processes={1}\nunit.1.guard={2}\nunit.1.enabled=enabled\nunit.2=ft-plugins-server."
    "service\n"
    "unit.2.load=loaded\nunit.2.active={0}\nunit.2.processes={1}\nunit.2.guard={2}\n";

TEST_F(Ready, ServicesThatRunAtTheStandbySideBlock) {
  look("services", "dc/app", fmt::format(units, "active", 1, "open"));
  look("services", "dr/app", fmt::format(units, "inactive", 0, "closed"));
  EXPECT_EQ(of("services"),
            "good: services: ft-main-server, ft-plugins-server: known and guarded where they must "
            "be\n");
  look("services", "dr/app", fmt::format(units, "inactive", 1, "none"));
  EXPECT_NE(of("services").find("blocking: services: ft-main-server.service runs at the standby"),
            std::string::npos)
      << of("services");
  EXPECT_NE(of("services")
                .find("warning: services: ft-main-server.service has no guard at dr/app "
                      "and is enabled there"),
            std::string::npos);
  EXPECT_NE(of("services").find("ft-plugins-server.service has no guard at dr/app: "),
            std::string::npos);
}

TEST_F(Ready, FilesThatWereNeverSyncedOrCannotBePulledAreSaid) {
  constexpr std::string_view tree = "paths=1\npath.1=/opt\npath.1.state=present\n";
  look("attachments", "dc/app", fmt::format("{}path.1.bytes=9000000\n", tree));
  look("attachments", "dr/app",
       fmt::format("{}path.1.bytes=0\npath.1.free_kb=1000\naccess=no route\n", tree));
  const std::string bad = of("attachments");
  EXPECT_NE(bad.find("warning: attachments: "), std::string::npos) << bad;
  EXPECT_NE(bad.find("was never synced"), std::string::npos) << bad;
  EXPECT_NE(bad.find("cannot pull from dc: no route"), std::string::npos) << bad;
  EXPECT_NE(bad.find("lacks 8 MiB and has 0 MiB free"), std::string::npos) << bad;
  look("attachments", "dr/app",
       fmt::format("{}path.1.bytes=9000000\npath.1.free_kb=1000\naccess=yes\nlast_good_age_s=90\n",
                   tree));
  EXPECT_EQ(of("attachments"),
            "good: attachments: last good sync to dr/app was 1 min 30 s ago\n"
            "good: attachments: after a failover only what differs is copied back to dc\n");
}

TEST_F(Ready, ASilentNameServerBlocksAMoveButNotAnEmergency) {
  look("address", "controller",
       "servers=2\nserver.1=10.77.0.53\nserver.1.answers=yes\nserver.1.value=10.77.1.10\n"
       "server.1.ttl=30\nserver.2=10.77.0.54\nserver.2.answers=does not answer\n");
  EXPECT_TRUE(of("address").starts_with("blocking: address: name server 10.77.0.54 does not"));
  EXPECT_TRUE(of("address", Operation::failover).starts_with("warning: address: name server"));
}

}  // namespace
}  // namespace switchback
