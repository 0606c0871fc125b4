#include "cli/run_commands.h"

#include <fmt/format.h>

#include <functional>

#include "cli/executor.h"
#include "cli/people.h"
#include "cli/situation.h"
#include "cli/view.h"
#include "cli/watch.h"
#include "planner/evaluate.h"
#include "run/refusals.h"
#include "run/report.h"
#include "world/real_clock.h"

namespace switchback {
namespace {

// A run that lay still is only taken up while what it was approved for is true (evaluate.h). Looks
// at the hosts as the run was planned for them; records what is false, and refuses.
Result<void> judge_again(const Options& options, Store& store, const RunState& state) {
  auto situation = look_at(options, state.plan->application, Look::fresh, false, state.plan->hosts);
  if (!situation) return std::unexpected(situation.error());
  if (situation->application.config_hash != state.plan->config_hash) {
    fmt::print(stderr,
               "switchback: the configuration has changed since run {} was planned; the run goes "
               "on with the one it was planned with\n",
               state.run);
  }
  const auto wrong =
      false_assumptions(situation->application, state, situation->claim, situation->snapshot);
  if (wrong.empty()) return {};
  Json list = Json::array();
  std::vector<std::string> words;
  for (const FalseAssumption& each : wrong) {
    list.push_back({{"name", each.name}, {"expected", each.expected}, {"found", each.found}});
    words.push_back(each.text);
  }
  const std::string message = join(words, "; ");
  auto noted =
      add_to_run(store, state.run, RealClock().wall_ms(), EventKind::assumption_false,
                 {{"message", message}, {"assumptions", list}}, [](const RunState&) { return ""; });
  if (!noted) return noted;
  return fail(ErrorCode::refused,
              fmt::format("run {} is not taken up: {}; next: {}, then: switchback run resume {}",
                          state.run, message, wrong.front().next, state.run));
}

// An answer to a run that nobody performs comes after the same questions as a resume: nothing of it
// is written when one is answered no. Giving up a run that has changed nothing asks nothing.
Result<void> may_take_up(const Options& options, Store& store, int64_t run, bool only_ends) {
  if (executor_is_alive(options.state, run)) return {};
  auto state = load_run(store, run);
  if (!state) return std::unexpected(state.error());
  if (state->ended || (only_ends && !state->any_effect())) return {};
  return judge_again(options, store, *state);
}

// Adds one person's event, lets an executor go on with it, and shows what happens then.
int add_and_go_on(const Options& options, int64_t run, EventKind kind, Json body,
                  const std::function<std::string(const RunState&)>& refusal, bool go_on = true) {
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  const bool only_ends = kind == EventKind::abort_asked;
  if (go_on) {
    if (auto may = may_take_up(options, **store, run, only_ends); !may) {
      return report_error(options, may.error());
    }
  }
  const auto seen = (*store)->last_sequence(run);
  const Identity who = identify(options.as);
  body["who"] = who.name;
  body["verified"] = who.verified;
  auto added = add_to_run(**store, run, RealClock().wall_ms(), kind, body, refusal);
  if (!added) return report_error(options, added.error());
  if (!go_on) return exit_done;
  if (auto started = start_executor(options.state, run, who.name); !started) {
    return report_error(options, started.error());
  }
  return follow_run(options, **store, run, seen.value_or(0));
}

std::string refuse_nothing(const RunState&) {
  return "";
}

}  // namespace

int list_runs(const Options& options, const std::string& application) {
  auto store = open_store_to_read(options);
  if (!store) return report_error(options, store.error());
  auto loaded = load_application(options, application);
  if (!loaded) return report_error(options, loaded.error());
  auto runs = (*store)->runs(loaded->name);
  if (!runs) return report_error(options, runs.error());
  Json list = Json::array();
  if (!options.json) {
    fmt::print("{:>5}  {:<24}  {:<16} {:<11} {}\n", "run", "created", "application", "operation",
               "result");
  }
  for (const RunRecord& record : *runs) {
    const bool alive = !record.ended && executor_is_alive(options.state, record.run);
    const std::string result = record.ended ? record.result
                               : alive      ? "running"
                                            : fmt::format(
                                                  "open: switchback run watch {0}; to go on: "
                                                       "switchback run resume {0}",
                                                  record.run);
    list.push_back({{"run", record.run},
                    {"application", record.application},
                    {"operation", operation_text(record.operation)},
                    {"created_at", time_text(record.created_at_ms)},
                    {"ended", record.ended},
                    {"running", alive},
                    {"result", record.ended ? Json(record.result) : Json()}});
    if (!options.json) {
      fmt::print("{:>5}  {:<24}  {:<16} {:<11} {}\n", record.run, time_text(record.created_at_ms),
                 record.application, operation_text(record.operation), result);
    }
  }
  if (options.json) print_json({{"runs", list}});
  return exit_done;
}

int show_run(const Options& options, int64_t run, bool markdown) {
  auto store = open_store_to_read(options);
  if (!store) return report_error(options, store.error());
  auto events = (*store)->read(run);
  if (!events) return report_error(options, events.error());
  auto state = load_run(**store, run);
  if (!state) return report_error(options, state.error());
  auto later = load_later_runs(**store, *state);
  if (!later) return report_error(options, later.error());
  const Json report = run_report(*state, *events, *later);
  if (options.json) {
    print_json(report);
  } else if (markdown) {
    fmt::print("{}", report_markdown(report));
  } else {
    for (const auto& line : run_tree(*state, RealClock().wall_ms(), 1000, 160, false)) {
      fmt::print("{}\n", line);
    }
    fmt::print("\n{}", report_markdown(report));
  }
  return exit_done;
}

int watch_existing_run(const Options& options, int64_t run) {
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  return watch_run(options, **store, run);
}

int resume_run(const Options& options, int64_t run) {
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  auto state = load_run(**store, run);
  if (!state) return report_error(options, state.error());
  if (state->ended) {
    return report_error(
        options, {ErrorCode::refused, fmt::format("run {}: it has ended: {}", run, state->result)});
  }
  if (auto may = may_take_up(options, **store, run, false); !may) {
    return report_error(options, may.error());
  }
  if (auto started = start_executor(options.state, run, identify(options.as).name); !started) {
    return report_error(options, started.error());
  }
  return follow_run(options, **store, run);
}

int retry_step(const Options& options, int64_t run, const std::string& step) {
  return add_and_go_on(options, run, EventKind::retry_asked, {{"step", step}},
                       [&](const RunState& state) { return retry_refusal(state, step); });
}

int skip_step(const Options& options, int64_t run, const std::string& step,
              const std::string& reason) {
  return add_and_go_on(options, run, EventKind::skip_asked, {{"step", step}, {"reason", reason}},
                       [&](const RunState& state) { return skip_refusal(state, step); });
}

int abort_run(const Options& options, int64_t run, const std::string& reason) {
  return add_and_go_on(options, run, EventKind::abort_asked, {{"reason", reason}}, abort_refusal);
}

int confirm_gate(const Options& options, int64_t run, const std::string& step,
                 const std::string& answer, const std::string& text) {
  std::string gate = step;
  if (gate.empty()) {
    auto store = open_store(options, false);
    if (!store) return report_error(options, store.error());
    auto state = load_run(**store, run);
    if (!state) return report_error(options, state.error());
    const auto gates = open_gates(*state);
    if (gates.size() != 1) {
      return report_error(options, {ErrorCode::invalid_input,
                                    gates.empty() ? fmt::format("run {}: no gate is open", run)
                                                  : fmt::format("run {}: name the gate, one of {}",
                                                                run, join(gates, ", "))});
    }
    gate = gates.front();
  }
  const Identity who = identify(options.as);
  return add_and_go_on(
      options, run, EventKind::gate_answered, {{"step", gate}, {"answer", answer}, {"text", text}},
      [&](const RunState& state) {
        return gate_refusal(state, gate, {who.name, who.verified, answer == "yes", text, 0});
      });
}

int approve_run(const Options& options, int64_t run, const std::string& hash) {
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  auto state = load_run(**store, run);
  if (!state) return report_error(options, state.error());
  if (hash.size() < 8 || !state->hash.starts_with(hash)) {
    return report_error(options,
                        {ErrorCode::refused,
                         fmt::format("approving run {}: its plan is {}, not {}; look at it with: "
                                     "switchback run show {}",
                                     run, state->hash.substr(0, 12), clean(hash, 64), run)});
  }
  for (const std::string& id : open_gates(*state)) {
    if (state->plan->find(id)->gate.kind == Gate::Kind::approval) {
      return confirm_gate(options, run, id, "yes", "approved plan " + state->hash);
    }
  }
  return report_error(
      options, {ErrorCode::refused, fmt::format("run {} does not wait for an approval", run)});
}

int note_run(const Options& options, int64_t run, const std::string& text) {
  return add_and_go_on(options, run, EventKind::noted, {{"text", text}}, refuse_nothing, false);
}

}  // namespace switchback
