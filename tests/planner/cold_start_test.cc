#include "planner/cold_start.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "planner/recorder.h"

namespace switchback {
namespace {

// Everything is down; dc was active by claim 7 and crashed, dr was its standby.
struct Night {
  Application application = recorder_application();
  Snapshot snapshot = recorder_snapshot(application);
  Claim claim = claim_at(application, "dc");

  Night() {
    for (const Host& host : application.all_hosts()) {
      at("host", host.key).values["claim"] = "7 c1a1m 5704e 12";
    }
    at("database", "dc/db").values = {{"running", "no"},
                                      {"in_recovery", "no"},
                                      {"timeline", "3"},
                                      {"lsn", "0/5000060"},
                                      {"last_commit", "2026-11-20T22:00:00Z"}};
    at("database", "dr/db").values = {
        {"running", "no"}, {"in_recovery", "yes"}, {"timeline", "3"}, {"lsn", "0/5000000"}};
  }
  Facts& at(const std::string& name, const std::string& host) {
    return snapshot.facts[observation_key(name, host)];
  }
  Standings standings() { return standings_of(recorder_catalogue(), application, "dc", snapshot); }
  Plan plan(const std::string& to = "") {
    auto made =
        make_plan(recorder_catalogue(), application, claim, snapshot, {Operation::start, to});
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(Plan{});
  }
  std::string unmet(const std::string& to = "") {
    for (const Assumption& each : plan(to).assumptions) {
      if (!each.met) return each.text;
    }
    return "";
  }
};

TEST(ColdStart, the_side_with_the_newer_claim_is_higher_whatever_its_data_say) {
  Night night;
  night.at("host", "dr/db").values["claim"] = "8 c1a1n 5704e 13";
  EXPECT_EQ(night.standings().highest, "dr");
}

TEST(ColdStart, with_equal_claims_the_later_timeline_is_higher) {
  Night night;
  EXPECT_EQ(night.standings().highest, "dc");
  night.at("database", "dr/db").values["timeline"] = "4";
  night.at("database", "dr/db").values["in_recovery"] = "no";
  EXPECT_EQ(night.standings().highest, "dr");
}

TEST(ColdStart, positions_are_numbers_and_a_standby_is_never_ahead_of_its_primary) {
  Night night;
  for (const char* db : {"dc/db", "dr/db"}) {
    night.at("database", db).values["in_recovery"] = "no";
  }
  night.at("database", "dr/db").values["lsn"] = "10/0";
  night.at("database", "dc/db").values["lsn"] = "9/FFFFFFFF";
  EXPECT_EQ(night.standings().highest, "dr");
  night.at("database", "dr/db").values["in_recovery"] = "yes";
  EXPECT_EQ(night.standings().highest, "dc");
}

TEST(ColdStart, a_side_that_does_not_answer_leaves_the_choice_to_the_claim) {
  Night night;
  night.at("database", "dr/db").values["timeline"] = "9";
  night.at("host", "dc/db").reachable = false;
  EXPECT_EQ(night.standings().highest, "dc");
  EXPECT_NE(night.unmet().find("switchback start serviceops --to dr"), std::string::npos)
      << night.unmet();
}

TEST(ColdStart, choosing_the_lower_side_asks_a_person_and_says_what_is_missing) {
  Night night;
  EXPECT_EQ(night.plan().find("gate.lower"), nullptr);
  const Plan plan = night.plan("dr");
  const Step* gate = plan.find("gate.lower");
  ASSERT_NE(gate, nullptr);
  EXPECT_EQ(gate->gate.kind, Gate::Kind::acceptance);
  EXPECT_NE(gate->gate.text.find("96 bytes of log"), std::string::npos) << gate->gate.text;
  EXPECT_NE(gate->gate.text.find("2026-11-20T22:00:00Z"), std::string::npos) << gate->gate.text;
  EXPECT_EQ(plan.to_site, "dr");
  EXPECT_EQ(plan.status_after.at("dr"), "production_alone");
}

TEST(ColdStart, the_plan_shows_claim_and_position_of_both_sides_and_which_is_higher) {
  const auto remarks = Night().plan().remarks;
  ASSERT_GE(remarks.size(), 3u);
  EXPECT_EQ(remarks[0],
            "dc: claim 7 (c1a1m); database: stopped primary, timeline 3, 0/5000060, last commit "
            "2026-11-20T22:00:00Z");
  EXPECT_EQ(remarks[1],
            "dr: claim 7 (c1a1m); database: stopped standby, timeline 3, 0/5000000, last commit "
            "unknown");
  EXPECT_EQ(remarks[2], "The higher side is dc: the data of dc reach further");
}

TEST(ColdStart, the_comparison_of_the_run_stands_between_the_fence_and_the_claim) {
  const Plan plan = Night().plan();
  const Step* gate = plan.find("accept.database");
  ASSERT_NE(gate, nullptr);
  EXPECT_EQ(gate->when, (std::vector<Condition>{{"database.sync:ahead", "other"}}));
  const Step* claim = plan.find("claim");
  const Step* again = plan.find("fence.again.database.stop");
  ASSERT_NE(again, nullptr);
  EXPECT_NE(std::find(again->needs.begin(), again->needs.end(), gate->id), again->needs.end());
  EXPECT_NE(std::find(claim->needs.begin(), claim->needs.end(), again->id), claim->needs.end());
}

TEST(ColdStart, what_runs_is_not_started_and_not_left_behind) {
  Night night;
  night.at("database", "dc/db").values["running"] = "yes";
  night.at("services", "dc/app").values = {{"units", "2"}, {"running", "2"}, {"stopped", "0"}};
  EXPECT_NE(night.unmet().find("dc runs"), std::string::npos) << night.unmet();
  EXPECT_NE(night.unmet("dr").find("switchover"), std::string::npos) << night.unmet("dr");
  night.at("services", "dc/app").values = {{"units", "2"}, {"running", "0"}, {"stopped", "2"}};
  EXPECT_EQ(night.unmet(), "");
}

}  // namespace
}  // namespace switchback
