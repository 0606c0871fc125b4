// The scripts that every plan uses on hosts, as far as one machine can show them: status words, the
// guard's decisions, backups, silence, HTTP checks.
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

TEST(SiteStatus, IsOneWordThatAnyScriptCanRead) {
  TemporaryFolder folder;
  const std::string file = folder.path() + "/deep/status";
  EXPECT_SCRIPT(run_script("site_status_is", {file, "standby"}, {}), 1);
  EXPECT_SCRIPT(run_script("site_status", {file, "standby"}, {}), 0);
  EXPECT_SCRIPT(run_script("site_status_is", {file, "standby"}, {}), 0);
  EXPECT_SCRIPT(run_script("site_status_is", {file, "production"}, {}), 1);
  EXPECT_EQ(read_file(file), "standby\n");
  struct stat found {};
  ASSERT_EQ(stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0644u);
}

TEST(Site, TellsWhatRunbooksWroteDown) {
  TemporaryFolder folder;
  const std::map<std::string, std::string> place = {{"SB_STATE", folder.path()}};
  EXPECT_EQ(run_script("site_runbook_logs", {"4", "2"}, place).out, "logs=0\n");
  std::filesystem::create_directories(folder.path() + "/runbook-log");
  write_file(folder.path() + "/runbook-log/failover-to-dr-17.log", "one\ntwo\nthree = done\n");
  EXPECT_EQ(run_script("site_runbook_logs", {"4", "2"}, place).out,
            "log.1=failover-to-dr-17.log\nlog.1.001=two\nlog.1.002=three = done\nlogs=1\n");
}

TEST(JournalHead, IsKeptOnceAndTheNewestTwoHundredOfThem) {
  TemporaryFolder folder;
  const std::string state = folder.path() + "/state";
  const std::map<std::string, std::string> place{{"SB_STATE", state}};
  // A host that was never adopted keeps nothing.
  EXPECT_SCRIPT(run_script("journal_head", {"store", "1", "9", "aa"}, place), 1);
  EXPECT_EQ(run_script("journal_heads", {"store"}, place).out, "heads=0\n");
  fs::create_directories(state);
  EXPECT_SCRIPT(run_script("journal_head", {"store", "1", "9", "aa"}, place), 0);
  EXPECT_SCRIPT(run_script("journal_head", {"store", "1", "9", "aa"}, place), 0);
  EXPECT_SCRIPT(run_script("journal_head", {"store", "2", "4", "bb"}, place), 0);
  EXPECT_SCRIPT(run_script("journal_head", {"other", "7", "1", "ff"}, place), 0);
  EXPECT_EQ(run_script("journal_heads", {"store"}, place).out,
            "head.1=1 9 aa\nhead.2=2 4 bb\nheads=2\n");
  std::string many;
  for (int run = 1; run <= 250; ++run) many += "store " + std::to_string(run) + " 1 cc\n";
  write_file(state + "/journal.heads", many);
  EXPECT_SCRIPT(run_script("journal_head", {"store", "251", "1", "dd"}, place), 0);
  const std::string kept = read_file(state + "/journal.heads");
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 200);
  EXPECT_TRUE(kept.starts_with("store 52 1 cc\n")) << kept.substr(0, 40);
  EXPECT_TRUE(kept.ends_with("store 251 1 dd\n"));
}

TEST(SalvageList, NamesEveryFileAndTransactionOfAnUnchangedSalvage) {
  TemporaryFolder folder;
  const std::string files = folder.path() + "/files-attachments";
  fs::create_directories(files + "/1/deep");
  write_file(files + "/1.path", "/srv/store\n");
  write_file(files + "/1/deep/a file", "x");
  write_file(files + "/1/b", "y");
  const auto sum_up = [](const std::string& place, const std::string& name) {
    const std::string command = "cd '" + place + "' && find . -type f ! -name SUMS ! -name " +
                                name + " -print0 | sort -z | xargs -0 sha256sum >" + name;
    EXPECT_EQ(run_words({"/bin/sh", "-c", command}, {}, "").exit_code, 0);
    return run_words({"/bin/sh", "-c", "sha256sum <'" + place + "/" + name + "'"}, {}, "")
        .out.substr(0, 64);
  };
  const std::string sum = sum_up(files, "SUMS");
  const ScriptResult list = run_script("salvage_list", {files, sum, "1"}, {});
  EXPECT_SCRIPT(list, 0);
  EXPECT_TRUE(list.out.starts_with("file\t/srv/store/b\t")) << list.out;
  EXPECT_NE(list.out.find("\nfile\t/srv/store/deep/a file\t"), std::string::npos) << list.out;
  EXPECT_TRUE(run_script("salvage_list", {files, sum, "2"}, {})
                  .out.starts_with("file\t/srv/store/deep/a file\t"));
  EXPECT_SCRIPT(run_script("salvage_list", {folder.path() + "/none", sum, "1"}, {}), 1);

  const std::string database = folder.path() + "/database";
  fs::create_directories(database);
  write_file(database + "/transactions.tsv",
             "heading\n77\t0/3000\t2026-01-01T00:00:00Z\t2\t5/16384\n");
  const std::string whole = sum_up(database, "SHA256SUMS");
  EXPECT_EQ(run_script("salvage_list", {database, whole, "1"}, {}).out,
            "transaction\t77\t0/3000\t2026-01-01T00:00:00Z\t2\t5/16384\n");
  write_file(database + "/transactions.tsv", "heading\n");
  EXPECT_SCRIPT(run_script("salvage_list", {database, whole, "1"}, {}), 2);
}

TEST(LastBackup, IsTheNewestByTimeNotByName) {
  TemporaryFolder folder;
  const std::string none = run_script("site_last_backup", {folder.path() + "/*.zip"}, {}).out;
  EXPECT_EQ(none, "count=0\n");
  write_file(folder.path() + "/DB_10-6-2021_11-00-00 pm.zip", "new");
  write_file(folder.path() + "/DB_9-9-2021_11-00-00_pm.zip", "older");
  fs::last_write_time(folder.path() + "/DB_9-9-2021_11-00-00_pm.zip",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  const std::string out = run_script("site_last_backup", {folder.path() + "/*.zip"}, {}).out;
  EXPECT_NE(out.find("count=2\nname=DB_10-6-2021_11-00-00 pm.zip\nbytes=3\n"), std::string::npos)
      << out;
}

// A server on 127.0.0.1 that answers every request alike, until it is destroyed.
class SmallServer {
 public:
  explicit SmallServer(const std::string& answer) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener, reinterpret_cast<sockaddr*>(&address), length);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    listen(listener, 8);
    port_ = ntohs(address.sin_port);
    pid_ = fork();
    if (pid_ != 0) {
      close(listener);
      return;
    }
    alarm(60);
    while (true) {
      const int peer = accept(listener, nullptr, nullptr);
      char request[4096];
      if (read(peer, request, sizeof request) < 0) _exit(1);
      if (write(peer, answer.data(), answer.size()) < 0) _exit(1);
      close(peer);
    }
  }
  ~SmallServer() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::string port() const { return std::to_string(port_); }
  std::string url() const { return "http://127.0.0.1:" + port() + "/login"; }

 private:
  int port_ = 0;
  pid_t pid_ = -1;
};

TEST(Http, TheCheckDecidesByStatusAndContents) {
  const SmallServer server("HTTP/1.0 200 OK\r\nContent-Length: 15\r\n\r\n<h1>Log in</h1>");
  EXPECT_SCRIPT(run_script("http_check", {server.url(), "200", "Log in", "5"}, {}), 0);
  EXPECT_SCRIPT(run_script("http_check", {server.url(), "200", "", "5"}, {}), 0);
  EXPECT_SCRIPT(run_script("http_check", {server.url(), "200", "-e", "5"}, {}), 1);
  EXPECT_SCRIPT(run_script("http_check", {server.url(), "204", "Log in", "5"}, {}), 1);
  const std::vector<std::string> request = {"POST", server.url(), "{\"a\":1}", "", "5", ""};
  EXPECT_SCRIPT(run_script("http_request", request, {}, "user = \"ops:secret\"\n"), 0);
  EXPECT_SCRIPT(run_script("http_request", {"POST", server.url(), "", "201", "5", ""}, {}), 1);
}

TEST(Http, AServerThatIsGoneOrBrokenIsNotDone) {
  const SmallServer broken("HTTP/1.0 503 Down\r\nContent-Length: 0\r\n\r\n");
  EXPECT_SCRIPT(run_script("http_check", {broken.url(), "200", "", "5"}, {}), 1);
  EXPECT_SCRIPT(run_script("http_request", {"POST", broken.url(), "", "", "5", ""}, {}), 1);
  EXPECT_SCRIPT(run_script("http_check", {"http://127.0.0.1:1/", "200", "", "5"}, {}), 1);
}

TEST(Silence, ARefusedConnectionIsAnAnswerToo) {
  const SmallServer server("");
  const ScriptResult open = run_script("site_silence", {"127.0.0.1", "1," + server.port()}, {});
  EXPECT_SCRIPT(open, 1);
  EXPECT_NE(open.err.find("answers on port " + server.port()), std::string::npos) << open.err;
  EXPECT_NE(open.err.find("port 1: connection refused"), std::string::npos) << open.err;
  EXPECT_SCRIPT(run_script("site_silence", {}, {}), 2) << "nothing was asked";
}

// The guard program, with the state of a host and a peer whose claim is a file.
class Guard : public testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_.path() + "/state/app/site", "dr\n");
    write_file(folder_.path() + "/state/app/units", "web.service services \n");
    write_file(folder_.path() + "/state/app/peers", "root@10.0.0.1\nops@10.0.0.2 2222\n");
    own("5 abc store 1", "dr");
    // The peers' answers, in place of a network.
    write_file(folder_.path() + "/bin/ssh",
               "#!/bin/sh\nfor word; do case $word in *@*) peer=$word ;; esac; done\ncat " +
                   folder_.path() + "/answers/$peer 2>/dev/null\n");
    chmod((folder_.path() + "/bin/ssh").c_str(), 0755);
  }
  void own(const std::string& claim, const std::string& active) {
    write_file(folder_.path() + "/state/app/claim", claim + "\nactive services " + active + "\n");
  }
  void answer(const std::string& peer, const std::string& claim) {
    write_file(folder_.path() + "/answers/" + peer, claim + "\nactive services dr\n");
  }
  ScriptResult guard(const std::string& mode, const std::string& data = "") {
    fs::remove_all(folder_.path() + "/run/app/open");
    return ask(mode, data);
  }
  ScriptResult ask(const std::string& mode, const std::string& data = "") {
    return run_words({"/bin/sh", std::string(SOURCE_DIR) + "/src/components/site/guard.sh", "app",
                      "web.service", mode, data},
                     {{"PATH", folder_.path() + "/bin:" + getenv("PATH")},
                      {"SB_STATE_BASE", folder_.path() + "/state"},
                      {"SB_RUN_BASE", folder_.path() + "/run"}});
  }
  TemporaryFolder folder_;
};

TEST_F(Guard, ConfirmStaysClosedUntilSomebodyOpens) {
  EXPECT_SCRIPT(guard("confirm"), 1);
  EXPECT_SCRIPT(guard("no-such-mode"), 1);
  write_file(folder_.path() + "/run/app/open/web.service", "");
  EXPECT_SCRIPT(ask("confirm"), 0);
  EXPECT_SCRIPT(guard("open"), 0);
}

TEST_F(Guard, AStandbyDatabaseMayStart) {
  write_file(folder_.path() + "/data/standby.signal", "");
  EXPECT_SCRIPT(guard("confirm", folder_.path() + "/data"), 0);
  fs::remove(folder_.path() + "/data/standby.signal");
  EXPECT_SCRIPT(guard("confirm", folder_.path() + "/data"), 1);
}

TEST_F(Guard, PeerAsksTheOtherSite) {
  EXPECT_SCRIPT(guard("peer"), 1) << "silence keeps it closed";
  answer("ops@10.0.0.2", "5 abc store 1");
  EXPECT_SCRIPT(guard("peer"), 0) << "the same claim";
  answer("ops@10.0.0.2", "4 old store 1");
  EXPECT_SCRIPT(guard("peer"), 0) << "an older claim";
  answer("root@10.0.0.1", "6 new store 1");
  const ScriptResult newer = guard("peer");
  EXPECT_SCRIPT(newer, 1) << "one newer claim outweighs any other answer";
  EXPECT_NE(read_file(folder_.path() + "/run/app/guard/web.service").find("newer than 5"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(folder_.path() + "/run/app/open/web.service"));
  answer("root@10.0.0.1", "5 other store 1");
  EXPECT_SCRIPT(guard("peer"), 1) << "another claim of the same epoch";
  answer("root@10.0.0.1", "Permission denied");
  EXPECT_SCRIPT(guard("peer"), 0) << "noise is no answer, and the other peer confirms";
}

TEST_F(Guard, WhatAStepHasStoppedStaysDownUntilSomebodyOpens) {
  answer("ops@10.0.0.2", "5 abc store 1");
  const std::string mark = folder_.path() + "/state/app/stopped/web.service";
  write_file(mark, "services 1\n");
  write_file(folder_.path() + "/data/standby.signal", "");
  EXPECT_SCRIPT(guard("peer"), 1);
  EXPECT_SCRIPT(guard("open"), 1);
  EXPECT_SCRIPT(guard("confirm", folder_.path() + "/data"), 1) << "a standby, too";
  EXPECT_NE(
      read_file(folder_.path() + "/run/app/guard/web.service").find("stays down until a step"),
      std::string::npos);
  write_file(folder_.path() + "/run/app/open/web.service", "");
  EXPECT_SCRIPT(ask("peer"), 0);
  EXPECT_FALSE(fs::exists(mark)) << "or the next boot would find it";
  EXPECT_SCRIPT(guard("peer"), 0);
}

TEST_F(Guard, OnlyTheActiveSideMayAskAtAll) {
  answer("ops@10.0.0.2", "5 abc store 1");
  own("5 abc store 1", "dc");
  EXPECT_SCRIPT(guard("peer"), 1);
  own("not a claim", "dr");
  EXPECT_SCRIPT(guard("peer"), 1);
  fs::remove(folder_.path() + "/state/app/claim");
  EXPECT_SCRIPT(guard("peer"), 1);
  own("5 abc store 1", "dr");
  fs::remove(folder_.path() + "/state/app/units");
  EXPECT_SCRIPT(guard("peer"), 1);
}

}  // namespace
}  // namespace switchback
