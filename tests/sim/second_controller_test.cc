// Two controllers that both believe in their store: one works on a copy of the other's. Whatever
// the order in which they act, never two sites are active, and at most one of them gets its way.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "components/site.h"
#include "components/types.h"
#include "engine/engine.h"
#include "planner/planner.h"
#include "run/refusals.h"
#include "sim/schedules.h"
#include "world/sim/shell.h"

namespace switchback {
namespace {

// A run of that plan in the copied store, under a claim of its own. Its number is greater than
// `beyond`: the copy may have seen more runs since.
int64_t begin_beside(MemoryStore& store, const Plan& plan, int64_t beyond = 0) {
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
  return store.create_run(plan.application, {created}, beyond).value();
}

using OnPoint = std::function<void(FaultPoint&)>;

// Executes until the run ends, is held or its controller is killed; its result.
std::string act(Scenario& scenario, MemoryStore& store, int64_t run, const OnPoint& on_point) {
  scenario.world.on_point(on_point);
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

// Kills the controller after so many more points.
OnPoint crash_after(Scenario& scenario, int64_t points) {
  return [&scenario, target = scenario.world.points() + points](FaultPoint& point) {
    if (point.number == target) scenario.world.crash_controller();
  };
}

OnPoint crash_at(Scenario& scenario, FaultPoint::Kind kind, const std::string& step) {
  return [&scenario, kind, step](FaultPoint& point) {
    if (point.kind == kind && point.step == step) scenario.world.crash_controller();
  };
}

void ask(MemoryStore& store, int64_t run, EventKind kind, Json body) {
  Event asked;
  asked.kind = kind;
  asked.body = std::move(body);
  EXPECT_TRUE(store.append(run, store.last_sequence(run).value(), {std::move(asked)}));
}

void ask_to_abort(MemoryStore& store, int64_t run) {
  if (!abort_refusal(fold(store.read(run).value()).value()).empty()) return;
  ask(store, run, EventKind::abort_asked, {{"who", "bob"}});
}

// By a person who retries what the other controller's doings made fail, and gives up where that
// does not help.
std::string act_to_the_end(Scenario& scenario, MemoryStore& store, int64_t run) {
  std::string result = act(scenario, store, run, {});
  for (int more = 0; more < 3 && result.empty(); ++more) {
    const RunState state = fold(store.read(run).value()).value();
    for (const Step& step : state.plan->steps) {
      if (!retry_refusal(state, step.id).empty()) continue;
      ask(store, run, EventKind::retry_asked, {{"step", step.id}, {"who", "bob"}});
    }
    if (more == 1) ask_to_abort(store, run);
    result = act(scenario, store, run, {});
  }
  return result;
}

bool serves(Scenario& scenario, const std::string& site) {
  const auto& units = scenario.world.host(scenario.host(site, "app")).units;
  return std::ranges::any_of(units, [](const auto& named) { return named.second.active; });
}

// One site, and only one, has a writable database and the services on it.
std::string not_one_active(Scenario& scenario) {
  scenario.tend();
  std::string active;
  for (const std::string site : {"dc", "dr"}) {
    const bool writable = pg_writable(scenario.cluster(site));
    if (serves(scenario, site) != writable) active += fmt::format("{} is half active; ", site);
    if (serves(scenario, site) && writable) active += site;
  }
  return active == "dc" || active == "dr" ? "" : fmt::format("active: '{}'", active);
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
    act(scenario, scenario.store, run, crash_after(scenario, 1 + scenario.world.random(250)));
    const int64_t beside = begin_beside(copy, *plan);
    act(scenario, copy, beside, crash_after(scenario, 1 + scenario.world.random(400)));
    const Course course = scenario.drive(run);
    const std::string other = act_to_the_end(scenario, copy, beside);
    const std::string replay =
        fmt::format("replay with SWITCHBACK_SEED={}\n{}", seed,
                    std::getenv("SWITCHBACK_STORY") ? scenario.world.story(2'000) : course.problem);
    EXPECT_EQ(join(scenario.world.violations(), "; "), "") << replay;
    const bool first_did = course.result == "done";
    EXPECT_FALSE(first_did && other == "done") << replay;
    EXPECT_EQ(not_one_active(scenario), "")
        << "first: " << course.result << ", copy: " << other << "; " << replay;
    if (first_did) {
      EXPECT_EQ(scenario.problems("dr", true), "") << replay;
    }
    ++(first_did ? by_the_first : by_the_copy);
  }
  std::cout << by_the_first << " switchovers by the first controller, " << by_the_copy
            << " by the copy\n";
}

// The first controller has stopped the old side's services and starts them again: its run is being
// aborted. The copy is in the middle of the same move.
class TwoAtOnce : public testing::Test {
 protected:
  void SetUp() override {
    copy.on_write({});
    const auto plan = scenario.plan(Operation::switchover);
    ASSERT_TRUE(plan);
    first = scenario.begin(Operation::switchover);
    beside = begin_beside(copy, *plan, first);
    act(scenario, scenario.store, first,
        crash_at(scenario, FaultPoint::Kind::before_answer, "services.stop"));
    ask_to_abort(scenario.store, first);
  }
  // Calls `then` as the copy tells the old side of its claim; the new side is told already.
  void copy_acts(const OnPoint& then) {
    bool told = false;
    act(scenario, copy, beside, [&](FaultPoint& point) {
      if (point.kind != FaultPoint::Kind::before_dispatch) return;
      if (!point.step.starts_with("claim.publish.dc")) return;
      told = true;
      then(point);
    });
    EXPECT_TRUE(told) << scenario.world.story(300);
  }
  void expect_dr_closed() {
    EXPECT_EQ(join(scenario.world.violations(), "; "), "") << scenario.world.story(300);
    EXPECT_FALSE(pg_writable(scenario.cluster("dr"))) << scenario.world.story(300);
    EXPECT_TRUE(serves(scenario, "dc")) << scenario.world.story(300);
    EXPECT_FALSE(serves(scenario, "dr")) << scenario.world.story(300);
  }

  Scenario scenario{1};
  MemoryStore copy = scenario.store;
  int64_t first = 0;
  int64_t beside = 0;
};

TEST_F(TwoAtOnce, a_claim_that_only_the_new_side_knows_opens_nothing_after_a_boot) {
  copy_acts([this](FaultPoint&) { scenario.world.crash_controller(); });
  act(scenario, scenario.store, first, {});
  scenario.power_off_site("dr");
  scenario.world.run_for(Milliseconds(1'000));
  scenario.power_on_site("dr");
  scenario.world.run_for(Milliseconds(30'000));
  expect_dr_closed();
}

TEST_F(TwoAtOnce, nothing_is_promoted_before_the_old_side_has_heard_of_the_claim) {
  copy_acts([this, sent = false](FaultPoint& point) mutable {
    point.delay = Milliseconds(60'000);
    if (std::exchange(sent, true)) return;
    scenario.world.after(Milliseconds(5'000), [this] { scenario.world.crash_controller(); });
  });
  act(scenario, scenario.store, first, {});
  expect_dr_closed();
}

TEST_F(TwoAtOnce, what_was_started_between_the_proof_and_the_claim_is_seen) {
  copy_acts([this, sent = false](FaultPoint&) mutable {
    if (std::exchange(sent, true)) return;
    SimulatedShell shell(scenario.world);
    SimulatedClock clock(scenario.world);
    Engine engine(scenario.store, shell, clock, {});
    static_cast<void>(engine.execute(first));
  });
  expect_dr_closed();
}

// What one of them sent goes on at the hosts while the other is at work.
TEST(SecondController, taking_turns_with_the_first_never_makes_two_sites_active) {
  int done = 0;
  int undone = 0;
  for (uint64_t seed = first_seed(); seed < first_seed() + static_cast<uint64_t>(schedules());
       ++seed) {
    Scenario scenario(seed);
    MemoryStore copy = scenario.store;
    copy.on_write({});
    const bool emergency = scenario.world.random(3) == 0;
    const auto plan = scenario.plan(emergency ? Operation::failover : Operation::switchover);
    ASSERT_TRUE(plan);
    const int64_t run = scenario.begin(Operation::switchover);
    const int64_t beside = begin_beside(copy, *plan, scenario.world.random(2) * run);
    act(scenario, scenario.store, run, crash_after(scenario, 1 + scenario.world.random(250)));
    for (int64_t turn = scenario.world.random(8); turn >= 0; --turn) {
      MemoryStore& store = turn % 2 == 0 ? copy : scenario.store;
      const int64_t its = turn % 2 == 0 ? beside : run;
      if (scenario.world.random(4) == 0) ask_to_abort(store, its);
      act(scenario, store, its, crash_after(scenario, 1 + scenario.world.random(150)));
    }
    const Course course = scenario.drive(run);
    const std::string other = act_to_the_end(scenario, copy, beside);
    const std::string replay =
        fmt::format("first: {}, copy: {}; replay with SWITCHBACK_SEED={}\n{}", course.result, other,
                    seed, std::getenv("SWITCHBACK_STORY") ? scenario.world.story(2'000) : "");
    EXPECT_EQ(join(scenario.world.violations(), "; "), "") << replay;
    EXPECT_FALSE(course.result == "done" && other == "done") << replay;
    ++(course.result == "done" || other == "done" ? done : undone);
  }
  std::cout << done << " switchovers, " << undone << " times neither\n";
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
  EXPECT_NE(act(scenario, copy, begin_beside(copy, *old_plan), {}), "done");
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
  act(scenario, lost, begin_beside(lost, *plan_of_the_lost), {});
  EXPECT_EQ(scenario.problems("dr", true), "");

  perform_well(scenario, Operation::failback);
  EXPECT_EQ(scenario.problems("dc", true), "");
}

}  // namespace
}  // namespace switchback
