#include "planner/diagnosis.h"

#include <gtest/gtest.h>

#include "planner/readiness.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

using Situation = Diagnosis::Situation;

struct Look {
  Application application = recorder_application();
  Snapshot snapshot = recorder_snapshot(application);
  Claim claim = claim_at(application, "dc");

  Look() {
    for (const Host& host : application.all_hosts()) {
      at("host", host.key).values["claim"] = "7 c1a1m 5704e 12";
    }
    at("database", "dc/db").values = {{"running", "yes"}, {"in_recovery", "no"}};
    at("database", "dr/db").values = {
        {"running", "yes"}, {"in_recovery", "yes"}, {"receiver", "streaming"}};
    at("services", "dc/app").values = {{"units", "3"}, {"running", "3"}};
    at("services", "dr/app").values = {{"units", "3"}, {"running", "0"}};
  }
  Facts& at(const std::string& name, const std::string& host) {
    return snapshot.facts[observation_key(name, host)];
  }
  std::vector<Diagnosis> found() const {
    return diagnose(recorder_catalogue(), application, claim, snapshot);
  }
  // The only situation; empty when there is none.
  std::string only() const {
    const auto all = found();
    EXPECT_LE(all.size(), 1u);
    return all.empty() ? "" : std::string(situation_text(all[0].situation));
  }
  std::string unmet(Operation operation, const std::string& to = "") const {
    const auto plan =
        make_plan(recorder_catalogue(), application, claim, snapshot, {operation, to});
    if (!plan) return plan.error().message;
    std::string all;
    for (const Assumption& each : plan->assumptions) {
      if (!each.met) all += each.text;
    }
    return all;
  }
};

TEST(Diagnosis, a_healthy_pair_has_none) {
  EXPECT_EQ(Look().only(), "");
}

TEST(Diagnosis, a_standby_that_only_the_controller_misses_is_not_to_be_rebuilt_first) {
  Look look;
  look.at("database", "dr/db").reachable = false;
  look.at("database", "dc/db").values["standbys"] = "10.2.0.2/streaming/async/0";
  EXPECT_EQ(look.only(), "standby lost");
  EXPECT_EQ(look.found()[0].text, "dr/db does not answer, though a standby of dc still streams");
  EXPECT_TRUE(look.found()[0].next.starts_with("make dr/db reachable by ssh"));
  look.at("database", "dc/db").values["standbys"] = "none";
  EXPECT_TRUE(look.found()[0].next.starts_with("switchback reprotect")) << "gone for everybody";
}

TEST(Diagnosis, two_writable_databases_are_a_split_brain_whoever_started_them) {
  Look look;
  look.at("database", "dr/db").values["in_recovery"] = "no";
  EXPECT_EQ(look.only(), "split brain");
  const Diagnosis found = look.found()[0];
  EXPECT_TRUE(found.blocks);
  EXPECT_NE(join(found.evidence, "\n").find("accepts writes at dr/db, seen 2.0 s ago"),
            std::string::npos)
      << join(found.evidence, "\n");
  for (Operation operation :
       {Operation::switchover, Operation::failover, Operation::reprotect, Operation::sync}) {
    EXPECT_NE(look.unmet(operation).find("split brain"), std::string::npos)
        << operation_text(operation);
  }
  // The way out: a person chooses, the other side is stopped.
  EXPECT_EQ(look.unmet(Operation::start, "dc"), "");
  EXPECT_EQ(look.unmet(Operation::start, "dr"), "");
}

TEST(Diagnosis, a_reprotect_repairs_a_side_that_came_back_under_an_older_claim) {
  Look look;
  look.at("database", "dr/db").values["in_recovery"] = "no";
  for (const char* host : {"dr/app", "dr/db"}) {
    look.at("host", host).values["claim"] = "6 01d 5704e 11";
  }
  EXPECT_EQ(look.unmet(Operation::reprotect), "");
}

TEST(Diagnosis, a_standby_that_was_promoted_while_the_active_side_is_gone) {
  Look look;
  look.at("database", "dr/db").values["in_recovery"] = "no";
  look.at("database", "dc/db").reachable = false;
  look.at("services", "dc/app").reachable = false;
  EXPECT_EQ(look.only(), "the other side acts");
}

TEST(Diagnosis, what_a_dead_host_did_long_ago_proves_nothing) {
  Look look;
  look.at("database", "dr/db").values["in_recovery"] = "no";
  look.at("database", "dr/db").reachable = false;
  EXPECT_EQ(look.only(), "standby lost");
}

TEST(Diagnosis, hosts_with_a_newer_claim_make_the_store_an_old_one) {
  Look look;
  look.at("host", "dr/db").values["claim"] = "8 n3w 5704e 13";
  EXPECT_EQ(look.only(), "store behind hosts");
  EXPECT_NE(look.found()[0].text.find("older copy of itself"), std::string::npos);
  look.at("host", "dr/db").values["claim"] = "8 n3w 1ap70p 1";
  EXPECT_NE(look.found()[0].text.find("another controller"), std::string::npos);
  EXPECT_EQ(newest_epoch(look.application, look.claim, look.snapshot), 8);
  EXPECT_NE(look.unmet(Operation::start).find("resolve"), std::string::npos);
}

// Somebody who trusts the old claim would stop the side that is active.
TEST(Diagnosis, an_old_store_gives_no_advice_by_the_sides_that_it_remembers) {
  Look look;
  for (const Host& host : look.application.all_hosts()) {
    look.at("host", host.key).values["claim"] = "8 ne3er 5704e 13";
    look.at("host", host.key).values["status"] =
        host.site == "dr" ? "standby_as_production" : "production_as_standby";
  }
  look.at("database", "dc/db").values["in_recovery"] = "yes";
  look.at("database", "dr/db").values["in_recovery"] = "no";
  look.at("services", "dc/app").values["running"] = "0";
  look.at("services", "dr/app").values["running"] = "3";
  EXPECT_EQ(look.only(), "store behind hosts");
  const std::string refused = look.unmet(Operation::switchover);
  EXPECT_EQ(refused.find("At most one site is active"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("should be"), std::string::npos) << refused;
  const Readiness readiness =
      ready(recorder_catalogue(), look.application, look.claim, look.snapshot, {});
  EXPECT_EQ(readiness.active, "");
  EXPECT_FALSE(readiness.go);
  ASSERT_EQ(readiness.findings.size(), 1u);
  EXPECT_NE(readiness.findings[0].finding.fix.find("resolve serviceops --to dr"), std::string::npos)
      << readiness.findings[0].finding.fix;
}

TEST(Diagnosis, another_store_in_the_same_claim_is_a_second_controller) {
  Look look;
  look.at("host", "dr/db").values["claim"] = "7 c1a1m 1ap70p 12";
  EXPECT_EQ(look.only(), "hosts disagree");
  look.at("host", "dr/db").values["claim"] = "6 01d 1ap70p 12";
  EXPECT_EQ(look.only(), "") << "an older claim is nothing to argue about";
}

TEST(Diagnosis, a_standby_is_lost_when_its_host_is_its_server_or_its_stream) {
  for (const auto& [fact, value] :
       {std::pair{"running", "no"}, {"receiver", "none"}, {"present", "no"}}) {
    Look look;
    look.at("database", "dr/db").values[fact] = value;
    EXPECT_EQ(look.only(), "standby lost") << fact;
    EXPECT_NE(look.found()[0].next.find("reprotect"), std::string::npos);
    EXPECT_NE(look.found()[0].text.find("those of before"), std::string::npos);
  }
}

TEST(Diagnosis, closed_guards_at_the_active_side_wait_for_a_start) {
  Look look;
  look.at("database", "dc/db").values["running"] = "no";
  auto& host = look.at("host", "dc/db").values;
  host["guarded"] = "1";
  host["guarded.1"] = "postgresql@15-main.service closed";
  host["guarded.1.reason"] = "not started: no host of the other site confirms claim 7";
  EXPECT_EQ(look.only(), "waits for start");
  EXPECT_NE(look.found()[0].next.find("switchback start serviceops"), std::string::npos);
}

}  // namespace
}  // namespace switchback
