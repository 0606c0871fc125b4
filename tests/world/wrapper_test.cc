// What the wrapper promises: an effect happens once, under a lock, for the newest claim and run,
// and its outcome survives the runner, the connection and the host's power.
#include <sys/mount.h>

#include <cstdio>
#include <set>

#include "world/runner_fixture.h"

namespace switchback {
namespace {

constexpr std::string_view claim_publish =
#include "shell/claim_publish.inc"
    ;
constexpr std::string_view claim_published =
#include "shell/claim_published.inc"
    ;

INSTANTIATE_SHELLS(Wrapper);

size_t lines_in(const std::string& path) {
  const auto text = read_text(path);
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The runner's process, named by its folder.
pid_t runner_pid(const LocalHost& host) {
  for (const auto& entry : std::filesystem::directory_iterator(host.scratch / "run")) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("channel.")) return std::stoi(name.substr(8));
  }
  return -1;
}

std::string published(LocalHost& host, std::vector<std::string> words) {
  auto request = host.read({});
  request.apply = {"claim_published", std::string(claim_published), std::move(words), ""};
  return verdict(host.run(request));
}

TEST_P(Wrapper, applies_once_and_answers_again_from_the_receipt) {
  const auto request =
      host.effect("grow", 1, "echo x >>\"$SB_STATE/grown\"; echo size=1; echo w >&2; exit 3");
  for (int i = 0; i < 3; ++i) {
    const auto answer = host.run(request);
    EXPECT_EQ(verdict(answer), "ended 3") << answer.err;
    EXPECT_TRUE(answer.applied);
    EXPECT_EQ(answer.out, "size=1\n");
    EXPECT_EQ(answer.err, "w\n");
    host.connect();
  }
  EXPECT_EQ(lines_in(host.state("grown")), 1u);
  host.run(host.effect("grow", 2, "echo x >>\"$SB_STATE/grown\""));
  EXPECT_EQ(lines_in(host.state("grown")), 2u) << "another attempt is another matter";
}

TEST_P(Wrapper, finishes_when_the_runner_is_killed_and_answers_the_retry) {
  const auto request = host.effect(
      "slow", 1, "echo x >>\"$SB_STATE/began\"; sleep 1; echo result=5; touch \"$SB_STATE/ended\"");
  const auto id = host.real->start(request);
  ASSERT_TRUE(wait_for_file(host.state("began")));
  kill(runner_pid(host), SIGKILL);
  EXPECT_EQ(host.wait(id).exit_code, 0) << "the collector outlives the runner and still answers";
  host.connect();
  const auto again = host.run(request);
  EXPECT_EQ(verdict(again), "ended 0") << again.err;
  EXPECT_EQ(again.out, "result=5\n");
  EXPECT_EQ(lines_in(host.state("began")), 1u);
}

TEST_P(Wrapper, finishes_when_the_controller_goes_and_a_retry_waits_for_the_end) {
  const auto request = host.effect(
      "slow", 1, "echo x >>\"$SB_STATE/began\"; sleep 1; echo result=5; touch \"$SB_STATE/ended\"");
  host.real->start(request);
  ASSERT_TRUE(wait_for_file(host.state("began")));
  host.connect();
  EXPECT_FALSE(std::filesystem::exists(host.state("ended")));
  const auto again = host.run(request);
  EXPECT_EQ(verdict(again), "ended 0") << again.err;
  EXPECT_EQ(again.out, "result=5\n");
  EXPECT_EQ(lines_in(host.state("began")), 1u);
}

// A power-off leaves a start line without an end, and nobody at work.
TEST_P(Wrapper, never_repeats_what_was_begun_before_a_power_off) {
  auto request = host.effect("cut", 1, "touch \"$SB_STATE/applied\"");
  for (const std::string log :
       {"start 7.cut.1 5 7 .\n", "\nstart 7.cut.1 5 7 .\nend 7.cut.1 ended 0 1 12 0",
        "start 7.cut.1 5 7 .\nend 7.cut.1 ended 0 1 12 9 0 .\n"}) {
    write_text(host.state("receipts/7.cut.log"), log);
    request.probe = {};
    auto answer = host.run(request);
    EXPECT_EQ(verdict(answer), "interrupted -1") << log << answer.err;
    EXPECT_TRUE(answer.applied);
    for (const int code : {0, 1, 2}) {
      request.probe = host.script("echo seen=1; exit $1", {std::to_string(code)});
      answer = host.run(request);
      EXPECT_EQ(verdict(answer), "interrupted " + std::to_string(code));
      EXPECT_EQ(answer.out, "seen=1\n");
    }
  }
  EXPECT_FALSE(std::filesystem::exists(host.state("applied")));
  // A torn start is none: the power went before the apply could begin.
  write_text(host.state("receipts/7.cut.log"), "start 7.cut.1 5");
  request.probe = {};
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  EXPECT_TRUE(std::filesystem::exists(host.state("applied")));
}

TEST_P(Wrapper, lets_one_attempt_of_a_step_run_at_a_time) {
  const std::string body =
      "mkdir \"$SB_STATE/alone\" || exit 9; sleep 0.3; rmdir \"$SB_STATE/alone\"";
  std::vector<RequestId> ids;
  for (int i = 1; i <= 4; ++i) ids.push_back(host.real->start(host.effect("one", i, body)));
  for (const auto id : ids) EXPECT_EQ(verdict(host.wait(id)), "ended 0");
  const auto id = host.real->start(host.effect("one", 5, "touch \"$SB_STATE/held\"; sleep 1"));
  ASSERT_TRUE(wait_for_file(host.state("held")));
  auto impatient = host.effect("one", 6, "touch \"$SB_STATE/ran\"");
  impatient.bound = Milliseconds(300);
  EXPECT_EQ(host.run(impatient).status, AnswerStatus::busy);
  EXPECT_EQ(verdict(host.wait(id)), "ended 0");
  EXPECT_FALSE(std::filesystem::exists(host.state("ran")));
}

TEST_P(Wrapper, does_not_leave_the_lock_to_a_daemon) {
  const auto first = host.run(host.effect(
      "daemon", 1, "setsid sleep 20 >/dev/null & echo $!; ls -l /proc/self/fd | grep -c locks"));
  EXPECT_EQ(first.out.substr(first.out.find('\n')), "\n0\n") << first.out;
  const auto second = host.run(host.effect("daemon", 2, "true"));
  EXPECT_EQ(verdict(second), "ended 0");
  EXPECT_LT(second.elapsed, Milliseconds(5'000));
  EXPECT_EQ(kill(std::stoi(first.out), SIGKILL), 0) << "or the daemon was not there at all";
}

// kill -9 of the processes above the wrapper must not let a second attempt in while the command
// works.
TEST_P(Wrapper, keeps_the_lock_while_the_command_of_a_killed_job_runs) {
  host.real->start(
      host.effect("orphan", 1, "echo $$ >\"$SB_STATE/inner\"; sleep 1.5; touch \"$SB_STATE/end\""));
  ASSERT_TRUE(wait_for_file(host.state("inner")));
  ASSERT_TRUE(wait_until([&] { return lines_in(host.state("inner")) == 1; }));
  const auto inner = std::stoi(read_text(host.state("inner")));
  const auto stat = read_text("/proc/" + std::to_string(inner) + "/stat");
  const auto timeout_pid = std::stoi(stat.substr(stat.rfind(") ") + 4));
  const auto timeout_stat = read_text("/proc/" + std::to_string(timeout_pid) + "/stat");
  kill(std::stoi(timeout_stat.substr(timeout_stat.rfind(") ") + 4)), SIGKILL);  // the job's shell
  kill(runner_pid(host), SIGKILL);
  host.connect();
  auto retry = host.effect("orphan", 1, "touch \"$SB_STATE/twice\"");
  retry.probe = host.script("[ -e \"$SB_STATE/end\" ]");
  EXPECT_EQ(verdict(host.run(retry)), "ended 0") << "the wrapper has left its receipt";
  EXPECT_TRUE(std::filesystem::exists(host.state("end")));
  EXPECT_FALSE(std::filesystem::exists(host.state("twice")));
}

// Somebody may kill what merely waits for a request.
TEST_P(Wrapper, serves_requests_although_the_waiting_wrappers_were_killed) {
  for (int i = 1; i <= 4; ++i) {
    ASSERT_EQ(verdict(host.run(host.effect("first", i, "true"))), "ended 0");
  }
  int killed = 0;
  for (const std::string slot : {"1", "2", "3", "4"}) {
    for (const auto& channel :
         std::filesystem::directory_iterator(host.scratch / std::string("run"))) {
      const auto file = channel.path() / ("slot" + slot);
      if (!wait_until([&] { return lines_in(file) == 1; }, Milliseconds(1'000))) continue;
      const int victim = std::stoi(read_text(file));
      kill(victim, SIGKILL);
      // Until then it may still be given a request, which is answered as one that was killed.
      const std::string program = "/proc/" + std::to_string(victim) + "/exe";
      ASSERT_TRUE(
          wait_until([&] { return !std::filesystem::exists(program); }, Milliseconds(5'000)));
      ++killed;
    }
  }
  ASSERT_EQ(killed, 4);
  for (int i = 1; i <= 6; ++i) {
    const auto answer = host.run(host.effect("again", i, "echo r=" + std::to_string(i)));
    EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
    EXPECT_EQ(answer.out, "r=" + std::to_string(i) + "\n");
  }
}

struct ClaimCase {
  std::string on_host;  // the claim file; empty: there is none
  std::string effect;   // what becomes of an effect under epoch 5, claim c5, store "store", run 7
  std::string publish;
};

TEST_P(Wrapper, checks_the_claim) {
  const std::vector<ClaimCase> cases = {
      {"", "ended 0", "ended 0"},
      {"5 c5 store 7\n", "ended 0", "ended 0"},
      {"5 c5 store 3\nactive database dc\n", "ended 0", "ended 0"},
      {"4 c4 store 3\n", "ended 0", "ended 0"},
      {"4 c4 other 99\n", "ended 0", "ended 0"},
      {"6 c6 store 3\n", "stale -1", "stale -1"},
      {"6 c6 other 3\n", "stale -1", "stale -1"},
      {"5 c5x store 3\n", "stale -1", "stale -1"},
      {"5 c5 other 3\n", "stale -1", "stale -1"},
      {"5 c5 store 8\n", "stale -1", "stale -1"},
      {"4 c4 store 8\n", "stale -1", "stale -1"},
      {"\n", "stale -1", "stale -1"},
      {"five c5 store 7\n", "stale -1", "stale -1"},
  };
  for (const auto& one : cases) {
    const auto put = [&] {
      std::filesystem::remove(host.state("claim"));
      if (!one.on_host.empty()) write_text(host.state("claim"), one.on_host);
    };
    put();
    auto request = host.effect("guarded", ++attempt, "touch \"$SB_STATE/ran\"");
    EXPECT_EQ(verdict(host.run(request)), one.effect) << one.on_host;
    EXPECT_EQ(std::filesystem::remove(host.state("ran")), one.effect == "ended 0") << one.on_host;
    request = host.effect("stopping", ++attempt, "touch \"$SB_STATE/ran\"");
    request.guarding = Guarding::stop;
    EXPECT_EQ(verdict(host.run(request)), "ended 0") << one.on_host;
    EXPECT_TRUE(std::filesystem::remove(host.state("ran"))) << "stopping is never refused";
    EXPECT_EQ(verdict(host.run(host.read({"true"}))), "ended 0") << one.on_host;
    request = host.effect("publishing", ++attempt, "");
    request.guarding = Guarding::publish;
    request.apply = {
        "claim_publish", std::string(claim_publish), {"5", "c5", "store", "7", "database=dr"}, ""};
    EXPECT_EQ(verdict(host.run(request)), one.publish) << one.on_host;
    EXPECT_EQ(read_text(host.state("claim")),
              one.publish == "ended 0" ? "5 c5 store 7\nactive database dr\n" : one.on_host);
  }
}

// The script guards the claim by itself too: in a printed runbook there is no wrapper.
TEST_P(Wrapper, publishes_a_claim_only_over_an_older_one) {
  const auto publish = [&](std::vector<std::string> words) {
    auto request = host.read({});
    request.apply = {"claim_publish", std::string(claim_publish), std::move(words), ""};
    return verdict(host.run(request));
  };
  EXPECT_EQ(published(host, {"5", "c5", "store", "7"}), "ended 1");
  std::filesystem::create_directories(host.state(""));
  EXPECT_EQ(publish({"5", "c5", "store", "7", "database=dr", "files=dc"}), "ended 0");
  EXPECT_EQ(read_text(host.state("claim")), "5 c5 store 7\nactive database dr\nactive files dc\n");
  EXPECT_EQ(published(host, {"5", "c5", "store", "8", "database=dr", "files=dc"}), "ended 0");
  EXPECT_EQ(published(host, {"5", "c5", "store", "7", "database=dr"}), "ended 1");
  EXPECT_EQ(published(host, {"5", "c5", "store", "7", "database=dr", "files=dr"}), "ended 1");
  EXPECT_EQ(published(host, {"5", "c5", "store", "7", "database=dr", "files=dc", "x=dc"}),
            "ended 1");
  EXPECT_EQ(publish({"4", "c4", "store", "7"}), "ended 3");
  EXPECT_EQ(publish({"5", "cx", "store", "7"}), "ended 3");
  EXPECT_EQ(publish({"5x", "c5", "store", "7"}), "ended 2");
  EXPECT_EQ(publish({"6", "c6", "other", "1"}), "ended 0");
  EXPECT_EQ(read_text(host.state("claim")), "6 c6 other 1\n");
}

TEST_P(Wrapper, a_claim_keeps_down_what_it_makes_active_elsewhere) {
  const std::string open = host.scratch / "run/shop/open";
  const std::string data = host.scratch / "data";
  for (const std::string& folder : {host.state("receipts"), open, data}) {
    std::filesystem::create_directories(folder);
  }
  write_text(host.state("site"), "dc\n");
  write_text(host.state("units"),
             "web services \nbatch services \ndb database " + data + "\nweb-2 services-2 \n");
  const auto publish = [&](const std::string& epoch, std::vector<std::string> words) {
    words.insert(words.begin(), {epoch, "c" + epoch, "store", "7"});
    auto request = host.effect("publishing", 1, "");
    request.guarding = Guarding::publish;
    request.epoch = std::stoll(epoch);
    request.claim_id = "c" + epoch;
    request.apply = {"claim_publish", std::string(claim_publish), std::move(words), ""};
    return verdict(host.run(request));
  };
  const auto marked = [&](const std::string& unit) {
    return std::filesystem::exists(host.state("stopped/" + unit));
  };
  EXPECT_EQ(publish("6", {"services=dc", "database=dc", "services-2=dc"}), "ended 0");
  EXPECT_FALSE(marked("web")) << "it is active here";
  write_text(open + "/batch", "");
  EXPECT_EQ(publish("7", {"services=dr", "database=dr", "services-2=dc"}), "ended 0");
  EXPECT_TRUE(marked("web"));
  EXPECT_FALSE(marked("batch")) << "it runs";
  EXPECT_FALSE(marked("db")) << "it may be a standby";
  EXPECT_FALSE(marked("web-2")) << "it is active here";

  const std::vector<std::string> plain = {"7",           "c7",          "store",        "7",
                                          "services=dr", "database=dr", "services-2=dc"};
  std::vector<std::string> words = plain;
  words.insert(words.begin() + 4, "stopped");
  EXPECT_EQ(published(host, plain), "ended 0");
  EXPECT_EQ(published(host, words), "ended 1") << "batch is open";
  std::filesystem::remove(open + "/batch");
  EXPECT_EQ(published(host, words), "ended 0");
  write_text(open + "/db", "");
  EXPECT_EQ(published(host, words), "ended 1");
  write_text(data + "/standby.signal", "");
  EXPECT_EQ(published(host, words), "ended 0");
  write_text(open + "/web-2", "");
  EXPECT_EQ(published(host, words), "ended 0") << "it is active here";
}

TEST_P(Wrapper, changes_the_claim_only_when_no_step_of_the_old_one_is_at_work) {
  const auto step = host.real->start(
      host.effect("working", 1, "touch \"$SB_STATE/began\"; sleep 0.8; touch \"$SB_STATE/ended\""));
  ASSERT_TRUE(wait_for_file(host.state("began")));
  auto request = host.effect("publishing", 1, "[ -e \"$SB_STATE/ended\" ]");
  request.guarding = Guarding::publish;
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  EXPECT_EQ(verdict(host.wait(step)), "ended 0");
}

TEST_P(Wrapper, two_publications_exclude_each_other_and_need_no_receipt) {
  auto request = host.effect("publishing", 1,
                             "touch \"$SB_STATE/began\"; sleep 0.8; touch \"$SB_STATE/ended\"");
  request.guarding = Guarding::publish;
  const auto first = host.real->start(request);
  ASSERT_TRUE(wait_for_file(host.state("began")));
  request = host.effect("publishing", 2, "[ -e \"$SB_STATE/ended\" ]");
  request.guarding = Guarding::publish;
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  EXPECT_EQ(verdict(host.wait(first)), "ended 0");
  EXPECT_TRUE(std::filesystem::is_empty(host.state("receipts")));
}

TEST_P(Wrapper, refuses_a_run_older_than_the_newest_seen) {
  auto request = host.effect("first", 1, "true");
  request.run = 9;
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  host.connect();
  request = host.effect("second", 1, "touch \"$SB_STATE/ran\"");
  request.run = 8;
  EXPECT_EQ(verdict(host.run(request)), "stale -1");
  EXPECT_FALSE(std::filesystem::exists(host.state("ran")));
  request.guarding = Guarding::stop;
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  request = host.effect("third", 1, "true");
  request.run = 1;
  request.store_id = "other";
  EXPECT_EQ(verdict(host.run(request)), "ended 0") << "numbers of another store mean nothing";
}

// What was held up on its way comes behind the requests of a later connection: what it was to stop
// may have been rebuilt and started since.
TEST_P(Wrapper, serves_nothing_behind_a_later_connection_of_the_run) {
  EXPECT_EQ(verdict(host.run(host.read({"true"}))), "ended 0");
  auto other = std::move(host.real);
  const auto take_the_other = [&] {
    std::swap(other, host.real);
    host.answers.clear();  // their request ids are their own
  };
  usleep(50'000);  // connections are told apart by hundredths of a second
  host.connect();
  EXPECT_EQ(verdict(host.run(host.effect("rebuild", 1, "true"))), "ended 0");
  take_the_other();
  auto late = host.effect("stop", 1, "touch \"$SB_STATE/ran\"");
  for (const Guarding guarding : {Guarding::stop, Guarding::effect, Guarding::publish}) {
    late.guarding = guarding;
    const auto answer = host.run(late);
    EXPECT_EQ(verdict(answer), "stale -1");
    EXPECT_NE(answer.err.find("opened later has served run 7"), answer.err.npos) << answer.err;
    late.run = 6;
    EXPECT_EQ(verdict(host.run(late)), "stale -1") << "an older run all the more";
    late.run = 7;
  }
  EXPECT_FALSE(std::filesystem::exists(host.state("ran")));
  EXPECT_EQ(verdict(host.run(host.read({"true"}))), "ended 0");
  // A connection may be older than the run: it was opened to look, and somebody else's run came
  // between.
  late.run = 8;
  EXPECT_EQ(verdict(host.run(late)), "ended 0");
  EXPECT_TRUE(std::filesystem::exists(host.state("ran")));
  // From then on the later connection is that of an older run; it may stop, as always.
  take_the_other();
  EXPECT_EQ(verdict(host.run(host.effect("more", 1, "true"))), "stale -1");
  late.run = 7;
  late.attempt = "7.stop.2";
  late.guarding = Guarding::stop;
  EXPECT_EQ(verdict(host.run(late)), "ended 0");
}

TEST_P(Wrapper, writes_a_damaged_note_of_the_connection_anew) {
  for (const std::string note : {"", "9", "x y\n", "\n\n"}) {
    write_text(host.scratch / "run/shop/served.store", note);
    EXPECT_EQ(verdict(host.run(host.effect("go", ++attempt, "true"))), "ended 0") << note;
    EXPECT_TRUE(read_text(host.scratch / "run/shop/served.store").starts_with("7 ")) << note;
  }
}

TEST_P(Wrapper, does_nothing_when_the_receipt_cannot_be_stored_but_stops) {
  std::filesystem::create_directories(host.scratch / "state");
  if (mount("tmpfs", (host.scratch / "state").c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "NOT TESTED: a full disk needs root, to mount a small one";
  }
  std::filesystem::create_directories(host.state("runs"));
  write_text(host.state("runs/store"), "7\n");
  {
    std::ofstream flood(host.state("flood"));
    for (int i = 0; i < 200'000 && flood; ++i) flood << 'x';
  }
  auto request = host.effect("full", 1, "touch \"$SB_RUN/ran\"; exit 0");
  auto answer = host.run(request);
  EXPECT_EQ(verdict(answer), "no_receipt -1") << answer.err;
  EXPECT_FALSE(std::filesystem::exists(host.scratch / "run/shop/ran"));
  request.run = 8;
  EXPECT_EQ(verdict(host.run(request)), "no_receipt -1");
  EXPECT_FALSE(std::filesystem::exists(host.scratch / "run/shop/ran"));
  request = host.effect("full-stop", 1, "touch \"$SB_RUN/ran\"; exit 0");
  request.guarding = Guarding::stop;
  answer = host.run(request);
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  EXPECT_TRUE(std::filesystem::exists(host.scratch / "run/shop/ran"));
  host.real.reset();
  EXPECT_EQ(umount2((host.scratch / "state").c_str(), MNT_DETACH), 0);
}

// What a host refuses anyway needs no receipt; the last 20 runs stay for people, and so does what
// another store has left.
TEST_P(Wrapper, forgets_the_receipts_of_old_runs) {
  const auto receipts = [&] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(host.state("receipts"))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  };
  std::filesystem::create_directories(host.state("receipts"));
  for (const std::string name :
       {"store.9.old", "store.10.old", "store.11.old", "store.x", "s.1.old"}) {
    write_text(host.state("receipts/" + name + ".1.out"), "abc");
    write_text(host.state("receipts/" + name + ".log"), "");
  }
  auto request = host.effect("new", 1, "true");
  request.run = 30;
  request.store_id = "store-whole-id";
  request.attempt = "store.30.new.1";
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  EXPECT_EQ(receipts(), (std::set<std::string>{"store.11.old.1.out", "store.11.old.log",
                                               "store.x.1.out", "store.x.log", "s.1.old.1.out",
                                               "s.1.old.log", "store.30.new.log"}));
}

TEST_P(Wrapper, refuses_names_that_are_no_file_names) {
  for (const std::string name : {"", "..", "a/b", ".x", "a b", "a\nb", "a$b"}) {
    auto request = host.effect("step", 1, "true");
    request.step = name;
    EXPECT_EQ(verdict(host.run(request)), "refused -1") << name;
    request = host.effect("step", 1, "true");
    request.application = name;
    EXPECT_EQ(verdict(host.run(request)), "refused -1") << name;
    request = host.effect("step", 1, "true");
    request.attempt = name;
    EXPECT_EQ(verdict(host.run(request)), "refused -1") << name;
  }
}

}  // namespace
}  // namespace switchback
