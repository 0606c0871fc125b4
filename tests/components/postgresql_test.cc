#include "components/postgresql.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>

#include "golden.h"
#include "plan/plan.h"

namespace switchback {
namespace {

Application shop() {
  Application application;
  application.name = "shop";
  application.sites = {
      {"dc", true, {{"dc/db", "dc", "db", "10.77.1.20"}}},
      {"dr", false, {{"dr/db", "dr", "db", "10.77.2.20"}}},
  };
  Component database;
  database.name = "database";
  database.type = "postgresql";
  database.options = {{"dc", {{"host", "db"}}}, {"dr", {{"host", "db"}, {"port", 5433}}}};
  application.components = {database};
  return application;
}

std::string arguments_text(const Command& command) {
  std::string text = command.script;
  // The first eight are the cluster, the same in every step of a side.
  for (size_t i = 8; i < command.arguments.size(); ++i) {
    const Argument& argument = command.arguments[i];
    text += argument.kind == Argument::Kind::capture ? " <" + argument.text + ">"
                                                     : " " + quote_shell(argument.text);
  }
  return text;
}

std::string step_text(const Step& step) {
  std::string text = step.id + " @ " + step.where + ": " + step.title + "\n";
  const auto line = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += "    " + std::string(name) + " " + value + "\n";
  };
  line("probe", is_empty(step.probe) ? "" : arguments_text(step.probe));
  line("apply", is_empty(step.apply) ? "" : arguments_text(step.apply));
  line("undo", is_empty(step.undo) ? "" : arguments_text(step.undo));
  std::string captures;
  for (const Capture& capture : step.captures) captures += capture.name + ":" + capture.type + " ";
  line("captures", captures.substr(0, captures.find_last_not_of(' ') + 1));
  for (const Condition& condition : step.when) {
    line("when", condition.reference + " == " + condition.equals);
  }
  line("needs", join(step.needs, ", "));
  std::string flags = step.kind == StepKind::wait ? "wait" : "command";
  if (step.guarding == Guarding::read) flags += " read";
  if (step.guarding == Guarding::stop) flags += " stop";
  if (step.if_unreachable == IfUnreachable::evidence) flags += " evidence";
  if (step.if_unreachable == IfUnreachable::skip) flags += " skip";
  if (step.repeatable) flags += " repeatable";
  if (step.skippable) flags += " skippable";
  if (step.destructive) flags += " destructive";
  if (step.point_of_no_return) flags += " point_of_no_return";
  line("is", flags + ", bound " + duration_text(step.bound));
  return text;
}

HookContext context_of(const Application& application, const Snapshot& snapshot,
                       Operation operation, const std::string& from, const std::string& to) {
  return {application, application.components[0], operation, from, to, snapshot};
}

constexpr Hook every_hook[] = {Hook::prepare, Hook::stop,   Hook::sync,   Hook::promote,
                               Hook::start,   Hook::verify, Hook::follow, Hook::salvage,
                               Hook::rebuild, Hook::finish};

std::string steps_text(Operation operation, const std::vector<Hook>& hooks) {
  const Application application = shop();
  const Snapshot nothing;
  std::string text;
  for (Hook hook : hooks) {
    text += "[" + std::string(hook_text(hook)) + "]\n";
    for (const Step& step :
         postgresql_type().steps(hook, context_of(application, nothing, operation, "dc", "dr"))) {
      text += step_text(step);
    }
  }
  return text;
}

TEST(PostgresqlSteps, planned_move_is_the_golden_one) {
  expect_golden(
      "postgresql_switchover.txt",
      steps_text(Operation::switchover, {Hook::prepare, Hook::stop, Hook::sync, Hook::promote,
                                         Hook::start, Hook::verify, Hook::follow, Hook::finish}));
}

TEST(PostgresqlSteps, emergency_is_the_golden_one) {
  expect_golden("postgresql_failover.txt",
                steps_text(Operation::failover, {Hook::prepare, Hook::stop, Hook::sync,
                                                 Hook::promote, Hook::verify, Hook::finish}));
}

TEST(PostgresqlSteps, reprotect_is_the_golden_one) {
  expect_golden(
      "postgresql_reprotect.txt",
      steps_text(Operation::reprotect, {Hook::stop, Hook::salvage, Hook::rebuild, Hook::finish}));
}

// A plan made of all hooks of an operation must be sound in itself: every capture is taken by a
// step, every script has a body, every need exists.
TEST(PostgresqlSteps, make_sound_plans) {
  const Application application = shop();
  const Snapshot nothing;
  for (Operation operation :
       {Operation::switchover, Operation::failover, Operation::reprotect, Operation::start}) {
    Plan plan;
    plan.hosts = application.all_hosts();
    for (const NamedScript& script : postgresql_type().scripts) {
      plan.scripts[std::string(script.name)] = script.body;
      plan.script_parameters[std::string(script.name)] = script.parameters;
    }
    for (Hook hook : every_hook) {
      const bool returns = hook == Hook::salvage || hook == Hook::rebuild;
      if (returns != (operation == Operation::reprotect)) continue;
      for (Step& step :
           postgresql_type().steps(hook, context_of(application, nothing, operation, "dc", "dr"))) {
        plan.steps.push_back(std::move(step));
      }
    }
    EXPECT_EQ(join(plan_problems(plan), "\n"), "") << operation_text(operation);
  }
}

TEST(PostgresqlSteps, pass_as_many_arguments_as_the_script_names) {
  const Application application = shop();
  Snapshot nothing;  // but the name of a slot
  nothing.facts[observation_key("database", "dc/db")].values["primary_slot_name"] = "dc";
  std::map<std::string, size_t> wanted;
  for (const NamedScript& script : postgresql_type().scripts) {
    wanted[std::string(script.name)] = split(script.parameters, ' ').size();
  }
  std::set<std::string> used;
  const auto check = [&](const Command& command) {
    if (is_empty(command)) return;
    ASSERT_TRUE(wanted.contains(command.script)) << command.script;
    EXPECT_EQ(command.arguments.size(), wanted[command.script]) << command.script;
    used.insert(command.script);
  };
  for (Operation operation :
       {Operation::switchover, Operation::failover, Operation::reprotect, Operation::start}) {
    for (Hook hook : every_hook) {
      for (const Step& step :
           postgresql_type().steps(hook, context_of(application, nothing, operation, "dc", "dr"))) {
        check(step.probe);
        check(step.apply);
        check(step.undo);
      }
    }
  }
  for (const auto& look : postgresql_type().observe(application, application.components[0])) {
    check(look.command);
  }
  EXPECT_EQ(used.size(), wanted.size()) << "a script that no step uses";
}

TEST(PostgresqlScripts, are_read_by_every_shell_here) {
  for (const NamedScript& script : postgresql_type().scripts) {
    const std::string path = testing::TempDir() + std::string(script.name) + ".sh";
    std::ofstream(path) << script.body;
    for (const char* shell : {"dash", "bash --posix"}) {
      const std::string command = std::string(shell) + " -n " + path + " 2>&1";
      EXPECT_EQ(std::system(command.c_str()), 0) << command;
    }
    EXPECT_LT(script.body.size(), 64u * 1024);
    std::remove(path.c_str());
  }
}

TEST(PostgresqlScripts, never_do_what_was_measured_to_be_wrong) {
  for (const NamedScript& script : postgresql_type().scripts) {
    std::string code;  // without comments, which may name the trap
    for (const std::string& line : split(script.body, '\n')) {
      if (!trim(line).starts_with("#")) code += line + "\n";
    }
    EXPECT_EQ(code.find("pg_promote(true)"), std::string::npos) << script.name;
    EXPECT_EQ(code.find("pg_ctl "), std::string::npos) << script.name;
    EXPECT_EQ(code.find("/usr/bin/psql"), std::string::npos) << script.name;
    for (size_t at = code.find("/pg_rewind\""); at != std::string::npos;
         at = code.find("/pg_rewind\"", at + 1)) {
      const std::string call = code.substr(at, code.find('\n', at) - at);
      EXPECT_EQ(call.find(" -R"), std::string::npos) << call;
    }
  }
}

// Readiness --------------------------------------------------------------------------------------

struct Sides {
  std::map<std::string, std::string> dc = {
      {"running", "yes"},         {"in_recovery", "no"},  {"system_identifier", "7"},
      {"version", "15.18"},       {"timeline", "1"},      {"primary_conninfo_host", "10.77.2.20"},
      {"wal_log_hints", "on"},    {"checksums", "off"},   {"rewind_access", "yes"},
      {"wal_keep_bytes", "1000"}, {"slots", "none"},      {"free_bytes", "9000"},
      {"auto_conninfo", "no"},    {"collversion", "2.36"}};
  std::map<std::string, std::string> dr = {
      {"running", "yes"},     {"in_recovery", "yes"},    {"system_identifier", "7"},
      {"version", "15.18"},   {"receiver", "streaming"}, {"sender", "10.77.1.20"},
      {"lag_bytes", "0"},     {"lag_ms", "0"},           {"replay_paused", "no"},
      {"data_bytes", "5000"}, {"collversion", "2.36"},   {"primary_conninfo_host", "10.77.1.20"},
      {"auto_conninfo", "no"}};
};

Facts seen(const std::map<std::string, std::string>& values) {
  Facts facts;
  facts.reachable = true;
  facts.observed_at_ms = 1;
  facts.values = values;
  return facts;
}

std::vector<Finding> ready(const Sides& sides, Operation operation = Operation::switchover) {
  const Application application = shop();
  Snapshot snapshot;
  snapshot.facts[observation_key("database", "dc/db")] = seen(sides.dc);
  snapshot.facts[observation_key("database", "dr/db")] = seen(sides.dr);
  return postgresql_type().ready(context_of(application, snapshot, operation, "dc", "dr"));
}

// The texts of all findings that are not good.
std::string complaints(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    if (finding.level == Finding::Level::good) continue;
    EXPECT_FALSE(finding.fix.empty()) << finding.text;
    text += (finding.level == Finding::Level::blocking ? "blocking: " : "warning: ") +
            finding.text + "\n";
  }
  return text;
}

TEST(PostgresqlReady, says_nothing_against_a_healthy_pair) {
  EXPECT_EQ(complaints(ready({})), "");
}

TEST(PostgresqlReady, names_each_reason) {
  struct Case {
    const char* side;
    const char* fact;
    const char* value;
    const char* text;
    bool blocking;
  };
  const Case cases[] = {
      {"dc", "running", "no", "does not run at dc", true},
      {"dc", "in_recovery", "yes", "should be active", true},
      {"dc", "wal_log_hints", "off", "full rebuild", false},
      {"dc", "rewind_access", "no", "full rebuild", false},
      {"dc", "primary_conninfo_host", "10.9.9.9", "names 10.9.9.9", false},
      {"dc", "primary_conninfo_host", "", "can never become a standby", true},
      {"dc", "auto_conninfo", "yes", "postgresql.auto.conf at dc", false},
      {"dc", "free_bytes", "5000", "a rebuild needs", false},
      {"dc", "version", "15.17", "PostgreSQL is 15.17 at dc", false},
      {"dc", "synchronous_standby_names", "*", "commits wait there", false},
      {"dr", "running", "no", "does not run at dr", true},
      {"dr", "in_recovery", "no", "should be standby", true},
      {"dr", "system_identifier", "8", "not copies of one database", true},
      {"dr", "receiver", "none", "does not stream", true},
      {"dr", "lag_bytes", "99999999999", "behind", true},
      {"dr", "lag_ms", "60000", "behind", true},
      {"dr", "replay_paused", "yes", "replay is paused", true},
      {"dr", "collversion", "2.40", "collation", false},
      {"dc", "slots", "dr/physical/active/reserved", "a slot keeps records without limit", false},
      {"dc", "slots", "dr/physical/inactive/lost", "the slot dr at dc has lost", false},
      {"dr", "primary_slot_name", "dr", "asks for the slot dr", false},
  };
  for (const Case& each : cases) {
    Sides sides;
    (std::string(each.side) == "dc" ? sides.dc : sides.dr)[each.fact] = each.value;
    const std::string text = complaints(ready(sides));
    EXPECT_NE(text.find(each.text), std::string::npos) << each.fact << ": " << text;
    EXPECT_EQ(text.starts_with("blocking"), each.blocking) << text;
  }
}

TEST(PostgresqlReady, says_how_long_the_disk_lasts_and_is_content_with_a_limit) {
  Sides sides;
  sides.dc["slots"] = "dr/physical/inactive/extended";
  sides.dc["max_slot_wal_keep_bytes"] = "-1";
  sides.dc["wal_free_bytes"] = "10737418240";
  sides.dc["wal_bytes_per_s"] = "1048576";
  const std::string text = complaints(ready(sides));
  EXPECT_NE(text.find("10.0 GiB are free there: full in about 2 h 50 min"), std::string::npos)
      << text;
  sides.dc["max_slot_wal_keep_bytes"] = "1048576";
  EXPECT_EQ(complaints(ready(sides)), "");
}

TEST(PostgresqlReady, does_not_hold_up_an_emergency_for_a_standby_that_lags) {
  Sides sides;
  sides.dr["receiver"] = "none";
  sides.dr["lag_ms"] = "60000";
  EXPECT_EQ(complaints(ready(sides, Operation::failover)).find("blocking"), std::string::npos);
}

TEST(PostgresqlReady, does_not_guess_about_a_side_that_nobody_saw) {
  const Application application = shop();
  const Snapshot nothing;
  const auto findings =
      postgresql_type().ready(context_of(application, nothing, Operation::switchover, "dc", "dr"));
  ASSERT_EQ(findings.size(), 2u);
  for (const Finding& finding : findings) EXPECT_EQ(finding.level, Finding::Level::unknown);
}

TEST(PostgresqlUnits, are_named_in_full) {
  const Application application = shop();
  EXPECT_EQ(postgresql_type().guarded_units(application.components[0], "dc"),
            std::vector<std::string>{"postgresql@15-main.service"});
}

}  // namespace
}  // namespace switchback
