// What is left of the journal when its file is cut, flipped or edited: an acknowledged prefix or a
// clear error, never an invented or reordered event.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "store/audit.h"
#include "store/rules.h"
#include "store/sqlite_store.h"
#include "store_samples.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

std::string read_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_bytes(const std::string& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A store's files as a power cut might leave them, and the notes that had been acknowledged.
struct Picture {
  std::string database;
  std::string log;
  int64_t run = 0;
  std::vector<std::string> acknowledged;
};

Picture take_picture(const std::string& file, bool checkpointed) {
  Picture picture;
  {
    auto store = SqliteStore::open(file).value();
    const int64_t first = store->create_run("shop", {created_event(), ended_event()}).value();
    picture.run = store->create_run("shop", {created_event("failback")}).value();
    EXPECT_EQ(picture.run, first + 1);
    for (int i = 1; i <= 6; ++i) {
      picture.acknowledged.push_back("note " + std::to_string(i));
      EXPECT_TRUE(store->append(picture.run, i, {note(picture.acknowledged.back())}));
    }
    if (!checkpointed) {
      picture.database = read_bytes(file);
      picture.log = read_bytes(file + "-wal");
    }
  }
  if (checkpointed) picture.database = read_bytes(file);  // closing has merged the log
  return picture;
}

// Opens the damaged files and says what is wrong with what they show; empty when it is honest.
std::string judge(const std::string& file, const Picture& picture, bool prefix_is_honest) {
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file + suffix);
  write_bytes(file, picture.database);
  if (!picture.log.empty()) write_bytes(file + "-wal", picture.log);
  const auto honest = [](const Error& error) {
    return error.code == ErrorCode::corrupt || error.code == ErrorCode::unavailable ||
           error.code == ErrorCode::refused;
  };
  auto store = SqliteStore::open(file);
  if (!store) return honest(store.error()) ? "" : "open: " + store.error().message;
  const auto events = (*store)->read(picture.run);
  if (!events && events.error().code == ErrorCode::not_found) {
    return prefix_is_honest ? "" : "the run vanished in silence";
  }
  if (!events) return honest(events.error()) ? "" : "read: " + events.error().message;
  const auto notes = note_texts(*events);
  if (notes.size() > picture.acknowledged.size() ||
      !std::equal(notes.begin(), notes.end(), picture.acknowledged.begin())) {
    return "events were invented or reordered";
  }
  if (!prefix_is_honest && notes.size() != picture.acknowledged.size()) {
    return "events vanished in silence";
  }
  return "";
}

class SqliteDamage : public testing::Test {
 protected:
  std::string file() const { return directory_.file("store.sqlite"); }
  TemporaryDirectory directory_{true};
};

TEST_F(SqliteDamage, a_log_cut_at_any_byte_leaves_an_acknowledged_prefix) {
  const Picture whole = take_picture(file(), false);
  ASSERT_GT(whole.log.size(), 30'000u);
  // Every byte of the last commit, and some of every earlier frame.
  const size_t every_byte_from = whole.log.size() - 9'000;
  for (size_t size = 0; size <= whole.log.size(); size += size < every_byte_from ? 61 : 1) {
    Picture cut = whole;
    cut.log.resize(size);
    ASSERT_EQ(judge(file(), cut, true), "") << "log cut to " << size << " bytes";
  }
  EXPECT_EQ(judge(file(), whole, false), "");  // uncut, nothing is missing
}

TEST_F(SqliteDamage, a_flipped_bit_in_the_log_leaves_an_acknowledged_prefix) {
  const Picture whole = take_picture(file(), false);
  for (size_t at = 0; at < whole.log.size(); at += 37) {
    Picture flipped = whole;
    flipped.log[at] = static_cast<char>(flipped.log[at] ^ (1 << (at % 8)));
    ASSERT_EQ(judge(file(), flipped, true), "") << "bit flipped in byte " << at;
  }
}

TEST_F(SqliteDamage, a_database_cut_at_any_byte_says_so) {
  const Picture whole = take_picture(file(), true);
  const size_t every_byte_from = whole.database.size() - 4'200;
  for (size_t size = 0; size < whole.database.size(); size += size < every_byte_from ? 29 : 1) {
    Picture cut = whole;
    cut.database.resize(size);
    ASSERT_EQ(judge(file(), cut, false), "") << "database cut to " << size << " bytes";
  }
}

TEST_F(SqliteDamage, a_flipped_bit_in_the_database_changes_no_event_in_silence) {
  const Picture whole = take_picture(file(), true);
  for (size_t at = 0; at < whole.database.size(); at += 13) {
    Picture flipped = whole;
    flipped.database[at] = static_cast<char>(flipped.database[at] ^ (1 << (at % 8)));
    ASSERT_EQ(judge(file(), flipped, false), "") << "bit flipped in byte " << at;
  }
}

TEST_F(SqliteDamage, a_changed_claim_is_noticed) {
  auto store = SqliteStore::open(file()).value();
  ASSERT_TRUE(store->set_claim("shop", {}, {7, "aa", store->store_id(), {{"database", "dc"}}}));
  auto raw = SqliteDatabase::open(file(), false).value();
  ASSERT_TRUE(raw.script("update claims set text = replace(text, '7', '9')"));
  const auto claim = store->claim("shop");
  ASSERT_FALSE(claim);
  EXPECT_EQ(claim.error().code, ErrorCode::corrupt);
  // Nor does a claim build on it.
  EXPECT_FALSE(store->set_claim("shop", {9, "aa", "", {}}, {10, "bb", "", {}}));
}

// Each edit is made alone, on a fresh copy of the same store, and the audit must find it.
class SqliteAudit : public SqliteDamage {
 protected:
  void SetUp() override {
    {
      auto store = SqliteStore::open(file()).value();
      for (int run = 1; run <= 3; ++run) {
        const int64_t number = store->create_run("shop", {created_event()}).value();
        ASSERT_TRUE(store->append(number, 1, {note("a"), note("b")}));
        if (run < 3) {
          ASSERT_TRUE(store->append(number, 3, {ended_event()}));
        }
      }
      head_ = store->head("shop").value();
    }
    bytes_ = read_bytes(file());
  }

  AuditReport after(const std::string& sql, bool with_head = false) {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file() + suffix);
    write_bytes(file(), bytes_);
    {
      auto raw = SqliteDatabase::open(file(), false).value();
      const auto edited = raw.script(sql.c_str());
      EXPECT_TRUE(edited) << edited.error().message;
    }
    auto store = SqliteStore::open(file()).value();
    return verify(*store, "shop",
                  with_head ? std::vector<KeptHead>{{"--head", head_}} : std::vector<KeptHead>{})
        .value();
  }

  std::string bytes_;
  JournalHead head_;
};

TEST_F(SqliteAudit, finds_every_single_edit_of_every_row) {
  EXPECT_TRUE(after("select 1", true).intact());
  for (int run = 1; run <= 3; ++run) {
    for (int sequence = 1; sequence <= (run < 3 ? 4 : 3); ++sequence) {
      const std::string row =
          " where run = " + std::to_string(run) + " and sequence = " + std::to_string(sequence);
      for (const std::string& edit : {
               "update events set text = replace(text, '\"at\":', '\"at\": ')" + row,
               "update events set text = ''" + row,
               "update events set hash = replace(hash, substr(hash, 1, 1), 'x')" + row,
               "update events set sequence = 99" + row,
               "update events set run = 99" + row,
               "delete from events" + row,
           }) {
        EXPECT_FALSE(after(edit).intact()) << edit;
      }
      for (int other = sequence + 1; other <= (run < 3 ? 4 : 3); ++other) {
        const std::string swap =
            "create temp table t as select * from events where run = " + std::to_string(run) +
            " and sequence in (" + std::to_string(sequence) + "," + std::to_string(other) +
            "); update events set (text, hash) = (select text, hash from t where t.sequence = " +
            std::to_string(sequence + other) +
            " - events.sequence) where run = " + std::to_string(run) + " and sequence in (" +
            std::to_string(sequence) + "," + std::to_string(other) + ")";
        EXPECT_FALSE(after(swap).intact()) << swap;
      }
    }
  }
}

TEST_F(SqliteAudit, finds_runs_and_heads_that_were_changed) {
  for (const char* edit : {
           "update runs set result = 'aborted' where run = 1",
           "update runs set operation = 'failover' where run = 2",
           "update runs set created_at_ms = 5 where run = 2",
           "update runs set application = 'other' where run = 1",
           "update runs set application = 'other' where run = 3",
           "delete from runs where run = 2",
           "delete from runs where run = 2; delete from events where run = 2",
           "delete from runs where run = 1; delete from events where run = 1",
           "delete from runs where run = 3; delete from events where run = 3",
           "delete from runs; delete from events",
           "delete from heads",
           "update heads set sequence = 2",
           "update heads set hash = 'x'",
           "update meta set value = 'ffffffffffffffffffffffffffffffff' where key = 'store_id'",
           "insert into events values(2, 5, 'x', 'y')",
           "insert into events values(44, 1, 'x', 'y')",
       }) {
    EXPECT_FALSE(after(edit).intact()) << edit;
  }
}

TEST_F(SqliteAudit, a_run_that_fell_out_of_the_list_lets_no_other_begin) {
  after("delete from runs where run = 3");
  auto store = SqliteStore::open(file()).value();
  EXPECT_EQ(store->create_run("shop", {created_event()}).error().code, ErrorCode::corrupt);
  EXPECT_EQ(store->runs("shop").error().code, ErrorCode::corrupt);
  EXPECT_EQ(store->read(3).error().code, ErrorCode::corrupt);
}

TEST_F(SqliteAudit, finds_a_careful_truncation_only_by_a_head_kept_elsewhere) {
  const std::string careful =
      "delete from events where run = 3 and sequence = 3; update heads set sequence = 2, hash = "
      "(select hash from events where run = 3 and sequence = 2)";
  EXPECT_TRUE(after(careful).intact());  // the store alone cannot know
  const auto report = after(careful, true);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].run, 3);
  EXPECT_EQ(report.findings[0].sequence, 3);
  // A head that has only been overtaken is no finding.
  head_ = {1, 4, head_.hash};
  auto store = SqliteStore::open(file()).value();
  EXPECT_FALSE(after("select 1", true).intact());  // wrong hash
}

TEST_F(SqliteAudit, a_script_that_was_changed_or_lost_shows_in_each_run_that_holds_it) {
  Event begun = created_event();
  begun.body["plan"]["scripts"] = {{"a", std::string(5'000, '#')}};
  auto store = SqliteStore::open(file()).value();
  const int64_t run = store->create_run("mail", {begun}).value();
  ASSERT_TRUE(store->read(run));
  for (const char* edit : {"update bodies set text = 'true'", "delete from bodies"}) {
    ASSERT_TRUE(SqliteDatabase::open(file(), false)->script(edit));
    const auto events = store->read(run);
    ASSERT_FALSE(events) << edit;
    EXPECT_EQ(events.error().code, ErrorCode::corrupt) << edit;
    EXPECT_FALSE(verify(*store, "mail", {})->intact()) << edit;
  }
}

TEST_F(SqliteAudit, read_names_the_run_and_the_event) {
  after("update events set text = replace(text, '\"b\"', '\"B\"') where run = 2 and sequence = 3");
  auto store = SqliteStore::open(file()).value();
  const auto events = store->read(2);
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().code, ErrorCode::corrupt);
  EXPECT_NE(events.error().message.find("run 2, event 3"), std::string::npos)
      << events.error().message;
  const auto rows = store->stored_journal("shop")->events;
  EXPECT_FALSE(store->read_behind({2, 2, rows[5].hash}));
  EXPECT_TRUE(store->read_behind({2, 3, rows[6].hash}));  // its reader had it before
  EXPECT_TRUE(store->read(1));
  EXPECT_TRUE(store->read(3));  // its predecessor's last event is still what it continues
}

}  // namespace
}  // namespace switchback
