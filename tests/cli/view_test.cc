#include "cli/view.h"

#include "run/journal.h"

namespace switchback {
namespace {

// Forty steps of one phase: the first ten are done, the eleventh runs, the others wait.
Journal long_run() {
  std::vector<Step> steps;
  for (int i = 10; i < 50; ++i) {
    const std::string before = "step." + std::to_string(i - 1);
    steps.push_back(make_step("step." + std::to_string(i),
                              i == 10 ? std::vector<std::string>{} : std::vector{before}));
  }
  Journal run(std::move(steps));
  for (int i = 10; i < 20; ++i) {
    run.next();
    run.end("step." + std::to_string(i), "done");
  }
  run.next();
  return run;
}

bool any_line_holds(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != line.npos; });
}

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

TEST(View, keeps_what_happens_now_on_the_screen_when_there_are_few_rows) {
  const Journal run = long_run();
  for (const int rows : {3, 6, 20, 45}) {
    const auto lines = run_tree(run.state, 1000, rows, 120, false);
    EXPECT_LE(lines.size(), static_cast<size_t>(rows));
    EXPECT_TRUE(any_line_holds(lines, "▶ step.20")) << rows << " rows";
    EXPECT_EQ(any_line_holds(lines, "more lines"), rows < 42) << rows << " rows";
  }
}

TEST(View, shows_the_next_steps_before_those_that_are_over) {
  const auto lines = run_tree(long_run().state, 1000, 20, 120, false);
  EXPECT_FALSE(any_line_holds(lines, "step.10"));
  EXPECT_TRUE(any_line_holds(lines, "step.21"));
  EXPECT_FALSE(any_line_holds(lines, "step.49"));
}

TEST(View, shows_start_above_verify_whichever_comes_first_in_the_plan) {
  std::vector<Step> steps;
  for (const std::string phase : {"promote", "verify", "start", "follow"}) {
    steps.push_back(make_step("step." + phase));
    steps.back().phase = phase;
  }
  std::string order;
  for (const std::string& line : run_tree(Journal(std::move(steps)).state, 0, 45, 120, false)) {
    if (line.starts_with("  ") && !line.starts_with("    ")) order += line;
  }
  EXPECT_EQ(order, "  promote  start  verify  follow");
}

TEST(View, names_the_phase_of_what_happens_now_when_there_are_few_rows) {
  std::vector<Step> steps;
  for (int i = 0; i < 12; ++i) {
    const std::string number = std::to_string(i);
    steps.push_back(
        make_step("step." + number, i == 0 ? std::vector<std::string>{}
                                           : std::vector{"step." + std::to_string(i - 1)}));
    steps.back().phase = "phase." + number;
  }
  Journal run(std::move(steps));
  run.next();
  const auto lines = run_tree(run.state, 1000, 6, 120, false);
  EXPECT_TRUE(any_line_holds(lines, "phase.0"));
  EXPECT_TRUE(any_line_holds(lines, "▶ step.0"));
  EXPECT_FALSE(any_line_holds(lines, "phase.11"));
}

TEST(View, tells_no_times_that_a_clock_which_was_set_back_made_up) {
  Journal run = long_run();
  run.state.clock_set_back = true;
  const auto lines = run_tree(run.state, 18'000'000, 50, 120, false);
  EXPECT_NE(lines.front().find("time unknown"), std::string::npos) << lines.front();
  EXPECT_TRUE(any_line_holds(lines, "step.20")) << "and everything else";
  EXPECT_FALSE(any_line_holds(lines, "5 h"));
}

TEST(View, keeps_the_elapsed_time_in_the_heading_of_a_narrow_terminal) {
  const auto lines = run_tree(long_run().state, 61'000, 50, 50, false);
  EXPECT_EQ(lines.front().find("…"), std::string::npos) << lines.front();
}

TEST(View, keeps_every_line_inside_a_narrow_terminal) {
  const Journal run = long_run();
  for (const int columns : {21, 40, 60, 79, 80, 120}) {
    for (const std::string& line : run_tree(run.state, 1000, 50, columns, false)) {
      EXPECT_LT(characters(line), static_cast<size_t>(columns)) << line;
    }
  }
  const int64_t later_ms = run.state.of("step.20").started_at_ms + 1000;
  const auto lines = run_tree(run.state, later_ms, 50, 60, false);
  EXPECT_TRUE(any_line_holds(lines, "▶ step.20 @controller 1.0 s"));
}

}  // namespace
}  // namespace switchback
