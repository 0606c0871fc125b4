#include "plan/render.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "planner/planner.h"
#include "planner/predict.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

Plan plan_of(Operation operation, const std::string& active) {
  const Application application = recorder_application();
  auto plan = make_plan(recorder_catalogue(), application, claim_at(application, active),
                        Snapshot{}, {operation, ""});
  EXPECT_TRUE(plan) << plan.error().message;
  return plan.value_or(Plan{});
}

TEST(RenderText, golden_plans_of_every_operation) {
  const std::pair<Operation, const char*> all[] = {{Operation::switchover, "dc"},
                                                   {Operation::failback, "dr"},
                                                   {Operation::failover, "dc"},
                                                   {Operation::reprotect, "dr"},
                                                   {Operation::start, "dc"}};
  for (const auto& [operation, active] : all) {
    const Plan plan = plan_of(operation, active);
    const std::string name = "plan_" + std::string(operation_text(operation));
    expect_golden(name + ".txt", render_text(plan, predict(plan, {})));
    if (operation != Operation::switchover) continue;
    expect_golden(name + ".md", render_markdown(plan, predict(plan, {})));
    expect_golden(name + ".sh", render_shell(plan));
  }
}

TEST(RenderJson, reads_back_as_the_plan_and_has_hash_and_prediction) {
  const Plan plan = plan_of(Operation::switchover, "dc");
  const Json value = render_json(plan, predict(plan, {}));
  const auto back = plan_from_json(value);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(plan_hash(*back), plan_hash(plan));
  EXPECT_EQ(json_text(value, "hash"), plan_hash(plan));
  EXPECT_EQ(value["prediction"]["steps"].size(), plan.steps.size());
}

TEST(RenderText, draws_the_point_of_no_return_once_and_before_the_promote) {
  const std::string text = render_text(plan_of(Operation::switchover, "dc"), {});
  const size_t line = text.find("━━ point of no return");
  ASSERT_NE(line, std::string::npos);
  EXPECT_EQ(text.find("━━ point of no return", line + 1), std::string::npos);
  EXPECT_LT(text.find("claim.publish.dr.db"), line);
  EXPECT_GT(text.find("database.promote "), line);
}

}  // namespace
}  // namespace switchback
