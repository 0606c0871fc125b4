// The files scripts, between two directories of this machine over a private sshd.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "components/script_runner.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

int free_port() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bind(descriptor, reinterpret_cast<sockaddr*>(&address), length);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  close(descriptor);
  return ntohs(address.sin_port);
}

// One sshd for all tests of this file: a log-in as the present user by a key of its own.
class PrivateSshd {
 public:
  PrivateSshd() : port_(free_port()) {
    const std::string at = folder_.path();
    for (const char* name : {"host", "key"}) {
      run_words({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at + "/" + name}, {});
    }
    write_file(at + "/config",
               "Port " + std::to_string(port_) + "\nListenAddress 127.0.0.1\nHostKey " + at +
                   "/host\nAuthorizedKeysFile " + at + "/key.pub\nStrictModes no\nPidFile " + at +
                   "/pid\nPasswordAuthentication no\nMaxStartups 50\nSetEnv PATH=" + at +
                   "/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
    const std::string host_key = read_file(at + "/host.pub");
    write_file(at + "/known", "[127.0.0.1]:" + std::to_string(port_) + " " + host_key);
    // The scripts use root's own known hosts; a test has to bring its own.
    write_file(at + "/bin/ssh", "#!/bin/sh\nexec /usr/bin/ssh -F none -o UserKnownHostsFile=" + at +
                                    "/known \"$@\"\n");
    chmod((at + "/bin/ssh").c_str(), 0755);
    fs::create_directories("/run/sshd");
    pid_ = fork();
    if (pid_ == 0) {
      execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", (at + "/config").c_str(), nullptr);
      _exit(126);
    }
    for (int i = 0; i < 100 && !fs::exists(at + "/pid"); ++i) usleep(50'000);
  }
  ~PrivateSshd() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  bool works() const { return fs::exists(folder_.path() + "/pid"); }
  std::string port() const { return std::to_string(port_); }
  std::string key() const { return folder_.path() + "/key"; }
  std::string bin() const { return folder_.path() + "/bin"; }

 private:
  TemporaryFolder folder_;
  int port_;
  pid_t pid_ = -1;
};

PrivateSshd& sshd() {
  static PrivateSshd server;
  return server;
}

// Two sides with the same paths: `sudo` at the peer is the door to a mount namespace in which the
// other side's tree and state lie over this side's.
class Files : public testing::Test {
 protected:
  void SetUp() override {
    if (!sshd().works()) GTEST_SKIP() << "sshd cannot be started here";
    if (run_words({"unshare", "-m", "true"}, {}).exit_code != 0) {
      GTEST_SKIP() << "mount namespaces need root";
    }
    for (const char* name : {"/tree", "/there", "/state", "/peer"}) {
      fs::create_directories(folder_.path() + name);
    }
    mount_there(true);
    claim("state", "5 abc", "dc");
    claim("peer", "5 abc", "dc");
    write_file(folder_.path() + "/state/site", "dr\n");
  }
  void TearDown() override {
    run_words({"ssh", "-o", "ControlPath=" + folder_.path() + "/run/files.attachments.ssh", "-O",
               "exit", "127.0.0.1"},
              {});
  }

  void mount_there(bool mounted) {
    const std::string at = folder_.path();
    write_file(sshd().bin() + "/sudo", "#!/bin/sh\nshift\nexec unshare -m sh -c 'mount --bind " +
                                           at + "/peer " + at + "/state && " +
                                           (mounted ? "mount --bind " : ": ") + at + "/there " +
                                           at + "/tree && exec \"$@\"' sh \"$@\"\n");
    chmod((sshd().bin() + "/sudo").c_str(), 0755);
  }

  std::string here(const std::string& name = "") const { return folder_.path() + "/tree" + name; }
  std::string there(const std::string& name = "") const { return folder_.path() + "/there" + name; }

  void claim(const std::string& side, const std::string& words, const std::string& active) {
    write_file(folder_.path() + "/" + side + "/claim",
               words + " store 1\nactive attachments " + active + "\n");
  }

  ScriptResult run(const std::string& script, const std::string& mode,
                   const std::string& run_number = "7", const std::string& shell = "/bin/sh",
                   const std::string& source = "dc") {
    return run_script(script,
                      {mode, run_number, "attachments", source, "root@127.0.0.1", sshd().port(),
                       "yes", sshd().key(), "20", "1", "*.tmp", here()},
                      {{"PATH", sshd().bin() + ":" + getenv("PATH")},
                       {"SB_APP", "serviceops"},
                       {"SB_STATE", folder_.path() + "/state"},
                       {"SB_RUN", folder_.path() + "/run"}},
                      "", shell);
  }

  void fill_there(int files) {
    for (int i = 0; i < files; ++i) {
      write_file(there("/file" + std::to_string(i)), "contents " + std::to_string(i));
    }
  }
  ScriptResult diff() { return run_words({"diff", "-r", here(), there()}, {}); }

  TemporaryFolder folder_;
};

TEST_F(Files, BulkThenFinalPassIsProvenEqualWithHostileNames) {
  fill_there(5);
  const std::vector<std::string> names = {"line\nbreak",          " leading blank", "back\\slash",
                                          "\\#012 looks escaped", "quote'\"s",      "-n",
                                          "$(touch x);`id`*?",    "uml\xc3\xa4ut",  "raw\xff\x01"};
  for (const char* shell : {"dash", "bash"}) {
    for (const auto& name : names) {
      write_file(there("/deep/" + name), std::string("before ") + shell);
    }
    write_file(there("/skipped.tmp"), "excluded");
    EXPECT_SCRIPT(run("files_access", "access", "7", shell), 0);
    EXPECT_SCRIPT(run("files_pull", "bulk", "7", shell), 0);
    EXPECT_SCRIPT(run("files_equal", "final", "7", shell), 1) << "a bulk pass proves nothing";
    for (const auto& name : names) {
      write_file(there("/deep/" + name), std::string("changed in the outage ") + shell);
    }
    const ScriptResult final_pass = run("files_pull", "final", "7", shell);
    EXPECT_SCRIPT(final_pass, 0);
    EXPECT_NE(final_pass.out.find("changed=9\n"), std::string::npos) << final_pass.out;
    const ScriptResult equal = run("files_equal", "final", "7", shell);
    EXPECT_SCRIPT(equal, 0);
    EXPECT_NE(equal.out.find("changed=9\n"), std::string::npos) << equal.out;
    EXPECT_FALSE(fs::exists(here("/skipped.tmp")));
    fs::remove(there("/skipped.tmp"));
    EXPECT_SCRIPT(diff(), 0);
    EXPECT_SCRIPT(run("files_equal", "final", "8", shell), 1) << "another run's pass";
    fs::remove(folder_.path() + "/state/files/attachments.synced");
  }
  const std::string kept = read_file(folder_.path() + "/state/files/attachments.changed");
  EXPECT_NE(kept.find(std::string("deep/line\nbreak\0", 16)), std::string::npos);
}

TEST_F(Files, APassOfOlderContentsIsNoLongerEqual) {
  fill_there(5);
  EXPECT_SCRIPT(run("files_pull", "final"), 0);
  EXPECT_SCRIPT(run("files_equal", "final"), 0);
  write_file(there("/late"), "a writer that was started again");
  EXPECT_SCRIPT(run("files_equal", "final"), 1);
}

TEST_F(Files, MassDeletionIsRefused) {
  fill_there(20);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  for (int i = 0; i < 8; ++i) fs::remove(there("/file" + std::to_string(i)));
  const ScriptResult bulk = run("files_pull", "bulk");
  EXPECT_SCRIPT(bulk, 1);
  EXPECT_NE(bulk.err.find("would delete 8 of 21"), std::string::npos) << bulk.err;
  for (int again = 0; again < 2; ++again) {
    const ScriptResult final_pass = run("files_pull", "final");
    EXPECT_SCRIPT(final_pass, 1);
    EXPECT_NE(final_pass.err.find("would delete 8 of 21"), std::string::npos) << final_pass.err;
    for (int i = 0; i < 8; ++i) {
      EXPECT_TRUE(fs::exists(here("/file" + std::to_string(i)))) << "refused, and yet deleted";
    }
  }
  for (int i = 0; i < 8; ++i) write_file(there("/file" + std::to_string(i)), "again");
  for (int i = 0; i < 3; ++i) fs::remove(there("/file" + std::to_string(i)));
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0) << "three of twenty may go";
  EXPECT_SCRIPT(diff(), 0);
  for (int i = 3; i < 6; ++i) fs::remove(there("/file" + std::to_string(i)));
  const ScriptResult deleted = run("files_pull", "final");
  EXPECT_SCRIPT(deleted, 0);
  EXPECT_NE(deleted.out.find("deleted=3\n"), std::string::npos) << deleted.out;
  EXPECT_SCRIPT(run("files_equal", "final"), 0);
  EXPECT_SCRIPT(diff(), 0);
}

TEST_F(Files, AnEmptySourceIsRefused) {
  fill_there(2);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  fs::remove_all(there());
  fs::create_directories(there());
  EXPECT_SCRIPT(run("files_pull", "bulk"), 1);
  EXPECT_TRUE(fs::exists(here("/file0")));
}

TEST_F(Files, AnUnmountedSourceIsRefused) {
  fill_there(20);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  mount_there(false);
  const ScriptResult result = run("files_pull", "final");
  EXPECT_SCRIPT(result, 1);
  EXPECT_NE(result.err.find("not mounted"), std::string::npos) << result.err;
  EXPECT_TRUE(fs::exists(here("/file0")));
}

TEST_F(Files, DataNeverFlowsAgainstTheClaim) {
  fill_there(3);
  claim("state", "6 new", "dr");
  const ScriptResult older = run("files_pull", "bulk");
  EXPECT_SCRIPT(older, 1);
  EXPECT_NE(older.err.find("older than 6"), std::string::npos) << older.err;
  claim("state", "5 other", "dc");
  EXPECT_SCRIPT(run("files_pull", "bulk"), 1);
  claim("state", "5 abc", "dc");
  claim("peer", "5 abc", "dr");
  EXPECT_SCRIPT(run("files_pull", "bulk"), 1) << "the peer's own claim says that dr is active";
  fs::remove(folder_.path() + "/peer/claim");
  EXPECT_SCRIPT(run("files_pull", "bulk"), 1) << "no claim is older than any";
  claim("peer", "6 new", "dc");
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0) << "from the higher to the lower it may";
  EXPECT_SCRIPT(diff(), 0);
}

TEST_F(Files, FollowRecordsTheNewDirection) {
  fill_there(3);
  EXPECT_SCRIPT(run("files_follows", "follow"), 1);
  EXPECT_SCRIPT(run("files_follow", "follow"), 0);
  EXPECT_SCRIPT(run("files_follows", "follow"), 0);
  claim("state", "5 other", "dc");
  EXPECT_SCRIPT(run("files_follows", "follow"), 1) << "of another store";
  claim("state", "6 x", "dr");
  EXPECT_SCRIPT(run("files_follows", "follow"), 1) << "a newer claim asks for a newer record";
}

TEST_F(Files, SalvageKeepsWhatOnlyThisSideHasThenRebuildMakesItEqual) {
  fill_there(20);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  write_file(here("/only\nhere"), "lost otherwise");
  write_file(here("/sub/file"), "in a directory of its own");
  write_file(here("/file3"), "differs here");
  fs::create_symlink("file1", here("/link"));
  write_file(there("/new there"), "no loss");
  EXPECT_SCRIPT(run("files_salvaged", "salvage"), 1);
  EXPECT_SCRIPT(run("files_salvage", "100"), 0);
  const ScriptResult salvaged = run("files_salvaged", "salvage");
  EXPECT_SCRIPT(salvaged, 0);
  EXPECT_NE(salvaged.out.find("files=4\n"), std::string::npos) << salvaged.out;
  const std::string kept = folder_.path() + "/state/salvage/7/files-attachments/1";
  EXPECT_EQ(read_file(kept + "/only\nhere"), "lost otherwise");
  EXPECT_EQ(read_file(kept + "/file3"), "differs here");
  EXPECT_TRUE(fs::is_symlink(kept + "/link"));
  EXPECT_FALSE(fs::exists(kept + "/new there"));
  EXPECT_SCRIPT(run("files_pull", "rebuild"), 0);
  const ScriptResult equal = run("files_equal", "rebuild");
  EXPECT_SCRIPT(equal, 0);
  EXPECT_SCRIPT(diff(), 0);
  write_file(kept + "/file3", "spoilt");
  EXPECT_SCRIPT(run("files_salvaged", "salvage"), 1) << "the checksums are no longer right";
}

TEST_F(Files, RebuildToleratesOnlyWhatTheActiveSideWroteSince) {
  fill_there(20);
  usleep(1'100'000);  // times are compared by the second
  EXPECT_SCRIPT(run("files_pull", "rebuild"), 0);
  usleep(1'100'000);
  write_file(there("/since"), "written after the pass");
  EXPECT_SCRIPT(run("files_equal", "rebuild"), 0);
  write_file(here("/file1"), "spoilt here");
  EXPECT_SCRIPT(run("files_equal", "rebuild"), 1);
}

TEST_F(Files, SalvageRefusesMoreThanItsLimit) {
  fill_there(20);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  write_file(here("/big"), std::string(3 << 20, 'x'));
  const ScriptResult result = run("files_salvage", "2");
  EXPECT_SCRIPT(result, 1);
  EXPECT_NE(result.err.find("salvage_max"), std::string::npos) << result.err;
}

TEST_F(Files, LastSyncAlwaysAnswersWithTheLossAtMost) {
  fill_there(5);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  write_file(there("/late"), "still fetched");
  const ScriptResult reached = run("files_last_sync", "20");
  EXPECT_SCRIPT(reached, 0);
  EXPECT_NE(reached.out.find("synced=yes\n"), std::string::npos) << reached.out << reached.err;
  EXPECT_TRUE(fs::exists(here("/late")));
  mount_there(false);
  const ScriptResult unsafe = run("files_last_sync", "20");
  EXPECT_SCRIPT(unsafe, 0);
  EXPECT_NE(unsafe.out.find("synced=no\n"), std::string::npos) << unsafe.out;
  EXPECT_NE(unsafe.out.find("loss_upper_bound_s="), std::string::npos);
  EXPECT_EQ(unsafe.out.find("loss_upper_bound_s=unknown"), std::string::npos) << unsafe.out;
}

TEST_F(Files, CompareFindsDamageAndToleratesUse) {
  fill_there(20);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  write_file(here("/new"), "used since");
  EXPECT_SCRIPT(run("files_compare", "compare"), 0);
  const auto time = fs::last_write_time(here("/file1"));
  write_file(here("/file1"), "c0ntents 1");
  fs::last_write_time(here("/file1"), time);
  const ScriptResult result = run("files_compare", "compare");
  EXPECT_SCRIPT(result, 1);
  EXPECT_NE(result.out.find("damaged=1\n"), std::string::npos) << result.out;
}

TEST_F(Files, LookingLeavesNothingBehind) {
  fs::remove_all(folder_.path() + "/state");
  EXPECT_SCRIPT(run("files_observe", "observe", "0"), 0);
  EXPECT_FALSE(fs::exists(folder_.path() + "/state"));
  EXPECT_FALSE(fs::exists(folder_.path() + "/run"));
}

TEST_F(Files, ObserveTellsAgeAccessAndClock) {
  fill_there(5);
  EXPECT_SCRIPT(run("files_pull", "bulk"), 0);
  const ScriptResult result = run("files_observe", "observe", "0");
  EXPECT_SCRIPT(result, 0);
  for (const char* line : {"access=yes\n", "path.1.state=present\n", "path.1.files=5\n",
                           "last_result=done\n", "last_good_age_s=", "clock_offset_ms="}) {
    EXPECT_NE(result.out.find(line), std::string::npos) << line << " in\n" << result.out;
  }
}

}  // namespace
}  // namespace switchback
