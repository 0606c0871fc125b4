#include "run/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "run/news.h"

namespace switchback {
namespace {

// Clocks that are kept right are moved by less.
constexpr int64_t clock_tolerance_ms = 1'000;

std::unexpected<Error> cannot_follow(const Event& event, std::string_view why) {
  return fail(ErrorCode::corrupt,
              fmt::format("reading run {}: event {} ({}) cannot stand there: {}; next: switchback "
                          "audit verify",
                          event.run, event.sequence, event_kind_text(event.kind), why));
}

Outcome outcome_of(const Json& body) {
  const std::string text = json_text(body, "outcome", "unknown");
  if (text == "done") return Outcome::done;
  if (text == "not done") return Outcome::not_done;
  return Outcome::unknown;
}

GateAnswer answer_of(const Event& event) {
  return {json_text(event.body, "who"), event.body.value("verified", false),
          json_text(event.body, "answer", "yes") == "yes", json_text(event.body, "text"),
          event.at_ms};
}

Result<void> create(RunState& state, const Event& event) {
  auto plan = plan_from_json(event.body.at("plan"));
  if (!plan) return std::unexpected(plan.error());
  auto next = claim_from_json(event.body.at("next_claim"));
  if (!next) return std::unexpected(next.error());
  state.run = event.run;
  state.hash = json_text(event.body, "plan_hash");
  if (plan_hash(*plan) != state.hash) return cannot_follow(event, "the plan is not the hashed one");
  state.claim = plan->claim_before;
  state.next_claim = *next;
  state.who = json_text(event.body, "who");
  state.ticket = json_text(event.body, "ticket");
  state.reason = json_text(event.body, "reason");
  state.created_at_ms = event.at_ms;
  state.predicted_ms = event.body.value("predicted_ms", int64_t{0});
  state.anyway = json_text(event.body, "anyway");
  state.predicted_outage_ms = event.body.value("predicted_outage_ms", int64_t{0});
  for (size_t i = 0; i < plan->steps.size(); ++i) state.index[plan->steps[i].id] = i;
  state.steps.resize(plan->steps.size());
  state.plan = std::make_shared<const Plan>(std::move(*plan));
  return {};
}

void start_step(StepState& step, const Event& event) {
  step.status = StepStatus::started;
  step.undoing = event.body.value("undo", false);
  (step.undoing ? step.undo_attempt : step.attempt) = event.body.value("attempt", 1);
  step.started_at_ms = event.at_ms;
  step.applied = true;
  step.message.clear();
  step.progress.clear();
}

// What the end of an attempt makes of a step. A step that is allowed to fail satisfies its
// successors all the same, but only `done` is ever evidence.
StepStatus status_after(const Step& spec, const StepState& step, Outcome outcome) {
  if (outcome == Outcome::done) return step.undoing ? StepStatus::undone : StepStatus::done;
  if (!step.undoing && spec.if_unreachable == IfUnreachable::skip) return StepStatus::passed;
  if (!step.undoing && spec.if_unreachable == IfUnreachable::evidence) return StepStatus::unproven;
  return outcome == Outcome::not_done ? StepStatus::failed : StepStatus::unknown;
}

void end_step(const Step& spec, StepState& step, const Event& event) {
  const Outcome outcome = outcome_of(event.body);
  step.status = status_after(spec, step, outcome);
  step.message = json_text(event.body, "message");
  step.ended_at_ms = event.at_ms;
  step.elapsed_ms = event.body.value("elapsed_ms", int64_t{0});
  if (event.body.value("again", false)) {
    step.status = step.undoing ? StepStatus::done : StepStatus::pending;
  }
  // An attempt that certainly never began takes its mark back; an earlier one keeps it.
  if (outcome == Outcome::not_done && !event.body.value("applied", true) && step.attempt <= 1) {
    step.applied = false;
  }
  if (auto captures = event.body.find("captures"); captures != event.body.end()) {
    for (const auto& [name, value] : captures->items()) {
      if (value.is_string()) step.captures[name] = value.get<std::string>();
    }
  }
}

// A gate is done when enough distinct people said yes; one no fails it.
void answer_gate(const Step& spec, StepState& step, const Event& event) {
  step.answers.push_back(answer_of(event));
  std::set<std::string> people;
  for (const GateAnswer& answer : step.answers) {
    if (answer.yes) people.insert(answer.who);
  }
  step.ended_at_ms = event.at_ms;
  if (!step.answers.back().yes) {
    step.status = StepStatus::failed;
    step.message = "answered no by " + step.answers.back().who;
  } else if (static_cast<int>(people.size()) >= spec.gate.people) {
    step.status = StepStatus::done;
    step.voided = false;
    step.message =
        "confirmed by " + join(std::vector<std::string>(people.begin(), people.end()), ", ");
  }
}

// The silence of a host stood in for its stop; if it is asked for again, the host answers now.
void try_stops_again(RunState& state, const Step& stand_in) {
  for (const std::string& id : stand_in.unless) {
    StepStatus& stop = state.steps[state.index.at(id)].status;
    if (stop == StepStatus::unproven) stop = StepStatus::pending;
  }
}

// A step that is no longer true takes everything with it that was built on it; behind the point of
// no return it is only done again itself, because the roles that the others proved have changed.
void reopen(RunState& state, size_t first) {
  try_stops_again(state, state.plan->steps[first]);
  if (state.past_point_of_no_return()) {
    state.steps[first].status = StepStatus::pending;
    return;
  }
  std::set<std::string> reopened{state.plan->steps[first].id};
  for (size_t i = first; i < state.steps.size(); ++i) {
    const Step& spec = state.plan->steps[i];
    const bool follows =
        i == first || std::any_of(spec.needs.begin(), spec.needs.end(),
                                  [&](const auto& id) { return reopened.contains(id); });
    if (!follows) continue;
    reopened.insert(spec.id);
    StepState& step = state.steps[i];
    if (step.status == StepStatus::done || step.status == StepStatus::unproven ||
        step.status == StepStatus::passed) {
      step.status = StepStatus::pending;
      step.gate_open = false;
      step.answers.clear();
    }
  }
}

Result<void> apply_to_step(RunState& state, const Event& event) {
  const auto place = state.index.find(json_text(event.body, "step"));
  if (place == state.index.end()) return cannot_follow(event, "there is no such step");
  const Step& spec = state.plan->steps[place->second];
  StepState& step = state.steps[place->second];
  switch (event.kind) {
    case EventKind::step_started:
      if (step.status == StepStatus::started) return cannot_follow(event, "it runs already");
      start_step(step, event);
      break;
    case EventKind::step_ended:
      if (step.status != StepStatus::started && step.status != StepStatus::unknown) {
        return cannot_follow(event, "it was not started");
      }
      end_step(spec, step, event);
      break;
    case EventKind::step_passed:
      step.status = StepStatus::passed;
      step.message = json_text(event.body, "reason");
      step.ended_at_ms = event.at_ms;
      break;
    case EventKind::step_progress:
      step.progress = json_text(event.body, "text");
      break;
    case EventKind::step_reopened:
      reopen(state, place->second);
      if (!event.body.value("again", true)) step.status = StepStatus::failed;
      step.message = json_text(event.body, "reason");
      break;
    case EventKind::gate_opened:
      step.gate_open = true;
      step.status = StepStatus::pending;
      step.started_at_ms = event.at_ms;
      step.answers.clear();
      break;
    case EventKind::gate_answered:
      if (!step.gate_open) return cannot_follow(event, "the gate is not open");
      answer_gate(spec, step, event);
      break;
    case EventKind::retry_asked:
      // A new attempt probes first, and waits on the host for an old one that still runs.
      step.status = step.undoing ? StepStatus::done : StepStatus::pending;
      step.gate_open = false;
      step.message = "asked again by " + json_text(event.body, "who");
      if (!step.undoing) try_stops_again(state, spec);
      break;
    case EventKind::skip_asked:
      step.status = StepStatus::skipped;
      step.message = fmt::format("skipped by {}: {}", json_text(event.body, "who"),
                                 json_text(event.body, "reason"));
      step.ended_at_ms = event.at_ms;
      break;
    default:
      return cannot_follow(event, "it is not about a step");
  }
  return {};
}

Result<void> take_claim(RunState& state, const Event& event) {
  auto claim = claim_from_json(event.body.at("claim"));
  if (!claim) return std::unexpected(claim.error());
  if (claim->epoch <= state.claim.epoch) return cannot_follow(event, "the epoch does not grow");
  state.claimed_back = state.claim_taken;
  state.claim_taken = true;
  state.claim = *claim;
  return {};
}

// What people approved rested on the assumption: they are asked again, and until they have answered
// nothing goes forward (run/decide.cc). A gate that nobody has answered yet simply stays open.
void void_approvals(RunState& state, const std::string& why) {
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const Step& spec = state.plan->steps[i];
    StepState& step = state.steps[i];
    if (spec.kind != StepKind::gate || spec.gate.kind != Gate::Kind::approval) continue;
    if (step.answers.empty()) continue;
    for (const GateAnswer& answer : step.answers) state.voided.push_back({spec.id, answer, why});
    step.answers.clear();
    step.status = StepStatus::pending;
    step.gate_open = true;
    step.voided = true;
    step.message = "approved before, void now: " + why;
  }
}

void resume(RunState& state) {
  state.message.clear();
  for (StepState& step : state.steps) {
    if (step.status == StepStatus::started) step.status = StepStatus::unknown;
  }
}

Result<void> apply_to_run(RunState& state, const Event& event) {
  switch (event.kind) {
    case EventKind::run_resumed:
      resume(state);
      return {};
    case EventKind::claim_taken:
      return take_claim(state, event);
    case EventKind::abort_asked:
      state.abort_asked = true;
      return {};
    case EventKind::run_ended:
      state.ended = true;
      state.result = json_text(event.body, "result");
      state.message = json_text(event.body, "message");
      state.ended_at_ms = event.at_ms;
      return {};
    case EventKind::assumption_false:
      state.message = json_text(event.body, "message");
      void_approvals(state, state.message);
      return {};
    case EventKind::announced:
      state.told.insert(json_text(event.body, "text"));
      return {};
    case EventKind::observed:
      state.price = json_text(event.body, "price_text");
      state.priced_at_ms = event.at_ms;
      return {};
    case EventKind::noted:
      return {};
    default:
      return apply_to_step(state, event);
  }
}

}  // namespace

std::string_view step_status_text(StepStatus status) {
  switch (status) {
    case StepStatus::pending:
      return "pending";
    case StepStatus::started:
      return "started";
    case StepStatus::done:
      return "done";
    case StepStatus::failed:
      return "failed";
    case StepStatus::unknown:
      return "unknown";
    case StepStatus::passed:
      return "passed";
    case StepStatus::unproven:
      return "unproven";
    case StepStatus::skipped:
      return "skipped";
    case StepStatus::undone:
      return "undone";
  }
  return "unknown";
}

bool is_satisfied(StepStatus status) {
  return status == StepStatus::done || status == StepStatus::passed ||
         status == StepStatus::unproven || status == StepStatus::skipped;
}

bool RunState::past_point_of_no_return() const {
  for (size_t i = 0; i < steps.size(); ++i) {
    if (plan->steps[i].point_of_no_return && steps[i].applied) return true;
  }
  return false;
}

bool RunState::any_effect() const {
  if (claim_taken) return true;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& spec = plan->steps[i];
    const bool acts = spec.kind == StepKind::command && spec.guarding != Guarding::read;
    if (acts && steps[i].applied) return true;
  }
  return false;
}

std::string run_name(const RunState& state) {
  const Claim& next = state.next_claim;
  return fmt::format("{}.{}.{}", next.store_id.substr(0, 8), state.run,
                     sha256_hex(next.claim_id).substr(0, 6));
}

std::string RunState::value_of(const std::string& reference) const {
  const size_t colon = reference.find(':');
  const std::string step = reference.substr(0, colon);
  const std::string name = colon == std::string::npos ? "" : reference.substr(colon + 1);
  if (step == "run") {
    // Before the claim is taken, later steps are shown what it will be.
    const bool will_claim = index.contains("claim") && !claim_taken;
    const Claim& shown = will_claim ? next_claim : claim;
    if (name == "number") return std::to_string(run);
    if (name == "name") return run_name(*this);
    if (name == "epoch") return std::to_string(shown.epoch);
    if (name == "claim_id") return shown.claim_id;
    if (name == "store_id") return shown.store_id;
    if (name == "who") return who;
    if (name == "news") return first_news(*this);
    return "";
  }
  const auto place = index.find(step);
  if (place == index.end()) return "";
  if (name == "outcome") return std::string(step_status_text(steps[place->second].status));
  const auto& captures = steps[place->second].captures;
  const auto found = captures.find(name);
  return found == captures.end() ? "" : found->second;
}

Claim claim_back(const RunState& state) {
  Claim back = state.plan->claim_before;
  back.epoch = state.next_claim.epoch + 1;
  back.claim_id = sha256_hex(state.next_claim.claim_id + " back").substr(0, 32);
  back.store_id = state.next_claim.store_id;
  return back;
}

std::optional<Milliseconds> RunState::duration() const {
  if (!ended || clock_set_back) return std::nullopt;
  return Milliseconds(ended_at_ms - created_at_ms);
}

Result<void> apply(RunState& state, const Event& event) {
  if (event.sequence != state.last_sequence + 1) return cannot_follow(event, "a gap before it");
  if (state.ended && event.kind != EventKind::noted && event.kind != EventKind::announced &&
      event.kind != EventKind::observed) {
    return cannot_follow(event, "the run has ended");
  }
  try {
    const bool first = event.kind == EventKind::run_created;
    if (first == (state.plan != nullptr)) return cannot_follow(event, "a run is created once");
    auto folded = first ? create(state, event) : apply_to_run(state, event);
    if (!folded) return folded;
  } catch (const std::exception& problem) {
    return cannot_follow(event, problem.what());
  }
  if (event.at_ms < state.last_at_ms - clock_tolerance_ms) state.clock_set_back = true;
  state.last_at_ms = event.at_ms;
  state.last_sequence = event.sequence;
  state.last_hash = event.hash;
  return {};
}

Result<RunState> fold(const std::vector<Event>& events) {
  RunState state;
  for (const Event& event : events) {
    if (auto folded = apply(state, event); !folded) return std::unexpected(folded.error());
  }
  if (!state.plan) return fail(ErrorCode::not_found, "reading the run: it has no events");
  return state;
}

}  // namespace switchback
