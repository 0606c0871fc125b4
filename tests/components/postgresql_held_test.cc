// The session that is held for the outage: an answer comes from it, one that does not come is given
// up. pg_hold and pg_holds beside a psql that answers as we want; session, pipes and beat are real.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "components/script_runner.h"

namespace switchback {
namespace {

class Held : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root may become the owner of a cluster";
    write_file(path("bin/psql"),
               "#!/bin/sh\n"
               "while IFS= read -r line; do\n"
               "  case $line in\n"
               "    '\\echo '*) echo \"${line#??????}\" ;;\n"
               "    'select 1;') [ ! -e '" +
                   path("die") + "' ] || exit 2; [ ! -e '" + path("hang") +
                   "' ] || exec sleep 20; echo 1 ;;\n"
                   "    '\\q') exit 0 ;;\n"
                   "  esac\n"
                   "done\n");
    chmod(path("bin/psql").c_str(), 0755);
    EXPECT_SCRIPT(run("pg_hold", "20"), 0);
  }
  void TearDown() override { run("pg_release"); }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  ScriptResult run(const std::string& script, const std::string& word = "") {
    std::vector<std::string> words = {path("bin"), path("data"), "x.conf",   "5432",
                                      "/tmp",      "root",       "database", "postgres"};
    if (!word.empty()) words.push_back(word);
    return run_script(script, words, {{"SB_RUN", path("run")}, {"SB_STATE", path("state")}});
  }
  pid_t keeper() const { return std::stoi(read_file(path("run/pg/database.service/pid"))); }

  TemporaryFolder folder_;
};

TEST_F(Held, answers_and_answers_again) {
  EXPECT_SCRIPT(run("pg_holds"), 0);
  EXPECT_SCRIPT(run("pg_holds"), 0);
}

TEST_F(Held, is_kept_by_a_second_hold) {
  const pid_t first = keeper();
  EXPECT_SCRIPT(run("pg_hold", "20"), 0);
  EXPECT_EQ(keeper(), first);
}

TEST_F(Held, that_does_not_answer_is_given_up) {
  write_file(path("hang"), "");
  EXPECT_SCRIPT(run("pg_holds"), 1);
}

TEST_F(Held, that_ends_instead_of_answering_is_given_up) {
  write_file(path("die"), "");
  EXPECT_SCRIPT(run("pg_holds"), 1);
  EXPECT_SCRIPT(run("pg_holds"), 1);
}

TEST_F(Held, whose_keeper_is_killed_while_it_is_asked_is_given_up) {
  write_file(path("hang"), "");
  const pid_t victim = keeper();
  const pid_t killer = fork();
  if (killer == 0) {
    usleep(300'000);
    kill(victim, SIGKILL);
    _exit(0);
  }
  EXPECT_SCRIPT(run("pg_holds"), 1);
}

}  // namespace
}  // namespace switchback
