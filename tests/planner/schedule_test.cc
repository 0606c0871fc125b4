#include "planner/schedule.h"

#include <gtest/gtest.h>

#include "engine/jobs.h"
#include "planner/recorder.h"
#include "store/memory_store.h"

namespace switchback {
namespace {

struct Night {
  Application application = recorder_application();
  Claim claim = claim_at(application, "dc", 7);
  Snapshot snapshot = recorder_snapshot(application);

  Night() {
    application.components[1].options["dr"]["every"] = 300'000;
    for (const Host& host : application.all_hosts()) {
      host_facts(host.key).values["claim"] = "7 c1a1m 5704e 12";
    }
    files().values["last_good_age_s"] = "400";
  }
  Facts& host_facts(const std::string& host) {
    return snapshot.facts[observation_key("host", host)];
  }
  Facts& files() { return snapshot.facts[observation_key("attachments", "dr/app")]; }
};

TEST(Schedule, a_sync_is_due_when_its_last_pass_and_its_last_attempt_are_old_enough) {
  const struct {
    const char* last_good_age_s;
    int64_t attempt_age_ms;
    bool due;
  } cases[] = {{"400", 999'000, true},
               {"200", 999'000, false},
               {"400", 100'000, false},
               {"298", 999'000, true},
               {"297", 999'000, false}};
  for (const auto& each : cases) {
    Night night;
    night.files().values["last_good_age_s"] = each.last_good_age_s;
    const auto due = due_syncs(night.application, night.claim, night.snapshot,
                               {{"attachments", night.snapshot.now_ms - each.attempt_age_ms}});
    EXPECT_EQ(due.size(), each.due ? 1u : 0u) << each.last_good_age_s;
  }
  Night never;
  never.files().values.erase("last_good_age_s");
  EXPECT_EQ(due_syncs(never.application, never.claim, never.snapshot, {}).size(), 1u);
}

TEST(Schedule, nothing_flows_while_anybody_disagrees_about_who_is_active) {
  EXPECT_EQ(why_no_sync(Night().application, Night().claim, Night().snapshot), "");
  const std::pair<const char*, const char*> claims[] = {
      {"dr/app", "8 other 5704e 13"}, {"dc/db", "7 other 5704e 12"}, {"dr/db", "6 c1a1m 5704e 9"}};
  for (const auto& [host, claim] : claims) {
    Night night;
    night.host_facts(host).values["claim"] = claim;
    EXPECT_NE(why_no_sync(night.application, night.claim, night.snapshot), "") << claim;
  }
  Night words;
  words.host_facts("dr/app").values["status"] = "production_alone";
  EXPECT_NE(why_no_sync(words.application, words.claim, words.snapshot), "");
  Night nobody;
  nobody.host_facts("dc/app").reachable = false;
  EXPECT_NE(why_no_sync(nobody.application, nobody.claim, nobody.snapshot), "");
  Night fresh;
  fresh.claim.epoch = 0;
  EXPECT_NE(why_no_sync(fresh.application, fresh.claim, fresh.snapshot).find("adopt"),
            std::string::npos);
}

TEST(Schedule, of_two_serves_on_one_store_one_takes_a_due_sync) {
  const Night night;
  MemoryStore store;
  const auto first =
      take_due_syncs(store, night.application, night.claim, night.snapshot, "serve one");
  const auto second =
      take_due_syncs(store, night.application, night.claim, night.snapshot, "serve two");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, std::vector<std::string>{"attachments"});
  EXPECT_TRUE(second->empty());
}

// Both read the record before either writes it: the store decides.
TEST(Schedule, of_two_serves_that_decided_at_the_same_moment_one_takes_it) {
  const Night night;
  MemoryStore store;
  bool nested = false;
  Result<std::vector<std::string>> inner;
  store.on_write([&](const MemoryStore::Write& write) {
    if (!write.before || nested) return;
    nested = true;
    inner = take_due_syncs(store, night.application, night.claim, night.snapshot, "serve two");
  });
  const auto outer =
      take_due_syncs(store, night.application, night.claim, night.snapshot, "serve one");
  ASSERT_TRUE(inner && outer);
  EXPECT_EQ(inner->size() + outer->size(), 1u);
}

TEST(Schedule, says_what_changed_and_nothing_when_nothing_did) {
  Night night;
  const auto before = night.snapshot.facts;
  EXPECT_TRUE(changes(before, before).empty());
  night.snapshot.facts[observation_key("database", "dr/db")].values["receiver"] = "none";
  auto with_stream = before;
  with_stream[observation_key("database", "dr/db")].values["receiver"] = "streaming";
  for (auto& [key, facts] : with_stream) facts.looked_at_ms = 1;
  night.host_facts("dc/app").reachable = false;
  night.host_facts("dc/app").why = "timed out";
  night.host_facts("dr/app").values["uptime_s"] = "77";
  const auto lines = changes(with_stream, night.snapshot.facts);
  ASSERT_EQ(lines.size(), 2u) << join(lines, "\n");
  EXPECT_EQ(lines[0], "dr/db database: receiver was streaming, is none");
  EXPECT_EQ(lines[1], "dc/app: does not answer any more: timed out");
}

}  // namespace
}  // namespace switchback
