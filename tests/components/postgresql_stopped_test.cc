// When does a database count as stopped? pg_stopped beside a systemd, a control file and a list of
// control groups that say what we want; the processes are real.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "components/script_runner.h"

namespace switchback {
namespace {

class Stopped : public testing::Test {
 protected:
  void SetUp() override {
    write_file(path("data/PG_VERSION"), "15\n");
    program("pg_controldata",
            "cat <<'EOF'\n"
            "Database system identifier:           7000000000000000001\n"
            "Database cluster state:               shut down\n"
            "Latest checkpoint location:           0/3000028\n"
            "Latest checkpoint's TimeLineID:       1\nEOF\n");
    control_group({});
  }
  ~Stopped() override {
    if (stopper_ <= 0) return;
    kill(stopper_, SIGKILL);
    waitpid(stopper_, nullptr, 0);
  }
  std::string path(const std::string& name) { return folder_.path() + "/" + name; }
  void program(const std::string& name, const std::string& text) {
    write_file(path("bin/" + name), "#!/bin/sh\n" + text);
    chmod(path("bin/" + name).c_str(), 0755);
  }
  void unit(const std::string& state, pid_t control_pid, int job) {
    program("systemctl", "echo ActiveState=" + state +
                             "\necho ControlPID=" + std::to_string(control_pid) +
                             "\necho Job=" + std::to_string(job) + "\n");
  }
  // In place of a look through /proc: who is in the unit's control group.
  void control_group(const std::vector<pid_t>& members) {
    std::string text = "exit 1\n";
    if (!members.empty()) text = "";
    for (const pid_t pid : members) text += "echo /proc/" + std::to_string(pid) + "/cgroup\n";
    program("grep", text);
  }
  // A stop command with one child, as pg_ctlcluster is one with a pg_ctl; its process.
  pid_t stop_command() {
    stopper_ = fork();
    if (stopper_ == 0) {
      execl("/bin/sh", "sh", "-c", "sleep 60; :", nullptr);
      _exit(127);
    }
    return stopper_;
  }
  ScriptResult stopped() {
    return run_script(
        "pg_stopped",
        {path("bin"), path("data"), path("postgresql.conf"), "5432", "/tmp", "postgres",
         "postgresql@15-main", "postgres", "planned", "7000000000000000001"},
        {{"PATH", path("bin") + ":" + getenv("PATH")},
         {"SB_STATE", path("state")},
         {"SB_RUN", path("run")}});
  }
  TemporaryFolder folder_;
  pid_t stopper_ = -1;
};

TEST_F(Stopped, a_clean_directory_and_an_inactive_unit_are_enough) {
  unit("inactive", 0, 0);
  EXPECT_SCRIPT(stopped(), 0);
}

TEST_F(Stopped, a_unit_that_waits_for_its_turn_at_a_boot_is_not_stopped) {
  unit("inactive", 0, 214);
  const auto answer = stopped();
  EXPECT_SCRIPT(answer, 1);
  EXPECT_NE(answer.err.find("a job is waiting"), std::string::npos) << answer.err;
}

// systemd runs the unit's stop command after the server has ended, too: it finds nothing to do, and
// takes longer for that than the server took to stop.
TEST_F(Stopped, the_units_own_stop_command_is_not_waited_for) {
  const pid_t command = stop_command();
  unit("deactivating", command, 0);
  control_group({command});
  EXPECT_SCRIPT(stopped(), 0);
  control_group({command, getpid()});
  EXPECT_SCRIPT(stopped(), 1) << "somebody else's process is left";
}

// systemd buries the server while it is asked about it. Only a list that was made without him tells
// whether somebody died childless.
TEST_F(Stopped, who_died_since_the_list_was_made_is_not_left_but_his_child_is) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  unit("inactive", 0, 0);
  const auto listed_first = [&](const std::string& then) {
    unlink(path("bin/grep.asked").c_str());
    program("grep", "[ -e \"$0.asked\" ] || { : >\"$0.asked\"; echo /proc/" + std::to_string(dead) +
                        "/cgroup; exit; }\n" + then);
  };
  listed_first("exit 1\n");
  EXPECT_SCRIPT(stopped(), 0);
  listed_first("echo /proc/" + std::to_string(getpid()) + "/cgroup\n");
  EXPECT_SCRIPT(stopped(), 1);
}

// The control file was written behind the closed guard, and systemd would say that a job waits.
TEST_F(Stopped, what_ended_behind_the_closed_guard_needs_no_word_of_systemd) {
  unit("inactive", 0, 214);
  write_file(path("data/global/pg_control"), "");
  usleep(20'000);
  write_file(path("state/stopped/postgresql@15-main.service"), "postgresql\n");
  EXPECT_SCRIPT(stopped(), 1) << "it was written before the guard was closed";
  usleep(20'000);
  write_file(path("data/global/pg_control"), "");
  EXPECT_SCRIPT(stopped(), 0);
  control_group({getpid()});
  EXPECT_SCRIPT(stopped(), 1) << "somebody is left";
  const pid_t command = stop_command();
  control_group({command});
  EXPECT_SCRIPT(stopped(), 1) << "not Debian's, and no child of systemd";
  control_group({});
  unlink(path("state/stopped/postgresql@15-main.service").c_str());
  EXPECT_SCRIPT(stopped(), 1) << "the guard's mark is gone";
}

TEST_F(Stopped, an_open_guard_is_no_stop) {
  unit("inactive", 0, 0);
  write_file(path("run/open/postgresql@15-main.service"), "");
  EXPECT_SCRIPT(stopped(), 1);
}

}  // namespace
}  // namespace switchback
