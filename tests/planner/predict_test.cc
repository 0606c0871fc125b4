#include "planner/predict.h"

#include <gtest/gtest.h>

#include "planner/recorder.h"

namespace switchback {
namespace {

Step step(const std::string& id, const std::string& phase, std::vector<std::string> needs) {
  Step made;
  made.id = id;
  made.phase = phase;
  made.needs = std::move(needs);
  return made;
}

// stop (2 s) -> sync (4 s) and other (1 s) -> start (3 s) -> finish (10 s)
Plan diamond() {
  Plan plan;
  plan.steps = {step("prepare", "prepare", {}),
                step("stop", "stop", {"prepare"}),
                step("sync", "sync", {"stop"}),
                step("other", "sync", {"stop"}),
                step("start", "start", {"sync", "other"}),
                step("finish", "finish", {"start"})};
  return plan;
}

Durations measured() {
  const auto ms = [](int64_t value) { return Milliseconds(value); };
  return {{"prepare", {ms(7'000)}}, {"stop", {ms(3'000), ms(2'000), ms(1'000)}},
          {"sync", {ms(4'000)}},    {"other", {ms(1'000)}},
          {"start", {ms(3'000)}},   {"finish", {ms(10'000)}}};
}

TEST(Predict, adds_up_along_the_longest_path) {
  const Prediction prediction = predict(diamond(), measured());
  EXPECT_EQ(prediction.total.expected, Milliseconds(26'000));
  EXPECT_EQ(prediction.total.least, Milliseconds(25'000));
  EXPECT_EQ(prediction.total.most, Milliseconds(27'000));
  EXPECT_EQ(prediction.critical_path,
            (std::vector<std::string>{"prepare", "stop", "sync", "start", "finish"}));
  EXPECT_FALSE(prediction.steps.at("other").critical);
  EXPECT_EQ(prediction.steps.at("start").start, Milliseconds(13'000));
  EXPECT_EQ(prediction.guesses, 0);
}

TEST(Predict, the_outage_runs_from_the_first_stop_to_the_last_start) {
  EXPECT_EQ(predict(diamond(), measured()).outage.expected, Milliseconds(9'000));
  Plan emergency = diamond();
  emergency.operation = Operation::failover;
  EXPECT_EQ(predict(emergency, measured()).outage.expected, Milliseconds(16'000));
  Plan rebuild = diamond();
  rebuild.operation = Operation::reprotect;
  EXPECT_EQ(predict(rebuild, measured()).outage.expected, Milliseconds(0));
}

TEST(Predict, a_step_without_a_past_is_marked_as_a_guess) {
  Durations past = measured();
  past.erase("sync");
  const Prediction prediction = predict(diamond(), past);
  EXPECT_EQ(prediction.guesses, 1);
  EXPECT_TRUE(prediction.steps.at("sync").guessed);
  EXPECT_GT(prediction.steps.at("sync").duration.most, prediction.steps.at("sync").duration.least);
}

TEST(Predict, people_are_counted_not_timed) {
  Plan plan = diamond();
  plan.steps[0].kind = StepKind::gate;
  const Prediction prediction = predict(plan, measured());
  EXPECT_EQ(prediction.gates, 1);
  EXPECT_EQ(prediction.total.expected, Milliseconds(19'000));
}

}  // namespace
}  // namespace switchback
