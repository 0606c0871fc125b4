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
                                                   {Operation::reprotect, "dr"}};
  for (const auto& [operation, active] : all) {
    const Plan plan = plan_of(operation, active);
    expect_golden("plan_" + std::string(operation_text(operation)) + ".txt",
                  render_text(plan, predict(plan, {})));
  }
}

}  // namespace
}  // namespace switchback
