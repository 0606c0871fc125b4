// The store's file: who may open it, who wins when several processes do, and what a full or
// read-only disk looks like to people.
#include "store/sqlite_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <functional>

#include "store/audit.h"
#include "store/rules.h"
#include "store_samples.h"

namespace switchback {
namespace {

using Time = std::chrono::steady_clock;

// Runs `body` in a process of its own; answers the text it returned. For what must not touch the
// tests' own process: mounts, another user, a race.
class Child {
 public:
  explicit Child(const std::function<std::string()>& body) {
    int ends[2];
    if (::pipe(ends) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      const std::string text = body();
      const auto ignored = ::write(ends[1], text.data(), text.size());
      ::_exit(ignored < 0 ? 1 : 0);
    }
    ::close(ends[1]);
    read_end_ = ends[0];
  }
  std::string answer() {
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(read_end_, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(n));
    }
    ::close(read_end_);
    ::waitpid(pid_, nullptr, 0);
    return text;
  }

 private:
  pid_t pid_ = -1;
  int read_end_ = -1;
};

mode_t mode_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 0777 : 0;
}

std::string open_error(const std::string& file) {
  const auto store = SqliteStore::open(file);
  return store ? "opened" : store.error().message;
}

class SqliteFile : public testing::Test {
 protected:
  std::string file() const { return directory_.file("state/store.sqlite"); }
  TemporaryDirectory directory_;
};

TEST_F(SqliteFile, is_closed_to_others) {
  auto store = SqliteStore::open(file()).value();
  ASSERT_TRUE(store->put_value("a", "b"));
  EXPECT_EQ(mode_of(directory_.file("state")), 0700u);
  for (const char* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(mode_of(file() + suffix), 0600u);
  store.reset();
  ::chmod(file().c_str(), 0644);
  ASSERT_TRUE(SqliteStore::open(file()));
  EXPECT_EQ(mode_of(file()), 0600u);
}

TEST_F(SqliteFile, leaves_no_other_file_behind) {
  { const auto store = SqliteStore::open(file()).value(); }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.file("state"))) {
    names.push_back(entry.path().filename());
  }
  EXPECT_EQ(names, std::vector<std::string>{"store.sqlite"});
}

TEST_F(SqliteFile, of_the_first_format_is_read_and_gets_a_history) {
  {
    auto store = SqliteStore::open(file());
    Facts facts;
    facts.reachable = true;
    facts.observed_at_ms = 5;
    facts.values = {{"status", "production"}};
    ASSERT_TRUE((*store)->put_facts("shop", {{"host@dc/app", facts}}));
    ASSERT_TRUE((*store)->create_run("shop", {created_event()}));
  }
  {
    auto raw = SqliteDatabase::open(file(), false);
    ASSERT_TRUE(raw->script(
        "drop table looks; drop table bodies; update meta set value = '1' where key = 'format'; "
        "update facts set text = json_remove(text, '$.looked_at', "
        "'$.away_since')"));
  }
  auto store = SqliteStore::open(file());
  ASSERT_TRUE(store) << store.error().message;
  auto facts = (*store)->facts("shop");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->at("host@dc/app").get("status"), "production");
  EXPECT_EQ((*store)->runs("shop")->size(), 1u);
  Facts seen;
  seen.reachable = true;
  seen.observed_at_ms = seen.looked_at_ms = 10;
  ASSERT_TRUE((*store)->put_facts("shop", {{"host@dc/app", seen}}));
  EXPECT_EQ((*store)->past_looks("shop", 0)->at("host@dc/app").size(), 1u);
}

// A plan brings its scripts, and a synchronization every few minutes brings the same ones again.
TEST_F(SqliteFile, keeps_a_script_once_for_all_runs) {
  auto store = SqliteStore::open(file()).value();
  Event begun = created_event("sync");
  const std::string script(20'000, '#');
  begun.body["plan"]["scripts"] = {{"a", script + "a"}, {"b", script + "\n\"b\""}};
  for (int i = 1; i <= 100; ++i) {
    begun.at_ms = i;
    const auto run = store->create_run("shop", {begun, ended_event()});
    ASSERT_TRUE(run) << run.error().message;
    const auto events = store->read(*run);
    ASSERT_TRUE(events) << events.error().message;
    EXPECT_EQ(events->front().body, begun.body);
  }
  store.reset();
  EXPECT_LT(std::filesystem::file_size(file()), 200'000u);
}

TEST_F(SqliteFile, of_the_second_format_is_read_with_its_scripts_in_place) {
  Event begun = created_event();
  begun.body["plan"]["scripts"] = {{"a", std::string(5'000, '#')}};
  std::string whole;
  {
    auto store = SqliteStore::open(file()).value();
    ASSERT_TRUE(store->create_run("shop", {begun, ended_event()}));
    whole = store->stored_journal("shop")->events.front().text;
  }
  {
    auto raw = SqliteDatabase::open(file(), false).value();
    ASSERT_TRUE(raw.run("update events set text = ? where sequence = 1", {whole}));
    ASSERT_TRUE(raw.script("drop table bodies; update meta set value = '2' where key = 'format'"));
  }
  auto store = SqliteStore::open(file()).value();
  EXPECT_EQ(store->read(1)->front().body, begun.body);
  ASSERT_TRUE(store->create_run("shop", {begun}));
  EXPECT_EQ(store->read(2)->front().body, begun.body);
}

TEST_F(SqliteFile, stays_small_after_forty_days_of_looks) {
  auto store = SqliteStore::open(file());
  std::map<std::string, Facts> seen;
  for (int i = 0; i < 12; ++i) {
    Facts& facts = seen[fmt::format("look{}@dc/app", i)];
    facts.reachable = true;
    for (int n = 0; n < 40; ++n) facts.values[fmt::format("fact.{}", n)] = "0/123456";
  }
  const int64_t day = 86'400'000;
  const int64_t end = 1'700'000'000'000;
  const auto look_from = [&](int64_t age, int64_t until, int64_t step) {
    for (int64_t now = end - age; now < end - until; now += step) {
      for (auto& [name, facts] : seen) facts.observed_at_ms = facts.looked_at_ms = now;
      ASSERT_TRUE((*store)->put_facts("shop", seen));
    }
  };
  look_from(40 * day, day, 3'600'000);
  look_from(day, 3'600'000, 300'000);
  look_from(3'600'000, 0, 30'000);
  const auto looks = (*store)->past_looks("shop", 0)->at("look0@dc/app");
  EXPECT_GT(looks.size(), 1'000u);
  EXPECT_LE(looks.size(), looks_limit);
  EXPECT_GE(looks.front().observed_at_ms, end - 30 * day - 3'600'000);
  const auto bytes = std::filesystem::file_size(file());
  std::cout << fmt::format("{} looks of 12 things: {:.1f} MiB\n", looks.size(),
                           static_cast<double>(bytes) / (1 << 20));
  EXPECT_LT(bytes, 24u << 20);
}

TEST_F(SqliteFile, of_a_newer_format_is_refused) {
  { const auto store = SqliteStore::open(file()).value(); }
  auto raw = SqliteDatabase::open(file(), false).value();
  ASSERT_TRUE(raw.script("update meta set value = '4' where key = 'format'"));
  const auto store = SqliteStore::open(file());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::refused);
  EXPECT_NE(store.error().message.find("format 4"), std::string::npos);
}

TEST_F(SqliteFile, that_is_foreign_or_empty_is_never_a_fresh_start) {
  const std::string text = directory_.file("notes.txt");
  std::ofstream(text) << std::string(5000, 'x');
  EXPECT_NE(open_error(text).find("no Switchback store"), std::string::npos) << open_error(text);

  const std::string foreign = directory_.file("foreign.sqlite");
  { ASSERT_TRUE(SqliteDatabase::open(foreign, true)->script("create table meta(a)")); }
  EXPECT_NE(open_error(foreign).find("no Switchback store"), std::string::npos);

  const std::string empty = directory_.file("empty.sqlite");
  { std::ofstream out(empty); }
  EXPECT_NE(open_error(empty).find("is empty"), std::string::npos);

  EXPECT_NE(open_error(directory_.file("")).find("no plain file"), std::string::npos);

  const std::string gone = directory_.file("gone.sqlite");
  std::ofstream(gone + "-wal") << "left over";
  EXPECT_NE(open_error(gone).find("it is missing"), std::string::npos);
}

TEST_F(SqliteFile, made_by_several_processes_at_once_has_one_identity) {
  std::vector<Child> children;
  for (int i = 0; i < 4; ++i) {
    children.emplace_back([this] {
      auto store = SqliteStore::open(file());
      return store ? (*store)->store_id() : store.error().message;
    });
  }
  std::vector<std::string> ids;
  for (Child& child : children) ids.push_back(child.answer());
  for (const std::string& id : ids) EXPECT_EQ(id, ids[0]);
  EXPECT_EQ(ids[0].size(), 32u);
}

TEST_F(SqliteFile, lets_exactly_one_of_two_racing_writers_win) {
  const int64_t run =
      SqliteStore::open(file()).value()->create_run("shop", {created_event()}).value();
  constexpr int rounds = 150;
  const auto racer = [&](const std::string& name) {
    return [this, run, name]() -> std::string {
      auto store = SqliteStore::open(file()).value();
      std::string won;
      for (int round = 1; round <= rounds; ++round) {
        const auto deadline = Time::now() + std::chrono::seconds(20);
        while (store->last_sequence(run).value_or(0) < round && Time::now() < deadline) {
        }
        const std::string text = name + std::to_string(round);
        const auto written = store->append(run, round, {note(text)});
        if (written) won += text + " ";
        if (!written && written.error().code != ErrorCode::refused) return written.error().message;
      }
      return won;
    };
  };
  Child first(racer("a"));
  Child second(racer("b"));
  const std::string both = first.answer() + second.answer();
  auto store = SqliteStore::open(file()).value();
  const auto events = store->read(run);
  ASSERT_TRUE(events) << events.error().message;
  auto acknowledged = split(std::string(trim(both)), ' ');
  auto stored = note_texts(*events);
  EXPECT_EQ(stored.size(), static_cast<size_t>(rounds));
  std::ranges::sort(acknowledged);
  std::ranges::sort(stored);
  EXPECT_EQ(stored, acknowledged);  // each of them once: nobody won what the other had won
}

TEST_F(SqliteFile, lets_exactly_one_of_two_racers_have_run_and_claim) {
  { const auto store = SqliteStore::open(file()).value(); }
  const auto racer = [this](const std::string& name) {
    return [this, name]() -> std::string {
      auto store = SqliteStore::open(file()).value();
      std::string won;
      for (int64_t epoch = 0; epoch < 40; ++epoch) {
        const auto deadline = Time::now() + std::chrono::seconds(20);
        Claim current = store->claim("shop").value();
        while (current.epoch < epoch && Time::now() < deadline) {
          current = store->claim("shop").value();
        }
        const Claim expected{epoch, epoch == 0 ? "" : current.claim_id, "", {}};
        if (store->set_claim("shop", expected, {epoch + 1, name, "", {}})) won += "c";
        if (store->create_run("app" + std::to_string(epoch), {created_event()})) won += "r";
      }
      return won;
    };
  };
  Child first(racer("a"));
  Child second(racer("b"));
  const std::string won = first.answer() + second.answer();
  EXPECT_EQ(std::ranges::count(won, 'c'), 40);
  EXPECT_EQ(std::ranges::count(won, 'r'), 40);
}

bool can_mount() {
  if (::geteuid() == 0) return true;
  std::cout
      << "*** SKIPPED: a full and a read-only disk need root (tmpfs); run the tests as root\n";
  return false;
}

// In a mount namespace of its own, so that nothing is left behind whatever happens.
std::string mount_small_disk(const std::string& at) {
  if (::unshare(CLONE_NEWNS) != 0) return "unshare failed";
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "private failed";
  if (::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=2m") != 0) return "tmpfs failed";
  return "";
}

TEST_F(SqliteFile, on_a_full_disk_keeps_what_it_acknowledged) {
  if (!can_mount()) GTEST_SKIP();
  const std::string disk = directory_.file("disk");
  std::filesystem::create_directory(disk);
  Child child([&]() -> std::string {
    if (const auto problem = mount_small_disk(disk); !problem.empty()) return problem;
    auto store = SqliteStore::open(disk + "/store.sqlite").value();
    const int64_t run = store->create_run("shop", {created_event()}).value();
    { std::ofstream(disk + "/filler") << std::string(1'000'000, 'x'); }
    int64_t last = 1;
    Error error;
    for (int i = 0; i < 1000 && error.message.empty(); ++i) {
      const auto written = store->append(run, last, {note(std::string(9'000, 'n'))});
      if (written) last = written->back().sequence;
      if (!written) error = written.error();
    }
    if (error.code != ErrorCode::unavailable) return "unexpected: " + error.message;
    if (store->read(run)->size() != static_cast<size_t>(last)) return "lost while full";
    store.reset();
    auto again = SqliteStore::open(disk + "/store.sqlite");
    if (!again) return "reopen while full: " + again.error().message;
    if ((*again)->read(run)->size() != static_cast<size_t>(last)) return "lost after reopen";
    std::filesystem::remove(disk + "/filler");
    if (!(*again)->append(run, last, {note("space again")})) return "no append with space";
    return fmt::format("{} appended; {}", last > 10, error.message);
  });
  const std::string answer = child.answer();
  EXPECT_NE(answer.find("true appended; "), std::string::npos) << answer;
  EXPECT_NE(answer.find("the disk is full; free space"), std::string::npos) << answer;
}

TEST_F(SqliteFile, on_a_read_only_disk_says_so) {
  if (!can_mount()) GTEST_SKIP();
  const std::string disk = directory_.file("disk");
  std::filesystem::create_directory(disk);
  Child child([&]() -> std::string {
    if (const auto problem = mount_small_disk(disk); !problem.empty()) return problem;
    { auto store = SqliteStore::open(disk + "/store.sqlite").value(); }
    if (::mount("none", disk.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return "ro";
    const auto copy = SqliteStore::open_copy(disk + "/store.sqlite");
    return open_error(disk + "/store.sqlite") + "\n" + open_error(disk + "/new.sqlite") + "\n" +
           (copy ? "copied" : copy.error().message);
  });
  const auto answers = split(child.answer(), '\n');
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[2], "copied");
  EXPECT_NE(answers[0].find("/store.sqlite"), std::string::npos) << answers[0];
  EXPECT_NE(answers[0].find("; "), std::string::npos) << answers[0];
  EXPECT_NE(answers[1].find("Read-only file system"), std::string::npos) << answers[1];
}

TEST_F(SqliteFile, is_read_from_a_copy_that_holds_the_log_too_and_leaves_nothing_behind) {
  auto store = SqliteStore::open(directory_.file("store.sqlite")).value();
  const int64_t run = store->create_run("shop", {created_event()}).value();
  ASSERT_TRUE(std::filesystem::exists(directory_.file("store.sqlite-wal")));
  const auto copies = [] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
      count += entry.path().filename().string().starts_with("switchback-store.") ? 1 : 0;
    }
    return count;
  };
  const size_t before = copies();
  {
    auto copy = SqliteStore::open_copy(directory_.file("store.sqlite")).value();
    EXPECT_EQ(copy->read(run)->size(), 1u);
    EXPECT_EQ(copies(), before + 1);
    ASSERT_TRUE(copy->append(run, 1, {note("into the void")}));
  }
  EXPECT_EQ(copies(), before);
  EXPECT_EQ(store->read(run)->size(), 1u);
}

TEST_F(SqliteFile, of_somebody_else_says_so) {
  if (!can_mount()) GTEST_SKIP();
  { auto store = SqliteStore::open(directory_.file("store.sqlite")).value(); }
  ::chmod(directory_.file("").c_str(), 0755);
  Child child([&]() -> std::string {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return "setuid failed";
    return open_error(directory_.file("store.sqlite"));
  });
  const std::string answer = child.answer();
  EXPECT_NE(answer.find("check that it exists and that this user may write"), std::string::npos)
      << answer;
}

// Not a promise, a measurement: what the chain and the rules cost beside SQLite's own commit.
TEST_F(SqliteFile, measures_appends_against_bare_commits) {
  constexpr int count = 400;
  const auto per_second = [](Time::time_point begun) {
    return count / std::chrono::duration<double>(Time::now() - begun).count();
  };
  auto bare = SqliteDatabase::open(directory_.file("bare.sqlite"), true).value();
  ASSERT_TRUE(
      bare.script("pragma journal_mode=wal; pragma synchronous=full; "
                  "create table t(run, sequence, text, hash, primary key(run, sequence)) "
                  "without rowid"));
  const std::string text(150, 'x');
  auto begun = Time::now();
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(bare.run("insert into t values(1, ?, ?, ?)", {int64_t{i}, text, text}));
  }
  const double bare_rate = per_second(begun);
  auto store = SqliteStore::open(file()).value();
  const int64_t run = store->create_run("shop", {created_event()}).value();
  begun = Time::now();
  for (int i = 1; i <= count; ++i) ASSERT_TRUE(store->append(run, i, {note("measured")}));
  const double rate = per_second(begun);
  std::cout << fmt::format("appends {:.0f}/s, bare commits {:.0f}/s ({:.0f} %)\n", rate, bare_rate,
                           100 * rate / bare_rate);
}

}  // namespace
}  // namespace switchback
