// The simulated world keeps what the real wrapper promises, under every interruption.
#include "world/sim/world.h"

#include <gtest/gtest.h>

#include "world/sim/runner.h"
#include "world/sim/shell.h"

namespace switchback {
namespace {

Host make_host(const std::string& key) {
  Host host;
  host.key = key;
  host.site = key.substr(0, key.find('/'));
  host.role = key.substr(key.find('/') + 1);
  host.address = key;
  return host;
}

ReadyCommand script(const std::string& name, std::vector<std::string> arguments) {
  return {name, "", std::move(arguments), ""};
}

class World : public testing::Test {
 protected:
  World() : world(7) {
    world.add_host(make_host("dc/db"));
    world.add_host(make_host("dr/db"));
    shell = std::make_unique<SimulatedShell>(world);
    shell->connect({make_host("dc/db"), make_host("dr/db")});
    world.run_for(Milliseconds(500));
  }
  ~World() override { EXPECT_EQ(world.violations(), expected_violations) << world.story(); }

  // "toggle NAME to VALUE", with a probe, as a step of run 1 under epoch 1.
  ShellRequest request(const std::string& step = "database.promote", int attempt = 1) {
    ShellRequest r;
    r.host = "dc/db";
    r.application = "shop";
    r.step = step;
    r.attempt = "1." + step + "." + std::to_string(attempt);
    r.guarding = Guarding::effect;
    r.epoch = 1;
    r.claim_id = "aa";
    r.store_id = "store";
    r.run = 1;
    r.probe = script("toggle_is", {step, "on"});
    r.apply = script("toggle_set", {step, "on"});
    return r;
  }

  ShellRequest counting(int attempt = 1) {
    ShellRequest r = request("count", attempt);
    r.probe = {};
    r.apply = script("toggle_count", {"count"});
    return r;
  }

  // The answer of that request, waiting at most `bound`.
  std::optional<Answer> answer_of(RequestId id, Milliseconds bound = Milliseconds(60'000)) {
    const Instant deadline = world.now() + bound;
    while (auto event = shell->next_event(deadline)) {
      if (event->kind == ShellEvent::Kind::progress) progress.push_back(event->progress);
      if (event->kind == ShellEvent::Kind::answer && event->request == id) return event->answer;
    }
    return std::nullopt;
  }
  Answer ask(const ShellRequest& r) {
    auto answer = answer_of(shell->start(r));
    EXPECT_TRUE(answer) << world.story();
    return answer.value_or(Answer{});
  }
  // A request that arrives 20 s later, behind the connection that it was sent by.
  void send_late(const ShellRequest& r) {
    world.on_point([](FaultPoint& point) {
      if (point.kind == FaultPoint::Kind::before_dispatch) point.delay = Milliseconds(20'000);
    });
    const RequestId id = shell->start(r);
    world.on_point({});
    world.run_for(Milliseconds(10));
    world.break_connections("dc/db");
    EXPECT_EQ(answer_of(id)->status, AnswerStatus::lost);
  }
  void new_controller() {
    shell = std::make_unique<SimulatedShell>(world);
    shell->connect({make_host("dc/db"), make_host("dr/db")});
  }
  // Does `harm` at the first point of that kind.
  void at(FaultPoint::Kind kind, std::function<void()> harm) {
    world.on_point([this, kind, harm = std::move(harm)](FaultPoint& point) {
      if (point.kind != kind) return;
      const auto once = harm;
      world.on_point({});
      once();
    });
  }
  std::string value(const std::string& name) { return world.host("dc/db").values[name]; }

  SimulatedWorld world;
  std::unique_ptr<SimulatedShell> shell;
  std::vector<std::string> progress;
  std::vector<std::string> expected_violations;
};

TEST_F(World, applies_what_is_not_done_and_proves_it) {
  const Answer answer = ask(request());
  EXPECT_EQ(answer.status, AnswerStatus::ended);
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_TRUE(answer.applied);
  EXPECT_EQ(answer.out, "value=on\n");  // the probe's words: it decides
  EXPECT_EQ(value("database.promote"), "on");
  // Done already: nothing is applied, by whatever attempt.
  EXPECT_FALSE(ask(request("database.promote", 2)).applied);
}

TEST_F(World, answers_the_same_attempt_from_its_receipt) {
  EXPECT_EQ(ask(counting()).out, "count=1\n");
  const Answer again = ask(counting());
  EXPECT_EQ(again.out, "count=1\n");
  EXPECT_TRUE(again.applied);
  EXPECT_EQ(value("count"), "1");
  EXPECT_EQ(ask(counting(2)).out, "count=2\n");  // another attempt is another effect
}

TEST_F(World, notices_an_effect_that_happens_twice) {
  world.runner("dc/db").forget_receipts = true;
  ask(counting());
  ask(counting());
  expected_violations = {"the effect of 1.count.1 happened twice"};
}

TEST_F(World, a_lost_answer_is_found_in_the_receipt) {
  at(FaultPoint::Kind::before_answer, [&] { world.break_connections("dc/db"); });
  EXPECT_EQ(ask(counting()).status, AnswerStatus::lost);
  const Answer again = ask(counting());
  EXPECT_EQ(again.status, AnswerStatus::ended);
  EXPECT_EQ(again.out, "count=1\n");
}

TEST_F(World, the_host_finishes_what_it_began_when_the_controller_dies) {
  ShellRequest slow = request();
  slow.apply = script("toggle_set", {"database.promote", "on", "2000"});
  at(FaultPoint::Kind::before_effect, [&] { world.crash_controller(); });
  EXPECT_THROW(ask(slow), ControllerCrash);
  new_controller();
  const Answer answer = ask(slow);  // waits for the first one to end
  EXPECT_EQ(answer.status, AnswerStatus::ended);
  EXPECT_TRUE(answer.applied);
  EXPECT_EQ(value("database.promote"), "on");
}

TEST_F(World, a_power_cut_before_or_after_the_effect_leaves_an_interrupted_attempt) {
  for (const auto kind : {FaultPoint::Kind::before_effect, FaultPoint::Kind::after_effect}) {
    const std::string step = kind == FaultPoint::Kind::before_effect ? "before" : "after";
    at(kind, [&] { world.power_off("dc/db"); });
    EXPECT_EQ(ask(request(step)).status, AnswerStatus::lost);
    world.power_on("dc/db");
    world.run_for(Milliseconds(1000));
    const Answer again = ask(request(step));
    EXPECT_EQ(again.status, AnswerStatus::interrupted);
    EXPECT_TRUE(again.applied);
    EXPECT_EQ(again.exit_code, step == "before" ? 1 : 0);  // only the probe was run
    EXPECT_EQ(value(step), step == "before" ? "" : "on");
    EXPECT_EQ(ask(request(step, 2)).exit_code, 0);
  }
}

TEST_F(World, a_request_that_was_never_sent_is_unreachable) {
  world.power_off("dr/db");
  world.run_for(Milliseconds(5'000));
  ShellRequest r = request();
  r.host = "dr/db";
  const Instant begun = world.now();
  EXPECT_EQ(ask(r).status, AnswerStatus::unreachable);
  EXPECT_LE(world.now() - begun, Milliseconds(3'000));
  world.power_on("dr/db");
  EXPECT_EQ(ask(r).status, AnswerStatus::ended);
}

TEST_F(World, a_one_way_cut_loses_the_answer_and_not_the_effect) {
  world.cut("dc/db", "controller");
  EXPECT_EQ(ask(counting()).status, AnswerStatus::lost);
  EXPECT_EQ(value("count"), "1");
  world.heal("dc/db", "controller");
  EXPECT_EQ(ask(counting()).out, "count=1\n");
}

TEST_F(World, a_short_cut_only_delays) {
  world.cut("controller", "dc/db");
  const RequestId id = shell->start(counting());
  EXPECT_FALSE(answer_of(id, Milliseconds(1'000)));
  EXPECT_EQ(value("count"), "");
  world.heal("controller", "dc/db");
  EXPECT_EQ(answer_of(id)->status, AnswerStatus::ended);
}

TEST_F(World, a_late_request_is_refused_when_the_claim_has_moved_on) {
  send_late(counting());
  world.host("dc/db").apps["shop"].claim = SimulatedClaimFile{2, "bb", "store", 2, {}};
  world.run_for(Milliseconds(30'000));
  EXPECT_EQ(value("count"), "");
}

TEST_F(World, a_late_request_under_the_same_claim_still_has_its_effect) {
  send_late(counting());
  world.run_for(Milliseconds(30'000));
  EXPECT_EQ(value("count"), "1");
}

// What was stopped late may have been rebuilt and started since.
TEST_F(World, a_late_stop_is_refused_behind_a_later_connection_of_the_run) {
  ShellRequest stop = counting();
  stop.guarding = Guarding::stop;
  for (const bool planted : {false, true}) {
    world.runner("dc/db").ignore_turn = planted;
    stop.attempt = planted ? "1.count.2" : "1.count.1";
    send_late(stop);
    ask(request("rebuild"));
    world.run_for(Milliseconds(30'000));
    EXPECT_EQ(value("count"), planted ? "1" : "");
  }
}

TEST_F(World, a_frozen_host_is_lost_and_goes_on_when_it_thaws) {
  at(FaultPoint::Kind::before_effect, [&] { world.freeze("dc/db"); });
  EXPECT_EQ(ask(counting()).status, AnswerStatus::lost);
  world.run_for(Milliseconds(10'000));
  EXPECT_EQ(value("count"), "");
  world.thaw("dc/db");
  EXPECT_EQ(ask(counting()).out, "count=1\n");
}

TEST_F(World, refuses_an_older_claim_another_claim_and_an_older_run) {
  auto& seen = world.host("dc/db").apps["shop"];
  seen.claim = SimulatedClaimFile{2, "bb", "store", 1, {}};
  EXPECT_EQ(ask(counting()).status, AnswerStatus::stale);  // epoch 1
  ShellRequest r = counting();
  r.epoch = 2;
  EXPECT_EQ(ask(r).status, AnswerStatus::stale);  // claim "aa"
  r.claim_id = "bb";
  r.store_id = "other";
  EXPECT_EQ(ask(r).status, AnswerStatus::stale);
  r.store_id = "store";
  EXPECT_EQ(ask(r).status, AnswerStatus::ended);
  seen.newest_run["store"] = 5;
  EXPECT_EQ(ask(r).status, AnswerStatus::stale);
  // Stopping is never refused, whatever the host has seen and even when no receipt can be stored.
  r.guarding = Guarding::stop;
  r.attempt = "1.count.9";
  world.host("dc/db").disk_full = true;
  EXPECT_EQ(ask(r).status, AnswerStatus::ended);
  EXPECT_EQ(value("count"), "2");
}

TEST_F(World, does_nothing_when_the_receipt_cannot_be_stored) {
  world.host("dc/db").disk_full = true;
  EXPECT_EQ(ask(counting()).status, AnswerStatus::no_receipt);
  EXPECT_EQ(value("count"), "");
}

TEST_F(World, publishing_waits_for_steps_of_the_old_claim) {
  ShellRequest slow = request();
  slow.apply = script("toggle_set", {"database.promote", "on", "2000"});
  const RequestId first = shell->start(slow);
  world.run_for(Milliseconds(100));
  ShellRequest publish = request("claim.publish");
  publish.guarding = Guarding::publish;
  publish.bound = Milliseconds(500);
  EXPECT_EQ(ask(publish).status, AnswerStatus::busy);
  publish.bound = Milliseconds(10'000);
  EXPECT_EQ(ask(publish).status, AnswerStatus::ended);
  EXPECT_EQ(value("database.promote"), "on");
  EXPECT_FALSE(answer_of(first, Milliseconds(1)));  // heard before
}

TEST_F(World, bounds_holds_and_failures_end_as_the_wrapper_ends_them) {
  ShellRequest never = request("never");
  never.apply = {};
  never.bound = Milliseconds(500);
  const Answer timed_out = ask(never);
  EXPECT_EQ(timed_out.status, AnswerStatus::timed_out);
  EXPECT_EQ(timed_out.exit_code, 1);

  ShellRequest failing = request("failing");
  failing.apply = script("toggle_fail", {"5"});
  const Answer failed = ask(failing);
  EXPECT_EQ(failed.status, AnswerStatus::ended);
  EXPECT_EQ(failed.exit_code, 1);  // the probe's: it had one more second to become true
  EXPECT_GE(failed.elapsed, Milliseconds(1'000));
  EXPECT_EQ(failed.err, "failed as asked");

  ShellRequest held = request("held");
  held.hold = Milliseconds(700);
  EXPECT_GE(ask(held).elapsed, Milliseconds(700));

  ShellRequest unknown = counting();
  unknown.apply = script("no_such_script", {});
  EXPECT_EQ(ask(unknown).exit_code, 127);
}

TEST_F(World, long_work_shows_progress_and_ends_when_it_stalls) {
  ShellRequest slow = request("slow");
  slow.probe = script("toggle_is", {"slow", "5"});
  slow.apply = script("toggle_slow", {"slow", "5", "1500"});
  slow.stall = Milliseconds(3'000);
  EXPECT_EQ(ask(slow).status, AnswerStatus::ended);
  EXPECT_GE(progress.size(), 3u);
  ShellRequest stuck = request("stuck");
  stuck.probe = script("toggle_is", {"stuck", "2"});
  stuck.apply = script("toggle_slow", {"stuck", "2", "9000"});
  stuck.stall = Milliseconds(3'000);
  EXPECT_EQ(ask(stuck).status, AnswerStatus::stalled);
}

TEST_F(World, a_cancelled_request_still_answers) {
  ShellRequest slow = counting();
  slow.apply = script("toggle_slow", {"slow", "9", "1000"});
  const RequestId id = shell->start(slow);
  world.run_for(Milliseconds(1'500));
  shell->cancel(id);
  EXPECT_EQ(answer_of(id)->status, AnswerStatus::timed_out);
}

TEST_F(World, notices_two_sites_at_once) {
  world.forbid_on_two_sites("toggle on",
                            [](const SimulatedHost& host) { return host.values.contains("on"); });
  world.host("dc/db").values["on"] = "1";
  world.run_for(Milliseconds(1));
  world.host("dr/db").values["on"] = "1";
  world.after(Milliseconds(1), [] {});
  world.run_for(Milliseconds(2));
  expected_violations = {"toggle on on two sites at once"};
}

// The same seed tells the same story; the clock never runs backwards for decisions.
TEST(WorldOfSeed, tells_the_same_story_again) {
  const auto tell = [](uint64_t seed) {
    SimulatedWorld world(seed);
    world.add_host(make_host("dc/db"));
    SimulatedShell shell(world);
    shell.connect({make_host("dc/db")});
    for (int i = 0; i < 20; ++i) {
      ShellRequest r;
      r.host = "dc/db";
      r.application = "shop";
      r.step = "s" + std::to_string(i);
      r.attempt = r.step;
      r.guarding = Guarding::effect;
      r.apply = script("toggle_set", {r.step, "on"});
      shell.start(r);
    }
    if (world.random(2) == 0) world.break_connections("dc/db");
    world.step_wall_clock(Milliseconds(-3'600'000));
    while (shell.next_event(world.now() + Milliseconds(5'000))) {
    }
    return world.story();
  };
  EXPECT_EQ(tell(3), tell(3));
  EXPECT_NE(tell(3), tell(4));
}

}  // namespace
}  // namespace switchback
