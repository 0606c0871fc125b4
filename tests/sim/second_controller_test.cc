// Two controllers that both believe in their store: one works on a copy of the other's. Whatever
// the order in which they act, never two sites are active, and at most one of them gets its way.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "components/site.h"
#include "components/types.h"
#include "engine/engine.h"
#include "planner/planner.h"
#include "sim/schedules.h"
#include "world/sim/shell.h"

namespace switchback {
namespace {

// A run of that plan in the copied store, under a claim of its own.
int64_t begin_beside(MemoryStore& store, const Plan& plan) {
  const Claim next{plan.claim_before.epoch + 1, "claim-of-the-copy", store.store_id(),
                   plan.active_after};
  Event created;
  created.kind = EventKind::run_created;
  created.body = {{"plan", plan_to_json(plan)},
                  {"plan_hash", plan_hash(plan)},
                  {"next_claim", claim_to_json(next)},
                  {"who", "bob"},
                  {"verified", true},
                  {"ticket", ""},
                  {"reason", "a copied store"},
                  {"predicted_ms", 0}};
  return store.create_run(plan.application, {created}).value();
}

// Executes until the run ends, is held or `crash_at` more points have passed; its result.
std::string act(Scenario& scenario, MemoryStore& store, int64_t run, int64_t crash_at) {
  const int64_t target = scenario.world.points() + crash_at;
  scenario.world.on_point([&scenario, target](FaultPoint& point) {
    if (point.number == target) scenario.world.crash_controller();
  });
  SimulatedShell shell(scenario.world);
  SimulatedClock clock(scenario.world);
  try {
    Engine engine(store, shell, clock, {});
    static_cast<void>(engine.execute(run));
  } catch (const ControllerCrash&) {
    scenario.world.tell("this controller is gone");
  }
  scenario.world.on_point({});
  return store.runs(scenario.application.name).value().back().result;
}

TEST(SecondController, on_a_copied_store_never_makes_two_sites_active) {
  int by_the_first = 0;
  int by_the_copy = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + static_cast<uint64_t>(schedules());
       ++seed) {
    Scenario scenario(seed);
    MemoryStore copy = scenario.store;
    copy.on_write({});
    const auto plan = scenario.plan(Operation::switchover);
    ASSERT_TRUE(plan);
    const int64_t run = scenario.begin(Operation::switchover);
    act(scenario, scenario.store, run, 1 + scenario.world.random(250));
    const int64_t beside = begin_beside(copy, *plan);
    act(scenario, copy, beside, 1 + scenario.world.random(400));
    const Course course = scenario.drive(run);
    const std::string other = act(scenario, copy, beside, 1'000'000);
    const std::string replay =
        fmt::format("replay with SWITCHBACK_SEED={}\n{}", seed,
                    std::getenv("SWITCHBACK_STORY") ? scenario.world.story(2'000) : course.problem);
    EXPECT_EQ(join(scenario.world.violations(), "; "), "") << replay;
    const bool first_did = course.result == "done";
    EXPECT_NE(first_did, other == "done")
        << "first: " << course.result << ", copy: " << other << "; " << replay;
    if (first_did) {
      EXPECT_EQ(scenario.problems("dr", true), "") << replay;
    }
    ++(first_did ? by_the_first : by_the_copy);
  }
  std::cout << by_the_first << " switchovers by the first controller, " << by_the_copy
            << " by the copy\n";
}

TEST(SecondController, with_a_store_from_before_the_last_move_is_refused) {
  Scenario scenario(1);
  MemoryStore copy = scenario.store;
  copy.on_write({});
  const auto old_plan = scenario.plan(Operation::switchover);
  ASSERT_TRUE(old_plan);
  perform_well(scenario, Operation::switchover);
  perform_well(scenario, Operation::failback);

  Catalogue all;
  for (const ComponentType* type : component_types()) all.types.push_back(type);
  for (const NamedScript& script : site_scripts()) all.scripts.push_back(script);
  const auto plan =
      make_plan(all, scenario.application, copy.claim(scenario.application.name).value(),
                scenario.look(), {Operation::switchover, ""});
  ASSERT_TRUE(plan);
  EXPECT_TRUE(
      std::ranges::any_of(plan->assumptions, [](const Assumption& each) { return !each.met; }));
  // And the hosts themselves refuse whoever sends it all the same.
  EXPECT_NE(act(scenario, copy, begin_beside(copy, *old_plan), 1'000'000), "done");
  EXPECT_EQ(join(scenario.world.violations(), "; "), "");
  EXPECT_FALSE(pg_writable(scenario.cluster("dr")));
}

// The controller's disk broke, and its store came back from yesterday's backup.
TEST(SecondController, a_restored_store_takes_over_by_a_resolution_and_then_moves_again) {
  Scenario scenario(1);
  MemoryStore yesterday = scenario.store;
  yesterday.on_write({});
  perform_well(scenario, Operation::switchover);
  MemoryStore lost = scenario.store;
  lost.on_write({});
  const auto plan_of_the_lost = scenario.plan(Operation::failback);
  ASSERT_TRUE(plan_of_the_lost);
  scenario.store = yesterday;

  perform_well(scenario, Operation::resolve);
  EXPECT_EQ(scenario.problems("dr", true), "");
  const Claim claim = scenario.store.claim(scenario.application.name).value();
  EXPECT_EQ(claim.active.at("database"), "dr");
  // Nobody who goes on with the other store gets anything done.
  act(scenario, lost, begin_beside(lost, *plan_of_the_lost), 1'000'000);
  EXPECT_EQ(scenario.problems("dr", true), "");

  perform_well(scenario, Operation::failback);
  EXPECT_EQ(scenario.problems("dc", true), "");
}

}  // namespace
}  // namespace switchback
