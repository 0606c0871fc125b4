#include "run/critical_path.h"

#include "run/journal.h"

namespace switchback {
namespace {

// Ends the run, and tells its path.
CriticalPath path_of_ended(Journal& journal) {
  journal.next();
  EXPECT_TRUE(journal.state.ended);
  const auto path = critical_path(journal.state);
  EXPECT_TRUE(path);
  return path.value_or(CriticalPath{});
}

// a, then b and c at once, then d; b takes longer. An event takes a second of the journal's clock.
Journal diamond() {
  Journal journal(
      {make_step("a"), make_step("b", {"a"}), make_step("c", {"a"}), make_step("d", {"b", "c"})});
  journal.next();
  journal.end("a", "done", true, 900);
  journal.next();
  journal.end("c", "done", true, 1'500);
  journal.end("b", "done", true, 2'800);
  journal.next();
  journal.end("d", "done", true, 800);
  return journal;
}

TEST(CriticalPath, follows_the_step_that_ended_last_and_tells_what_lay_between) {
  Journal journal = diamond();
  EXPECT_FALSE(critical_path(journal.state)) << "the run is still open";
  const CriticalPath path = path_of_ended(journal);
  EXPECT_EQ(path.steps, (std::vector<std::string>{"a", "b", "d"}));
  EXPECT_EQ(path.commands, Milliseconds(4'500));
  const auto begin = journal.state.of("a").started_at_ms;
  const auto end = journal.state.of("d").ended_at_ms;
  EXPECT_EQ(path.idle, Milliseconds(end - begin - 4'500));
  EXPECT_GT(path.idle, Milliseconds(0));
  EXPECT_EQ(path.people, Milliseconds(0));
}

TEST(CriticalPath, is_no_measure_when_the_clock_was_set_back) {
  Journal journal = diamond();
  journal.clock_ms = -3'600'000;
  journal.next();
  ASSERT_TRUE(journal.state.ended);
  EXPECT_FALSE(critical_path(journal.state));
}

TEST(CriticalPath, counts_the_time_of_people_as_theirs) {
  Step gate = make_step("ask", {"a"});
  gate.kind = StepKind::gate;
  gate.apply = {};
  gate.gate.text = "go on?";
  gate.gate.people = 1;
  Journal journal({make_step("a"), gate, make_step("b", {"ask"})});
  journal.next();
  journal.end("a", "done", true, 500);
  journal.next();
  journal.clock_ms = 60'000;
  journal.add(EventKind::gate_answered, {{"step", "ask"}, {"who", "dana"}, {"answer", "yes"}});
  journal.next();
  journal.end("b", "done", true, 700);
  const CriticalPath path = path_of_ended(journal);
  EXPECT_EQ(path.steps, (std::vector<std::string>{"a", "ask", "b"}));
  EXPECT_GE(path.people, Milliseconds(60'000));
  EXPECT_LT(path.idle, Milliseconds(5'000));
}

}  // namespace
}  // namespace switchback
