// The runner and its wrapper, over a local channel, in each shell that hosts may have.
#include "world/runner_fixture.h"

namespace switchback {
namespace {

INSTANTIATE_SHELLS(Runner);

std::string all_bytes() {
  std::string bytes;
  for (int i = 1; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST_P(Runner, carries_every_byte_in_arguments_and_output) {
  const auto answer = host.run(host.read({"printf", "%s", all_bytes()}));
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  EXPECT_EQ(answer.out, all_bytes());
}

TEST_P(Runner, carries_every_byte_on_standard_input) {
  write_text(host.scratch / "secret", std::string("\0", 1) + all_bytes() + "\n\n");
  auto request = host.read({"cat"});
  request.apply.secret_stdin = "file:" + (host.scratch / "secret");
  EXPECT_EQ(host.run(request).out, std::string("\0", 1) + all_bytes() + "\n\n");
}

TEST_P(Runner, takes_hostile_words_as_words) {
  for (const std::string word : {"$(touch /tmp/x)", "`id`", "'", "\\", "a\nb\n", "\"$n\"", "-n", "",
                                 "' ; exit 1 ; '", "\xff\x81\x88", "*", "~", "a\r\tb"}) {
    EXPECT_EQ(host.run(host.read({"printf", "<%s>", word})).out, "<" + word + ">");
    auto script = host.read({});
    script.apply = host.script("printf '<%s %s>' \"$#\" \"$1\"", {word});
    EXPECT_EQ(host.run(script).out, "<1 " + word + ">");
  }
  EXPECT_EQ(verdict(host.run(host.read({"printf", std::string("a\0b", 3)}))), "refused -1");
}

TEST_P(Runner, never_runs_a_truncated_request) {
  std::set<std::string> known;
  auto request = host.read({"touch", host.scratch / "it's touched"});
  const auto line = request_lines(1, request, {}, known);
  const auto runner = runner_text(host.scratch / "state", host.scratch / "run", host.shell);
  for (size_t cut = line.size() + 1; cut-- > 0;
       cut -= cut < line.size() ? std::min<size_t>(cut, 6) : 0) {
    write_text(host.scratch / "input",
               std::to_string(runner.size()) + "\n" + runner + line.substr(0, cut));
    const auto command = "exec <" + (host.scratch / "input") + " >/dev/null; exec " + host.shell +
                         " -c '" + local_argv("x")[2] + "'";
    std::system(command.c_str());
    const auto touched = [&] { return std::filesystem::exists(host.scratch / "it's touched"); };
    if (cut == line.size()) {
      EXPECT_TRUE(wait_until(touched)) << "the whole line has to run, or this test proves nothing";
      std::filesystem::remove(host.scratch / "it's touched");
    } else {
      EXPECT_FALSE(wait_until(touched, Milliseconds(15))) << line.substr(0, cut);
    }
  }
}

TEST_P(Runner, gives_commands_a_known_environment) {
  auto request = host.effect(
      "env", 1, "echo \"$0 $1 $SB_APP $LC_ALL $(umask) $(pwd)\"; echo $SB_STATE $SB_RUN; cat");
  request.apply.arguments = {"one"};
  const auto answer = host.run(request);
  EXPECT_EQ(answer.out, "runner one shop C 0077 /\n" + (host.scratch / "state/shop") + " " +
                            (host.scratch / "run/shop") + "\n");
}

TEST_P(Runner, ends_a_command_at_its_bound) {
  auto request = host.read({"sleep", "30"});
  request.bound = Milliseconds(300);
  const auto answer = host.run(request);
  EXPECT_EQ(answer.status, AnswerStatus::timed_out);
  EXPECT_LT(answer.elapsed, Milliseconds(2'000));
  // Exit code 124 by itself is no timeout.
  EXPECT_EQ(verdict(host.run(host.read({"sh", "-c", "exit 124"}))), "ended 124");
}

TEST_P(Runner, kills_a_command_that_ignores_the_end_and_keeps_the_lock_until_then) {
  auto stubborn =
      host.effect("stubborn", 1,
                  "trap '' TERM; read -r me _ </proc/self/stat; echo $me >\"$SB_STATE/pid\"; "
                  "while :; do sleep 0.1; done");
  stubborn.bound = Milliseconds(500);
  const auto answer = host.run(stubborn);
  EXPECT_EQ(answer.status, AnswerStatus::timed_out);
  EXPECT_TRUE(answer.applied);
  EXPECT_GT(answer.elapsed, Milliseconds(2'300));
  EXPECT_LT(answer.elapsed, Milliseconds(4'500));
  const auto pid = std::stoi(read_text(host.state("pid")));
  EXPECT_TRUE(wait_until([&] { return !is_running(pid); }, Milliseconds(200)));
  EXPECT_EQ(host.run(stubborn).status, AnswerStatus::timed_out) << "the receipt says the same";
}

TEST_P(Runner, probes_first_and_stops_there_when_it_is_done) {
  auto request = host.effect("done", 1, "touch \"$SB_STATE/applied\"");
  request.probe = host.script("echo value=7; exit 0");
  const auto answer = host.run(request);
  EXPECT_EQ(verdict(answer), "ended 0");
  EXPECT_FALSE(answer.applied);
  EXPECT_EQ(answer.out, "value=7\n");
  EXPECT_FALSE(std::filesystem::exists(host.state("applied")));
}

TEST_P(Runner, applies_and_probes_until_true) {
  auto request =
      host.effect("later", 1, "echo words; (sleep 0.3; touch \"$SB_STATE/there\") & exit 0");
  request.probe =
      host.script("echo p >>\"$SB_STATE/probes\"; [ -e \"$SB_STATE/there\" ] && echo value=8");
  const auto answer = host.run(request);
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  EXPECT_TRUE(answer.applied);
  EXPECT_EQ(answer.out, "value=8\n");
  EXPECT_EQ(answer.err, "words\n") << "the apply's output is words for people";
  EXPECT_EQ(host.run(request).out, "value=8\n") << "the receipt keeps the deciding output";
}

TEST_P(Runner, reports_a_probe_that_never_comes_true) {
  auto request = host.effect("never", 1, "true");
  request.apply = {"", "", {"true"}, ""};
  request.probe = host.script("exit 1");
  request.bound = Milliseconds(400);
  EXPECT_EQ(verdict(host.run(request)), "timed_out 1");
  request.apply = {};
  request.step = "waiting";
  EXPECT_EQ(verdict(host.run(request)), "timed_out 1");
  request.once = true;
  request.bound = Milliseconds(5'000);
  EXPECT_EQ(verdict(host.run(request)), "ended 1");
}

TEST_P(Runner, keeps_the_word_of_the_last_whole_look_when_the_bound_ends_one_in_its_middle) {
  auto request = host.effect("slow_look", 1, "true");
  request.probe = host.script("[ ! -e \"$1\" ] || sleep 30; touch \"$1\"; echo absent >&2; exit 1",
                              {host.scratch / "seen"});
  request.bound = Milliseconds(700);
  // What was seen before an apply says nothing about what became of it.
  EXPECT_EQ(host.run(request).exit_code, -1);
  std::filesystem::remove(host.scratch / "seen");
  request.apply = {};
  const auto answer = host.run(request);
  EXPECT_EQ(verdict(answer), "timed_out 1");
  EXPECT_TRUE(answer.err.ends_with("absent\n")) << answer.err;
}

TEST_P(Runner, does_not_wait_out_the_bound_after_a_failed_apply) {
  auto request = host.effect("failing", 1, "echo reason >&2; exit 4");
  request.probe = host.script("echo absent >&2; exit 1");
  const auto answer = host.run(request);
  EXPECT_EQ(verdict(answer), "ended 1");
  EXPECT_TRUE(answer.applied);
  EXPECT_EQ(answer.err, "reason\nabsent\n");
  EXPECT_LT(answer.elapsed, Milliseconds(3'000));
}

// What the probe said before the apply says nothing about an apply that was cut off.
TEST_P(Runner, an_apply_that_is_killed_leaves_no_earlier_probes_word_behind) {
  auto deaf = host.effect("deaf", 1, "trap '' TERM; while :; do sleep 0.1; done");
  deaf.probe = host.script("exit 1");
  deaf.bound = Milliseconds(500);
  EXPECT_EQ(verdict(host.run(deaf)), "timed_out -1");
  EXPECT_EQ(verdict(host.run(deaf)), "timed_out -1") << "the receipt says the same";
  // One that ends on request with 1 has not been probed either.
  auto obeying = host.effect("obeying", 1, "trap 'exit 1' TERM; while :; do sleep 0.1; done");
  obeying.probe = host.script("exit 1");
  obeying.bound = Milliseconds(500);
  EXPECT_EQ(verdict(host.run(obeying)), "timed_out -1");
}

TEST_P(Runner, a_wait_whose_probe_cannot_tell_says_so_long_before_its_bound) {
  auto waiting = host.effect("waiting", 1, "");
  waiting.apply = {};
  waiting.probe = host.script("echo 'no such tool' >&2; exit 2");
  waiting.bound = Milliseconds(60'000);
  const auto answer = host.run(waiting);
  EXPECT_EQ(verdict(answer), "ended 2");
  EXPECT_TRUE(answer.err.contains("no such tool")) << answer.err;
  EXPECT_GE(answer.elapsed, Milliseconds(4'500)) << "a service that comes up may say so too";
  EXPECT_LT(answer.elapsed, Milliseconds(12'000));
}

TEST_P(Runner, a_wait_goes_on_when_its_probe_can_tell_again) {
  auto waiting = host.effect("waiting", 1, "");
  waiting.apply = {};
  waiting.probe = host.script(
      "n=0; [ ! -e \"$SB_STATE/n\" ] || read -r n <\"$SB_STATE/n\"; mkdir -p \"$SB_STATE\"; "
      "echo $((n + 1)) >\"$SB_STATE/n\"; [ $n -ge 5 ] || exit 2; [ $n -ge 8 ]");
  EXPECT_EQ(verdict(host.run(waiting)), "ended 0");
}

TEST_P(Runner, holds_a_probe_true_for_as_long_as_asked) {
  auto request = host.effect("holding", 1, "touch \"$SB_STATE/up\"");
  request.probe = host.script("[ -e \"$SB_STATE/up\" ]");
  request.hold = Milliseconds(400);
  const auto answer = host.run(request);
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  EXPECT_GE(answer.elapsed, Milliseconds(390));
  auto flapping = host.effect("flapping", 1, "true");
  flapping.probe = host.script(
      "if [ -e \"$SB_STATE/f\" ]; then rm \"$SB_STATE/f\"; exit 1; else touch \"$SB_STATE/f\"; fi");
  flapping.hold = Milliseconds(300);
  flapping.bound = Milliseconds(1'200);
  EXPECT_EQ(host.run(flapping).status, AnswerStatus::timed_out);
}

TEST_P(Runner, ends_work_that_makes_no_progress) {
  auto stuck = host.effect("stuck", 1, "echo progress 10% >&2; sleep 30");
  stuck.stall = Milliseconds(500);
  const auto answer = host.run(stuck);
  EXPECT_EQ(answer.status, AnswerStatus::stalled) << answer.err;
  EXPECT_TRUE(answer.applied);
  EXPECT_LT(answer.elapsed, Milliseconds(5'000));
  auto slow =
      host.effect("slow", 1, "for i in 1 2 3 4 5 6 7 8; do echo progress $i >&2; sleep 0.2; done");
  slow.stall = Milliseconds(1'500);
  EXPECT_EQ(verdict(host.run(slow)), "ended 0");
}

TEST_P(Runner, tells_the_progress_of_all_long_work) {
  const std::string script = "for i in 1 2 3 4 5 6; do echo progress $i of $1 >&2; sleep 0.7; done";
  std::vector<RequestId> ids;
  for (const std::string name : {"one", "other"}) {
    auto request = host.effect(name, 1, script);
    request.apply.arguments = {name};
    ids.push_back(host.real->start(request));
  }
  for (const auto id : ids) EXPECT_EQ(verdict(host.wait(id, Milliseconds(20'000))), "ended 0");
  const auto told = join(host.progress, "\n");
  EXPECT_NE(told.find(" of one"), std::string::npos) << told;
  EXPECT_NE(told.find(" of other"), std::string::npos) << told;
  EXPECT_GE(host.progress.size(), 4U) << told;
}

TEST_P(Runner, ends_a_request_on_demand) {
  auto request = host.effect("cancelled", 1, "touch \"$SB_STATE/begun\"; sleep 30 & wait");
  const auto id = host.real->start(request);
  ASSERT_TRUE(wait_for_file(host.state("begun")));
  host.real->cancel(id);
  const auto answer = host.wait(id, Milliseconds(5'000));
  EXPECT_EQ(answer.status, AnswerStatus::timed_out);
  EXPECT_TRUE(answer.applied);
  EXPECT_NE(answer.err.find("ended on request"), std::string::npos) << answer.err;
}

TEST_P(Runner, cuts_output_that_is_too_long_and_says_so) {
  const auto answer = host.run(host.read({"sh", "-c", "head -c 3000000 /dev/zero; echo end >&2"}));
  EXPECT_EQ(verdict(answer), "ended 0");
  EXPECT_EQ(answer.out.size(), answer_limit_bytes);
  EXPECT_NE(answer.err.find("was cut"), std::string::npos);
  EXPECT_TRUE(answer.err.starts_with("end\n"));
}

TEST_P(Runner, cuts_a_flood_while_it_runs) {
  const auto answer =
      host.run(host.effect("flood", 1, "head -c 20000000 /dev/zero; sleep 3; echo the end"));
  EXPECT_EQ(verdict(answer), "ended 0");
  EXPECT_TRUE(answer.out == "the end\n") << answer.out.size();
  EXPECT_NE(answer.err.find("was cut"), std::string::npos);
}

// An empty or missing script would end with 0, which means "done".
TEST_P(Runner, a_script_that_is_gone_is_no_success) {
  auto request = host.effect("gone", 1, "true");
  host.real->send_ahead("controller", {request.apply});
  EXPECT_EQ(verdict(host.run(request)), "ended 0");
  int removed = 0;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(host.scratch / std::string("run"))) {
    if (!file.path().filename().string().starts_with("s_")) continue;
    std::filesystem::remove(file.path());
    ++removed;
    break;
  }
  ASSERT_EQ(removed, 1) << "or this test proves nothing";
  request.attempt = "7.gone.2";
  EXPECT_EQ(verdict(host.run(request)), "ended 2");
}

TEST_P(Runner, answers_many_requests_at_once_each_with_its_own) {
  std::map<RequestId, std::string> expected;
  const std::string big(20'000, 'b');
  for (int i = 0; i < 200; ++i) {
    const auto text = std::to_string(i);
    ShellRequest request = host.read({"printf", "%s", text});
    std::string out = text;
    if (i % 4 == 1) {
      request = host.effect("m" + text, 1, "echo \"$1\"; exit 0");
      request.apply.arguments = {text};
      out += "\n";
    } else if (i % 4 == 2) {
      request = host.read({"printf", "%s%s", text, big});
      out += big;
    } else if (i % 4 == 3) {
      request = host.read({"sh", "-c", "sleep 0.1; printf %s " + text + "; exit 0"});
    }
    request.bound = Milliseconds(60'000);
    expected[host.real->start(request)] = out;
  }
  for (const auto& [id, out] : expected) {
    const auto answer = host.wait(id, Milliseconds(90'000));
    EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
    EXPECT_EQ(answer.out, out);
  }
}

TEST_P(Runner, hands_secrets_over_by_standard_input_only) {
  const std::string script =
      "read -r got; echo \"got=$got\"; cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline "
      "/proc/$PPID/environ | tr '\\0' ' '";
  write_text(host.scratch / "secret", "hunter2\n");
  setenv("SWITCHBACK_TEST_SECRET", "hunter2", 1);
  const std::string file = host.scratch / "secret";
  for (const auto& reference : {"file:" + file, "host-file:" + file, "command:cat " + file,
                                std::string("env:SWITCHBACK_TEST_SECRET")}) {
    auto request = host.effect("secret", ++attempt, script);
    request.apply.secret_stdin = reference;
    const auto answer = host.run(request);
    EXPECT_EQ(verdict(answer), "ended 0") << reference << ": " << answer.err;
    EXPECT_TRUE(answer.out.starts_with("got=hunter2\n")) << reference << ": " << answer.out;
    EXPECT_EQ(answer.out.find("hunter2", 5), std::string::npos) << answer.out;
    if (!reference.starts_with("env:")) continue;
    unsetenv("SWITCHBACK_TEST_SECRET");
  }
  for (const std::string reference :
       {"file:/nonexistent", "host-file:/nonexistent", "command:echo oops >&2; exit 1",
        "env:SWITCHBACK_TEST_NONE", "hunter2"}) {
    auto request = host.effect("secret", ++attempt, "touch \"$SB_STATE/ran\"");
    request.apply.secret_stdin = reference;
    const auto answer = host.run(request);
    EXPECT_EQ(verdict(answer), "refused -1") << reference;
    EXPECT_EQ(answer.err.find("hunter2"), std::string::npos) << answer.err;
  }
  EXPECT_FALSE(std::filesystem::exists(host.state("ran")));
}

TEST_P(Runner, names_a_missing_tool) {
  const auto folder = host.scratch / "bin";
  std::filesystem::create_directories(folder);
  for (const std::string tool :
       {"timeout", "stat", "sync", "mkfifo", "base64", "mktemp", "head", "tail", "grep", "sleep",
        "cat", "rm", "mv", "mkdir", "wc", "find"}) {
    std::filesystem::create_symlink("/usr/bin/" + tool, folder + "/" + tool);
  }
  setenv("SB_PATH", folder.c_str(), 1);
  host.connect();
  const auto answer = host.run(host.read({"true"}));
  unsetenv("SB_PATH");
  EXPECT_EQ(verdict(answer), "refused -1");
  EXPECT_NE(answer.err.find("lacks flock"), std::string::npos) << answer.err;
}

}  // namespace
}  // namespace switchback
