// Channels to a host over OpenSSH: a private sshd plays the host, and dies, lies and hangs.
#include "world/private_sshd.h"

namespace switchback {
namespace {

class Ssh : public testing::Test {
 protected:
  void SetUp() override {
    if (!PrivateSshd::installed()) {
      GTEST_SKIP() << "NOT TESTED: there is no /usr/sbin/sshd; install openssh-server";
    }
    sshd = std::make_unique<PrivateSshd>(local.scratch);
    ASSERT_TRUE(wait_until([&] {
      return shell_ok("bash -c 'exec 2>/dev/null; : </dev/tcp/127.0.0.1/" +
                      std::to_string(sshd->host().port) + "'");
    }));
  }
  void TearDown() override { local.real.reset(); }

  // A new shell, as a new process would have it.
  void connect(const std::vector<Host>& hosts) {
    auto options = local.options();
    options.host_state_root = local.scratch / "state";
    options.host_run_root = local.scratch / "run";
    options.ssh_options = sshd->ssh_options();
    local.answers.clear();
    local.real = std::make_unique<RealShell>(options);
    local.real->connect(hosts);
  }

  ShellRequest on_host(ShellRequest request, const std::string& key = "dc/app") {
    request.host = key;
    return request;
  }

  // Lets the shell work until the file is there.
  bool wait_for_file(const std::string& path) {
    return wait_until(
        [&] {
          local.take(local.real->next_event(local.clock.now()));
          return std::filesystem::exists(path);
        },
        Milliseconds(10'000));
  }

  Milliseconds elapsed_of(const ShellRequest& request, AnswerStatus expected) {
    const auto begin = local.clock.now();
    const auto answer = local.run(request);
    EXPECT_EQ(answer.status, expected) << answer.err;
    words = answer.err;
    return local.clock.now() - begin;
  }

  LocalHost local;
  std::unique_ptr<PrivateSshd> sshd;
  std::string words;
};

TEST_F(Ssh, runs_requests_on_one_connection) {
  connect({sshd->host()});
  const auto answer = local.run(on_host(local.effect("first", 1, "echo $SB_APP; exit 0")));
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  EXPECT_EQ(answer.out, "shop\n");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(local.run(on_host(local.read({"printf", "%s", "a'b\nc"}))).out, "a'b\nc");
  }
  EXPECT_EQ(sshd->sessions().size(), 1u);
  EXPECT_EQ(verdict(local.run(on_host(local.read({"true"}), "dc/none"))), "refused -1");
}

TEST_F(Ssh, takes_the_newest_address_of_a_host) {
  auto elsewhere = sshd->host();
  elsewhere.port = 1;
  connect({elsewhere});
  local.real->connect({sshd->host()});
  EXPECT_EQ(verdict(local.run(on_host(local.read({"true"})))), "ended 0");
}

TEST_F(Ssh, becomes_root_through_sudo_where_told_and_says_what_to_do_when_denied) {
  auto host = sshd->host();
  host.become = true;
  const auto sudo = local.scratch / "bin/sudo";
  write_text(
      sudo,
      "#!/bin/sh\n[ \"$1\" = -n ] || exit 1\nshift; BECAME=yes; export BECAME; exec \"$@\"\n");
  std::filesystem::permissions(sudo, std::filesystem::perms::all);
  connect({host});
  EXPECT_EQ(local.run(on_host(local.read({"sh", "-c", "echo $BECAME"}))).out, "yes\n");
  write_text(sudo, "#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n");
  connect({host});
  EXPECT_LT(elapsed_of(on_host(local.read({"true"})), AnswerStatus::refused), Milliseconds(4'000));
  EXPECT_NE(words.find("sudo -n true"), std::string::npos) << words;
}

TEST_F(Ssh, refuses_a_wrong_or_unknown_host_key_with_the_next_step) {
  write_text(local.scratch / "known_hosts", sshd->known_host("other_key"));
  connect({sshd->host()});
  EXPECT_LT(elapsed_of(on_host(local.read({"true"})), AnswerStatus::refused), Milliseconds(4'000));
  EXPECT_NE(words.find("ssh-keygen -R"), std::string::npos) << words;
  EXPECT_NE(words.find("known_hosts:1: another machine"), std::string::npos) << words;
  EXPECT_EQ(words.find('\n'), std::string::npos) << words;
  write_text(local.scratch / "known_hosts", "");
  connect({sshd->host()});
  EXPECT_LT(elapsed_of(on_host(local.read({"true"})), AnswerStatus::refused), Milliseconds(4'000));
  EXPECT_NE(words.find("ssh-keygen -R"), std::string::npos) << words;
}

TEST_F(Ssh, refuses_a_denied_login_with_the_next_step) {
  std::filesystem::copy_file(local.scratch / "other_key", local.scratch / "client_key",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(local.scratch / "client_key.pub");
  std::filesystem::copy_file(local.scratch / "host_key.pub", local.scratch / "client_key.pub");
  connect({sshd->host()});
  EXPECT_LT(elapsed_of(on_host(local.read({"true"})), AnswerStatus::refused), Milliseconds(4'000));
  EXPECT_NE(words.find("Permission denied"), std::string::npos) << words;
  EXPECT_NE(words.find("BatchMode=yes"), std::string::npos) << words;
}

TEST_F(Ssh, loses_the_connection_mid_command_and_finds_the_receipt_afterwards) {
  connect({sshd->host()});
  const auto request = on_host(local.effect(
      "cut", 1,
      "echo x >>\"$SB_STATE/began\"; sleep 1.5; echo lsn=0/5; touch \"$SB_STATE/ended\""));
  const auto id = local.real->start(request);
  ASSERT_TRUE(wait_for_file(local.state("began")));
  sshd->kill_sessions();
  const auto answer = local.wait(id, Milliseconds(2'000));
  EXPECT_EQ(answer.status, AnswerStatus::lost) << answer.err;
  EXPECT_FALSE(std::filesystem::exists(local.state("ended")));
  const auto again = local.run(request);
  EXPECT_EQ(verdict(again), "ended 0") << again.err;
  EXPECT_EQ(again.out, "lsn=0/5\n");
  EXPECT_EQ(read_text(local.state("began")), "x\n") << "it ran once";
}

TEST_F(Ssh, hosts_finish_their_work_when_our_process_is_killed) {
  const auto request = on_host(local.effect(
      "orphan", 1, "touch \"$SB_STATE/began\"; sleep 1; echo v=1; touch \"$SB_STATE/ended\""));
  local.real.reset();
  const pid_t child = fork();
  if (child == 0) {
    connect({sshd->host()});
    local.real->start(request);
    for (;;) local.real->next_event(local.clock.now() + Milliseconds(1'000));
  }
  EXPECT_TRUE(wait_until([&] { return std::filesystem::exists(local.state("began")); },
                         Milliseconds(10'000)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  connect({sshd->host()});
  const auto answer = local.run(request);
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  EXPECT_EQ(answer.out, "v=1\n");
}

TEST_F(Ssh, waits_for_a_dead_host_no_longer_than_its_bound_and_costs_others_nothing) {
  SilentListener silent;
  auto dead = sshd->host("dr/app");
  dead.port = silent.port();
  auto closed = sshd->host("dr/db");
  closed.port = SilentListener().port();
  connect({sshd->host(), dead, closed});
  auto request = local.read({"true"});
  request.bound = Milliseconds(700);
  EXPECT_LT(elapsed_of(on_host(request, "dr/app"), AnswerStatus::unreachable), Milliseconds(1'500));
  EXPECT_LT(elapsed_of(on_host(request, "dr/db"), AnswerStatus::unreachable), Milliseconds(1'500));
  EXPECT_NE(words.find("refused"), std::string::npos) << words;
  request.bound = Milliseconds(60'000);
  const auto begin = local.clock.now();
  const auto first = local.real->start(on_host(request, "dr/app"));
  const auto second = local.real->start(on_host(request, "dr/db"));
  EXPECT_LT(elapsed_of(on_host(request), AnswerStatus::ended), Milliseconds(1'000));
  EXPECT_EQ(local.wait(first).status, AnswerStatus::unreachable);
  EXPECT_EQ(local.wait(second).status, AnswerStatus::unreachable);
  EXPECT_LT(local.clock.now() - begin, Milliseconds(6'000));
  // By now the host is known to be away: nobody waits for it long.
  EXPECT_LT(elapsed_of(on_host(request, "dr/app"), AnswerStatus::unreachable), Milliseconds(1'800));
}

TEST_F(Ssh, reconnects_when_the_host_comes_back) {
  connect({sshd->host()});
  EXPECT_EQ(verdict(local.run(on_host(local.read({"true"})))), "ended 0");
  sshd->stop();
  auto request = on_host(local.read({"true"}));
  request.bound = Milliseconds(600);
  local.run(request);
  sshd->start();
  request.bound = Milliseconds(10'000);
  EXPECT_EQ(verdict(local.run(request)), "ended 0");
}

TEST_F(Ssh, gives_up_on_a_frozen_host) {
  connect({sshd->host()});
  EXPECT_EQ(verdict(local.run(on_host(local.read({"true"})))), "ended 0");
  sshd->kill_sessions(SIGSTOP);
  auto request = on_host(local.read({"true"}));
  request.bound = Milliseconds(30'000);
  EXPECT_LT(elapsed_of(request, AnswerStatus::lost), Milliseconds(8'000));
  EXPECT_NE(words.find("broke"), std::string::npos) << words;
}

// What a host may send instead of a runner's answers.
TEST(HostileHost, ends_its_own_channel_only) {
  for (const std::string body :
       {"exec yes garbage", "echo switchback-runner 1 1; sleep 0.3; exec yes garbage",
        "echo switchback-runner 1 1; sleep 0.3; exec tr '\\0' = </dev/zero",
        "echo switchback-runner 1 1; sleep 0.3; echo '= 1 ended 0 0 0 0 0 9999999999 0'; sleep 5",
        "exit 0", "cat >/dev/null"}) {
    ScratchFolder scratch;
    write_text(scratch / "liar", "#!/bin/sh\n" + body + "\n");
    std::filesystem::permissions(scratch / "liar", std::filesystem::perms::all);
    RealShellOptions options;
    options.controller_state_root = scratch / "state";
    options.controller_run_root = scratch / "run";
    options.controller_shell = scratch / "liar";
    LocalHost host;
    host.real = std::make_unique<RealShell>(options);
    auto request = host.read({"true"});
    request.bound = Milliseconds(1'500);
    const auto begin = host.clock.now();
    const auto answer = host.run(request);
    EXPECT_NE(answer.status, AnswerStatus::ended) << body;
    EXPECT_FALSE(answer.err.empty()) << body;
    EXPECT_LT(host.clock.now() - begin, Milliseconds(3'000)) << body;
  }
}

TEST(StuckHost, is_answered_for_when_bound_and_grace_are_over) {
  ScratchFolder scratch;
  write_text(scratch / "mute", "#!/bin/sh\necho switchback-runner 1 1\ncat >/dev/null\n");
  std::filesystem::permissions(scratch / "mute", std::filesystem::perms::all);
  LocalHost host;
  auto options = host.options();
  options.controller_shell = scratch / "mute";
  host.real = std::make_unique<RealShell>(options);
  auto request = host.read({"true"});
  request.bound = Milliseconds(200);
  const auto answer = host.run(request);
  EXPECT_EQ(answer.status, AnswerStatus::lost);
  EXPECT_LT(answer.elapsed, Milliseconds(6'000));
}

}  // namespace
}  // namespace switchback
