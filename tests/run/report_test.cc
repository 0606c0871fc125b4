#include "run/report.h"

#include "run/journal.h"

namespace switchback {
namespace {

// A run that has ended, of one step in that phase, done with these captures.
RunState ended_run(int64_t number, Operation operation, const std::string& phase,
                   const Json& captures) {
  Step step = make_step("database." + phase);
  step.phase = phase;
  step.where = "controller";
  for (const auto& [name, value] : captures.items()) step.captures.push_back({name, "text"});
  Journal journal({step});
  Plan plan = *journal.state.plan;
  plan.operation = operation;
  journal.state.plan = std::make_shared<const Plan>(plan);
  journal.state.run = number;
  journal.next();
  journal.add(EventKind::step_ended,
              {{"step", step.id}, {"outcome", "done"}, {"applied", true}, {"captures", captures}});
  journal.next();
  EXPECT_TRUE(journal.state.ended);
  return journal.state;
}

RunState failover(int64_t number) {
  return ended_run(number, Operation::failover, "promote", Json::object());
}

RunState reprotect(int64_t number) {
  return ended_run(number, Operation::reprotect, "salvage",
                   {{"transactions", "52"}, {"path", "/var/lib/switchback/shop/salvage/5/db"}});
}

TEST(Report, of_a_failover_is_amended_by_the_salvage_that_follows) {
  const RunState lost = failover(4);
  EXPECT_TRUE(run_report(lost, {}).at("amendments").empty());
  const Json report = run_report(lost, {}, {reprotect(5)});
  ASSERT_EQ(report["amendments"].size(), 1u);
  EXPECT_EQ(report["amendments"][0]["run"], 5);
  const std::string text = report_markdown(report);
  EXPECT_NE(text.find("amended by run 5 (reprotect"), std::string::npos) << text;
  EXPECT_NE(text.find("transactions 52"), std::string::npos) << text;
}

TEST(Report, takes_no_amendment_from_what_a_later_emergency_lost) {
  EXPECT_TRUE(run_report(failover(4), {}, {failover(6), reprotect(7)}).at("amendments").empty());
  const RunState own = reprotect(7);
  EXPECT_EQ(salvaging_run(own, {})->run, 7);
}

TEST(Report, tells_a_duration_unless_the_clock_was_set_back) {
  for (const int64_t hours : {0, 5, -5}) {
    Step stop = make_step("database.stop");
    stop.component = "database";
    stop.phase = "stop";
    Step start = make_step("database.start", {"database.stop"});
    start.component = "database";
    start.phase = "start";
    Journal journal({stop, start});
    journal.next();
    journal.end("database.stop", "done");
    journal.clock_ms = hours * 3'600'000;
    journal.next();
    journal.end("database.start", "done");
    journal.next();
    ASSERT_TRUE(journal.state.ended);
    const Json report = run_report(journal.state, {});
    EXPECT_EQ(report["clock_set_back"], hours < 0);
    EXPECT_EQ(report["duration_ms"].is_null(), hours < 0) << report["duration_ms"];
    EXPECT_EQ(report["outage"]["milliseconds"].is_null(), hours < 0) << report["outage"];
    const bool said = report_markdown(report).contains("clock was set back");
    EXPECT_EQ(said, hours < 0) << report_markdown(report);
  }
}

}  // namespace
}  // namespace switchback
