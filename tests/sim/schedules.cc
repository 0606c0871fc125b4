#include "sim/schedules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace switchback {
namespace {

// What the runs wrote down, for whoever replays a schedule.
std::string journals(Scenario& scenario) {
  std::string text;
  const auto runs = scenario.store.runs(scenario.application.name).value();
  for (const RunRecord& run : runs) {
    const auto events = scenario.store.read(run.run).value();
    for (const Event& event : events) {
      if (event.kind == EventKind::run_created) continue;
      text += fmt::format("{}/{} {} {}\n", run.run, event.sequence, event_kind_text(event.kind),
                          event.body.dump());
    }
  }
  return text;
}

int64_t environment(const char* name, int64_t otherwise) {
  const char* wanted = std::getenv(name);
  return wanted == nullptr ? otherwise : std::atoll(wanted);
}

}  // namespace

std::string told(Scenario& scenario, const Course& course) {
  return course.problem + "\n" + scenario.world.story();
}

void perform_well(Scenario& scenario, Operation operation) {
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
  perform_well(scenario, Operation::failover);
  scenario.power_on_site("dc");
  scenario.world.run_for(Milliseconds(5'000));
}

void lose_both(Scenario& scenario) {
  scenario.world.run_for(Milliseconds(1'000));
  scenario.power_off_site("dc");
  scenario.power_off_site("dr");
  scenario.power_on_site("dc");
  scenario.world.run_for(Milliseconds(5'000));
}

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

void start_without_dr(Scenario& scenario) {
  lose_both(scenario);
  perform_well(scenario, Operation::start);
  scenario.power_on_site("dr");
  scenario.world.run_for(Milliseconds(5'000));
}

void never_built(Scenario& scenario) {
  for (const Host& host : scenario.application.site("dr").hosts) {
    SimulatedHost& there = scenario.world.host(host.key);
    there.apps.clear();
    there.status_files.clear();
    there.open_guards.clear();
    for (auto& [name, unit] : there.units) {
      unit.active = false;
      unit.enabled = false;  // nothing guards a new server before its adoption; `ready` says so
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

std::vector<Case> operation_cases() {
  return {
      {"switchover", Operation::switchover, "dr"},
      {"failback", Operation::failback, "dc", true,
       [](Scenario& s) { perform_well(s, Operation::switchover); }},
      {"failover", Operation::failover, "dr", false, lose_dc},
      {"reprotect", Operation::reprotect, "dr", true, fail_over_and_return},
  };
}

std::vector<Case> all_cases() {
  std::vector<Case> cases = operation_cases();
  cases.insert(
      cases.end(),
      {
          {"reprotect_of_a_lost_standby", Operation::reprotect, "dc", true, start_without_dr},
          {"reprotect_of_a_new_side", Operation::reprotect, "dc", true, never_built},
          {"start", Operation::start, "dc", false, lose_both},
          {"start_confirmed", Operation::start, "dc", false, wait_for_a_person},
          {"start_of_the_lower", Operation::start, "dr", false, wait_for_a_person, "dr"},
      });
  return cases;
}

int schedules() {
  return static_cast<int>(environment("SWITCHBACK_SCHEDULES", 25));
}

uint64_t first_seed() {
  return static_cast<uint64_t>(environment("SWITCHBACK_SEED", 1));
}

void harm_links_and_hosts(Scenario& scenario, FaultPoint& point) {
  SimulatedWorld& world = scenario.world;
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
}

void run_schedules(const Case& tested, const std::string& faults, const Harm& harm) {
  for (uint64_t seed = first_seed(); seed < first_seed() + static_cast<uint64_t>(schedules());
       ++seed) {
    Scenario scenario(seed);
    tested.prepare(scenario);
    const int64_t run = scenario.begin(tested.operation, tested.to);
    scenario.world.on_point([&](FaultPoint& point) {
      if (scenario.world.random(30) == 0) harm(scenario, run, point);
    });
    const Course course = scenario.carry_through(run, tested.operation, tested.to);
    // A reprotect leaves the active side as it is: what nobody could confirm there at a boot,
    // because the other side was away, is a person's to start. Without a boot nothing may be down.
    if (tested.operation == Operation::reprotect && scenario.lose_power) {
      scenario.start_by_hand(tested.active_after);
    }
    std::string wrong = join(scenario.world.violations(), "; ");
    if (course.result == "done") {
      wrong = scenario.problems(tested.active_after, tested.protected_after);
    } else {
      wrong += "; did not end: " + course.problem;
    }
    if (wrong.empty()) continue;
    ADD_FAILURE() << fmt::format(
        "{} with seed {} under {}: replay with SWITCHBACK_SEED={} SWITCHBACK_SCHEDULES=1\n{}\n{}",
        tested.name, seed, faults, seed, wrong,
        std::getenv("SWITCHBACK_STORY") ? scenario.world.story(2'000) + journals(scenario) : "");
  }
  std::cout << tested.name << ": " << schedules() << " schedules under " << faults << "\n";
}

}  // namespace switchback
