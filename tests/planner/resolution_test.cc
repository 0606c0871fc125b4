#include "planner/resolution.h"

#include <gtest/gtest.h>

#include "planner/recorder.h"

namespace switchback {
namespace {

// The store says that dc is active by claim 7; by the hosts dr is, by claim 9 of a runbook.
struct Aftermath {
  Application application = recorder_application();
  Snapshot snapshot = recorder_snapshot(application);
  Claim claim = claim_at(application, "dc");

  Aftermath() {
    for (const Host& host : application.all_hosts()) {
      at("host", host.key).values["claim"] = "9 n3w runbook 0";
      at("host", host.key).values["status"] =
          host.site == "dc" ? "production_as_standby" : "standby_as_production";
    }
    writes("dc", false);
    writes("dr", true);
  }
  Facts& at(const std::string& name, const std::string& host) {
    return snapshot.facts[observation_key(name, host)];
  }
  void writes(const std::string& site, bool does) {
    at("database", site + "/db").values["running"] = "yes";
    at("database", site + "/db").values["in_recovery"] = does ? "no" : "yes";
  }
  Result<Plan> plan(const std::string& to = "") const {
    return make_plan(recorder_catalogue(), application, claim, snapshot, {Operation::resolve, to});
  }
  std::string refusal(const std::string& to = "") const {
    const auto made = plan(to);
    return made ? "" : made.error().message;
  }
  // The steps by their ids, in order; then what is not met.
  std::string steps(const std::string& to = "") const {
    const auto made = plan(to);
    if (!made) return made.error().message;
    std::string all;
    for (const Step& step : made->steps) all += step.id + " ";
    for (const Assumption& each : made->assumptions) {
      if (!each.met) all += "! " + each.name + " ";
    }
    return all;
  }
};

TEST(Resolution, renews_the_claim_on_every_host_and_touches_nothing_that_runs) {
  const Aftermath after;
  EXPECT_EQ(after.steps(),
            "gate.resolve claim claim.publish.dr.app claim.publish.dr.db claim.publish.dc.app "
            "claim.publish.dc.db address.finish ");
  const auto plan = after.plan();
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->active_after.at("database"), "dr");
  EXPECT_EQ(plan->status_after.at("dr"), "standby_as_production");
  EXPECT_NE(plan->find("gate.resolve")->gate.text.find("dc/app holds claim 9"), std::string::npos);
  EXPECT_EQ(plan->find("gate.resolve")->gate.kind, Gate::Kind::acceptance);
}

TEST(Resolution, never_gives_the_claim_back) {
  const auto plan = Aftermath().plan();
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->find("claim")->point_of_no_return);
  for (const Step& step : plan->steps) EXPECT_TRUE(is_empty(step.undo)) << step.id;
}

TEST(Resolution, says_the_words_anew_where_they_name_another_side) {
  Aftermath after;
  for (const Host& host : after.application.all_hosts()) {
    after.at("host", host.key).values["status"] = host.site == "dc" ? "production" : "standby";
  }
  const std::string steps = after.steps();
  EXPECT_NE(steps.find("status.dc.app"), std::string::npos) << steps;
  EXPECT_LT(steps.find("status.dc.db"), steps.find("status.dr.db")) << steps;
  EXPECT_EQ(after.plan()->status_after.at("dr"), "production_alone");
  EXPECT_EQ(after.plan()->status_after.at("dc"), "down");
}

TEST(Resolution, has_nothing_to_do_where_store_and_hosts_agree) {
  Aftermath after;
  for (const Host& host : after.application.all_hosts()) {
    after.at("host", host.key).values["claim"] = "7 c1a1m 5704e 12";
  }
  EXPECT_NE(after.refusal("dr").find("hold the same claim"), std::string::npos) << after.refusal();
}

TEST(Resolution, is_of_the_side_that_acts_and_of_no_other) {
  const Aftermath after;
  EXPECT_NE(after.refusal("dc").find("dr accepts writes and dc does not"), std::string::npos);
  EXPECT_NE(after.refusal("nowhere").find("there is no site 'nowhere'"), std::string::npos);
}

TEST(Resolution, asks_for_the_side_when_both_act_or_neither_does) {
  for (const bool both : {true, false}) {
    Aftermath after;
    after.writes("dc", both);
    after.writes("dr", both);
    EXPECT_NE(after.refusal().find("a person has to name the side"), std::string::npos) << both;
    EXPECT_EQ(after.refusal("dc"), "") << both;
    EXPECT_EQ(after.refusal("dr"), "") << both;
  }
}

TEST(Resolution, goes_on_without_the_hosts_of_the_other_side_only) {
  Aftermath after;
  after.at("host", "dc/db").reachable = false;
  EXPECT_EQ(after.steps().find("! "), std::string::npos) << after.steps();
  after.at("host", "dr/db").reachable = false;
  EXPECT_NE(after.steps().find("! reachable@dr/db"), std::string::npos) << after.steps();
}

TEST(Resolution, numbers_its_run_above_all_that_any_host_has_seen) {
  Aftermath after;
  EXPECT_EQ(newest_run_seen(after.application, after.snapshot), 0);
  after.at("host", "dc/db").values["seen_runs"] = "2";
  after.at("host", "dc/db").values["seen_run.1"] = "5704e 40";
  after.at("host", "dc/db").values["seen_run.2"] = "1ap70p nonsense";
  after.at("host", "dr/db").values["seen_runs"] = "1";
  after.at("host", "dr/db").values["seen_run.1"] = "5704e 43";
  EXPECT_EQ(newest_run_seen(after.application, after.snapshot), 43);
}

}  // namespace
}  // namespace switchback
