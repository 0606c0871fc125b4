#include "cli/operate.h"

#include <fmt/format.h>

#include <iostream>

#include "base/hash.h"
#include "cli/executor.h"
#include "cli/situation.h"
#include "cli/watch.h"
#include "plan/render.h"
#include "planner/diagnosis.h"
#include "planner/predict.h"
#include "planner/readiness.h"
#include "world/real_clock.h"

namespace switchback {
namespace {

struct Prepared {
  Plan plan;
  Prediction prediction;
};

Result<Prepared> prepare(const Situation& situation, Operation operation, const std::string& to) {
  const Catalogue all = catalogue();
  auto plan =
      make_plan(all, situation.application, situation.claim, situation.snapshot, {operation, to});
  if (!plan) return std::unexpected(plan.error());
  Prediction prediction = predict(*plan, situation.history);
  return Prepared{std::move(*plan), std::move(prediction)};
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
  const bool emergency = is_emergency(plan.operation);
  const std::string expected = emergency ? plan.application : "yes";
  fmt::print("\nProceed? Type {} to start, anything else to leave: ",
             emergency ? "the application's name" : "yes");
  std::fflush(stdout);
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && answer == expected;
}

// What was known when the button was pressed: the report compares what came with it.
Event observed_event(const Situation& situation, const Prediction& prediction) {
  Event event;
  event.kind = EventKind::observed;
  event.body = situation_record(catalogue(), situation.application, situation.claim,
                                situation.snapshot, prediction);
  return event;
}

Event created_event(const Situation& situation, const Prepared& prepared, const OperateFlags& flags,
                    const Identity& who) {
  Claim next;
  // Beyond whatever any host holds: a runbook, or another controller, may have claimed meanwhile.
  next.epoch = newest_epoch(situation.application, situation.claim, situation.snapshot) + 1;
  next.claim_id = random_hex(16);
  next.store_id = situation.store->store_id();
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
                {"predicted_ms", prepared.prediction.total.expected.count()}};
  return event;
}

std::string plan_text(const Prepared& prepared, const OperateFlags& flags) {
  if (flags.form == "markdown") return render_markdown(prepared.plan, prepared.prediction);
  if (flags.form == "shell") return render_shell(prepared.plan);
  return render_text(prepared.plan, prepared.prediction, flags.commands);
}

}  // namespace

int print_plan(const Options& options, Operation operation, const std::string& application,
               const OperateFlags& flags) {
  auto situation = look_at(options, application, flags.no_look ? Look::stored : Look::fresh, false);
  if (!situation) return report_error(options, situation.error());
  auto prepared = prepare(*situation, operation, flags.to);
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
  auto situation = look_at(options, application, Look::fresh, !flags.dry_run);
  if (!situation) return report_error(options, situation.error());
  auto prepared = prepare(*situation, operation, flags.to);
  if (!prepared) return report_error(options, prepared.error());
  if (!options.json) {
    fmt::print("{}", plan_text(*prepared, flags));
  }
  if (flags.dry_run) {
    if (options.json) print_json(render_json(prepared->plan, prepared->prediction));
    return exit_done;
  }
  if (const auto reasons = unmet(prepared->plan); !reasons.empty()) {
    return report_error(options, {ErrorCode::refused,
                                  fmt::format("{} of {}: nothing was changed; not fulfilled:\n  {}",
                                              operation_text(operation),
                                              situation->application.name, join(reasons, "\n  "))});
  }
  if (options.json && !flags.yes) {
    return report_error(
        options, {ErrorCode::invalid_input, "with --json nobody is asked: add --yes, or use plan"});
  }
  if (!proceed(prepared->plan, flags)) {
    return report_error(options, {ErrorCode::refused, "nothing was changed"});
  }
  const Identity who = identify(options.as);
  std::vector<Event> first{created_event(*situation, *prepared, flags, who),
                           observed_event(*situation, prepared->prediction)};
  for (Event& event : first) event.at_ms = RealClock().wall_ms();
  auto run = situation->store->create_run(situation->application.name, std::move(first));
  if (!run) return report_error(options, run.error());
  if (auto started = start_executor(options.state, *run, who.name); !started) {
    return report_error(options, started.error());
  }
  const int code = watch_run(options, *situation->store, *run);
  // What is true now is looked at once more: it may be all that is known when a site is lost next.
  if (code == exit_done) static_cast<void>(look_at(options, application, Look::fresh, false));
  return code;
}

}  // namespace switchback
