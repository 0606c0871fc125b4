// What every store promises, run against each implementation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "store/audit.h"
#include "store/memory_store.h"
#include "store/rules.h"
#include "store/sqlite_store.h"
#include "store_samples.h"

namespace switchback {
namespace {

// As a store of before knew it: without the times of looks.
Facts look_of(int64_t observed_at_ms, const std::string& why,
              std::map<std::string, std::string> values) {
  Facts facts;
  facts.reachable = why.empty();
  facts.why = why;
  facts.observed_at_ms = observed_at_ms;
  facts.values = std::move(values);
  return facts;
}

enum class Kind { sqlite, memory };

class StoreConformance : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { reopen(); }

  // What a new controller sees: the SQLite file opened again; memory lives on by itself.
  void reopen() {
    if (GetParam() == Kind::memory) {
      if (!store_) store_ = std::make_unique<MemoryStore>();
      return;
    }
    store_.reset();
    auto opened = SqliteStore::open(directory_.file("state/store.sqlite"));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  int64_t make_run(std::string_view operation = "switchover") {
    auto run = store_->create_run("shop", {created_event(operation)});
    EXPECT_TRUE(run) << run.error().message;
    return run ? *run : 0;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::Values(Kind::sqlite, Kind::memory),
                         [](const auto& kind) {
                           return kind.param == Kind::sqlite ? "sqlite" : "memory";
                         });

TEST_P(StoreConformance, keeps_its_identity) {
  const std::string id = store_->store_id();
  EXPECT_EQ(id.size(), 32u);
  reopen();
  EXPECT_EQ(store_->store_id(), id);
}

TEST_P(StoreConformance, gives_back_what_was_appended) {
  const int64_t run = make_run();
  const auto first = store_->append(run, 1, {note("one"), note("two")});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ((*first)[0].sequence, 2);
  EXPECT_EQ((*first)[1].sequence, 3);
  EXPECT_EQ((*first)[1].run, run);
  EXPECT_EQ((*first)[1].hash.size(), 64u);
  reopen();
  const auto events = store_->read(run);
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ(event_to_json((*events)[2]), event_to_json((*first)[1]));
  EXPECT_EQ(chain_hash((*events)[1].hash, (*events)[2]), (*events)[2].hash);
  const auto tail = store_->read_behind({run, 2, (*events)[1].hash});
  ASSERT_TRUE(tail);
  ASSERT_EQ(tail->size(), 1u);
  EXPECT_EQ((*tail)[0].sequence, 3);
  EXPECT_TRUE(store_->read_behind({run, 3, (*events)[2].hash})->empty());
  for (const int64_t sequence : {1, 2, 3, 99}) {
    const auto forked = store_->read_behind({run, sequence, (*events)[0].hash + "x"});
    ASSERT_FALSE(forked) << sequence;
    EXPECT_EQ(forked.error().code, ErrorCode::corrupt);
  }
  EXPECT_EQ(store_->read_behind({run + 1, 1, "x"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->last_sequence(run).value(), 3);
}

TEST_P(StoreConformance, memory_and_journal_agree_on_text_that_is_not_utf8) {
  const int64_t run = make_run();
  const auto written = store_->append(run, 1, {note("\xff\xfe broken \x1b[2J")});
  ASSERT_TRUE(written);
  const auto events = store_->read(run);
  ASSERT_TRUE(events) << events.error().message;
  EXPECT_EQ((*events)[1].body, (*written)[0].body);
}

TEST_P(StoreConformance, refuses_the_slower_of_two_writers) {
  const int64_t run = make_run();
  ASSERT_TRUE(store_->append(run, 1, {note("fast")}));
  const auto slow = store_->append(run, 1, {note("slow")});
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, ErrorCode::refused);
  EXPECT_EQ(note_texts(*store_->read(run)), std::vector<std::string>{"fast"});
}

TEST_P(StoreConformance, has_one_open_run_per_application) {
  const int64_t run = make_run();
  const auto second = store_->create_run("shop", {created_event()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::refused);
  EXPECT_NE(second.error().message.find("run " + std::to_string(run)), std::string::npos);
  EXPECT_TRUE(store_->create_run("other", {created_event()}));
  ASSERT_TRUE(store_->append(run, 1, {ended_event()}));
  EXPECT_GT(make_run("failback"), run);
}

TEST_P(StoreConformance, numbers_a_run_beyond_what_others_have_seen) {
  const int64_t run = make_run();
  ASSERT_TRUE(store_->append(run, 1, {ended_event()}));
  const int64_t beyond = store_->create_run("shop", {created_event()}, run + 40).value();
  EXPECT_EQ(beyond, run + 41);
  ASSERT_TRUE(store_->append(beyond, 1, {ended_event()}));
  EXPECT_EQ(store_->create_run("shop", {created_event()}, run).value(), beyond + 1)
      << "what lies below is no reason to go back";
  reopen();
  EXPECT_TRUE(store_->runs("shop"));
  EXPECT_TRUE(verify(*store_, "shop")->intact()) << "a gap in the numbers is no missing run";
}

TEST_P(StoreConformance, knows_which_heads_a_resolution_wrote_down_as_lost) {
  const int64_t run = make_run();
  ASSERT_TRUE(store_->append(run, 1, {ended_event()}));
  const std::vector<KeptHead> kept = {{"dc/db", {run + 1, 9, "c0ffee"}},
                                      {"dr/db", {run + 1, 9, "c0ffee"}},
                                      {"dr/app", *store_->head("shop")}};
  EXPECT_FALSE(verify(*store_, "shop", kept)->intact());
  const auto missing = missing_heads(*store_->stored_journal("shop"), kept);
  ASSERT_EQ(missing, std::vector<std::string>{fmt::format("{} 9 c0ffee", run + 1)});
  Event created = created_event();
  created.body["lost_heads"] = missing;
  ASSERT_TRUE(store_->create_run("shop", {created}, run + 1));
  EXPECT_TRUE(verify(*store_, "shop", kept)->intact());
  EXPECT_EQ(verify(*store_, "shop", kept)->lost.size(), 1u);
  EXPECT_FALSE(verify(*store_, "shop", {{"dc/db", {run + 1, 8, "c0ffee"}}})->intact());
}

TEST_P(StoreConformance, lists_runs_with_their_ends) {
  const int64_t first = make_run();
  ASSERT_TRUE(store_->append(first, 1, {ended_event("aborted")}));
  const int64_t second = make_run("failover");
  reopen();
  const auto runs = store_->runs("shop");
  ASSERT_TRUE(runs);
  ASSERT_EQ(runs->size(), 2u);
  EXPECT_EQ((*runs)[0].run, first);
  EXPECT_TRUE((*runs)[0].ended);
  EXPECT_EQ((*runs)[0].result, "aborted");
  EXPECT_EQ((*runs)[1].run, second);
  EXPECT_FALSE((*runs)[1].ended);
  EXPECT_EQ((*runs)[1].operation, Operation::failover);
  EXPECT_EQ((*runs)[1].created_at_ms, 1'000);
  EXPECT_TRUE(store_->runs("nobody")->empty());
}

TEST_P(StoreConformance, an_ended_run_takes_notes_until_a_newer_one_begins) {
  const int64_t first = make_run();
  ASSERT_TRUE(store_->append(first, 1, {ended_event()}));
  EXPECT_TRUE(store_->append(first, 2, {note("users are back")}));
  EXPECT_TRUE(store_->runs("shop")->at(0).ended);
  make_run();
  const auto late = store_->append(first, 3, {note("too late")});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::refused);
}

TEST_P(StoreConformance, a_run_continues_the_chain_of_the_run_before) {
  EXPECT_EQ(store_->head("shop")->run, 0);
  const int64_t first = make_run();
  const auto end = store_->append(first, 1, {ended_event()});
  ASSERT_TRUE(end);
  EXPECT_EQ(store_->head("shop").value(), (JournalHead{first, 2, (*end)[0].hash}));
  const int64_t second = make_run();
  const auto events = store_->read(second);
  ASSERT_TRUE(events);
  EXPECT_EQ(chain_hash((*end)[0].hash, (*events)[0]), (*events)[0].hash);
}

TEST_P(StoreConformance, says_what_is_missing_or_malformed) {
  EXPECT_EQ(store_->read(7).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->append(7, 0, {note("x")}).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->last_sequence(7).error().code, ErrorCode::not_found);
  EXPECT_EQ(store_->create_run("shop", {}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(store_->create_run("shop", {note("x")}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(store_->create_run("shop", {created_event("dance")}).error().code,
            ErrorCode::invalid_input);
  EXPECT_TRUE(store_->runs("shop")->empty());
}

TEST_P(StoreConformance, a_claim_is_won_by_one) {
  const Claim none;
  EXPECT_EQ(store_->claim("shop").value(), none);
  const Claim mine{1, "aa", store_->store_id(), {{"database", "dc"}}};
  ASSERT_TRUE(store_->set_claim("shop", none, mine));
  const Claim other{1, "bb", store_->store_id(), {{"database", "dr"}}};
  const auto lost = store_->set_claim("shop", none, other);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::refused);
  reopen();
  EXPECT_EQ(store_->claim("shop").value(), mine);
  // The same epoch with another id is another claim.
  EXPECT_FALSE(store_->set_claim("shop", other, {2, "cc", "s", {}}));
  // An epoch only grows.
  EXPECT_EQ(store_->set_claim("shop", mine, {1, "cc", "s", {}}).error().code,
            ErrorCode::invalid_input);
  EXPECT_TRUE(store_->set_claim("shop", mine, {3, "cc", "s", {}}));
}

TEST_P(StoreConformance, keeps_the_last_known_facts_of_a_host_that_is_gone) {
  Facts seen = look_of(100, "", {{"lsn", "0/100"}});
  ASSERT_TRUE(store_->put_facts("shop", {{"database@dc/db", seen}, {"host@dr/db", seen}}));
  ASSERT_TRUE(store_->put_facts("shop", {{"database@dc/db", look_of(0, "no route", {})}}));
  reopen();
  auto facts = store_->facts("shop");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->size(), 2u);
  EXPECT_FALSE((*facts)["database@dc/db"].reachable);
  EXPECT_EQ((*facts)["database@dc/db"].why, "no route");
  EXPECT_EQ((*facts)["database@dc/db"].observed_at_ms, 100);
  EXPECT_EQ((*facts)["database@dc/db"].values["lsn"], "0/100");
  // A slower looker does not overwrite what was seen later.
  ASSERT_TRUE(store_->put_facts("shop", {{"host@dr/db", look_of(50, "", {{"lsn", "0/1"}})}}));
  EXPECT_EQ((*store_->facts("shop"))["host@dr/db"].values["lsn"], "0/100");
  EXPECT_TRUE(store_->facts("other")->empty());
}

TEST_P(StoreConformance, keeps_named_values) {
  EXPECT_EQ(store_->value("adopted/shop").value(), "");
  ASSERT_TRUE(store_->put_value("adopted/shop", "yes"));
  ASSERT_TRUE(store_->put_value("adopted/shop", "no"));
  reopen();
  EXPECT_EQ(store_->value("adopted/shop").value(), "no");
}

TEST_P(StoreConformance, remembers_how_long_steps_took) {
  const int64_t run = make_run("failback");
  Event step = note("");
  step.kind = EventKind::step_ended;
  step.body = {{"step", "database.promote"}, {"outcome", "done"}, {"elapsed_ms", 42}};
  Event failed = step;
  failed.body["outcome"] = "unknown";
  ASSERT_TRUE(store_->append(run, 1, {step, failed, note("\"kind\":\"step_ended\"")}));
  const auto durations = store_->durations("shop");
  ASSERT_TRUE(durations);
  ASSERT_EQ(durations->size(), 1u);
  EXPECT_EQ((*durations)[0].step, "database.promote");
  EXPECT_EQ((*durations)[0].operation, "failback");
  EXPECT_EQ((*durations)[0].elapsed_ms, 42);
}

TEST_P(StoreConformance, exports_every_event_and_passes_the_audit) {
  const int64_t run = make_run();
  ASSERT_TRUE(store_->append(run, 1, {note("one"), ended_event()}));
  make_run();
  const auto report = verify(*store_, "shop", {{"dr/db", store_->head("shop").value()}});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->intact()) << report->findings[0].text;
  EXPECT_EQ(report->events, 4);
  EXPECT_EQ(report->runs, 2);
  const auto lines = split(*export_journal(*store_, "shop"), '\n');
  ASSERT_EQ(lines.size(), 6u);  // header, four events, the end of the last line
  // The chain can be followed with nothing but the lines.
  std::string previous;
  for (size_t i = 1; i < 5; ++i) {
    const auto line = parse_json(lines[i], "line");
    ASSERT_TRUE(line);
    const std::string hash = json_text(*line, "hash");
    if (i > 1) {
      EXPECT_EQ(sha256_hex(previous + "\n" + json_text(*line, "text")), hash);
    }
    previous = hash;
  }
}

TEST(MemoryStore, fails_the_planned_write_and_keeps_the_rest) {
  MemoryStore store;
  store.fail_write(2, MemoryStore::FailureKind::not_written);
  store.fail_write(3, MemoryStore::FailureKind::written);
  const int64_t run = store.create_run("shop", {created_event()}).value();
  EXPECT_FALSE(store.append(run, 1, {note("never written")}));
  EXPECT_FALSE(store.append(run, 1, {note("written, answer lost")}));
  EXPECT_EQ(note_texts(*store.read(run)), std::vector<std::string>{"written, answer lost"});
}

TEST(MemoryStore, a_crash_after_the_write_leaves_it_written) {
  for (const bool before : {true, false}) {
    MemoryStore store;
    const int64_t run = store.create_run("shop", {created_event()}).value();
    store.on_write([&](const MemoryStore::Write& write) {
      if (write.before == before) throw std::runtime_error("crash here");
    });
    EXPECT_THROW(static_cast<void>(store.append(run, 1, {note("x")})), std::runtime_error);
    store.on_write({});
    EXPECT_EQ(store.last_sequence(run).value(), before ? 1 : 2);
  }
}

Facts look_at_time(int64_t at_ms, const std::string& lag) {
  Facts facts;
  facts.reachable = !lag.empty();
  facts.looked_at_ms = at_ms;
  if (facts.reachable) {
    facts.observed_at_ms = at_ms;
    facts.values = {{"lag_ms", lag}, {"addresses", "a long list of units"}};
  } else {
    facts.why = "no route";
    facts.away_since_ms = at_ms;
  }
  return facts;
}

TEST_P(StoreConformance, keeps_what_was_seen_before_and_when_nothing_was) {
  const std::string key = "database@dr/db";
  const std::pair<int64_t, const char*> looks[] = {
      {100'000, "5"}, {130'000, "7"}, {160'000, ""}, {190'000, ""}};
  for (const auto& [at, lag] : looks) {
    ASSERT_TRUE(store_->put_facts("shop", {{key, look_at_time(at, lag)}}));
  }
  ASSERT_TRUE(
      store_->put_facts("shop", {{key, look_at_time(190'000, "")}}));  // the same look again
  reopen();
  const Facts now = store_->facts("shop")->at(key);
  EXPECT_FALSE(now.reachable);
  EXPECT_EQ(now.observed_at_ms, 130'000);
  EXPECT_EQ(now.away_since_ms, 160'000) << "since the first look that failed";
  EXPECT_EQ(now.looked_at_ms, 190'000);
  const auto past = store_->past_looks("shop", 0);
  ASSERT_TRUE(past) << past.error().message;
  const auto& kept = past->at(key);
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_EQ(kept[1].get("lag_ms"), "7");
  EXPECT_EQ(kept[1].get("addresses"), std::nullopt) << "long and always the same";
  EXPECT_FALSE(kept[3].reachable);
  EXPECT_EQ(store_->past_looks("shop", 150'000)->at(key).size(), 2u);
  ASSERT_TRUE(store_->put_facts("shop", {{key, look_at_time(220'000, "1")}}));
  EXPECT_EQ(store_->facts("shop")->at(key).away_since_ms, 0) << "it answers again";
}

TEST_P(StoreConformance, of_two_that_saw_the_same_value_one_replaces_it) {
  EXPECT_TRUE(store_->replace_value("job", "", "1 a"));
  EXPECT_EQ(store_->replace_value("job", "", "1 b").error().code, ErrorCode::refused);
  EXPECT_EQ(store_->value("job"), "1 a");
  EXPECT_TRUE(store_->replace_value("job", "1 a", "2 b"));
}

TEST_P(StoreConformance, syncs_do_not_push_the_durations_of_moves_out) {
  const int64_t run = make_run("failover");
  Event ended;
  ended.kind = EventKind::step_ended;
  ended.body = {{"step", "database.promote"}, {"outcome", "done"}, {"elapsed_ms", 77}};
  ASSERT_TRUE(store_->append(run, 1, {ended, ended_event()}));
  for (int i = 0; i < 25; ++i) {
    const int64_t sync = make_run("sync");
    ASSERT_TRUE(store_->append(sync, 1, {ended_event()}));
  }
  const auto durations = store_->durations("shop");
  ASSERT_TRUE(durations) << durations.error().message;
  ASSERT_EQ(durations->size(), 1u);
  EXPECT_EQ((*durations)[0].elapsed_ms, 77);
}

// Thirty days of looks every 10 s, as a store would see them.
TEST(Looks, thin_out_with_age_and_never_pass_their_limit) {
  std::vector<int64_t> kept;
  const int64_t day = 86'400'000;
  const int64_t begin = 1'700'000'000'000;
  int64_t now = begin;
  for (; now < begin + 33 * day; now += 10'000) {
    const bool thin = kept.empty() || opens_a_slot(kept.back(), now);
    kept.push_back(now);
    if (!thin) continue;
    const auto drop = looks_to_drop(kept, now);
    std::erase_if(kept,
                  [&](int64_t at) { return std::binary_search(drop.begin(), drop.end(), at); });
    // Between two thinnings at most one slot's looks come on top.
    ASSERT_LE(kept.size(), looks_limit + 30);
  }
  const auto count = [&](int64_t from, int64_t until) {
    return std::count_if(kept.begin(), kept.end(),
                         [&](int64_t at) { return now - at > from && now - at <= until; });
  };
  EXPECT_NEAR(static_cast<double>(count(0, 3'600'000)), 360, 2);
  EXPECT_NEAR(static_cast<double>(count(3'600'000, day)), 276, 31);  // until the next thinning
  EXPECT_NEAR(static_cast<double>(count(day, 30 * day)), 696, 13);
  EXPECT_EQ(count(30 * day + 3'600'000, 99 * day), 0);
}

}  // namespace
}  // namespace switchback
