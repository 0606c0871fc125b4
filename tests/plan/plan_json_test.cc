#include <gtest/gtest.h>

#include "plan/plan.h"

namespace switchback {
namespace {

TEST(PlanJson, survives_the_round_trip_with_the_same_hash) {
  Plan plan;
  plan.application = "shop";
  plan.from_site = "a";
  plan.to_site = "b";
  Step step;
  step.id = "database.promote";
  step.where = "controller";
  step.apply = script_command("pg_promote", {Argument::literal("it's"), Argument::capture("x:y")});
  step.captures = {{"lsn", "lsn"}};
  plan.steps = {step};
  const auto back = plan_from_json(plan_to_json(plan));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->steps, plan.steps);
  EXPECT_EQ(plan_hash(*back), plan_hash(plan));
  plan.steps[0].bound = Milliseconds(1);
  EXPECT_NE(plan_hash(*back), plan_hash(plan));
}

TEST(PlanProblems, names_what_makes_a_plan_unfit) {
  Plan plan;
  Step step;
  step.id = "x";
  step.where = "dc/db";
  step.needs = {"y"};
  step.apply = script_command("missing", {Argument::capture("z:lsn")});
  plan.steps = {step, step};
  EXPECT_EQ(plan_problems(plan).size(), 9u);
}

}  // namespace
}  // namespace switchback
