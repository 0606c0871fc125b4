// The announcement scripts, run for real: a message is handed over as it is, and never stops a run.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "components/script_runner.h"
#include "planner/parts.h"

namespace switchback {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Announcement : public ::testing::Test {
 protected:
  // A program in front of the real ones that keeps its arguments and its input.
  void recorder(const std::string& name, int exit_code) {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path) << "#!/bin/sh\nprintf '%s\\n' \"$@\" >" << folder_.path()
                        << "/arguments\ncat >" << folder_.path() << "/input\nexit " << exit_code
                        << "\n";
    chmod(path.c_str(), 0755);
  }
  ScriptResult run(const std::string& script, const std::vector<std::string>& arguments,
                   const std::string& input = "") {
    std::vector<std::string> words = {"/bin/sh", "-c",
                                      std::string(Catalogue{}.find_script(script)->body), script};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_words(words, {{"PATH", folder_.path() + ":/usr/bin:/bin"}}, input);
  }
  TemporaryFolder folder_;
};

TEST_F(Announcement, goes_to_a_webhook_and_keeps_a_secret_address_out_of_the_arguments) {
  recorder("curl", 0);
  const auto result =
      run("announce_webhook", {"-", R"({"text":"it's \"begun\"; )", "over by noon", "\"}"},
          "https://x.test/s3cret\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "delivered=yes\n");
  EXPECT_EQ(read(folder_.path() + "/input"), "url = \"https://x.test/s3cret\"\n");
  const std::string arguments = read(folder_.path() + "/arguments");
  EXPECT_EQ(arguments.find("s3cret"), std::string::npos);
  EXPECT_NE(arguments.find("{\"text\":\"it's \\\"begun\\\"; over by noon\"}\n"), std::string::npos)
      << arguments;
}

TEST_F(Announcement, an_address_that_is_no_secret_comes_as_an_argument) {
  recorder("curl", 0);
  EXPECT_EQ(run("announce_webhook", {"https://x.test/hook", "{", "", "}"}).out, "delivered=yes\n");
  EXPECT_EQ(read(folder_.path() + "/input"), "url = \"https://x.test/hook\"\n");
}

TEST_F(Announcement, that_fails_is_said_and_stops_nothing) {
  recorder("curl", 7);
  recorder("page", 3);
  for (const auto& result : {run("announce_webhook", {"https://x.test/hook", "{", "", "}"}),
                             run("announce_command", {"words", "", "page"})}) {
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, "delivered=no\n");
  }
}

TEST_F(Announcement, reaches_a_command_as_its_last_argument) {
  recorder("page", 0);
  const auto result = run("announce_command", {"it's ", "$(begun)", "page", "--team"});
  EXPECT_EQ(result.out, "delivered=yes\n");
  EXPECT_EQ(read(folder_.path() + "/arguments"), "--team\nit's $(begun)\n");
}

}  // namespace
}  // namespace switchback
