#include "planner/readiness.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "components/site.h"
#include "planner/bundle.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

struct World {
  Application application = recorder_application();
  Claim claim = claim_at(application, "dc");
  Snapshot snapshot = recorder_snapshot(application);

  World() {
    for (const Host& host : application.all_hosts()) {
      Facts& facts = on(host.key);
      facts.values["clock_ms"] = std::to_string(facts.observed_at_ms + 3);
      facts.values["cpus"] = "4";
      facts.values["memory_kb"] = "8000000";
      facts.values["guard"] = guard_version();
      facts.values["claim"] = "7 c1a1m 5704e 12";
    }
  }
  Facts& on(const std::string& host) { return snapshot.facts[observation_key("host", host)]; }
  void lose(const std::string& host) {
    for (auto& [key, facts] : snapshot.facts) {
      if (!key.ends_with("@" + host)) continue;
      facts.reachable = false;
      facts.why = "connection timed out";
    }
  }
  // With the runbooks of the configuration as it is now on every host.
  Readiness answer() const {
    Snapshot seen = snapshot;
    for (const Host& host : application.all_hosts()) {
      seen.facts[observation_key("host", host.key)].values["runbook"] =
          make_bundle(recorder_catalogue(), application)->manifest;
    }
    return ready(recorder_catalogue(), application, claim, seen, {});
  }
};

const ReadyFinding* find(const Readiness& readiness, const std::string& words) {
  for (const ReadyFinding& each : readiness.findings) {
    if (each.finding.text.find(words) != std::string::npos) return &each;
  }
  return nullptr;
}

TEST(Readiness, is_go_when_nothing_speaks_against_it) {
  const Readiness readiness = World().answer();
  EXPECT_TRUE(readiness.go) << readiness_text(readiness, false);
  EXPECT_EQ(readiness.standby, "dr");
  EXPECT_TRUE(readiness.price.recovery.has_value());
}

TEST(Readiness, what_was_never_looked_at_is_never_a_go) {
  World world;
  world.snapshot = Snapshot{};
  const Readiness readiness = world.answer();
  EXPECT_FALSE(readiness.switchover_go);
  EXPECT_FALSE(readiness.failover_go);
  EXPECT_NE(find(readiness, "was never looked at"), nullptr);
}

TEST(Readiness, an_unreachable_active_side_stops_a_switchover_and_not_a_failover) {
  World world;
  world.lose("dc/db");
  EXPECT_FALSE(world.answer().switchover_go);
  EXPECT_TRUE(world.answer().failover_go);
  world.lose("dr/db");
  EXPECT_FALSE(world.answer().failover_go);
}

TEST(Readiness, a_host_that_answers_one_look_too_late_is_slow_and_not_silent) {
  World world;
  world.on("dr/db").reachable = false;
  world.on("dr/db").why = "no answer within 12.0 s";
  EXPECT_NE(find(world.answer(), "answers slowly"), nullptr);
  EXPECT_TRUE(world.answer().failover_go);
  EXPECT_EQ(world.answer().price.state, ActiveState::answers);
}

TEST(Readiness, a_host_with_another_claim_blocks) {
  for (const char* claim : {"8 other 5704e 13", "7 other 5704e 12"}) {
    World world;
    world.on("dr/app").values["claim"] = claim;
    EXPECT_FALSE(world.answer().go) << claim;
  }
  World behind;
  behind.on("dr/app").values["claim"] = "6 c1a1m 5704e 12";
  EXPECT_TRUE(behind.answer().go);
  EXPECT_NE(find(behind.answer(), "still holds claim 6"), nullptr);
}

TEST(Readiness, two_active_words_and_a_lone_site_block) {
  World split;
  split.on("dr/app").values["status"] = "production_alone";
  EXPECT_FALSE(split.answer().go);
  EXPECT_NE(find(split.answer(), "split brain"), nullptr);
  World alone;
  for (const char* host : {"dc/app", "dc/db"}) alone.on(host).values["status"] = "production_alone";
  for (const char* host : {"dr/app", "dr/db"}) alone.on(host).values["status"] = "down";
  EXPECT_FALSE(alone.answer().go);
  EXPECT_NE(find(alone.answer(), "nothing stands by"), nullptr);
}

TEST(Readiness, names_weaker_machines_wrong_clocks_old_guards_clones_and_the_controller_s_place) {
  World world;
  world.on("dr/db").values["memory_kb"] = "4000000";
  world.on("dr/app").values["clock_ms"] =
      std::to_string(world.on("dr/app").observed_at_ms - 90'000);
  world.on("dc/db").values["guard"] = "1";
  Facts controller;
  controller.values["machine_id"] = world.on("dc/app").values["machine_id"];
  world.snapshot.facts[observation_key("controller", "controller")] = controller;
  const Readiness readiness = world.answer();
  EXPECT_NE(find(readiness, "has 4000000 KiB of memory, dc/db has 8000000"), nullptr);
  EXPECT_NE(find(readiness, "its clock is 1 min 30 s behind"), nullptr);
  EXPECT_NE(find(readiness, "it is lost together with the active site"), nullptr);
  EXPECT_NE(find(readiness, "its guard is of version 1"), nullptr);
  EXPECT_TRUE(readiness.go) << "warnings do not stop a move";
  world.on("dr/db").values["machine_id"] = world.on("dc/db").values["machine_id"];
  EXPECT_FALSE(world.answer().go);
}

TEST(Readiness, a_host_that_calls_itself_one_of_the_other_site_stops_everything) {
  World world;
  world.on("dc/db").values["site"] = "dr";
  const Readiness readiness = world.answer();
  EXPECT_NE(find(readiness, "is a host of dr by its own word"), nullptr);
  EXPECT_FALSE(readiness.go);
}

TEST(Readiness, without_a_fencing_method_that_proves_only_the_switchover_goes) {
  World world;
  world.application.fencing.resize(1);
  EXPECT_TRUE(world.answer().switchover_go);
  EXPECT_FALSE(world.answer().failover_go);
}

TEST(Readiness, says_what_would_be_lost_with_the_age_of_the_look) {
  World world;
  Facts& standby = world.snapshot.facts[observation_key("database", "dr/db")];
  standby.values["lag_bytes"] = "4096";
  standby.values["lag_ms"] = "500";
  const Readiness readiness = world.answer();
  ASSERT_EQ(readiness.price.losses.size(), 2u);
  EXPECT_EQ(readiness.price.losses[0].text, "at most the last 2.5 s (4096 bytes not replayed yet)");
  EXPECT_EQ(readiness.price.losses[1].text, "not known");
  world.application.data_loss_objective = Milliseconds(1'000);
  EXPECT_NE(find(world.answer(), "the objective is 1.0 s"), nullptr);
}

TEST(Readiness, old_and_missing_backups_are_named) {
  World world;
  world.application.last_backup = LastBackup{"db", "/backup/*.zip", Milliseconds(86'400'000), 3};
  Facts backup;
  backup.reachable = true;
  backup.observed_at_ms = world.snapshot.now_ms;
  backup.values = {{"count", "5"}, {"age_s", "200000"}, {"name", "x.zip"}};
  for (const char* host : {"dc/db", "dr/db"}) {
    world.snapshot.facts[observation_key("backup", host)] = backup;
  }
  EXPECT_NE(find(world.answer(), "the newest on dc/db is 2 d 7 h old"), nullptr);
  backup.values["count"] = "2";
  world.snapshot.facts[observation_key("backup", "dr/db")] = backup;
  EXPECT_NE(find(world.answer(), "2 backups on dr/db, wanted are 3"), nullptr);
}

TEST(Readiness, findings_of_components_say_for_which_operation_they_matter) {
  World world;
  world.snapshot.facts[observation_key("database", "dr/db")].values["trouble"] = "does not stream";
  const Readiness readiness = world.answer();
  const ReadyFinding* finding = find(readiness, "does not stream");
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(finding->for_switchover && finding->for_failover);
  EXPECT_EQ(std::count_if(
                readiness.findings.begin(), readiness.findings.end(),
                [](const ReadyFinding& each) { return each.finding.text == "does not stream"; }),
            1);
  EXPECT_EQ(readiness.findings.front().finding.level, Finding::Level::blocking);
  const Json value = readiness_json(readiness);
  EXPECT_FALSE(value["go"].get<bool>());
  EXPECT_EQ(value["findings"][0]["fix"], "repair it");
}

TEST(Observations, look_at_every_host_the_controller_and_every_component) {
  const Application application = recorder_application();
  int hosts = 0;
  int controllers = 0;
  int database = 0;
  for (const Observation& look : observations(recorder_catalogue(), application)) {
    hosts += look.name == "host";
    controllers += look.where == "controller";
    database += look.name == "database";
  }
  EXPECT_EQ(hosts, 4);
  EXPECT_EQ(controllers, 1);
  EXPECT_EQ(database, 2);
}

}  // namespace
}  // namespace switchback
