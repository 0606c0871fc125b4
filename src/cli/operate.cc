#include "cli/operate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "base/hash.h"
#include "cli/agree.h"
#include "cli/executor.h"
#include "cli/kept_heads.h"
#include "cli/people.h"
#include "cli/runbook.h"
#include "cli/serve.h"
#include "cli/watch.h"
#include "cli/zones.h"
#include "plan/render.h"
#include "planner/diagnosis.h"
#include "planner/going_home.h"
#include "planner/predict.h"
#include "planner/readiness.h"
#include "planner/resolution.h"
#include "world/real_clock.h"

namespace switchback {
namespace {

// A pass whose source died ends after 15 s by itself.
constexpr Milliseconds sync_end_bound{25'000};

// When the last run ended that changed who is active or rebuilt a side; 0: none has.
Result<int64_t> last_move_ms(const Situation& situation) {
  if (!situation.store) return 0;
  const auto runs = situation.store->runs(situation.application.name);
  if (!runs) return std::unexpected(runs.error());
  const auto moved = [](const RunRecord& record) {
    return record.result == "done" &&
           (record.operation == Operation::switchover || record.operation == Operation::failover ||
            record.operation == Operation::failback || record.operation == Operation::reprotect ||
            record.operation == Operation::start);
  };
  const auto last = std::find_if(runs->rbegin(), runs->rend(), moved);
  if (last == runs->rend()) return 0;
  const auto events = situation.store->read(last->run);
  if (!events) return std::unexpected(events.error());
  const auto state = fold(*events);
  if (!state) return std::unexpected(state.error());
  return state->ended_at_ms;
}

Result<Prepared> prepare(const Options& options, Situation situation, Operation operation,
                         const OperateFlags& flags, bool keep) {
  PlanRequest asked;
  asked.operation = operation;
  asked.to_site = flags.to;
  const auto request = with_runbook(options, situation.application, asked, keep);
  if (!request) return std::unexpected(request.error());
  auto plan =
      make_plan(catalogue(), situation.application, situation.claim, situation.snapshot, *request);
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
  const bool emergency = is_emergency(plan.operation);
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
  event.at_ms = RealClock().wall_ms();
  event.body = situation_record(catalogue(), situation.application, situation.claim,
                                situation.snapshot, prepared.prediction, situation.history);
  return event;
}

std::string plan_text(const Prepared& prepared, const OperateFlags& flags) {
  if (flags.form == "markdown") return render_markdown(prepared.plan, prepared.prediction);
  if (flags.form == "shell") return render_shell(prepared.plan);
  return render_text(prepared.plan, prepared.prediction, flags.commands);
}

// What an emergency costs stands below its plan, where the question is asked.
std::string price_words(const Prepared& prepared, const OperateFlags& flags) {
  const Situation& situation = prepared.situation;
  if (prepared.plan.operation != Operation::failover || flags.form == "shell") return "";
  const std::string text = price_text(price_now(catalogue(), situation.application, situation.claim,
                                                situation.snapshot, situation.history));
  return flags.form == "markdown" ? "\n```\n" + text + "```\n" : "\n" + text;
}

Json plan_record(const Prepared& prepared) {
  const Situation& situation = prepared.situation;
  Json record = render_json(prepared.plan, prepared.prediction);
  record["price"] = prepared.plan.operation == Operation::failover
                        ? price_json(price_now(catalogue(), situation.application, situation.claim,
                                               situation.snapshot, situation.history))
                        : Json();
  return record;
}

// What happened without this store, as far as the hosts kept it. It goes into the journal of the
// run that takes the application over.
struct Elsewhere {
  std::vector<Event> notes;
  std::string known_logs;  // to be remembered once the notes are stored
  int64_t newest_run = 0;
  // Heads of this store's journal that hosts keep and it does not hold: it is an older copy.
  std::vector<std::string> lost_heads;
};

std::string logs_key(const Application& application) {
  return "runbook logs of " + application.name;
}

Result<Elsewhere> look_elsewhere(const Options& options, const Situation& situation) {
  const auto before = situation.store->value(logs_key(situation.application));
  if (!before) return std::unexpected(before.error());
  std::set<std::string> known;
  for (const std::string& name : split(*before, ' ')) known.insert(name);
  Elsewhere elsewhere;
  elsewhere.notes = runbook_notes(options, situation.application, known);
  elsewhere.known_logs = join({known.begin(), known.end()}, " ");
  elsewhere.newest_run = newest_run_seen(situation.application, situation.snapshot);
  const auto journal = situation.store->stored_journal(situation.application.name);
  if (!journal) return std::unexpected(journal.error());
  elsewhere.lost_heads = missing_heads(
      *journal, heads_at_hosts(options, situation.application, situation.store->store_id()));
  return elsewhere;
}

// A sync between moves never stands in the way of an operation: it is ended first.
Result<void> end_open_sync(const Options& options, Store& store, const std::string& application,
                           const std::string& who) {
  const auto runs = store.runs(application);
  if (!runs) return std::unexpected(runs.error());
  for (const RunRecord& record : *runs) {
    if (record.ended || record.operation != Operation::sync) continue;
    fmt::print(stderr, "ending the open sync, run {} …\n", record.run);
    if (auto ended = end_sync(options.state, store, record.run, who); !ended) return ended;
    RealClock clock;
    for (const Instant until = clock.now() + sync_end_bound; clock.now() < until;) {
      const auto state = load_run(store, record.run);
      if (!state) return std::unexpected(state.error());
      if (state->ended) break;
      usleep(50'000);
    }
  }
  return {};
}

// Shows the plan and asks for it; the reason why it is not to be started otherwise.
Result<void> show_and_ask(const Options& options, const OperateFlags& flags,
                          const Prepared& prepared, bool changed) {
  const Plan& plan = prepared.plan;
  const std::string_view operation = operation_text(plan.operation);
  if (const auto reasons = unmet(plan); !reasons.empty()) {
    return fail(
        ErrorCode::refused,
        fmt::format("{0} of {1}: nothing was changed; not fulfilled:\n  {2}\nEvery step that "
                    "it would do: switchback plan {0} {1}",
                    operation, plan.application, join(reasons, "\n  ")));
  }
  if (!options.json) {
    if (changed) fmt::print("\nMeanwhile the hosts have changed, and with them the plan:\n\n");
    fmt::print("{}{}", plan_text(prepared, flags), price_words(prepared, flags));
  }
  if (options.json && !flags.yes) {
    return fail(ErrorCode::invalid_input, "with --json nobody is asked: add --yes, or use plan");
  }
  if (!proceed(plan, flags)) return fail(ErrorCode::refused, "nothing was changed");
  return {};
}

}  // namespace

Event created_event(const Plan& plan, const std::string& store_id, int64_t newest_epoch,
                    const Prediction& prediction, const OperateFlags& flags, const Identity& who) {
  Claim next;
  next.epoch = newest_epoch + 1;
  next.claim_id = random_hex(16);
  next.store_id = store_id;
  next.active = plan.active_after;
  Event event;
  event.kind = EventKind::run_created;
  event.at_ms = RealClock().wall_ms();
  event.body = {{"plan", plan_to_json(plan)},
                {"plan_hash", plan_hash(plan)},
                {"next_claim", claim_to_json(next)},
                {"who", who.name},
                {"verified", who.verified},
                {"ticket", flags.ticket},
                {"reason", flags.reason},
                {"anyway", flags.anyway},
                {"predicted_ms", prediction.total.expected.count()},
                {"predicted_outage_ms", prediction.outage.expected.count()}};
  return event;
}

int print_plan(const Options& options, Operation operation, const std::string& application,
               const OperateFlags& flags) {
  auto situation = look_at(options, application, flags.no_look ? Look::stored : Look::fresh, false);
  if (!situation) return report_error(options, situation.error());
  auto prepared = prepare(options, std::move(*situation), operation, flags, false);
  if (!prepared) return report_error(options, prepared.error());
  if (flags.form == "json") {
    print_json(plan_record(*prepared));
  } else {
    fmt::print("{}{}", plan_text(*prepared, flags), price_words(*prepared, flags));
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
  const Identity who = identify(options.as);
  WaitingExecutor executor(options, application, who.name);
  const auto agreed = agree({
      [&]() -> Result<Prepared> {
        auto situation = look_at(options, application, Look::fresh, true);
        if (!situation) return std::unexpected(situation.error());
        return prepare(options, std::move(*situation), operation, flags, true);
      },
      [&](const Prepared& prepared, bool changed) {
        return show_and_ask(options, flags, prepared, changed);
      },
      [] { return RealClock().wall_ms(); },
  });
  if (!agreed) return report_error(options, agreed.error());
  const Situation& situation = agreed->situation;
  Store& store = *situation.store;
  if (operation != Operation::sync) {
    auto ended = end_open_sync(options, store, situation.application.name, who.name);
    if (!ended) return report_error(options, ended.error());
  }
  std::vector<Event> first{
      // Beyond whatever any host holds: a runbook, or another controller, may have claimed
      // meanwhile.
      created_event(agreed->plan, store.store_id(),
                    newest_epoch(situation.application, situation.claim, situation.snapshot),
                    agreed->prediction, flags, who),
      observed_event(*agreed)};
  Elsewhere elsewhere;
  if (operation == Operation::resolve) {
    auto found = look_elsewhere(options, situation);
    if (!found) return report_error(options, found.error());
    elsewhere = std::move(*found);
    first.front().body["lost_heads"] = elsewhere.lost_heads;
    first.insert(first.end(), elsewhere.notes.begin(), elsewhere.notes.end());
  }
  auto run = store.create_run(situation.application.name, std::move(first), elsewhere.newest_run);
  if (!run) return report_error(options, run.error());
  if (operation == Operation::resolve) {
    // Not kept: the same notes once more in a later resolution, which is no harm.
    auto kept = store.put_value(logs_key(situation.application), elsewhere.known_logs);
    if (!kept) fmt::print(stderr, "switchback: {}\n", kept.error().message);
  }
  if (auto started = executor.perform(*run); !started) {
    return report_error(options, started.error());
  }
  return follow_run(options, store, *run);
}

}  // namespace switchback
