// How far a data directory reaches, read from real directories: a primary that was killed, its
// standby, and what each of them wrote after they parted.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "components/script_runner.h"

namespace switchback {
namespace {

constexpr const char* bin = "/usr/lib/postgresql/15/bin";

// A primary `a` and its standby `b`, reached through sockets in one folder.
class Positions : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(bin) + "/pg_basebackup") || geteuid() != 0) {
      GTEST_SKIP() << "needs PostgreSQL 15 and root";
    }
    shell(R"sh(chmod 711 "$D" && mkdir "$D/pg" && chown postgres "$D/pg"
      $P initdb -D "$D/pg/a" -A trust >/dev/null
      printf '%s\n' port=5871 "unix_socket_directories='$D/pg'" "listen_addresses=''" >>"$D/pg/a/postgresql.conf")sh");
    start("a");
    sql("5871", "create table t(i int)");
    shell(R"sh($P pg_basebackup -h "$D/pg" -p 5871 -D "$D/pg/b" -X stream -c fast
      sed -i s/5871/5872/ "$D/pg/b/postgresql.conf"
      echo "primary_conninfo='host=$D/pg port=5871'" >>"$D/pg/b/postgresql.conf"
      : >"$D/pg/b/standby.signal" && chown postgres "$D/pg/b/standby.signal")sh");
    start("b");
    sql("5871", "insert into t values(1)");
    shell(R"sh(for i in $(seq 200); do
        [ "$($P psql -h "$D/pg" -p 5872 -XAtc 'select count(*) from t' postgres)" = 1 ] && exit 0
        sleep 0.05
      done; exit 1)sh");
  }
  void TearDown() override {
    run("for d in a b; do $P pg_ctl -D \"$D/pg/$d\" -m immediate stop >/dev/null 2>&1; done");
  }

  ScriptResult run(const std::string& text) {
    return run_words({"sh", "-c", text},
                     {{"D", folder_.path()},
                      {"P", std::string("setpriv --reuid postgres --regid postgres --init-groups "
                                        "env HOME=/ PATH=/usr/bin:/bin:") +
                                bin}});
  }
  void shell(const std::string& text) {
    const ScriptResult result = run(text);
    ASSERT_EQ(result.exit_code, 0) << text << "\n" << result.err;
  }
  void start(const std::string& side) {
    shell("$P pg_ctl -D \"$D/pg/" + side + "\" -w -l \"$D/pg/" + side + ".log\" start >/dev/null");
  }
  void sql(const std::string& port, const std::string& text) {
    shell("$P psql -h \"$D/pg\" -p " + port + " -Xqc '" + text + "' postgres");
  }
  void kill_side(const std::string& side) {
    shell("read -r p <\"$D/pg/" + side +
          "/postmaster.pid\"; kill -9 $p; tail --pid=$p -s 0.01 -f "
          "/dev/null; rm -f \"$D/pg/" +
          side + "/postmaster.pid\"");
  }
  std::string ask(const std::string& script, const std::string& side,
                  std::vector<std::string> more = {}) {
    const std::string data = folder_.path() + "/pg/" + side;
    std::vector<std::string> words = {bin,
                                      data,
                                      data + "/postgresql.conf",
                                      side == "a" ? "5871" : "5872",
                                      folder_.path() + "/pg",
                                      "postgres",
                                      "pg-" + side,
                                      "postgres"};
    words.insert(words.end(), more.begin(), more.end());
    const ScriptResult result =
        run_script(script, words, {{"SB_RUN", folder_.path()}, {"SB_STATE", folder_.path()}});
    EXPECT_EQ(result.exit_code, 0) << script << ": " << result.err;
    return result.out;
  }
  static std::string value(const std::string& out, const std::string& name) {
    const size_t at = ("\n" + out).find("\n" + name + "=");
    if (at == std::string::npos) return "";
    const size_t from = at + name.size() + 1;
    return out.substr(from, out.find('\n', from) - from);
  }
  // What side `from` has, compared at side `to`.
  std::string ahead(const std::string& from, const std::string& to) {
    const std::string out = ask("pg_position", from);
    return value(ask("pg_compare", to,
                     {value(out, "lsn"), value(out, "timeline"), value(out, "system_identifier")}),
                 "ahead");
  }

  TemporaryFolder folder_;
};

TEST_F(Positions, a_killed_primary_and_its_standby_reach_equally_far_running_and_stopped) {
  const std::string running = ask("pg_position", "a");
  EXPECT_EQ(ask("pg_position", "b"), running);
  EXPECT_EQ(value(running, "timeline"), "1");
  EXPECT_TRUE(value(running, "last_commit").ends_with("Z")) << running;
  kill_side("a");
  shell("$P pg_ctl -D \"$D/pg/b\" -m fast -w stop >/dev/null");
  EXPECT_EQ(ask("pg_position", "a"), running);
  EXPECT_EQ(ask("pg_position", "b"), running);
  EXPECT_EQ(ahead("a", "b"), "none");
}

TEST_F(Positions, what_only_one_side_wrote_puts_it_ahead) {
  kill_side("b");
  sql("5871", "insert into t values(2)");
  kill_side("a");
  EXPECT_EQ(ahead("a", "b"), "other");
  EXPECT_EQ(ahead("b", "a"), "here");
}

TEST_F(Positions, a_promotion_that_no_checkpoint_has_followed_counts) {
  kill_side("a");
  shell("$P pg_ctl -D \"$D/pg/b\" -w promote >/dev/null");
  kill_side("b");
  EXPECT_EQ(value(ask("pg_position", "b"), "timeline"), "2");
  EXPECT_EQ(ahead("b", "a"), "other");
  EXPECT_EQ(ahead("a", "b"), "here");
}

TEST_F(Positions, a_side_without_a_database_has_nothing) {
  kill_side("a");
  shell("$P pg_ctl -D \"$D/pg/b\" -m fast -w stop >/dev/null; mv \"$D/pg/b\" \"$D/pg/c\"");
  EXPECT_EQ(value(ask("pg_position", "b"), "lsn"), "0/0");
  EXPECT_EQ(ahead("b", "a"), "here");
}

}  // namespace
}  // namespace switchback
