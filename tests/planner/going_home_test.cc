// When the application may go home: windows as intervals of UTC, stability, and who overrides them.
#include "planner/going_home.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/zones.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

constexpr int64_t hour_s = 3'600;

// 2026, written as "2026-10-25T01:00".
int64_t utc(const std::string& text) {
  std::tm time{};
  EXPECT_NE(strptime(text.c_str(), "%Y-%m-%dT%H:%M", &time), nullptr) << text;
  return timegm(&time);
}

// Berlin's rule of 2026, Lord Howe's half hour of 2026, and a zone that nobody knows.
std::optional<int> zones_of_2026(const std::string& zone, int64_t utc_s) {
  if (zone == "UTC") return 0;
  if (zone == "Europe/Berlin") {
    const bool summer = utc_s >= utc("2026-03-29T01:00") && utc_s < utc("2026-10-25T01:00");
    return summer ? 2 * hour_s : hour_s;
  }
  if (zone == "Australia/Lord_Howe") {
    const bool winter = utc_s >= utc("2026-04-04T15:00") && utc_s < utc("2026-10-03T15:30");
    return winter ? 21 * hour_s / 2 : 11 * hour_s;
  }
  return std::nullopt;
}

std::string opening_text(const std::vector<std::string>& written, const std::string& at) {
  std::vector<Window> windows;
  for (const auto& text : written) windows.push_back(parse_window(text).value());
  const auto opening = next_opening(windows, utc(at), zones_of_2026);
  if (!opening) return opening.error().message;
  if (!*opening) return "none";
  const auto text = [](int64_t utc_s) { return time_text(utc_s * 1000).substr(0, 16); };
  return text((*opening)->from) + " " + text((*opening)->to);
}

struct Case {
  std::vector<std::string> windows;
  std::string at;
  std::string opening;  // from and to, in UTC
};

TEST(Windows, open_and_close_at_the_local_time_that_is_written) {
  const std::string night = "Sat 22:00-02:00 Europe/Berlin";
  const std::vector<Case> cases{
      {{"Sat 22:00-23:00 UTC"}, "2026-11-18T12:00", "2026-11-21T22:00 2026-11-21T23:00"},
      {{"Sat 22:00-23:00 UTC"}, "2026-11-21T22:00", "2026-11-21T22:00 2026-11-21T23:00"},
      {{"Sat 22:00-23:00 UTC"}, "2026-11-21T23:00", "2026-11-28T22:00 2026-11-28T23:00"},
      {{"daily 01:00-02:00 UTC"}, "2026-12-31T03:00", "2027-01-01T01:00 2027-01-01T02:00"},
      // Across midnight: Sunday's first hours belong to Saturday's window.
      {{night}, "2026-11-22T00:30", "2026-11-21T21:00 2026-11-22T01:00"},
      {{night}, "2026-11-22T01:00", "2026-11-28T21:00 2026-11-29T01:00"},
      {{night}, "2026-07-18T23:59", "2026-07-18T20:00 2026-07-19T00:00"},
      // To summer time: 02:00 is followed by 03:00.
      {{night}, "2026-03-28T12:00", "2026-03-28T21:00 2026-03-29T01:00"},
      {{"Sun 01:00-04:00 Europe/Berlin"}, "2026-03-28T12:00", "2026-03-29T00:00 2026-03-29T02:00"},
      {{"Sun 02:30-04:00 Europe/Berlin"}, "2026-03-28T12:00", "2026-03-29T01:00 2026-03-29T02:00"},
      {{"Sun 01:30-02:30 Europe/Berlin"}, "2026-03-28T12:00", "2026-03-29T00:30 2026-03-29T01:00"},
      {{"Sun 02:10-02:50 Europe/Berlin"}, "2026-03-28T12:00", "2026-04-05T00:10 2026-04-05T00:50"},
      // From summer time: 02:00 to 03:00 comes twice.
      {{night}, "2026-10-24T12:00", "2026-10-24T20:00 2026-10-25T00:00"},
      {{"Sun 01:00-04:00 Europe/Berlin"}, "2026-10-24T12:00", "2026-10-24T23:00 2026-10-25T03:00"},
      {{"Sun 02:30-04:00 Europe/Berlin"}, "2026-10-24T12:00", "2026-10-25T00:30 2026-10-25T03:00"},
      {{"Sun 01:00-02:30 Europe/Berlin"}, "2026-10-24T12:00", "2026-10-24T23:00 2026-10-25T00:30"},
      {{"Sun 02:30-03:00 Europe/Berlin"}, "2026-10-24T12:00", "2026-10-25T00:30 2026-10-25T02:00"},
      {{"Sun 02:30-03:00 Europe/Berlin"}, "2026-10-25T01:10", "2026-10-25T00:30 2026-10-25T02:00"},
      // Half an hour, at a half hour of UTC.
      {{"Sun 01:45-03:00 Australia/Lord_Howe"},
       "2026-10-03T12:00",
       "2026-10-03T15:15 2026-10-03T16:00"},
      // Several: the first one; those that touch or overlap are one.
      {{"Fri 01:00-03:00 UTC", "Thu 01:00-03:00 UTC"},
       "2026-11-18T12:00",
       "2026-11-19T01:00 2026-11-19T03:00"},
      {{"Sat 22:00-00:00 UTC", "Sun 00:00-02:00 UTC"},
       "2026-11-21T12:00",
       "2026-11-21T22:00 2026-11-22T02:00"},
      {{"Sat 20:00-23:00 UTC", "Sat 23:30-01:30 Europe/Berlin"},
       "2026-11-21T12:00",
       "2026-11-21T20:00 2026-11-22T00:30"},
      {{}, "2026-11-21T12:00", "none"},
      {{"Sat 22:00-02:00 Mars/Olympus"},
       "2026-11-21T12:00",
       "this machine does not know the time zone Mars/Olympus; next: install tzdata, or write the "
       "window in UTC"},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(opening_text(row.windows, row.at), row.opening)
        << join(row.windows, ", ") << " at " << row.at;
  }
}

// The machine's own table says the same, minute by minute around both nights.
TEST(Windows, this_machine_knows_berlin) {
  if (!offset_at("Europe/Berlin", 0)) GTEST_SKIP() << "tzdata is not installed";
  for (const char* night : {"2026-03-29T01:00", "2026-10-25T01:00"}) {
    for (int64_t at = utc(night) - 120; at <= utc(night) + 120; at += 60) {
      EXPECT_EQ(offset_at("Europe/Berlin", at), zones_of_2026("Europe/Berlin", at)) << at;
    }
  }
  EXPECT_EQ(offset_at("Mars/Olympus", 0), std::nullopt);
  EXPECT_EQ(offset_at("Europe", 0), std::nullopt);
}

class GoingHome : public ::testing::Test {
 protected:
  GoingHome() : application(recorder_application()), snapshot(recorder_snapshot(application)) {
    snapshot.now_ms = utc("2026-11-21T12:00") * 1000;  // a Saturday
    booted("2026-11-01T00:00");
    timing.offset_at = zones_of_2026;
    prediction.total.expected = Milliseconds(60'000);
    plan.operation = Operation::failback;
    plan.to_site = "dc";
  }
  void booted(const std::string& when) {
    for (const Host& host : application.all_hosts()) {
      Facts& facts = snapshot.facts[observation_key("host", host.key)];
      facts.reachable = true;
      facts.observed_at_ms = snapshot.now_ms - 5'000;
      facts.values["uptime_s"] = std::to_string(facts.observed_at_ms / 1000 - utc(when));
    }
  }
  // What is not fulfilled, one line each.
  std::string unmet() {
    plan.assumptions.clear();
    plan.remarks.clear();
    add_going_home(application, snapshot, prediction, timing, plan);
    std::vector<std::string> lines;
    for (const Assumption& each : plan.assumptions) {
      if (!each.met) lines.push_back(each.name + ": " + each.text);
    }
    return join(lines, "\n");
  }

  Application application;
  Snapshot snapshot;
  HomeTiming timing;
  Prediction prediction;
  Plan plan;
};

TEST_F(GoingHome, is_free_when_nothing_is_configured) {
  EXPECT_EQ(unmet(), "");
  EXPECT_TRUE(plan.assumptions.empty());
}

TEST_F(GoingHome, waits_for_a_window_and_names_the_next_one) {
  application.failback_windows = {"Sat 22:00-02:00 Europe/Berlin"};
  EXPECT_EQ(unmet(),
            "failback.windows: It is inside a window of `failback: windows` (Sat 22:00-02:00 "
            "Europe/Berlin); possible from 2026-11-21T21:00Z to 2026-11-22T01:00Z");
  snapshot.now_ms = utc("2026-11-21T21:00") * 1000;
  EXPECT_EQ(unmet(), "");
  snapshot.now_ms = utc("2026-11-22T01:00") * 1000;
  EXPECT_NE(unmet(), "");
}

TEST_F(GoingHome, binds_a_switchover_towards_home_and_nothing_else) {
  application.failback_windows = {"Sat 22:00-02:00 Europe/Berlin"};
  plan.operation = Operation::switchover;
  EXPECT_NE(unmet(), "");
  plan.to_site = "dr";
  EXPECT_EQ(unmet(), "");
  plan.to_site = "dc";
  for (const auto other : {Operation::failover, Operation::reprotect}) {
    plan.operation = other;
    EXPECT_EQ(unmet(), "") << operation_text(other);
  }
}

TEST_F(GoingHome, is_stable_since_the_later_of_boot_and_last_move) {
  application.failback_stable_for = Milliseconds(24 * hour_s * 1000);
  EXPECT_EQ(unmet(), "");
  timing.last_move_ms = utc("2026-11-21T11:00") * 1000;
  EXPECT_EQ(unmet(),
            "failback.stable_for: dc has been stable for 1 d 0 h (`failback: stable_for`); it has "
            "been since 2026-11-21T11:00Z (the last move or reprotect), and will have been by "
            "2026-11-22T11:00Z");
  booted("2026-11-21T11:30");
  EXPECT_NE(unmet().find("since 2026-11-21T11:30Z (the boot of dc/"), std::string::npos) << unmet();
  snapshot.now_ms = utc("2026-11-22T11:30") * 1000;
  EXPECT_EQ(unmet(), "");
}

TEST_F(GoingHome, counts_the_age_of_what_a_host_said) {
  application.failback_stable_for = Milliseconds(hour_s * 1000);
  booted("2026-11-21T11:30");
  snapshot.now_ms += 20 * 60'000;  // looked at 20 minutes ago
  EXPECT_NE(unmet().find("will have been by 2026-11-21T12:30Z"), std::string::npos) << unmet();
  snapshot.now_ms += 10 * 60'000;
  EXPECT_EQ(unmet(), "");
}

TEST_F(GoingHome, the_other_side_may_boot_as_it_likes) {
  application.failback_stable_for = Milliseconds(24 * hour_s * 1000);
  for (const Host& host : application.site("dr").hosts) {
    snapshot.facts[observation_key("host", host.key)].values["uptime_s"] = "5";
  }
  EXPECT_EQ(unmet(), "");
}

TEST_F(GoingHome, what_nobody_knows_is_not_stable) {
  application.failback_stable_for = Milliseconds(hour_s * 1000);
  const std::string host = application.home_primary().hosts.front().key;
  snapshot.facts[observation_key("host", host)].values.erase("uptime_s");
  application.failback_windows = {"Sat 22:00-23:00 UTC"};
  EXPECT_TRUE(
      unmet().starts_with("failback.stable_for: dc has been stable for 1 h 00 min "
                          "(`failback: stable_for`); that is not known: " +
                          host + " does not say when it booted\nfailback.windows: "))
      << unmet();
}

TEST_F(GoingHome, stable_too_late_for_this_window_it_names_the_next_one) {
  application.failback_stable_for = Milliseconds(24 * hour_s * 1000);
  application.failback_windows = {"Sat 11:00-13:00 UTC"};
  timing.last_move_ms = utc("2026-11-20T14:00") * 1000;
  EXPECT_EQ(unmet(),
            "failback.stable_for: dc has been stable for 1 d 0 h (`failback: stable_for`); it has "
            "been since 2026-11-20T14:00Z (the last move or reprotect), and will have been by "
            "2026-11-21T14:00Z; possible from 2026-11-28T11:00Z to 2026-11-28T13:00Z");
}

TEST_F(GoingHome, a_reason_overrides_what_is_not_fulfilled_and_stands_in_the_plan) {
  application.failback_windows = {"Sat 22:00-02:00 Europe/Berlin"};
  timing.anyway = "the data centre closes at noon";
  EXPECT_EQ(unmet(), "");
  EXPECT_EQ(plan.remarks,
            std::vector<std::string>{"Not fulfilled, and overridden: failback.windows. Reason: the "
                                     "data centre closes at noon"});
}

TEST_F(GoingHome, a_window_that_closes_before_the_predicted_end_is_a_remark) {
  application.failback_windows = {"Sat 11:00-13:00 UTC"};
  prediction.total.expected = Milliseconds(hour_s * 1000);
  EXPECT_EQ(unmet(), "");
  EXPECT_TRUE(plan.remarks.empty());
  prediction.total.expected += Milliseconds(1);
  EXPECT_EQ(unmet(), "");
  EXPECT_EQ(plan.remarks,
            std::vector<std::string>{"The window closes at 2026-11-21T13:00Z, before the predicted "
                                     "end: the run takes 1 h 00 min"});
}

}  // namespace
}  // namespace switchback
