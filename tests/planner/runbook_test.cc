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
  int run(const Plan& plan, const std::string& answers, const std::string& name = "") {
    write("runbook.sh", render_shell(plan, name));
    return go(answers);
  }
  int go(const std::string& answers, const std::string& words = "") {
    write("answers", answers);
    const std::string command = "cd " + root_.string() + " && RUNBOOK_DIR=" + root_.string() +
                                "/work RUNBOOK_SSH=" + root_.string() + "/ssh timeout 100 " +
                                shell_ + " runbook.sh " + words + " <answers >out 2>&1";
    return WEXITSTATUS(std::system(command.c_str()));
  }

  std::string outcome(const std::string& step) {
    std::string text = read(root_ / "work/outcome" / step);
    return std::string(trim(text));
  }
  std::string on(const std::string& address, const std::string& file) {
    return read(root_ / address / "serviceops" / file);
  }

  // The hosts' claim files, as an operation of Switchback left them.
  void claim_everywhere(int epoch, const std::string& id, const std::string& site) {
    for (const Host& host : application_.all_hosts()) {
      write(host.address + "/serviceops/claim", std::to_string(epoch) + " " + id +
                                                    " 5704e 12\nactive database " + site +
                                                    "\nactive services " + site + "\n");
    }
  }

  Application application_ = recorder_application();
  std::string shell_ = "dash";
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

TEST_F(Runbook, of_a_bundle_takes_the_claim_behind_the_newest_that_the_hosts_hold) {
  claim_everywhere(41, "0ld", "dc");
  write("10.77.2.20/serviceops/claim", "42 n3w 5704e 17\nactive database dc\n");
  const Plan plan = plan_of(Operation::switchover, "dc");
  ASSERT_EQ(run(plan, "serviceops\n", "switchover-to-dr"), 0) << read(root_ / "out");
  const std::string claim = on("10.77.1.20", "claim");
  EXPECT_TRUE(claim.starts_with("43 ")) << claim;
  EXPECT_NE(claim.find(" runbook 0"), std::string::npos) << claim;
  EXPECT_NE(read(root_ / "work/log").find("claim 42 (n3w of 5704e), active: dc"),
            std::string::npos);
}

TEST_F(Runbook, of_a_bundle_refuses_when_another_site_is_active_or_the_hosts_disagree) {
  claim_everywhere(9, "c9", "dc");
  const Plan plan = plan_of(Operation::failback, "dr");
  EXPECT_EQ(run(plan, "serviceops\n", "failback-to-dc"), 4);
  EXPECT_EQ(outcome("database.stop"), "");
  claim_everywhere(9, "c9", "dr");
  write("10.77.1.20/serviceops/claim", "9 0ther 5704e 12\nactive database dr\n");
  EXPECT_EQ(go("serviceops\n"), 4);
  EXPECT_NE(read(root_ / "out").find("hold different claims of epoch 9"), std::string::npos);
  EXPECT_EQ(outcome("database.stop"), "");
}

TEST_F(Runbook, of_a_bundle_goes_on_with_a_move_that_was_begun_elsewhere) {
  claim_everywhere(9, "c9", "dr");
  const Plan plan = plan_of(Operation::switchover, "dc");
  EXPECT_EQ(run(plan, "no\n", "switchover-to-dr"), 4);
  EXPECT_EQ(outcome("database.stop"), "");
  ASSERT_EQ(go("go on\nserviceops\n"), 0) << read(root_ / "out");
  EXPECT_TRUE(on("10.77.2.20", "claim").starts_with("9 c9 5704e 12")) << on("10.77.2.20", "claim");
}

TEST_F(Runbook, a_reprotect_of_a_bundle_keeps_the_claim_that_holds) {
  claim_everywhere(9, "c9", "dr");
  const Plan plan = plan_of(Operation::reprotect, "dr");
  ASSERT_EQ(run(plan, "serviceops\nAda\noverwrite\nAda\noverwrite\n", "reprotect-dc"), 0)
      << read(root_ / "out");
  EXPECT_TRUE(on("10.77.1.20", "claim").starts_with("9 c9 5704e 12")) << on("10.77.1.20", "claim");
}

TEST_F(Runbook, a_finished_run_is_put_aside_and_the_next_one_begins_anew) {
  const Plan plan = plan_of(Operation::switchover, "dc");
  ASSERT_EQ(run(plan, "serviceops\n"), 0) << read(root_ / "out");
  EXPECT_NE(read(root_ / "work/finished"), "");
  // Now the hosts hold claim 8: a runbook made under claim 7 does nothing a second time.
  EXPECT_EQ(go("serviceops\n"), 4);
  EXPECT_NE(read(root_ / "out").find("made under claim 7"), std::string::npos);
  EXPECT_EQ(outcome("database.stop"), "");
}

TEST_F(Runbook, a_failed_step_may_be_tried_again_but_a_proof_not_skipped) {
  Plan plan;
  plan.application = "serviceops";
  plan.from_site = "dc";
  plan.to_site = "dr";
  plan.hosts = application_.all_hosts();
  Step step;
  step.id = "proof";
  step.where = "dr/app";
  step.bound = Milliseconds(1);
  step.apply = argv_command(
      {"sh", "-c",
       "[ -e " + root_.string() + "/tried ] || { touch " + root_.string() + "/tried; exit 1; }"});
  Step extra = step;
  extra.id = "extra";
  extra.apply = argv_command({"false"});
  extra.skippable = true;
  plan.steps = {step, extra};
  ASSERT_EQ(run(plan, "serviceops\ns\nr\ns\nAda: not needed\n"), 0) << read(root_ / "out");
  EXPECT_EQ(outcome("proof"), "done");
  EXPECT_EQ(outcome("extra"), "passed");
  EXPECT_NE(read(root_ / "work/log").find("skipped by Ada: not needed"), std::string::npos);
}

TEST_F(Runbook, leaves_its_log_on_every_host_that_answers) {
  write("gone.10.77.1.10", "");
  write("gone.10.77.1.20", "");
  ASSERT_EQ(run(plan_of(Operation::failover, "dc"), "serviceops\nAda\nI attest\n"), 0)
      << read(root_ / "out");
  std::string kept;
  for (const auto& file : fs::directory_iterator(root_ / "10.77.2.10/serviceops/runbook-log")) {
    kept += read(file.path());
  }
  EXPECT_NE(kept.find("confirmed by Ada"), std::string::npos) << kept;
  EXPECT_FALSE(fs::exists(root_ / "10.77.1.10/serviceops"));
}

TEST_F(Runbook, a_dry_run_asks_no_host_and_keeps_nothing) {
  write("runbook.sh", render_shell(plan_of(Operation::failover, "dc"), "failover-to-dr"));
  ASSERT_EQ(go("", "--dry-run"), 0) << read(root_ / "out");
  EXPECT_NE(read(root_ / "out").find("runs       dr/db: recorder_do 'database' 'promote'"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(root_ / "work"));
  EXPECT_FALSE(fs::exists(root_ / "10.77.2.20"));
  ASSERT_EQ(go("", "--script=recorder_do"), 0);
  EXPECT_NE(read(root_ / "out").find(">>\"$SB_STATE/done\""), std::string::npos);
  EXPECT_EQ(go("", "--help"), 0);
  EXPECT_EQ(go("", "--now"), 2);
}

TEST_F(Runbook, is_performed_by_bash_and_busybox_too) {
  for (const std::string shell : {"bash --posix", "busybox sh"}) {
    if (std::system(("command -v " + shell.substr(0, shell.find(' ')) + " >/dev/null").c_str()) !=
        0) {
      continue;
    }
    TearDown();
    SetUp();
    shell_ = shell;
    ASSERT_EQ(run(plan_of(Operation::switchover, "dc"), "serviceops\n"), 0)
        << shell << read(root_ / "out");
    EXPECT_EQ(on("10.77.2.10", "status"), "standby_as_production\n");
  }
}

TEST_F(Runbook, a_secret_that_is_not_here_is_asked_for_by_path_and_never_kept) {
  Plan plan;
  plan.application = "serviceops";
  plan.hosts = application_.all_hosts();
  Step step;
  step.id = "uses.secret";
  step.where = "dr/app";
  step.apply = argv_command({"grep", "-qx", "s3cr.t"});
  step.apply.secret_stdin = "file:/nonexistent/key";
  plan.steps = {step};
  write("key", "s3cret\n");
  ASSERT_EQ(run(plan, "serviceops\n" + root_.string() + "/key\n"), 0) << read(root_ / "out");
  EXPECT_EQ(read(root_ / "runbook.sh").find("s3cret"), std::string::npos);
  EXPECT_NE(std::system(("grep -rq s3cret " + root_.string() + "/work").c_str()), 0);
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
