// What a run was approved for is asked again before it is taken up; each row one fact that changed.
#include "planner/evaluate.h"

#include <gtest/gtest.h>

#include "components/site.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

class Evaluate : public ::testing::Test {
 protected:
  Evaluate() {
    for (const Host& host : application.all_hosts()) {
      on("host", host.key).values["claim"] = "7 c1a1m 5704e 12";
    }
  }
  Facts& on(const std::string& name, const std::string& host) {
    return snapshot.facts[observation_key(name, host)];
  }
  void database(const std::string& site, bool writable) {
    auto& values = on("database", site + "/db").values;
    values["running"] = "yes";
    values["in_recovery"] = writable ? "no" : "yes";
  }
  void words(const char* dc, const char* dr) {
    for (const Host& host : application.all_hosts()) {
      on("host", host.key).values["status"] = host.site == "dc" ? dc : dr;
    }
  }
  void create(Operation operation, const std::string& active) {
    claim = claim_at(application, active);
    const auto plan =
        make_plan(recorder_catalogue(), application, claim, snapshot, {operation, ""});
    ASSERT_TRUE(plan) << plan.error().message;
    Claim next{8, "next", "5704e", plan->active_after};
    add(EventKind::run_created, {{"plan", plan_to_json(*plan)},
                                 {"plan_hash", plan_hash(*plan)},
                                 {"next_claim", claim_to_json(next)},
                                 {"who", "ann"}});
  }
  void add(EventKind kind, Json body) {
    Event event;
    event.run = 12;
    event.sequence = state.last_sequence + 1;
    event.kind = kind;
    event.body = std::move(body);
    const auto folded = apply(state, event);
    ASSERT_TRUE(folded) << folded.error().message;
  }
  void started(const std::string& step) {
    add(EventKind::step_started, {{"step", step}, {"attempt", 1}});
  }
  void done(const std::string& step) {
    started(step);
    add(EventKind::step_ended, {{"step", step}, {"outcome", "done"}});
  }
  // The names of what is false, each once.
  std::string wrong() const {
    std::vector<std::string> names;
    for (const auto& each : false_assumptions(application, state, claim, snapshot)) {
      names.push_back(each.name);
      EXPECT_NE(each.text, "");
      EXPECT_NE(each.next, "");
    }
    return join(names, " ");
  }

  Application application = recorder_application();
  Snapshot snapshot = recorder_snapshot(application);
  Claim claim;
  RunState state;
};

TEST_F(Evaluate, nothing_is_false_while_nothing_changed) {
  create(Operation::switchover, "dc");
  EXPECT_EQ(wrong(), "");
}

TEST_F(Evaluate, who_does_not_answer_makes_nothing_false) {
  create(Operation::switchover, "dc");
  for (auto& [key, facts] : snapshot.facts) {
    facts.reachable = false;
    facts.values["machine_id"] = "other";
    facts.values["claim"] = "9 other 5704e 14";
  }
  EXPECT_EQ(wrong(), "");
}

TEST_F(Evaluate, an_exchanged_machine_or_database_is_named) {
  create(Operation::switchover, "dc");
  on("host", "dr/app").values["machine_id"] = "another";
  on("database", "dr/db").values["system_identifier"] = "1";
  EXPECT_EQ(wrong(), "host.machine_id@dr/app database.system_identifier@dr/db");
}

TEST_F(Evaluate, a_rebuilt_database_gets_the_identity_of_its_source) {
  words("down", "production_alone");
  on("database", "dc/db").values["system_identifier"] = "1";  // was made anew, apart
  create(Operation::reprotect, "dr");
  EXPECT_EQ(wrong(), "");
  on("database", "dc/db").values["system_identifier"] = "7300000000000000001";
  EXPECT_EQ(wrong(), "");
  on("database", "dc/db").values["system_identifier"] = "2";
  EXPECT_EQ(wrong(), "database.system_identifier@dc/db");
}

TEST_F(Evaluate, the_store_holds_the_claim_of_the_run_before_and_behind_the_claim_step) {
  create(Operation::switchover, "dc");
  const Claim before = claim;
  claim = state.next_claim;
  EXPECT_EQ(wrong(), "claim") << "nobody has taken it for this run";
  claim = before;
  started("claim");
  EXPECT_EQ(wrong(), "");
  claim = state.next_claim;  // the controller died between the store and the journal
  EXPECT_EQ(wrong(), "");
  add(EventKind::claim_taken, {{"claim", claim_to_json(state.next_claim)}});
  EXPECT_EQ(wrong(), "");
  claim = before;  // a copy of the store from before the claim
  EXPECT_EQ(wrong(), "claim");
}

TEST_F(Evaluate, a_claim_that_was_given_back_is_the_runs_own) {
  create(Operation::switchover, "dc");
  started("claim");
  add(EventKind::claim_taken, {{"claim", claim_to_json(state.next_claim)}});
  add(EventKind::step_ended, {{"step", "claim"}, {"outcome", "done"}});
  claim = claim_back(state);
  EXPECT_EQ(wrong(), "claim");
  add(EventKind::step_started, {{"step", "claim"}, {"attempt", 1}, {"undo", true}});
  EXPECT_EQ(wrong(), "");
  add(EventKind::claim_taken, {{"claim", claim_to_json(claim)}});
  EXPECT_EQ(wrong(), "");
}

TEST_F(Evaluate, another_active_member_under_the_same_claim_is_false) {
  create(Operation::switchover, "dc");
  claim.active["database"] = "dr";
  EXPECT_EQ(wrong(), "claim");
}

TEST_F(Evaluate, a_host_that_knows_more_than_the_store_is_named) {
  struct Row {
    const char* held;
    const char* wrong;
  };
  for (const Row& row : {Row{"8 c1a1m 5704e 12", "claim@dr/app"},
                         {"7 other 5704e 12", "claim@dr/app"},
                         {"7 c1a1m 0ther 12", "claim@dr/app"},
                         {"7 c1a1m 5704e 13", "run@dr/app"},
                         {"6 other 0ther 99", ""},
                         {"7 c1a1m 5704e 12", ""}}) {
    on("host", "dr/app").values["claim"] = "7 c1a1m 5704e 12";
    state = {};
    create(Operation::switchover, "dc");
    on("host", "dr/app").values["claim"] = row.held;
    EXPECT_EQ(wrong(), row.wrong) << row.held;
  }
}

TEST_F(Evaluate, two_databases_that_write_are_a_split_brain_in_a_planned_move) {
  create(Operation::switchover, "dc");
  database("dc", true);
  database("dr", false);
  EXPECT_EQ(wrong(), "");
  database("dr", true);
  EXPECT_EQ(wrong(), "one_active.database");
}

// Behind a fence the lost side may go on writing; what the run has proven stopped must stay so.
TEST_F(Evaluate, in_an_emergency_only_a_database_that_was_proven_stopped_must_not_write) {
  create(Operation::failover, "dc");
  database("dc", true);
  database("dr", true);
  EXPECT_EQ(wrong(), "");
  done("database.stop");
  EXPECT_EQ(wrong(), "one_active.database");
}

TEST_F(Evaluate, two_active_words_stop_a_planned_move_and_not_what_repairs_them) {
  for (const auto& [operation, active, expected] :
       {std::tuple{Operation::switchover, "dc", "one_active"}, {Operation::reprotect, "dr", ""}}) {
    const bool lost = operation == Operation::reprotect;
    words(lost ? "down" : "production", lost ? "production_alone" : "standby");
    state = {};
    create(operation, active);
    words("production", "production_alone");
    EXPECT_EQ(wrong(), expected) << operation_text(operation);
  }
}

// Every operation that acts under the claim refuses in its plan already.
TEST_F(Evaluate, an_old_store_is_refused_by_every_operation_before_it_starts) {
  on("host", "dr/db").values["claim"] = "9 newer 5704e 14";
  Catalogue catalogue = recorder_catalogue();
  for (const NamedScript& script : site_scripts()) catalogue.scripts.push_back(script);
  for (const auto& [operation, active] : {std::pair{Operation::switchover, "dc"},
                                          {Operation::failover, "dc"},
                                          {Operation::failback, "dr"},
                                          {Operation::reprotect, "dr"},
                                          {Operation::sync, "dc"},
                                          {Operation::adopt, "dc"}}) {
    if (operation == Operation::reprotect) words("down", "production_alone");
    const auto plan =
        make_plan(catalogue, application, claim_at(application, active), snapshot, {operation, ""});
    ASSERT_TRUE(plan) << plan.error().message;
    const bool named = std::ranges::any_of(plan->assumptions, [](const Assumption& each) {
      return !each.met && each.text.contains("dr/db holds") && each.text.contains("9 (newer)") &&
             each.text.contains("Next: switchback ");
    });
    EXPECT_TRUE(named) << operation_text(operation);
  }
}

}  // namespace
}  // namespace switchback
