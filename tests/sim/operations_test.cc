// Whole operations in the simulator: without a fault, and with the controller killed before and
// after every journal write, dispatch and effect.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "sim/scenario.h"
#include "world/sim/runner.h"
#include "world/sim/units.h"

namespace switchback {
namespace {

std::string told(Scenario& scenario, const Course& course) {
  return course.problem + "\n" + scenario.world.story();
}

// What the runs wrote down, for whoever replays a schedule.
std::string journals(Scenario& scenario) {
  std::string text;
  const auto runs = scenario.store.runs(scenario.application.name).value();
  for (const RunRecord& run : runs) {
    const auto events = scenario.store.read(run.run, 0).value();
    for (const Event& event : events) {
      if (event.kind == EventKind::run_created) continue;
      text += fmt::format("{}/{} {} {}\n", run.run, event.sequence, event_kind_text(event.kind),
                          event.body.dump());
    }
  }
  return text;
}

// The number of points that the operation has when nothing goes wrong, from `prepared`.
using Prepare = std::function<void(Scenario&)>;

struct Case {
  std::string name;
  Operation operation;
  std::string active_after;
  bool protected_after = true;
  Prepare prepare = [](Scenario&) {};
  std::string to = "";
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

// Both sites lose their power; only dc comes back, and nobody is left to confirm its claim.
void lose_both(Scenario& scenario) {
  scenario.world.run_for(Milliseconds(1'000));
  scenario.power_off_site("dc");
  scenario.power_off_site("dr");
  scenario.power_on_site("dc");
  scenario.world.run_for(Milliseconds(5'000));
}

// Both come back, and every guard waits for a person. The last writes never reached dr.
void wait_for_a_person(Scenario& scenario) {
  for (const Host& host : scenario.application.all_hosts()) {
    scenario.world.host(host.key).apps["serviceops"].adoption->mode = "confirm";
  }
  scenario.world.cut("dr/db", "dc/db");
  for (int i = 0; i < 40; ++i) scenario.world.after(Milliseconds(i), [] {});
  lose_both(scenario);
  scenario.world.heal_everything();
  scenario.power_on_site("dr");
  scenario.world.run_for(Milliseconds(5'000));
}

// dc was started alone; then dr came back, with everything that it had.
void start_without_dr(Scenario& scenario) {
  lose_both(scenario);
  done(scenario, Operation::start);
  scenario.power_on_site("dr");
  scenario.world.run_for(Milliseconds(5'000));
}

// dr is new: nothing was adopted there, no database, and its slot was never made.
void never_built(Scenario& scenario) {
  for (const Host& host : scenario.application.site("dr").hosts) {
    SimulatedHost& there = scenario.world.host(host.key);
    there.apps.clear();
    there.status_files.clear();
    there.open_guards.clear();
    for (auto& [name, unit] : there.units) {
      unit.active = false;
      unit.processes = 0;
    }
  }
  PgCluster& c = scenario.cluster("dr");
  PgCluster empty;
  empty.unit = c.unit;
  empty.writer = c.writer;
  empty.follows = c.follows;
  empty.slot_asked = "dr";
  c = empty;
  scenario.world.run_for(Milliseconds(1'000));
}

std::vector<Case> cases() {
  return {
      {"switchover", Operation::switchover, "dr"},
      {"failback", Operation::failback, "dc", true,
       [](Scenario& s) { done(s, Operation::switchover); }},
      {"failover", Operation::failover, "dr", false, lose_dc},
      {"reprotect", Operation::reprotect, "dr", true, fail_over_and_return},
      {"reprotect_of_a_lost_standby", Operation::reprotect, "dc", true, start_without_dr},
      {"reprotect_of_a_new_side", Operation::reprotect, "dc", true, never_built},
      {"start", Operation::start, "dc", false, lose_both},
      {"start_confirmed", Operation::start, "dc", false, wait_for_a_person},
      {"start_of_the_lower", Operation::start, "dr", false, wait_for_a_person, "dr"},
  };
}

class Operations : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Each, Operations, testing::ValuesIn(cases()),
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

// Faults at random points of the run, all from the seed: kills, broken connections, cuts that heal,
// frozen hosts, hosts that lose their power and boot, late requests. First only safety
// counts; then everything is healed, and the run must come to its end.
void plant_faults(Scenario& scenario) {
  SimulatedWorld& world = scenario.world;
  world.on_point([&scenario, &world](FaultPoint& point) {
    if (world.random(30) != 0) return;
    const std::vector<std::string> hosts = {"dc/app", "dc/db", "dr/app", "dr/db"};
    const std::string host = hosts[static_cast<size_t>(world.random(4))];
    const std::string other =
        world.random(2) == 0 ? "controller" : hosts[static_cast<size_t>(world.random(4))];
    const Milliseconds time(world.random(12'000));
    switch (world.random(7)) {
      case 0:
        return world.crash_controller();
      case 1:
        return world.break_connections(host);
      case 2:
        if (host == other) return;
        world.cut(other, host);
        return world.after(time, [&world, other, host] { world.heal(other, host); });
      case 3:
        if (host == other) return;
        world.cut(host, other);
        return world.after(time, [&world, other, host] { world.heal(host, other); });
      case 4:
        world.freeze(host);
        return world.after(time, [&world, host] { world.thaw(host); });
      case 5:
        if (!scenario.lose_power) return;
        world.power_off(host);
        return world.after(time, [&scenario, &world, host] {
          if (!scenario.is_lost(host)) world.power_on(host);
        });
      default:
        if (point.kind == FaultPoint::Kind::before_dispatch) point.delay = time;
    }
  });
}

int schedules() {
  const char* wanted = std::getenv("SWITCHBACK_SCHEDULES");
  return wanted == nullptr ? 25 : std::atoi(wanted);
}

uint64_t first_seed() {
  const char* wanted = std::getenv("SWITCHBACK_SEED");
  return wanted == nullptr ? 1 : std::strtoull(wanted, nullptr, 10);
}

// Safety is demanded of every schedule; that the operation ends, once everything is healed.
void run_schedules(const Case& tested, bool lose_power) {
  for (uint64_t seed = first_seed(); seed < first_seed() + static_cast<uint64_t>(schedules());
       ++seed) {
    Scenario scenario(seed);
    scenario.lose_power = lose_power;
    tested.prepare(scenario);
    const int64_t run = scenario.begin(tested.operation, tested.to);
    plant_faults(scenario);
    const Course course = scenario.carry_through(run, tested.operation);
    const std::string replay =
        fmt::format("{} with seed {}{}: replay with SWITCHBACK_SEED={} SWITCHBACK_SCHEDULES=1",
                    tested.name, seed, lose_power ? " and power losses" : "", seed);
    std::string wrong = join(scenario.world.violations(), "; ");
    if (course.result == "done") {
      wrong = scenario.problems(tested.active_after, tested.protected_after);
    } else {
      wrong += "; did not end: " + course.problem;
    }
    if (wrong.empty()) continue;
    ADD_FAILURE() << replay << "\n"
                  << wrong << "\n"
                  << (std::getenv("SWITCHBACK_STORY")
                          ? scenario.world.story(2'000) + journals(scenario)
                          : "");
  }
  std::cout << tested.name << ": " << schedules() << " schedules\n";
}

TEST_P(Operations, stays_safe_and_ends_under_seeded_faults) {
  run_schedules(GetParam(), false);
}

TEST_P(Operations, stays_safe_and_ends_when_hosts_lose_their_power) {
  run_schedules(GetParam(), true);
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
  done(scenario, Operation::failover);
  scenario.power_on_site("dc");
  scenario.world.run_for(Milliseconds(5'000));
  EXPECT_EQ(scenario.world.violations().size(), 2u);  // database and services
}

TEST(PlantedBug, a_lost_write_is_noticed) {
  Scenario scenario(1);
  scenario.world.run_for(Milliseconds(1'000));
  done(scenario, Operation::switchover);
  ASSERT_EQ(scenario.problems("dr", true), "");
  ASSERT_GT(scenario.writes(), 0u);
  std::erase_if(scenario.cluster("dr").log,
                [](const PgRecord& record) { return record.write == 1; });
  EXPECT_NE(scenario.problems("dr", true).find("write 1 is lost"), std::string::npos);
}

}  // namespace
}  // namespace switchback
