// What an answer means for its step, and the words that an operator reads.
#include "engine/judge.h"

#include <gtest/gtest.h>

namespace switchback {
namespace {

Step with_probe() {
  Step step;
  step.probe.arguments = {Argument::literal("true")};
  step.apply.arguments = {Argument::literal("true")};
  step.bound = Milliseconds(60'000);
  return step;
}

Answer timed_out(bool applied, int exit_code, std::string words) {
  Answer answer;
  answer.status = AnswerStatus::timed_out;
  answer.applied = applied;
  answer.exit_code = exit_code;
  answer.err = std::move(words);
  return answer;
}

TEST(Judge, tells_a_command_that_hangs_from_one_that_did_not_help) {
  const Verdict hangs = judge(with_probe(), timed_out(true, -1, ""), false);
  EXPECT_EQ(hangs.outcome, Outcome::unknown);
  EXPECT_EQ(hangs.message, "not done within 1 min 00 s, its command was still running");
  const Verdict vain = judge(with_probe(), timed_out(true, 1, "ns1 answers '10.0.0.1'\n"), false);
  EXPECT_EQ(vain.outcome, Outcome::not_done);
  EXPECT_EQ(vain.message, "not done within 1 min 00 s: ns1 answers '10.0.0.1'");
}

}  // namespace
}  // namespace switchback
