// The runner and its wrapper, over a local channel, in each shell that hosts may have.
#include "world/fixture.h"

namespace switchback {
namespace {

class Runner : public testing::TestWithParam<std::string> {
 protected:
  Runner() : host(GetParam()) {}
  LocalHost host;
};

INSTANTIATE_TEST_SUITE_P(Shells, Runner, testing::Values("/bin/dash", "/bin/bash", "busybox"),
                         [](const auto& shell) {
                           return shell.param.substr(shell.param.rfind('/') + 1);
                         });

TEST_P(Runner, answers_a_plain_command) {
  const auto answer = host.run(host.read({"printf", "%s", "hello"}));
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  EXPECT_EQ(answer.out, "hello");
}

TEST_P(Runner, applies_once_and_answers_again_from_the_receipt) {
  const auto request =
      host.effect("grow", 1, "echo x >>\"$SB_STATE/grown\"; echo size=1; echo w >&2; exit 3");
  const auto first = host.run(request);
  EXPECT_EQ(verdict(first), "ended 3") << first.err;
  EXPECT_TRUE(first.applied);
  EXPECT_EQ(first.out, "size=1\n");
  const auto again = host.run(request);
  EXPECT_EQ(verdict(again), "ended 3") << again.err;
  EXPECT_TRUE(again.applied);
  EXPECT_EQ(again.out, "size=1\n");
  EXPECT_EQ(again.err, "w\n");
  EXPECT_EQ(read_text(host.state("grown")), "x\n");
}

}  // namespace
}  // namespace switchback
