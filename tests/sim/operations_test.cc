// Whole operations in the simulator: without a fault, and with the controller killed before and
// after every journal write, dispatch and effect.
#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace switchback {
namespace {

std::string told(Scenario& scenario, const Course& course) {
  return course.problem + "\n" + scenario.world.story();
}

// The number of points that the operation has when nothing goes wrong, from `prepared`.
using Prepare = std::function<void(Scenario&)>;

struct Case {
  std::string name;
  Operation operation;
  std::string active_after;
  bool protected_after = true;
  Prepare prepare = [](Scenario&) {};
};

void done(Scenario& scenario, Operation operation) {
  const Course course = scenario.perform(operation);
  ASSERT_EQ(course.result, "done") << told(scenario, course);
}

void lose_dc(Scenario& scenario) {
  scenario.world.run_for(Milliseconds(1'000));
  scenario.power_off_site("dc");
}

void fail_over_and_return(Scenario& scenario) {
  // What dc commits while it is cut off is what salvage is for.
  scenario.world.cut("dr/db", "dc/db");
  for (int i = 0; i < 40; ++i) scenario.world.after(Milliseconds(i), [] {});
  lose_dc(scenario);
  scenario.world.heal_everything();
  done(scenario, Operation::failover);
  scenario.power_on_site("dc");
  scenario.world.run_for(Milliseconds(5'000));
}

std::vector<Case> cases() {
  return {
      {"switchover", Operation::switchover, "dr"},
      {"failback", Operation::failback, "dc", true,
       [](Scenario& s) { done(s, Operation::switchover); }},
      {"failover", Operation::failover, "dr", false, lose_dc},
      {"reprotect", Operation::reprotect, "dr", true, fail_over_and_return},
  };
}

class Operations : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Each, Operations, testing::ValuesIn(cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Operations, ends_well_without_a_fault) {
  Scenario scenario(1);
  GetParam().prepare(scenario);
  const Course course = scenario.perform(GetParam().operation);
  EXPECT_EQ(course.result, "done") << told(scenario, course);
  EXPECT_EQ(scenario.problems(GetParam().active_after, GetParam().protected_after), "")
      << told(scenario, course);
}

// kill -9 of the controller at every point, one point per schedule; then a new one takes over.
TEST_P(Operations, ends_the_same_when_the_controller_is_killed_at_any_point) {
  int64_t points = 0;
  {
    Scenario scenario(1);
    GetParam().prepare(scenario);
    const int64_t run = scenario.begin(GetParam().operation);
    points = -scenario.world.points();
    scenario.drive(run);
    points += scenario.world.points();
  }
  ASSERT_GT(points, 20);
  for (int64_t at = 1; at <= points; ++at) {
    Scenario scenario(1);
    GetParam().prepare(scenario);
    const int64_t run = scenario.begin(GetParam().operation);
    const int64_t target = scenario.world.points() + at;
    scenario.world.on_point([&](FaultPoint& point) {
      if (point.number == target) scenario.world.crash_controller();
    });
    const Course course = scenario.drive(run);
    ASSERT_EQ(course.result, "done") << "killed at point " << at << "\n" << told(scenario, course);
    ASSERT_EQ(scenario.problems(GetParam().active_after, GetParam().protected_after), "")
        << "killed at point " << at << "\n"
        << told(scenario, course);
  }
  std::cout << GetParam().name << ": killed at each of " << points << " points\n";
}

}  // namespace
}  // namespace switchback
