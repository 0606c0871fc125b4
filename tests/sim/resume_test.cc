// What a resume asks before it sends anything, over whole runs in the simulated world.
#include <gtest/gtest.h>

#include "engine/engine.h"
#include "run/refusals.h"
#include "sim/scenario.h"
#include "world/sim/shell.h"
#include "world/sim/units.h"

namespace switchback {
namespace {

// Drives the run until that step has begun; then the controller is gone.
void park_at(Scenario& scenario, int64_t run, const std::string& step) {
  scenario.world.on_point([&](FaultPoint& point) {
    if (point.kind == FaultPoint::Kind::before_dispatch && point.step == step) {
      scenario.world.crash_controller();
    }
  });
  SimulatedShell shell(scenario.world);
  SimulatedClock clock(scenario.world);
  Engine engine(scenario.store, shell, clock, {});
  EXPECT_THROW(static_cast<void>(engine.execute(run)), ControllerCrash);
  scenario.world.on_point({});
}

std::string names(const std::vector<FalseAssumption>& found) {
  std::vector<std::string> all;
  for (const auto& each : found) all.push_back(each.name);
  return join(all, " ");
}

// Nothing is false after a mere crash, wherever it happens: a resume must not be refused for what
// the run itself did.
class Undisturbed : public testing::TestWithParam<Operation> {};
INSTANTIATE_TEST_SUITE_P(Each, Undisturbed,
                         testing::Values(Operation::switchover, Operation::failback,
                                         Operation::failover, Operation::reprotect),
                         [](const auto& tested) {
                           return std::string(operation_text(tested.param));
                         });

void prepare(Scenario& scenario, Operation operation) {
  if (operation == Operation::failback) scenario.perform(Operation::switchover);
  if (operation != Operation::failover && operation != Operation::reprotect) return;
  if (operation == Operation::reprotect) {
    // What dc commits while it is cut off makes it differ.
    scenario.world.cut("dr/db", "dc/db");
    for (int i = 0; i < 40; ++i) scenario.world.after(Milliseconds(i), [] {});
  }
  scenario.world.run_for(Milliseconds(1'000));
  scenario.power_off_site("dc");
  scenario.world.heal_everything();
  if (operation != Operation::reprotect) return;
  ASSERT_EQ(scenario.perform(Operation::failover).result, "done");
  scenario.power_on_site("dc");
  scenario.world.run_for(Milliseconds(5'000));
}

TEST_P(Undisturbed, a_crash_at_any_point_makes_nothing_false) {
  int judged = 0;
  for (int64_t at = 1; at <= 400; at += 3) {
    Scenario scenario(1);
    prepare(scenario, GetParam());
    const int64_t run = scenario.begin(GetParam());
    const int64_t target = scenario.world.points() + at;
    bool crashed = false;
    scenario.world.on_point([&](FaultPoint& point) {
      if (point.number != target) return;
      crashed = true;
      scenario.world.crash_controller();
    });
    scenario.after_crash = [&] {
      if (!crashed) return;
      ++judged;
      EXPECT_EQ(names(scenario.judge_again(run)), "") << "killed at point " << at;
    };
    const Course course = scenario.drive(run);
    ASSERT_EQ(course.result, "done") << "killed at point " << at << "\n" << course.problem;
    if (!crashed) break;
  }
  EXPECT_GT(judged, 20);
}

TEST(Parked, a_run_is_not_taken_up_while_the_old_side_writes_again) {
  Scenario scenario(1);
  const int64_t run = scenario.begin(Operation::switchover);
  park_at(scenario, run, "services.start");
  EXPECT_EQ(names(scenario.judge_again(run)), "");
  // Somebody starts the old database over night, past its guard.
  PgCluster& old = scenario.cluster("dc");
  if (old.running) pg_crash(old);
  old.standby_signal = false;
  ASSERT_TRUE(pg_start(old));
  EXPECT_EQ(names(scenario.judge_again(run)), "one_active.database") << scenario.world.story();
}

// The host loses its power as the request arrives: the answer is lost, and every later question
// about it is not even sent. The promotion may have happened all the same, so nothing may be given
// back.
TEST(Parked, a_promotion_that_nobody_can_ask_about_counts_as_begun) {
  Scenario scenario(1);
  const int64_t run = scenario.begin(Operation::switchover);
  scenario.world.on_point([&](FaultPoint& point) {
    if (point.kind == FaultPoint::Kind::before_effect && point.step == "database.promote") {
      scenario.world.power_off("dr/db");
    }
  });
  SimulatedShell shell(scenario.world);
  SimulatedClock clock(scenario.world);
  Engine engine(scenario.store, shell, clock, {});
  const auto left = engine.execute(run);
  ASSERT_TRUE(left) << left.error().message;
  const auto state = fold(scenario.store.read(run).value());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->of("database.promote").status, StepStatus::unknown);
  EXPECT_TRUE(state->past_point_of_no_return());
  EXPECT_NE(abort_refusal(*state), "");
}

TEST(Parked, a_store_from_before_the_claim_is_refused_by_resume_and_by_every_operation) {
  Scenario scenario(1);
  ASSERT_EQ(scenario.perform(Operation::switchover).result, "done");
  ASSERT_EQ(scenario.perform(Operation::failback).result, "done");
  // Another scenario with the same seed is the same past: its store is the older copy.
  Scenario older(1);
  const int64_t run = older.begin(Operation::switchover);
  park_at(older, run, "services.stop");
  EXPECT_EQ(names(older.judge_again(run)), "");
  for (const Host& host : older.application.all_hosts()) {
    older.world.host(host.key).apps["serviceops"].claim =
        scenario.world.host(host.key).apps["serviceops"].claim;
  }
  EXPECT_TRUE(names(older.judge_again(run)).starts_with("claim@dc/app claim@dc/db"))
      << names(older.judge_again(run));
  for (const Operation operation : {Operation::switchover, Operation::failover, Operation::sync}) {
    const auto plan = older.plan(operation);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(std::ranges::any_of(plan->assumptions, [](const Assumption& each) {
      return each.name == "picture.store behind hosts" && !each.met;
    })) << operation_text(operation);
  }
}

// The old side loses its power between the proof that it is stopped and the promotion. What its
// hosts cannot undo is skipped, and a failover takes over.
TEST(Abort, leaves_a_dead_side_as_it_is_for_a_failover) {
  Scenario scenario(1);
  const int64_t run = scenario.begin(Operation::switchover);
  park_at(scenario, run, "claim.publish.dc.app");
  scenario.power_off_site("dc");
  scenario.patience = 2;
  EXPECT_FALSE(scenario.drive(run).ended);
  EXPECT_FALSE(pg_writable(scenario.cluster("dr"))) << scenario.world.story(100);
  scenario.ask_to_abort(run);
  std::string said;
  for (int i = 0; i < 5 && scenario.store.runs("serviceops").value().back().result.empty(); ++i) {
    SimulatedShell shell(scenario.world);
    SimulatedClock clock(scenario.world);
    said = Engine(scenario.store, shell, clock, {}).execute(run).value().reason;
    const RunState state = fold(scenario.store.read(run).value()).value();
    for (const Step& step : state.plan->steps) {
      if (!skip_refusal(state, step.id).empty()) continue;
      Event skipped;
      skipped.kind = EventKind::skip_asked;
      skipped.body = {{"step", step.id}, {"who", "anna"}, {"reason", "dc has no power"}};
      ASSERT_TRUE(scenario.store.append(run, scenario.store.last_sequence(run).value(), {skipped}));
    }
  }
  EXPECT_EQ(scenario.store.runs("serviceops").value().back().result, "aborted") << said;
  EXPECT_NE(said.find("left as it is: services.stop, database.stop"), std::string::npos) << said;
  scenario.patience = 12;
  EXPECT_EQ(scenario.perform(Operation::failover).result, "done");
  EXPECT_EQ(scenario.problems("dr", false), "");
  scenario.power_on_site("dc");
  EXPECT_EQ(scenario.problems("dr", false), "");
}

}  // namespace
}  // namespace switchback
