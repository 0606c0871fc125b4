// The price before the button, for the situations of a bad night.
#include "planner/price.h"

#include <gtest/gtest.h>

#include "components/site.h"
#include "golden.h"
#include "planner/bundle.h"
#include "planner/readiness.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

struct Night {
  Application application = recorder_application();
  Claim claim = claim_at(application, "dc");
  Snapshot snapshot = recorder_snapshot(application);

  Night() {
    for (const Host& host : application.all_hosts()) {
      Facts& facts = on("host", host.key);
      facts.looked_at_ms = facts.observed_at_ms;
      facts.values["clock_ms"] = std::to_string(facts.observed_at_ms + 3);
      facts.values["guard"] = guard_version();
      facts.values["claim"] = "7 c1a1m 5704e 12";
    }
    set("database", "dc/db", {{"data_bytes", "1717986918"}, {"way", "rewind"}});
    set("database", "dr/db",
        {{"receiver", "streaming"},
         {"replication_access", "yes"},
         {"lag_bytes", "0"},
         {"lag_ms", "0"},
         {"heard_ms", "400"},
         {"replay_age_ms", "9000"}});
    set("attachments", "dc/app", {{"paths", "1"}, {"path.1.files", "1203"}});
    set("attachments", "dr/app",
        {{"paths", "1"}, {"path.1.files", "1201"}, {"access", "yes"}, {"last_good_age_s", "130"}});
    application.components[1].options["dr"]["every"] = 300'000;
    application.recovery_time_objective = Milliseconds(600'000);
    for (const Host& host : application.all_hosts()) {
      on("host", host.key).values["runbook"] =
          make_bundle(recorder_catalogue(), application)->manifest;
    }
  }
  Facts& on(const std::string& name, const std::string& where) {
    return snapshot.facts[observation_key(name, where)];
  }
  void set(const std::string& name, const std::string& where,
           const std::map<std::string, std::string>& values) {
    Facts& facts = on(name, where);
    facts.looked_at_ms = facts.observed_at_ms;
    for (const auto& [key, value] : values) facts.values[key] = value;
  }
  // dc answers nobody since 40 s ago; its last answer came 10 s before.
  void kill_the_active_site() {
    for (auto& [key, facts] : snapshot.facts) {
      if (key.find("@dc/") == std::string::npos) continue;
      facts.reachable = false;
      facts.why = "no route to host";
      facts.observed_at_ms = snapshot.now_ms - 50'000;
      facts.away_since_ms = snapshot.now_ms - 40'000;
      facts.looked_at_ms = snapshot.now_ms - 1'000;
    }
    on("database", "dr/db").values["receiver"] = "none";
    on("database", "dr/db").values["replication_access"] = "no";
    on("database", "dr/db").values["replay_age_ms"] = "55000";
    on("attachments", "dr/app").values["access"] = "Connection timed out";
  }
  Readiness answer() const { return ready(recorder_catalogue(), application, claim, snapshot, {}); }
  Price price() const { return price_now(recorder_catalogue(), application, claim, snapshot, {}); }
};

TEST(Price, golden_healthy) {
  const Night night;
  const Price price = night.price();
  EXPECT_EQ(price.state, ActiveState::answers);
  EXPECT_FALSE(price.outage);
  expect_golden("ready_healthy.txt", readiness_text(night.answer(), false));
}

TEST(Price, golden_active_site_dead) {
  Night night;
  night.kill_the_active_site();
  const Price price = night.price();
  EXPECT_EQ(price.state, ActiveState::silent);
  ASSERT_TRUE(price.outage);
  EXPECT_EQ(price.outage->at_least, Milliseconds(40'000));
  EXPECT_EQ(price.outage->at_most, Milliseconds(50'000));
  // The newest replayed commit was 57 s ago; the site was found silent 40 s ago: 17 s at most.
  EXPECT_EQ(price.losses[0].age, Milliseconds(17'000));
  EXPECT_FALSE(price.losses[0].grows);
  EXPECT_EQ(price.losses[1].age, Milliseconds(92'000));
  ASSERT_TRUE(price.gap);
  EXPECT_EQ(price.gap->newer, "database");
  EXPECT_EQ(price.gap->length, Milliseconds(75'000));
  EXPECT_TRUE(night.answer().failover_go);
  EXPECT_FALSE(night.answer().switchover_go);
  expect_golden("ready_active_dead.txt", readiness_text(night.answer(), false));
}

TEST(Price, of_a_dead_site_does_not_grow_while_somebody_hesitates) {
  Night night;
  night.kill_the_active_site();
  const auto before = night.price();
  night.snapshot.now_ms += 600'000;
  const auto after = night.price();
  EXPECT_EQ(before.losses[0].age, after.losses[0].age);
  EXPECT_EQ(before.losses[1].age, after.losses[1].age);
  EXPECT_EQ(before.gap->length, after.gap->length);
  EXPECT_EQ(*after.outage->at_most - *before.outage->at_most, Milliseconds(600'000));
}

TEST(Price, of_a_site_that_only_the_controller_lost_names_the_way_that_still_works) {
  Night night;
  night.kill_the_active_site();
  night.on("database", "dr/db").values["receiver"] = "streaming";
  night.on("database", "dr/db").values["replication_access"] = "yes";
  const Price price = night.price();
  EXPECT_EQ(price.state, ActiveState::cut_off);
  EXPECT_FALSE(price.losses[0].grows) << "it still streams";
  EXPECT_TRUE(price.losses[1].grows) << "files do not come any more, and users go on";
  EXPECT_EQ(price.losses[1].age, Milliseconds(132'000)) << "up to this moment";
  expect_golden("ready_controller_cut.txt", readiness_text(night.answer(), false));
}

TEST(Price, golden_replication_broken) {
  Night night;
  night.set("database", "dr/db", {{"receiver", "none"}, {"replay_age_ms", "720000"}});
  night.on("database", "dr/db").values["trouble"] = "the standby at dr does not stream (none)";
  const Price price = night.price();
  EXPECT_EQ(price.losses[0].age, Milliseconds(722'000));
  EXPECT_TRUE(price.losses[0].grows);
  expect_golden("ready_replication_broken.txt", readiness_text(night.answer(), false));
}

TEST(Price, takes_a_look_of_before_for_a_stream_that_broke_since) {
  Night night;
  night.set("database", "dr/db", {{"receiver", "none"}, {"replay_age_ms", "720000"}});
  Facts earlier;
  earlier.reachable = true;
  earlier.observed_at_ms = night.snapshot.now_ms - 60'000;
  earlier.values = {{"receiver", "streaming"}, {"lag_ms", "0"}, {"replication_access", "yes"}};
  night.snapshot.past[observation_key("database", "dr/db")] = {earlier};
  EXPECT_EQ(night.price().losses[0].age, Milliseconds(60'000));
}

TEST(Price, does_not_trust_a_stream_whose_source_is_silent) {
  Night night;
  night.kill_the_active_site();
  Facts& standby = night.on("database", "dr/db");
  standby.values["receiver"] = "streaming";  // for a minute: nobody told it
  standby.values["heard_ms"] = "45000";
  standby.values["replay_age_ms"] = "300000";
  EXPECT_EQ(night.price().state, ActiveState::silent);
  EXPECT_EQ(night.price().losses[0].age, Milliseconds(7'000)) << "heard 47 s ago, dead 40 s ago";
}

TEST(Price, golden_sync_old) {
  Night night;
  night.set("attachments", "dr/app", {{"last_good_age_s", "10800"}});
  EXPECT_TRUE(night.price().losses[1].grows);
  expect_golden("ready_sync_old.txt", readiness_text(night.answer(), false));
}

TEST(Price, golden_nothing_ever_observed) {
  Night night;
  night.snapshot.facts.clear();
  const Price price = night.price();
  EXPECT_EQ(price.state, ActiveState::unknown);
  EXPECT_EQ(price.losses[0].text, "not known");
  EXPECT_FALSE(night.answer().go);
  expect_golden("ready_never_observed.txt", readiness_text(night.answer(), false));
}

TEST(Price, names_the_size_and_time_of_a_rebuild_from_what_it_took_before) {
  Night night;
  night.set("database", "dc/db", {{"way", "rebuild"}});
  const Price guess = night.price();
  ASSERT_FALSE(guess.way_back.empty());
  EXPECT_EQ(guess.way_back[0].method, "rebuild");
  EXPECT_EQ(guess.way_back[0].past_runs, 0);
  const Durations past{{"database.rebuild", {Milliseconds(40'000), Milliseconds(50'000)}}};
  const Price known =
      price_now(recorder_catalogue(), night.application, night.claim, night.snapshot, past);
  EXPECT_EQ(known.way_back[0].past_runs, 2);
  EXPECT_EQ(known.way_back[0].time.least, Milliseconds(40'000));
}

TEST(Readiness, its_json_fits_a_monitoring_check) {
  Night night;
  night.kill_the_active_site();
  const Json value = readiness_json(night.answer());
  EXPECT_TRUE(value["summary"].get<std::string>().starts_with("NO-GO serviceops: dc active"));
  EXPECT_EQ(value["active_state"], "silent");
  EXPECT_EQ(value["loss"][0]["age_ms"], 17'000);
  EXPECT_EQ(value["outage"]["at_least_ms"], 40'000);
  for (const Json& finding : value["findings"]) {
    EXPECT_TRUE(finding.contains("age_ms") && finding.contains("effect") &&
                finding.contains("fix"));
  }
  EXPECT_EQ(readiness_text(night.answer(), false).find(readiness_line(night.answer())), 0u);
}

}  // namespace
}  // namespace switchback
