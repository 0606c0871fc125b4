// Schedules beyond links and power: people who abort, clocks that jump, disks and a store that are
// full for a while, hosts that babble.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/schedules.h"

namespace switchback {
namespace {

class Schedules : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Each, Schedules, testing::ValuesIn(operation_cases()),
                         [](const auto& tested) { return tested.param.name; });

void abort_sometimes(Scenario& scenario, int64_t run, FaultPoint&) {
  // As another process would: between two instructions of the executor, not within its write.
  scenario.world.after(Milliseconds(0), [&scenario, run] { scenario.ask_to_abort(run); });
}

void step_clock(Scenario& scenario, int64_t, FaultPoint&) {
  const int64_t hour = 3'600'000;
  scenario.world.step_wall_clock(Milliseconds(scenario.world.random(96 * hour) - 48 * hour));
}

void fill_disk(Scenario& scenario, int64_t, FaultPoint&) {
  SimulatedWorld& world = scenario.world;
  const std::vector<std::string> hosts = {"dc/app", "dc/db", "dr/app", "dr/db", "controller"};
  const std::string host = hosts[static_cast<size_t>(world.random(5))];
  world.host(host).disk_full = true;
  world.after(Milliseconds(world.random(12'000)),
              [&world, host] { world.host(host).disk_full = false; });
}

void fail_store(Scenario& scenario, int64_t, FaultPoint&) {
  const int64_t count = 1 + scenario.world.random(4);
  for (int64_t n = 1; n <= count; ++n) {
    const bool written = scenario.world.random(2) == 0;
    scenario.store.fail_write(
        scenario.store.writes() + n,
        written ? MemoryStore::FailureKind::written : MemoryStore::FailureKind::not_written);
  }
}

void babble(Scenario& scenario, int64_t, FaultPoint& point) {
  point.speech = static_cast<FaultPoint::Speech>(1 + scenario.world.random(3));
}

TEST_P(Schedules, stays_safe_and_ends_when_people_abort_at_any_point) {
  run_schedules(GetParam(), "aborts", abort_sometimes);
}

TEST_P(Schedules, stays_safe_and_ends_when_the_clock_jumps_by_hours) {
  run_schedules(GetParam(), "clock steps", step_clock);
}

TEST_P(Schedules, stays_safe_and_ends_when_disks_of_hosts_are_full_for_a_while) {
  run_schedules(GetParam(), "full disks", fill_disk);
}

TEST_P(Schedules, stays_safe_and_ends_when_the_store_cannot_be_written_for_a_while) {
  run_schedules(GetParam(), "a failing store", fail_store);
}

TEST_P(Schedules, stays_safe_and_ends_when_hosts_babble) {
  run_schedules(GetParam(), "babbling hosts", babble);
}

TEST_P(Schedules, stays_safe_and_ends_under_everything_together) {
  run_schedules(GetParam(), "everything", [](Scenario& scenario, int64_t run, FaultPoint& point) {
    scenario.lose_power = true;
    switch (scenario.world.random(7)) {
      case 0:
        return step_clock(scenario, run, point);
      case 1:
        return fill_disk(scenario, run, point);
      case 2:
        return fail_store(scenario, run, point);
      case 3:
        return babble(scenario, run, point);
      default:
        return harm_links_and_hosts(scenario, point);
    }
  });
}

}  // namespace
}  // namespace switchback
