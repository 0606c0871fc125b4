// The shell runbook, run for real: dash performs it against directories that play the hosts.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "plan/render.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// One runbook and the world that it runs in. A host is a directory named by its address.
class Runbook : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "runbook.XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    write("ssh",
          "#!/bin/sh\n"
          "for word; do case $word in *@*) host=${word#*@} ;; esac; done\n"
          "[ ! -e " +
              root_.string() +
              "/gone.$host ] || exit 255\n"
              "mkdir -p " +
              root_.string() +
              "/$host\n"
              "sed \"s#/var/lib/switchback#" +
              root_.string() + "/$host#g; s#/run/switchback#" + root_.string() +
              "/$host/run#g\" | sh\n");
    chmod((root_ / "ssh").c_str(), 0755);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  Plan plan_of(Operation operation, const std::string& active) {
    auto plan = make_plan(recorder_catalogue(), application_, claim_at(application_, active),
                          Snapshot{}, {operation, ""});
    EXPECT_TRUE(plan) << plan.error().message;
    return plan.value_or(Plan{});
  }

  // The runbook's exit code; `answers` is what people type.
  int run(const Plan& plan, const std::string& answers) {
    write("runbook.sh", render_shell(plan));
    write("answers", answers);
    const std::string command = "cd " + root_.string() + " && RUNBOOK_DIR=" + root_.string() +
                                "/work RUNBOOK_SSH=" + root_.string() +
                                "/ssh timeout 100 dash runbook.sh <answers >out 2>&1";
    return WEXITSTATUS(std::system(command.c_str()));
  }

  std::string outcome(const std::string& step) {
    std::string text = read(root_ / "work/outcome" / step);
    return std::string(trim(text));
  }
  std::string on(const std::string& address, const std::string& file) {
    return read(root_ / address / "serviceops" / file);
  }

  Application application_ = recorder_application();
  fs::path root_;
};

TEST_F(Runbook, is_accepted_by_the_shell_and_by_shellcheck) {
  for (Operation operation : {Operation::switchover, Operation::failover, Operation::reprotect}) {
    const std::string active = operation == Operation::reprotect ? "dr" : "dc";
    write("runbook.sh", render_shell(plan_of(operation, active)));
    const std::string path = (root_ / "runbook.sh").string();
    EXPECT_EQ(std::system(("dash -n " + path).c_str()), 0);
    if (std::system("command -v shellcheck >/dev/null 2>&1") == 0) {
      EXPECT_EQ(std::system(("shellcheck -S warning " + path).c_str()), 0);
    }
  }
}

TEST_F(Runbook, performs_a_switchover) {
  const Plan plan = plan_of(Operation::switchover, "dc");
  ASSERT_EQ(run(plan, "serviceops\n"), 0) << read(root_ / "out");
  for (const Step& step : plan.steps) EXPECT_EQ(outcome(step.id), "done") << step.id;
  EXPECT_EQ(on("10.77.1.20", "status"), "production_as_standby\n");
  EXPECT_EQ(on("10.77.2.10", "status"), "standby_as_production\n");
  EXPECT_TRUE(on("10.77.2.20", "claim").starts_with("8 ")) << on("10.77.2.20", "claim");
  EXPECT_NE(on("10.77.2.20", "claim").find("database=dr"), std::string::npos);
  EXPECT_EQ(read(root_ / "work/capture/database.stop:lsn"), "0/1A\n");
}

TEST_F(Runbook, goes_on_where_it_stopped_and_does_nothing_twice) {
  const Plan plan = plan_of(Operation::switchover, "dc");
  write("gone.10.77.2.20", "");
  ASSERT_EQ(run(plan, "serviceops\n"), 4);
  EXPECT_EQ(outcome("database.stop"), "done");
  EXPECT_EQ(outcome("database.sync"), "");
  EXPECT_EQ(outcome("claim"), "");
  fs::remove(root_ / "gone.10.77.2.20");
  ASSERT_EQ(run(plan, ""), 0) << read(root_ / "out");
  EXPECT_EQ(on("10.77.1.20", "done"), "database prepare\ndatabase stop\ndatabase follow\n");
}

TEST_F(Runbook, fails_over_on_attestation_when_the_old_side_is_gone) {
  write("gone.10.77.1.10", "");
  write("gone.10.77.1.20", "");
  const Plan plan = plan_of(Operation::failover, "dc");
  ASSERT_EQ(run(plan, "serviceops\nAda\nno\n"), 4);
  EXPECT_EQ(outcome("claim"), "");
  ASSERT_EQ(run(plan, "Ada\nI attest\n"), 0) << read(root_ / "out");
  EXPECT_EQ(outcome("database.stop"), "unproven");
  EXPECT_EQ(outcome("fence.again.database.stop"), "passed");
  EXPECT_EQ(outcome("fence.again.silence.dc.db.from.controller"), "done");
  EXPECT_EQ(outcome("claim.publish.dc.db"), "passed");
  EXPECT_EQ(on("10.77.2.10", "status"), "production_alone\n");
  EXPECT_NE(read(root_ / "work/log").find("confirmed by Ada"), std::string::npos);
}

TEST_F(Runbook, asks_nobody_when_every_stop_is_proven) {
  const Plan plan = plan_of(Operation::failover, "dc");
  ASSERT_EQ(run(plan, "serviceops\n"), 0) << read(root_ / "out");
  EXPECT_EQ(outcome("fence.2.attestation"), "passed");
  EXPECT_EQ(outcome("fence.silence.dc.db.from.controller"), "passed");
  EXPECT_EQ(outcome("fence.again.database.stop"), "done");
}

TEST_F(Runbook, reprotects_along_the_branch_that_the_capture_names) {
  const Plan plan = plan_of(Operation::reprotect, "dr");
  ASSERT_EQ(run(plan, "serviceops\nAda\noverwrite\nAda\noverwrite\n"), 0) << read(root_ / "out");
  EXPECT_EQ(outcome("database.rewind"), "passed");
  EXPECT_EQ(outcome("accept.database"), "passed");
  EXPECT_EQ(outcome("accept.database.2"), "done");
  EXPECT_EQ(outcome("database.copy"), "done");
  EXPECT_TRUE(on("10.77.1.20", "claim").starts_with("7 c1a1m "));
}

TEST_F(Runbook, a_host_that_has_seen_a_newer_claim_refuses) {
  const Plan plan = plan_of(Operation::switchover, "dc");
  write("10.77.2.20/serviceops/claim", "9 0ther store 1\n");
  ASSERT_EQ(run(plan, "serviceops\n"), 4);
  EXPECT_NE(read(root_ / "out").find("has seen claim 9 (0ther)"), std::string::npos);
  EXPECT_EQ(outcome("claim"), "");
}

TEST_F(Runbook, hostile_values_stay_values) {
  const std::string nasty =
      "it's $(touch " + root_.string() + "/owned) `id` \"x\" \\ *\nEND_OF_SCRIPT";
  Plan plan;
  plan.application = "serviceops";
  plan.from_site = "dc";
  plan.to_site = "dr";
  plan.hosts = application_.all_hosts();
  Step step;
  step.id = "echo.value";
  step.where = "dr/app";
  step.title = nasty;
  step.apply = argv_command({"printf", "value=%s\\n", nasty});
  step.captures = {{"value", "text"}};
  Step script = step;
  script.id = "echo.script";
  script.apply = script_command("say_it", {Argument::literal(nasty)});
  Step used = step;
  used.id = "echo.used";
  used.where = "controller";
  used.apply = argv_command({"printf", "value=%s\\n"});
  used.apply.arguments.push_back(Argument::capture("echo.script:value"));
  plan.steps = {step, script, used};
  plan.scripts["say_it"] = "# it's END_OF_SCRIPT\nprintf 'value=%s\\n' \"$1\"";
  ASSERT_EQ(run(plan, "serviceops\n"), 0) << read(root_ / "out");
  const std::string first_line = nasty.substr(0, nasty.find('\n')) + "\n";
  EXPECT_EQ(read(root_ / "work/capture/echo.value:value"), first_line);
  EXPECT_EQ(read(root_ / "work/capture/echo.script:value"), first_line);
  EXPECT_EQ(read(root_ / "work/capture/echo.used:value"), first_line);
  EXPECT_FALSE(fs::exists(root_ / "owned"));
}

}  // namespace
}  // namespace switchback
