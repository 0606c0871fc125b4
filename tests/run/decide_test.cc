#include "run/decide.h"

#include "run/journal.h"
#include "run/refusals.h"
#include "run/report.h"

namespace switchback {
namespace {

using Situation = Decision::Situation;

Step undoable(Step step) {
  step.undo = argv_command({"undo"});
  return step;
}

Step gate(std::string id, Gate::Kind kind, int people, std::vector<std::string> needs = {}) {
  Step step = make_step(std::move(id), std::move(needs));
  step.kind = StepKind::gate;
  step.apply = {};
  step.gate = {kind, "operator", "Is it so?", people};
  return step;
}

TEST(Decide, runs_independent_steps_at_the_same_time) {
  Journal run({make_step("a"), make_step("b"), make_step("c", {"a", "b"})});
  EXPECT_EQ(run.run_through(), "a b | c");
  EXPECT_EQ(run.state.result, "done");
}

TEST(Decide, starts_nothing_that_needs_an_unfinished_step) {
  Journal run({make_step("a"), make_step("b"), make_step("c", {"a", "b"})});
  run.next();
  run.end("a", "done");
  run.flight.steps = {1};
  EXPECT_EQ(run.next(), "");
}

TEST(Decide, passes_a_step_whose_condition_is_false_and_goes_on) {
  Step facts = make_step("facts");
  facts.captures = {{"method", "word"}};
  Step rewind = make_step("rewind", {"facts"});
  rewind.when = {{"facts:method", "rewind"}};
  Journal run({facts, rewind, make_step("start", {"rewind"})});
  run.next();
  run.add(EventKind::step_ended,
          {{"step", "facts"}, {"outcome", "done"}, {"captures", {{"method", "none"}}}});
  EXPECT_EQ(run.next(), "");
  EXPECT_EQ(run.state.of("rewind").status, StepStatus::passed);
  EXPECT_EQ(run.next(), "start");
}

TEST(Decide, fencing_ladder_uses_the_next_method_only_when_one_proves_nothing) {
  Step stop = make_step("fence.stop");
  stop.if_unreachable = IfUnreachable::evidence;
  Step firewall = make_step("fence.firewall");
  firewall.unless = {"fence.stop"};
  const std::vector<Step> ladder{stop, firewall, make_step("claim.next", {"fence.firewall"})};
  Journal proven(ladder);
  EXPECT_EQ(proven.run_through(), "fence.stop");  // then the ladder is passed over …
  EXPECT_EQ(proven.state.of("fence.firewall").status, StepStatus::passed);
  Journal unproven(ladder);
  unproven.next();
  unproven.end("fence.stop", "unknown");
  EXPECT_EQ(unproven.state.of("fence.stop").status, StepStatus::unproven);
  EXPECT_EQ(unproven.next(), "fence.firewall");
}

TEST(Decide, a_failure_before_any_effect_ends_the_run_as_refused) {
  Step look = make_step("look");
  look.guarding = Guarding::read;
  Journal run({look, make_step("act", {"look"})});
  run.next();
  run.end("look", "not done");
  run.next();
  EXPECT_EQ(run.state.result, "refused");
}

TEST(Decide, a_failure_after_an_effect_holds_the_run_for_a_person) {
  Journal run({make_step("a"), make_step("b", {"a"})});
  run.next();
  run.end("a", "done");
  run.next();
  run.end("b", "not done");
  EXPECT_EQ(run.next(), "");
  EXPECT_EQ(run.last.situation, Situation::held);
  EXPECT_NE(skip_refusal(run.state, "b"), "");
  EXPECT_EQ(retry_refusal(run.state, "b"), "");
  run.add(EventKind::retry_asked, {{"step", "b"}, {"who", "ann"}});
  EXPECT_EQ(run.next(), "b");
  EXPECT_EQ(run.state.of("b").attempt, 2);
}

TEST(Decide, asks_an_unknown_step_again_under_the_same_attempt_and_gives_up_in_the_end) {
  Journal run({make_step("a")});
  run.next();
  run.end("a", "unknown");
  EXPECT_EQ(run.next(), "a.recheck");
  EXPECT_EQ(run.last.dispatch[0].attempt, 1);
  run.flight.rechecks[0] = recheck_limit;
  EXPECT_EQ(run.next(), "");
  EXPECT_EQ(run.last.situation, Situation::held);
}

TEST(Decide, a_resumed_run_treats_started_as_unknown_and_proves_again_what_it_relies_on) {
  Step stop = make_step("stop");
  stop.probe = argv_command({"is", "stopped"});
  Step other = make_step("other");
  other.probe = argv_command({"is", "other"});
  Journal run({stop, other, make_step("used", {"other"}), make_step("promote", {"stop"})});
  run.next();
  run.end("stop", "done");
  run.end("other", "done");
  run.flight.steps = {3};
  run.next();
  run.end("used", "done");
  run.add(EventKind::run_resumed, {{"who", "ben"}});
  EXPECT_EQ(steps_to_reprove(run.state), std::set<size_t>{0});
  run.flight.steps.clear();
  run.flight.to_reprove = {0};
  EXPECT_EQ(run.next(), "stop.reprove");
  run.add(EventKind::step_reopened, {{"step", "stop"}, {"reason", "it runs"}});
  EXPECT_EQ(run.state.of("stop").status, StepStatus::pending);
  EXPECT_EQ(run.state.of("used").status, StepStatus::done);
}

TEST(Decide, a_milestone_is_passed_by_itself_and_hides_nothing_from_a_resumed_run) {
  Step stop = make_step("stop");
  stop.probe = argv_command({"is", "stopped"});
  Step behind = make_step("milestone", {"stop", "other"});
  behind.kind = StepKind::milestone;
  behind.apply = {};
  Journal run({stop, make_step("other"), behind, make_step("promote", {"milestone"})});
  EXPECT_EQ(run.next(), "stop other");
  run.end("stop", "done");
  EXPECT_EQ(run.next(), "");
  run.end("other", "done");
  EXPECT_EQ(run.next(), "");
  EXPECT_EQ(run.state.of("milestone").status, StepStatus::passed);
  EXPECT_EQ(steps_to_reprove(run.state), std::set<size_t>{0});
  run.add(EventKind::step_reopened, {{"step", "stop"}, {"reason", "it runs"}});
  EXPECT_EQ(run.run_through(), "stop");
  EXPECT_EQ(run.run_through(), "promote");
  EXPECT_EQ(run.state.result, "done");
}

std::vector<Step> stop_that_is_proven_again() {
  Step stop = make_step("stop");
  stop.probe = argv_command({"is", "stopped"});
  Step again = make_step("again", {"stop", "sync"});
  again.probe = stop.probe;
  again.apply = {};
  again.kind = StepKind::wait;
  again.proves_again = "stop";
  return {stop, make_step("sync", {"stop"}), again, make_step("claim.next", {"again"})};
}

TEST(Decide, a_proof_of_a_moment_ago_is_not_repeated_and_an_older_one_is) {
  for (const auto& [age, expected] :
       {std::pair(fresh_proof, "claim.next"), std::pair(fresh_proof + Milliseconds(1), "again")}) {
    Journal run(stop_that_is_proven_again());
    EXPECT_EQ(run.next(), "stop");
    run.end("stop", "done");
    run.flight.proven_at[0] = run.now;
    EXPECT_EQ(run.next(), "sync");
    run.end("sync", "done");
    run.now += age;
    while (run.next().empty()) ASSERT_TRUE(run.last.again);
    EXPECT_EQ(run.state.plan->steps[run.last.dispatch[0].step].id, expected);
  }
}

TEST(Decide, another_executor_has_seen_no_proof_and_asks_what_a_fresh_one_stood_for) {
  Journal run(stop_that_is_proven_again());
  run.next();
  run.end("stop", "done");
  run.flight.proven_at[0] = run.now;
  run.next();
  run.end("sync", "done");
  EXPECT_EQ(run.next(), "");
  EXPECT_EQ(run.state.of("again").status, StepStatus::passed);
  EXPECT_EQ(steps_to_reprove(run.state), std::set<size_t>{0});
  Journal other(stop_that_is_proven_again());
  other.next();
  other.end("stop", "done");
  other.next();
  other.end("sync", "done");
  EXPECT_EQ(other.next(), "again");
}

// The database cannot stream any more once it is being stopped, nor be down once it is made a
// standby.
TEST(Decide, what_a_later_step_has_begun_to_change_is_not_proven_again) {
  std::vector<Step> steps;
  for (const char* phase : {"prepare", "stop", "follow"}) {
    Step step = make_step(phase);
    step.phase = phase;
    step.component = "database";
    step.probe = argv_command({"is", phase});
    if (!steps.empty()) step.needs = {steps.back().id};
    steps.push_back(step);
  }
  Step other = steps[0];
  other.id = other.component = "files";
  steps.push_back(other);
  steps.push_back(make_step("end", {"prepare", "stop", "files"}));
  Journal run(steps);
  EXPECT_EQ(run.next(), "prepare files");
  run.end("prepare", "done");
  run.end("files", "done");
  EXPECT_EQ(steps_to_reprove(run.state), (std::set<size_t>{0, 3}));
  EXPECT_EQ(run.next(), "stop");
  run.end("stop", "done");
  EXPECT_EQ(steps_to_reprove(run.state), (std::set<size_t>{1, 3}));
  EXPECT_EQ(run.next(), "follow end");
  run.add(EventKind::run_resumed, {{"who", "ben"}});
  EXPECT_EQ(steps_to_reprove(run.state), (std::set<size_t>{3}));
}

// A database below services that run is nobody's need any more, and may have lost its power.
TEST(Decide, what_runs_at_the_new_side_is_proven_again_whoever_needs_it) {
  std::vector<Step> steps;
  for (const char* phase : {"prepare", "promote", "start", "verify"}) {
    Step step = make_step(phase);
    step.phase = phase;
    step.probe = argv_command({"is", phase});
    step.point_of_no_return = step.phase == "promote";
    if (!steps.empty()) step.needs = {steps.back().id};
    steps.push_back(step);
  }
  Journal run(steps);
  for (const char* phase : {"prepare", "promote", "start"}) {
    EXPECT_EQ(run.next(), phase);
    run.end(phase, "done");
  }
  EXPECT_EQ(steps_to_reprove(run.state), (std::set<size_t>{1, 2}));
}

// A resumed run has found the stop untrue: with it the claim waits to be taken again, and yet it is
// held.
TEST(Decide, abort_takes_a_claim_back_whose_step_was_reopened) {
  Step claim = make_step("claim", {"stop"});
  claim.kind = StepKind::claim;
  Step promote = make_step("promote", {"claim"});
  promote.point_of_no_return = true;
  Journal run({undoable(make_step("stop")), claim, promote});
  EXPECT_EQ(run.next(), "stop");
  run.end("stop", "done");
  EXPECT_EQ(run.next(), "claim");
  run.add(EventKind::claim_taken, {{"claim", claim_to_json({1, "next", "store", {}})}});
  run.end("claim", "done");
  run.add(EventKind::step_reopened, {{"step", "stop"}, {"reason", "it runs"}});
  run.add(EventKind::abort_asked, {{"who", "ann"}});
  EXPECT_EQ(run.next(), "claim.undo");
  run.add(EventKind::claim_taken, {{"claim", claim_to_json({2, "back", "store", {}})}});
  run.end("claim", "done");
  EXPECT_EQ(run.next(), "stop.undo");
}

TEST(Decide, abort_undoes_backwards_and_takes_the_claim_back_first) {
  Step claim = make_step("claim", {"b"});
  claim.kind = StepKind::claim;
  Step promote = make_step("promote", {"claim"});
  promote.point_of_no_return = true;
  Journal run({undoable(make_step("a")), make_step("between", {"a"}),
               undoable(make_step("b", {"between"})), claim, promote});
  for (const char* id : {"a", "between", "b", "claim"}) {
    EXPECT_EQ(run.next(), id);
    if (std::string(id) == "claim") {
      run.add(EventKind::claim_taken, {{"claim", claim_to_json({1, "next", "store", {}})}});
    }
    run.end(id, "done");
  }
  run.add(EventKind::abort_asked, {{"who", "ann"}});
  EXPECT_EQ(run.next(), "claim.undo");
  run.add(EventKind::claim_taken, {{"claim", claim_to_json({2, "back", "store", {}})}});
  run.end("claim", "done");
  EXPECT_EQ(run.next(), "b.undo");
  run.end("b", "done");
  EXPECT_EQ(run.next(), "a.undo");
  run.end("a", "done");
  run.next();
  EXPECT_EQ(run.state.result, "aborted");
}

TEST(Decide, nothing_is_undone_past_an_unknown_step) {
  Journal run({undoable(make_step("a")), make_step("b", {"a"})});
  run.next();
  run.end("a", "done");
  run.next();
  run.end("b", "unknown");
  run.add(EventKind::abort_asked, {{"who", "ann"}});
  run.flight.rechecks[1] = recheck_limit;
  EXPECT_EQ(run.next(), "");
  EXPECT_EQ(run.last.situation, Situation::held);
}

TEST(Decide, a_step_that_only_looks_stands_in_nobodys_way_when_a_run_is_undone) {
  Step look = make_step("look", {"a"});
  look.kind = StepKind::wait;
  look.guarding = Guarding::read;
  Journal run({undoable(make_step("a")), look});
  run.next();
  run.end("a", "done");
  run.next();
  run.end("look", "unknown");
  run.add(EventKind::abort_asked, {{"who", "ann"}});
  EXPECT_EQ(run.next(), "a.undo");
  run.end("a", "done");
  run.next();
  EXPECT_EQ(run.state.result, "aborted");
}

// What was done before it was reopened, or is to be tried again, is undone too.
TEST(Decide, a_reopened_step_is_undone_as_well) {
  Journal run({undoable(make_step("a")), undoable(make_step("b", {"a"})), make_step("c", {"b"})});
  run.next();
  run.end("a", "done");
  run.next();
  run.end("b", "done");
  run.add(EventKind::step_reopened, {{"step", "a"}, {"reason", "it runs"}});
  EXPECT_EQ(run.state.of("b").status, StepStatus::pending);
  run.add(EventKind::abort_asked, {{"who", "ann"}});
  EXPECT_EQ(run.next(), "b.undo");
  run.end("b", "done");
  EXPECT_EQ(run.next(), "a.undo");
}

// The executor was killed just after it had taken the claim; meanwhile the old side came up again.
TEST(Decide, nothing_is_built_on_a_claim_whose_proof_was_reopened) {
  Step claim = make_step("claim", {"fence"});
  claim.kind = StepKind::claim;
  Step promote = make_step("promote", {"claim"});
  promote.point_of_no_return = true;
  Journal run({make_step("fence"), claim, promote, make_step("start", {"promote"})});
  run.next();
  run.end("fence", "done");
  run.next();
  run.add(EventKind::run_resumed, {{"who", "ben"}});
  run.add(EventKind::step_reopened, {{"step", "fence"}, {"reason", "it runs"}});
  run.end("claim", "done");
  EXPECT_EQ(run.next(), "fence");
  run.end("fence", "done");
  EXPECT_EQ(run.next(), "promote");
}

// A host kept silent, which stood in for the proof that its database is stopped. Now it answers,
// and will not be silent again: it is stopped, and proven so.
TEST(Decide, a_host_that_answers_again_is_stopped_instead_of_waited_for) {
  Step stop = make_step("stop");
  stop.if_unreachable = IfUnreachable::evidence;
  Step silence = make_step("silence", {"stop"});
  silence.unless = {"stop"};
  Step promote = make_step("promote", {"silence"});
  promote.point_of_no_return = true;
  for (const bool by_retry : {false, true}) {
    Journal run({stop, silence, promote, make_step("start", {"silence", "promote"})});
    run.next();
    run.end("stop", "unknown");
    EXPECT_EQ(run.next(), "silence");
    if (by_retry) {
      run.end("silence", "not done");
      run.add(EventKind::retry_asked, {{"step", "silence"}, {"who", "ben"}});
    } else {
      run.end("silence", "done");
      EXPECT_EQ(run.next(), "promote");
      run.add(EventKind::run_resumed, {{"who", "ben"}});
      run.add(EventKind::step_reopened, {{"step", "silence"}, {"reason", "it answers"}});
    }
    EXPECT_NE((" " + run.next() + " ").find(" stop "), std::string::npos);
    run.end("stop", "done");
    run.next();
    EXPECT_EQ(run.state.of("silence").status, StepStatus::passed);
  }
}

TEST(Decide, what_a_host_cannot_tell_any_more_waits_for_a_person_unless_it_is_repeatable) {
  Journal run({make_step("rewind"), make_step("start", {"rewind"})});
  run.next();
  run.end("rewind", "done");
  run.add(EventKind::step_reopened,
          {{"step", "rewind"}, {"again", false}, {"reason", "the server does not run"}});
  EXPECT_EQ(run.state.of("rewind").status, StepStatus::failed);
  EXPECT_EQ(retry_refusal(run.state, "rewind"), "");
}

TEST(Decide, past_the_point_of_no_return_the_run_only_goes_forward) {
  Step promote = make_step("promote");
  promote.point_of_no_return = true;
  Journal run({promote, make_step("start", {"promote"})});
  run.next();
  EXPECT_NE(abort_refusal(run.state), "");
  run.end("promote", "not done", false);  // the host certainly never began it
  EXPECT_EQ(abort_refusal(run.state), "");
}

TEST(Decide, a_gate_opens_in_its_turn_and_counts_distinct_people) {
  Journal run({make_step("a"), gate("ok", Gate::Kind::approval, 2, {"a"}), make_step("b", {"ok"})});
  EXPECT_NE(gate_refusal(run.state, "ok", {"ben", true, true, "", 0}), "");
  EXPECT_EQ(run.run_through(), "a");
  EXPECT_EQ(run.last.situation, Situation::waiting);
  EXPECT_NE(gate_refusal(run.state, "ok", {"ann", true, true, "", 0}), "") << "no self-approval";
  EXPECT_EQ(gate_refusal(run.state, "ok", {"ben", true, true, "", 0}), "");
  run.add(EventKind::gate_answered, {{"step", "ok"}, {"who", "ben"}, {"answer", "yes"}});
  EXPECT_NE(gate_refusal(run.state, "ok", {"ben", true, true, "", 0}), "")
      << "one person, one vote";
  EXPECT_EQ(run.next(), "");
  run.add(EventKind::gate_answered, {{"step", "ok"}, {"who", "cid"}, {"answer", "yes"}});
  EXPECT_EQ(run.next(), "b");
}

TEST(State, refuses_a_journal_that_cannot_be) {
  Journal run({make_step("a")});
  Event event;
  event.sequence = run.state.last_sequence + 1;
  event.kind = EventKind::step_ended;
  event.body = {{"step", "a"}, {"outcome", "done"}};
  EXPECT_FALSE(apply(run.state, event)) << "ended without a start";
  event.sequence += 1;
  event.kind = EventKind::noted;
  EXPECT_FALSE(apply(run.state, event)) << "a gap";
}

// A run that was approved and lay still, while a fact of the approval became false.
struct Approved : Journal {
  Approved()
      : Journal({gate("approval", Gate::Kind::approval, 1), make_step("a", {"approval"}),
                 make_step("b", {"a"})}) {
    next();
    add(EventKind::gate_answered, {{"step", "approval"}, {"who", "bob"}, {"answer", "yes"}});
    next();
    end("a", "done");
  }
  void find_false() { add(EventKind::assumption_false, {{"message", "dr/db is another machine"}}); }
};

TEST(VoidApproval, opens_its_gate_again_and_nothing_is_sent_until_it_is_given_anew) {
  Approved run;
  run.find_false();
  EXPECT_EQ(run.next(), "") << "b needs only a, which is done";
  EXPECT_EQ(run.last.situation, Situation::waiting);
  EXPECT_EQ(gate_refusal(run.state, "approval", {"bob", true, true, "", 0}), "");
  run.add(EventKind::gate_answered, {{"step", "approval"}, {"who", "bob"}, {"answer", "yes"}});
  EXPECT_EQ(run.next(), "b");
}

TEST(VoidApproval, asks_nothing_of_a_host_either) {
  Approved run;
  run.next();  // b is sent, and the controller dies
  run.find_false();
  run.add(EventKind::run_resumed, {{"who", "ann"}});
  run.flight.to_reprove = {1};
  EXPECT_EQ(run.next(), "") << "a question about b could begin b";
  run.add(EventKind::gate_answered, {{"step", "approval"}, {"who", "bob"}, {"answer", "yes"}});
  run.flight.to_reprove.clear();
  EXPECT_EQ(run.next(), "b.recheck");
}

TEST(VoidApproval, answered_no_holds_the_run_and_an_abort_still_undoes) {
  Approved run;
  run.find_false();
  run.add(EventKind::gate_answered, {{"step", "approval"}, {"who", "bob"}, {"answer", "no"}});
  EXPECT_EQ(run.next(), "");
  EXPECT_EQ(run.last.situation, Situation::held);
  run.add(EventKind::abort_asked, {{"reason", "enough"}});
  run.next();
  EXPECT_EQ(run.state.result, "aborted");
}

TEST(VoidApproval, leaves_a_gate_that_nobody_answered_and_a_run_without_one_as_they_were) {
  Journal asked({gate("approval", Gate::Kind::approval, 1), make_step("a", {"approval"})});
  asked.next();
  asked.add(EventKind::assumption_false, {{"message", "x"}});
  EXPECT_FALSE(asked.state.of("approval").voided);
  Journal plain({make_step("a")});
  plain.add(EventKind::assumption_false, {{"message", "x"}});
  EXPECT_EQ(plain.next(), "a");
}

TEST(VoidApproval, stands_in_the_report_with_its_person_and_the_reason) {
  Approved run;
  run.find_false();
  bool told = false;
  const Json report = run_report(run.state, {});  // outlives the loop
  for (const Json& person : report.at("people")) {
    told |= json_text(person, "who") == "bob" &&
            json_text(person, "did") ==
                "answered yes to approval; void since: dr/db is another machine";
  }
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace switchback
