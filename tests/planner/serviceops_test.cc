// The example of the documentation with the real component types: what an operator would see.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "components/site.h"
#include "components/types.h"
#include "golden.h"
#include "model/reader.h"
#include "plan/render.h"
#include "planner/planner.h"
#include "planner/predict.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

Catalogue real_catalogue() {
  Catalogue catalogue;
  for (const ComponentType* type : component_types()) catalogue.types.push_back(type);
  for (const NamedScript& script : site_scripts()) catalogue.scripts.push_back(script);
  return catalogue;
}

Application serviceops() {
  const std::string file = std::string(SOURCE_DIR) + "/examples/serviceops/serviceops.yaml";
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  auto read = read_application(text.str(), "serviceops.yaml", component_schemas());
  EXPECT_TRUE(read.application) << join(read.lines(), "\n");
  Application application = read.application.value_or(Application{});
  application.config_hash = std::string(64, 'c');  // a comment in the file changes no plan
  return application;
}

TEST(ServiceOps, golden_plans_of_every_operation) {
  const Application application = serviceops();
  ASSERT_EQ(application.sites.size(), 2u);
  const std::pair<Operation, const char*> all[] = {
      {Operation::switchover, "dc"}, {Operation::failback, "dr"}, {Operation::failover, "dc"},
      {Operation::reprotect, "dr"},  {Operation::sync, "dc"},     {Operation::adopt, ""},
      {Operation::release, "dc"},    {Operation::start, "dc"}};
  for (const auto& [operation, active] : all) {
    const Claim claim = operation == Operation::adopt ? Claim{} : claim_at(application, active);
    auto plan = make_plan(real_catalogue(), application, claim, Snapshot{}, {operation, ""});
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan_problems(*plan), std::vector<std::string>{});
    // The hash covers the scripts; their own tests say when they change.
    plan->scripts.clear();
    plan->config_hash.clear();
    expect_golden("serviceops_" + std::string(operation_text(operation)) + ".txt",
                  render_text(*plan, predict(*plan, {}), true));
  }
}

TEST(ServiceOps, its_runbooks_are_accepted_by_the_shell) {
  const Application application = serviceops();
  for (const auto& [operation, active] : {std::pair{Operation::switchover, "dc"},
                                          {Operation::failover, "dc"},
                                          {Operation::reprotect, "dr"}}) {
    const auto plan = make_plan(real_catalogue(), application, claim_at(application, active),
                                Snapshot{}, {operation, ""});
    ASSERT_TRUE(plan) << plan.error().message;
    const std::string path = ::testing::TempDir() + "serviceops-runbook.sh";
    std::ofstream(path) << render_shell(*plan);
    EXPECT_EQ(std::system(("dash -n " + path).c_str()), 0);
    EXPECT_EQ(std::system(("bash -n " + path).c_str()), 0);
  }
}

}  // namespace
}  // namespace switchback
