// The dns scripts against two private bind9 servers: a primary that takes signed updates, and a
// secondary that follows by NOTIFY.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "components/script_runner.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

constexpr const char* port = "15353";
constexpr const char* primary = "127.0.0.1";
constexpr const char* secondary = "127.0.0.2";

class Named {
 public:
  Named(const std::string& folder, const std::string& address, const std::string& zone)
      : folder_(folder) {
    fs::create_directories(folder);
    write_file(folder + "/named.conf",
               read_file(folder + "/../key") + "options { directory \"" + folder +
                   "\"; listen-on port " + port + " { " + address +
                   "; }; listen-on-v6 { none; }; pid-file \"" + folder +
                   "/pid\"; session-keyfile \"" + folder +
                   "/session\"; recursion no; notify-delay 0; dnssec-validation no; "
                   "empty-zones-enable no; };\ncontrols { };\nzone \"example.test\" { " +
                   zone + " };\n");
    start();
  }
  ~Named() { stop(); }
  void start() {
    pid_ = fork();
    if (pid_ == 0) {
      execl("/usr/sbin/named", "/usr/sbin/named", "-n", "1", "-L", (folder_ + "/log").c_str(), "-f",
            "-c", (folder_ + "/named.conf").c_str(), nullptr);
      _exit(126);
    }
  }
  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  std::string folder_;
  pid_t pid_ = -1;
};

class Dns : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/sbin/named")) GTEST_SKIP() << "bind9 is not installed";
    // A network of their own, where both addresses exist.
    network_ = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "network namespaces need root";
    run_words({"ip", "link", "set", "lo", "up"}, {});
    run_words({"ip", "address", "add", "127.0.0.2/8", "dev", "lo"}, {});
    const std::string at = folder_.path();
    const ScriptResult key = run_words({"tsig-keygen", "update"}, {});
    write_file(at + "/key", key.out);
    write_file(at + "/primary/zone",
               "$TTL 300\n@ SOA ns1 root 1 60 60 3600 5\n@ NS ns1\n@ NS ns2\nns1 A 127.0.0.1\n"
               "ns2 A 127.0.0.2\nserviceops 30 A 10.77.1.10\n");
    first_ = std::make_unique<Named>(
        at + "/primary", primary,
        "type primary; file \"zone\"; allow-update { key update; }; notify explicit; also-notify "
        "{ 127.0.0.2 port 15353; }; allow-transfer { any; };");
    // A secondary whose first transfer fails tries again only after a minute.
    wait_for("10.77.1.10", {"1"});
    second_ = std::make_unique<Named>(
        at + "/secondary", secondary,
        "type secondary; file \"zone\"; masterfile-format text; primaries { 127.0.0.1 port 15353; "
        "}; allow-notify { any; };");
    wait_for("10.77.1.10", {"1", "2"});
  }

  void TearDown() override {
    first_.reset();
    second_.reset();
    if (network_ < 0) return;
    EXPECT_EQ(setns(network_, CLONE_NEWNET), 0);
    close(network_);
  }

  // Until those servers answer that value.
  void wait_for(const std::string& value, const std::vector<std::string>& servers) {
    for (int i = 0; i < 100; ++i) {
      const std::string out = run("dns_observe", "observe", "x", "0", "none").out;
      if (std::all_of(servers.begin(), servers.end(), [&](const std::string& number) {
            return out.find("server." + number + ".value=" + value) != std::string::npos;
          })) {
        return;
      }
      usleep(50'000);
    }
    FAIL() << "the servers do not answer " << value;
  }

  ScriptResult run(const std::string& script, const std::string& mode, const std::string& value,
                   const std::string& epoch, const std::string& claim,
                   const std::string& ttl = "5") {
    const bool writes = script == "dns_point" || script == "dns_lower" || script == "dns_set_ttl";
    return run_script(script,
                      {mode, port, "example.test", "serviceops", value == "x" ? "10.0.0.1" : value,
                       ttl, epoch, claim, "address", primary, primary, secondary},
                      {{"SB_APP", "serviceops"},
                       {"SB_STATE", folder_.path() + "/state"},
                       {"SB_RUN", folder_.path() + "/run"}},
                      writes ? key_ : "");
  }
  // What the runner does: probes until done, a few seconds at most.
  ScriptResult until_done(const std::string& script, const std::string& mode,
                          const std::string& value, const std::string& epoch,
                          const std::string& claim, const std::string& ttl = "5") {
    ScriptResult result;
    for (int i = 0; i < 50; ++i) {
      result = run(script, mode, value, epoch, claim, ttl);
      if (result.exit_code == 0) break;
      usleep(100'000);
    }
    return result;
  }
  void use_key() { key_ = read_file(folder_.path() + "/key"); }

  TemporaryFolder folder_;
  std::unique_ptr<Named> first_;
  std::unique_ptr<Named> second_;
  std::string key_;
  int network_ = -1;
};

#define EXPECT_SCRIPT(result, code) \
  EXPECT_EQ((result).exit_code, code) << (result).out << (result).err

TEST_F(Dns, PointsEverywhereAndAStaleControllerCannotWrite) {
  use_key();
  EXPECT_SCRIPT(run("dns_points", "all", "10.77.2.10", "6", "abc"), 1);
  EXPECT_SCRIPT(run("dns_point", "all", "10.77.2.10", "6", "abc"), 0) << "no claim there yet";
  EXPECT_SCRIPT(until_done("dns_points", "all", "10.77.2.10", "6", "abc"), 0);
  EXPECT_SCRIPT(run("dns_point", "all", "10.77.2.10", "6", "abc"), 0) << "again is harmless";

  const ScriptResult older = run("dns_point", "all", "10.77.1.10", "5", "old");
  EXPECT_SCRIPT(older, 1);
  EXPECT_NE(older.err.find("'6 abc'"), std::string::npos) << older.err;
  EXPECT_SCRIPT(run("dns_point", "all", "10.77.1.10", "6", "other"), 1);
  EXPECT_SCRIPT(run("dns_set_ttl", "all", "10.77.1.10", "5", "old", "77"), 1);
  EXPECT_SCRIPT(run("dns_points", "all", "10.77.2.10", "6", "abc"), 0) << "nothing has changed";

  EXPECT_SCRIPT(run("dns_point", "all", "2001:db8::5", "7", "next"), 0);
  EXPECT_SCRIPT(until_done("dns_points", "all", "2001:db8::5", "7", "next"), 0);
  EXPECT_SCRIPT(run("dns_point", "all", "host.example.test", "8", "name"), 0);
  EXPECT_SCRIPT(until_done("dns_points", "all", "host.example.test", "8", "name"), 0);
  EXPECT_SCRIPT(run("dns_point", "all", "10.77.1.10", "9", "back"), 0);
  EXPECT_SCRIPT(until_done("dns_points", "all", "10.77.1.10", "9", "back"), 0);
}

// Between reading the claim and writing, another controller may have been faster.
TEST_F(Dns, ARaceIsLostAtTheServer) {
  use_key();
  EXPECT_SCRIPT(run("dns_point", "all", "10.77.2.10", "6", "abc"), 0);
  const std::string request =
      "server 127.0.0.1 15353\nzone example.test.\nprereq nxrrset "
      "_switchback.serviceops.example.test. TXT\nupdate add "
      "serviceops.example.test. 5 A 10.9.9.9\nsend\n";
  const ScriptResult late = run_words({"nsupdate", "-k", folder_.path() + "/key"}, {}, request);
  EXPECT_NE(late.exit_code, 0);
  EXPECT_NE(late.err.find("YXRRSET"), std::string::npos) << late.err;
}

TEST_F(Dns, WithoutTheKeyNothingIsWritten) {
  const ScriptResult result = run("dns_point", "all", "10.77.2.10", "6", "abc");
  EXPECT_SCRIPT(result, 1);
  EXPECT_NE(result.err.find("REFUSED"), std::string::npos) << result.err;
}

TEST_F(Dns, TheTtlIsLoweredWaitedForAndRestored) {
  use_key();
  EXPECT_SCRIPT(run("dns_ttl_low", "all", "x", "5", "abc"), 1);
  EXPECT_SCRIPT(run("dns_waited", "all", "x", "5", "abc"), 0) << "nothing was lowered";
  EXPECT_SCRIPT(run("dns_lower", "all", "10.77.1.10", "5", "abc"), 0);
  EXPECT_SCRIPT(run("dns_ttl_low", "all", "10.77.1.10", "5", "abc"), 0);
  EXPECT_SCRIPT(run("dns_waited", "all", "x", "5", "abc"), 1) << "30 s are not over";
  const std::string record = folder_.path() + "/state/dns/address.lowered";
  EXPECT_NE(read_file(record).find("old=30\n"), std::string::npos) << read_file(record);
  write_file(record, "old=30\nat=" + std::to_string(time(nullptr) - 31) + "\n");
  EXPECT_SCRIPT(run("dns_waited", "all", "x", "5", "abc"), 0);
  EXPECT_SCRIPT(run("dns_set_ttl", "undo", "10.77.1.10", "5", "abc", "60"), 0);
  EXPECT_SCRIPT(until_done("dns_ttl_is", "all", "10.77.1.10", "5", "abc", "30"), 0)
      << "an undo restores what was there before";
  EXPECT_SCRIPT(run("dns_set_ttl", "all", "10.77.1.10", "5", "abc", "60"), 0);
  EXPECT_SCRIPT(until_done("dns_ttl_is", "all", "10.77.1.10", "5", "abc", "60"), 0);
}

TEST_F(Dns, AnUnreachableSecondaryIsNamed) {
  use_key();
  second_->stop();
  EXPECT_SCRIPT(run("dns_point", "all", "10.77.2.10", "6", "abc"), 0);
  const ScriptResult all = run("dns_points", "all", "10.77.2.10", "6", "abc");
  EXPECT_SCRIPT(all, 2);
  EXPECT_NE(all.err.find("127.0.0.2 does not answer"), std::string::npos) << all.err;
  const ScriptResult some = run("dns_points", "answering", "10.77.2.10", "6", "abc");
  EXPECT_SCRIPT(some, 0);
  EXPECT_NE(some.out.find("silent=127.0.0.2\n"), std::string::npos) << some.out;
  first_->stop();
  EXPECT_SCRIPT(run("dns_points", "answering", "10.77.2.10", "6", "abc"), 2) << "nobody answers";
  EXPECT_SCRIPT(run("dns_point", "all", "10.77.2.10", "6", "abc"), 1);
}

}  // namespace
}  // namespace switchback
