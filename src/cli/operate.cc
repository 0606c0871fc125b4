#include "cli/operate.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "base/hash.h"
#include "cli/agree.h"
#include "cli/executor.h"
#include "cli/watch.h"
#include "cli/zones.h"
#include "plan/render.h"
#include "planner/going_home.h"
#include "planner/predict.h"
#include "planner/readiness.h"
#include "world/real_clock.h"

namespace switchback {
namespace {

// When the last run ended that changed who is active or rebuilt a side; 0: none has.
Result<int64_t> last_move_ms(const Situation& situation) {
  if (!situation.store) return 0;
  const auto runs = situation.store->runs(situation.application.name);
  if (!runs) return std::unexpected(runs.error());
  const auto moved = [](const RunRecord& record) {
    return record.result == "done" &&
           (record.operation == Operation::switchover || record.operation == Operation::failover ||
            record.operation == Operation::failback || record.operation == Operation::reprotect);
  };
  const auto last = std::find_if(runs->rbegin(), runs->rend(), moved);
  if (last == runs->rend()) return 0;
  const auto events = situation.store->read(last->run, 0);
  if (!events) return std::unexpected(events.error());
  const auto state = fold(*events);
  if (!state) return std::unexpected(state.error());
  return state->ended_at_ms;
}

Result<Prepared> prepare(Situation situation, Operation operation, const OperateFlags& flags) {
  auto plan = make_plan(catalogue(), situation.application, situation.claim, situation.snapshot,
                        {operation, flags.to});
  if (!plan) return std::unexpected(plan.error());
  Prediction prediction = predict(*plan, situation.history);
  const auto moved = last_move_ms(situation);
  if (!moved) return std::unexpected(moved.error());
  add_going_home(situation.application, situation.snapshot, prediction,
                 {offset_at, *moved, flags.anyway}, *plan);
  return Prepared{std::move(situation), std::move(*plan), std::move(prediction)};
}

std::vector<std::string> unmet(const Plan& plan) {
  std::vector<std::string> texts;
  for (const Assumption& assumption : plan.assumptions) {
    if (!assumption.met) texts.push_back(assumption.text);
  }
  return texts;
}

bool proceed(const Plan& plan, const OperateFlags& flags) {
  if (flags.yes) return true;
  const bool emergency = plan.operation == Operation::failover;
  const std::string expected = emergency ? plan.application : "yes";
  fmt::print("\nProceed? Type {} to start, anything else to leave: ",
             emergency ? "the application's name" : "yes");
  std::fflush(stdout);
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && answer == expected;
}

// What was known when the button was pressed: the report compares what came with it.
Event observed_event(const Prepared& prepared) {
  const Situation& situation = prepared.situation;
  Event event;
  event.kind = EventKind::observed;
  event.body = situation_record(catalogue(), situation.application, situation.claim,
                                situation.snapshot, prepared.prediction);
  return event;
}

Event created_event(const Prepared& prepared, const OperateFlags& flags, const Identity& who) {
  Claim next;
  next.epoch = prepared.situation.claim.epoch + 1;
  next.claim_id = random_hex(16);
  next.store_id = prepared.situation.store->store_id();
  next.active = prepared.plan.active_after;
  Event event;
  event.kind = EventKind::run_created;
  event.body = {{"plan", plan_to_json(prepared.plan)},
                {"plan_hash", plan_hash(prepared.plan)},
                {"next_claim", claim_to_json(next)},
                {"who", who.name},
                {"verified", who.verified},
                {"ticket", flags.ticket},
                {"reason", flags.reason},
                {"anyway", flags.anyway},
                {"predicted_ms", prepared.prediction.total.expected.count()},
                {"predicted_outage_ms", prepared.prediction.outage.expected.count()}};
  return event;
}

std::string plan_text(const Prepared& prepared, const OperateFlags& flags) {
  if (flags.form == "markdown") return render_markdown(prepared.plan, prepared.prediction);
  if (flags.form == "shell") return render_shell(prepared.plan);
  return render_text(prepared.plan, prepared.prediction, flags.commands);
}

// Shows the plan and asks for it; the reason why it is not to be started otherwise.
Result<void> show_and_ask(const Options& options, const OperateFlags& flags,
                          const Prepared& prepared, bool changed) {
  const Plan& plan = prepared.plan;
  if (!options.json) {
    if (changed) fmt::print("\nMeanwhile the hosts have changed, and with them the plan:\n\n");
    fmt::print("{}", plan_text(prepared, flags));
  }
  if (const auto reasons = unmet(plan); !reasons.empty()) {
    return fail(
        ErrorCode::refused,
        fmt::format("{} of {}: nothing was changed; not fulfilled:\n  {}",
                    operation_text(plan.operation), plan.application, join(reasons, "\n  ")));
  }
  if (options.json && !flags.yes) {
    return fail(ErrorCode::invalid_input, "with --json nobody is asked: add --yes, or use plan");
  }
  if (!proceed(plan, flags)) return fail(ErrorCode::refused, "nothing was changed");
  return {};
}

}  // namespace

int print_plan(const Options& options, Operation operation, const std::string& application,
               const OperateFlags& flags) {
  auto situation = look_at(options, application, flags.no_look ? Look::stored : Look::fresh, false);
  if (!situation) return report_error(options, situation.error());
  auto prepared = prepare(std::move(*situation), operation, flags);
  if (!prepared) return report_error(options, prepared.error());
  if (flags.form == "json") {
    print_json(render_json(prepared->plan, prepared->prediction));
  } else {
    fmt::print("{}", plan_text(*prepared, flags));
  }
  return exit_done;
}

int operate(const Options& options, Operation operation, const std::string& application,
            const OperateFlags& flags) {
  if (flags.dry_run) {
    OperateFlags shown = flags;
    if (options.json) shown.form = "json";
    return print_plan(options, operation, application, shown);
  }
  const auto agreed = agree({
      [&]() -> Result<Prepared> {
        auto situation = look_at(options, application, Look::fresh, true);
        if (!situation) return std::unexpected(situation.error());
        return prepare(std::move(*situation), operation, flags);
      },
      [&](const Prepared& prepared, bool changed) {
        return show_and_ask(options, flags, prepared, changed);
      },
      [] { return RealClock().wall_ms(); },
  });
  if (!agreed) return report_error(options, agreed.error());
  const Situation& situation = agreed->situation;
  const Identity who = identify(options.as);
  std::vector<Event> first{created_event(*agreed, flags, who), observed_event(*agreed)};
  for (Event& event : first) event.at_ms = RealClock().wall_ms();
  auto run = situation.store->create_run(situation.application.name, std::move(first));
  if (!run) return report_error(options, run.error());
  if (auto started = start_executor(options.state, *run, who.name); !started) {
    return report_error(options, started.error());
  }
  const int code = watch_run(options, *situation.store, *run);
  // What is true now is looked at once more: it may be all that is known when a site is lost next.
  if (code == exit_done) static_cast<void>(look_at(options, application, Look::fresh, false));
  return code;
}

}  // namespace switchback
