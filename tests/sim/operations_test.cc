// Whole operations in the simulator: without a fault, and with the controller killed before and
// after every journal write, dispatch and effect.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/schedules.h"
#include "world/sim/runner.h"
#include "world/sim/units.h"

namespace switchback {
namespace {

class Operations : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Each, Operations, testing::ValuesIn(all_cases()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(Operations, ends_well_without_a_fault) {
  Scenario scenario(1);
  GetParam().prepare(scenario);
  const Course course = scenario.perform(GetParam().operation, GetParam().to);
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
    const int64_t run = scenario.begin(GetParam().operation, GetParam().to);
    points = -scenario.world.points();
    scenario.drive(run);
    points += scenario.world.points();
  }
  ASSERT_GT(points, 20);
  for (int64_t at = 1; at <= points; ++at) {
    Scenario scenario(1);
    GetParam().prepare(scenario);
    const int64_t run = scenario.begin(GetParam().operation, GetParam().to);
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

TEST(Reprotect, rewinds_and_saves_what_only_the_lost_side_had) {
  Scenario scenario(1);
  fail_over_and_return(scenario);
  const Course course = scenario.perform(Operation::reprotect);
  EXPECT_EQ(course.result, "done") << told(scenario, course);
  EXPECT_GT(scenario.writes(), 3);
  EXPECT_TRUE(scenario.cluster("dc").rewind.ends_with("done")) << told(scenario, course);
  EXPECT_GT(scenario.salvaged_writes(), 0);
}

TEST(Reprotect, leaves_a_standby_that_was_only_lost_as_it_is) {
  Scenario scenario(1);
  start_without_dr(scenario);
  const Course course = scenario.perform(Operation::reprotect);
  EXPECT_EQ(course.result, "done") << told(scenario, course);
  EXPECT_EQ(scenario.problems("dc", true), "");
  EXPECT_EQ(scenario.cluster("dr").rewind + scenario.cluster("dr").rebuild, "");
  EXPECT_EQ(scenario.world.host("dr/db").status_files.begin()->second, "standby");
  EXPECT_EQ(scenario.world.host("dc/db").status_files.begin()->second, "production");
}

TEST(Reprotect, builds_a_new_side_with_its_guard_and_its_slot) {
  Scenario scenario(1);
  never_built(scenario);
  const Course course = scenario.perform(Operation::reprotect);
  EXPECT_EQ(course.result, "done") << told(scenario, course);
  EXPECT_EQ(scenario.problems("dc", true), "");
  EXPECT_TRUE(scenario.cluster("dr").rebuild.ends_with("done"));
  EXPECT_TRUE(scenario.cluster("dc").slots.contains("dr"));
  for (const Host& host : scenario.application.site("dr").hosts) {
    EXPECT_TRUE(scenario.world.host(host.key).apps["serviceops"].adoption) << host.key;
  }
}

// Somebody opens the guard of the old side by hand and promotes it: a person chooses who stays.
TEST(SplitBrain,
     blocks_everything_until_a_start_chooses_a_side_and_a_reprotect_salvages_the_other) {
  Scenario scenario(1);
  scenario.world.run_for(Milliseconds(1'000));
  scenario.world.cut("dr/db", "dc/db");
  scenario.cluster("dr").standby_signal = false;
  scenario.cluster("dr").in_recovery = false;
  for (const Host& host : scenario.application.site("dr").hosts) {
    for (auto& [name, unit] : scenario.world.host(host.key).units) {
      open_guard(scenario.world.host(host.key), "serviceops", name);
      start_unit(scenario.world, scenario.world.host(host.key), name);
    }
  }
  scenario.world.run_for(Milliseconds(2'000));
  EXPECT_FALSE(scenario.world.violations().empty()) << "the oracle has seen it too";
  scenario.world.heal_everything();
  for (Operation operation : {Operation::switchover, Operation::failover, Operation::sync}) {
    const auto plan = scenario.plan(operation);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(std::ranges::any_of(plan->assumptions, [](const Assumption& each) {
      return !each.met && each.name == "picture.split brain";
    })) << operation_text(operation);
  }
  Course course = scenario.perform(Operation::start, "dr");
  EXPECT_EQ(course.result, "done") << told(scenario, course);
  EXPECT_FALSE(pg_writable(scenario.cluster("dc")));
  EXPECT_TRUE(pg_writable(scenario.cluster("dr")));
  course = scenario.perform(Operation::reprotect);
  EXPECT_EQ(course.result, "done") << told(scenario, course);
  EXPECT_EQ(pg_upstream(scenario.world, scenario.world.host("dc/db"), scenario.cluster("dc")),
            &scenario.cluster("dr"));
  EXPECT_GT(scenario.salvaged_writes(), 0);
}

TEST(ColdStart, of_the_lower_side_asks_first_and_keeps_what_only_the_other_has) {
  Scenario scenario(1);
  wait_for_a_person(scenario);
  const auto plan = scenario.plan(Operation::start, "dr");
  ASSERT_TRUE(plan);
  EXPECT_NE(plan->find("gate.lower"), nullptr);
  EXPECT_EQ(scenario.plan(Operation::start)->to_site, "dc");
}

TEST_P(Operations, stays_safe_and_ends_under_seeded_faults) {
  run_schedules(GetParam(), "faults of links and hosts",
                [](Scenario& scenario, int64_t, FaultPoint& point) {
                  harm_links_and_hosts(scenario, point);
                });
}

TEST_P(Operations, stays_safe_and_ends_when_hosts_lose_their_power) {
  run_schedules(GetParam(), "power losses", [](Scenario& scenario, int64_t, FaultPoint& point) {
    scenario.lose_power = true;
    harm_links_and_hosts(scenario, point);
  });
}

// One abort per schedule, at each point before the rebuilt side stands by: what it leaves must be
// something that can be begun anew.
TEST(Reprotect, can_be_begun_anew_after_an_abort_at_any_point) {
  for (int64_t at = 1; at <= 140; ++at) {
    Scenario scenario(1);
    fail_over_and_return(scenario);
    const int64_t run = scenario.begin(Operation::reprotect);
    const int64_t target = scenario.world.points() + at;
    scenario.world.on_point([&](const FaultPoint& point) {
      if (point.number != target) return;
      scenario.world.after(Milliseconds(0), [&scenario, run] { scenario.ask_to_abort(run); });
    });
    const Course course = scenario.carry_through(run, Operation::reprotect);
    ASSERT_EQ(course.result, "done") << "aborted at point " << at << "\n" << told(scenario, course);
    ASSERT_EQ(scenario.problems("dr", true), "") << "aborted at point " << at;
  }
}

// The schedules must be able to fail: each planted bug is noticed.
std::string violations_when_killed_anywhere(const std::function<void(Scenario&)>& plant) {
  for (int64_t at = 1; at < 160; ++at) {
    Scenario scenario(1);
    plant(scenario);
    const int64_t run = scenario.begin(Operation::switchover);
    const int64_t target = scenario.world.points() + at;
    scenario.world.on_point([&](FaultPoint& point) {
      if (point.number == target) scenario.world.crash_controller();
    });
    scenario.drive(run);
    if (!scenario.world.violations().empty()) return scenario.world.violations()[0];
  }
  return "";
}

TEST(PlantedBug, a_wrapper_that_forgets_its_receipts_is_noticed) {
  const std::string seen = violations_when_killed_anywhere([](Scenario& scenario) {
    for (const Host& host : scenario.application.all_hosts()) {
      scenario.world.runner(host.key).forget_receipts = true;
    }
  });
  EXPECT_NE(seen.find("happened twice"), std::string::npos) << seen;
}

TEST(PlantedBug, a_guard_that_is_always_open_is_noticed) {
  Scenario scenario(1);
  for (const Host& host : scenario.application.all_hosts()) {
    scenario.world.host(host.key).apps["serviceops"].adoption->mode = "open";
  }
  lose_dc(scenario);
  perform_well(scenario, Operation::failover);
  scenario.power_on_site("dc");
  scenario.world.run_for(Milliseconds(5'000));
  EXPECT_EQ(scenario.world.violations().size(), 2u);  // database and services
}

TEST(PlantedBug, a_lost_write_is_noticed) {
  Scenario scenario(1);
  scenario.world.run_for(Milliseconds(1'000));
  perform_well(scenario, Operation::switchover);
  ASSERT_EQ(scenario.problems("dr", true), "");
  ASSERT_GT(scenario.writes(), 0u);
  std::erase_if(scenario.cluster("dr").log,
                [](const PgRecord& record) { return record.write == 1; });
  EXPECT_NE(scenario.problems("dr", true).find("write 1 is lost"), std::string::npos);
}

}  // namespace
}  // namespace switchback
