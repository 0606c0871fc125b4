// A run in a test: a plan and the events that happened, folded as the engine folds them.
#pragma once

#include <gtest/gtest.h>

#include "run/decide.h"

namespace switchback {

inline Step make_step(std::string id, std::vector<std::string> needs = {}) {
  Step step;
  step.id = std::move(id);
  step.where = "controller";
  step.phase = "prepare";
  step.needs = std::move(needs);
  step.apply = argv_command({"true"});
  return step;
}

struct Journal {
  RunState state;
  Flight flight;
  DecisionTime now{};
  int64_t clock_ms = 0;  // by how much the controller's clock is wrong

  explicit Journal(std::vector<Step> steps) {
    Plan plan;
    plan.application = "shop";
    plan.from_site = "a";
    plan.to_site = "b";
    plan.steps = std::move(steps);
    EXPECT_EQ(plan_problems(plan), std::vector<std::string>{});
    Claim next{1, "next", "store", {}};
    add(EventKind::run_created, {{"plan", plan_to_json(plan)},
                                 {"plan_hash", plan_hash(plan)},
                                 {"next_claim", claim_to_json(next)},
                                 {"who", "ann"}});
  }
  void add(EventKind kind, Json body) {
    Event event;
    event.run = 1;
    event.sequence = state.last_sequence + 1;
    event.at_ms = 1000 * event.sequence + clock_ms;
    event.kind = kind;
    event.body = std::move(body);
    const auto folded = apply(state, event);
    ASSERT_TRUE(folded) << folded.error().message;
  }
  void end(const std::string& step, std::string_view outcome, bool applied = true,
           int64_t elapsed_ms = 0) {
    add(EventKind::step_ended,
        {{"step", step}, {"outcome", outcome}, {"applied", applied}, {"elapsed_ms", elapsed_ms}});
  }
  // Decides, journals what was decided, and names what is dispatched: "a b.undo c.recheck".
  std::string next() {
    const Decision decision = decide(state, flight, now);
    last = decision;
    for (const Event& event : decision.record) add(event.kind, event.body);
    std::vector<std::string> names;
    for (const Dispatch& dispatch : decision.dispatch) {
      static constexpr const char* suffix[] = {"", ".undo", ".recheck", ".reprove"};
      names.push_back(state.plan->steps[dispatch.step].id +
                      suffix[static_cast<int>(dispatch.kind)]);
    }
    return join(names, " ");
  }
  // Dispatches everything and answers all of it with `done`, until nothing is dispatched.
  std::string run_through() {
    std::vector<std::string> order;
    for (std::string names = next(); !names.empty(); names = next()) {
      order.push_back(names);
      for (size_t i = 0; i < state.steps.size(); ++i) {
        if (state.steps[i].status == StepStatus::started) end(state.plan->steps[i].id, "done");
      }
    }
    return join(order, " | ");
  }
  Decision last;
};

}  // namespace switchback
