#include "run/decide.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {
namespace {

Event make_event(const RunState& state, EventKind kind, Json body) {
  Event event;
  event.run = state.run;
  event.kind = kind;
  event.body = std::move(body);
  return event;
}

// Which steps later ones may build on. Until the point of no return a step counts only with
// everything below it: one that has been reopened pulls the ground from under what was done, or was
// found done, behind it. Afterwards roles have changed, and each step speaks for itself.
std::vector<bool> firm_steps(const RunState& state) {
  const bool forward_only = state.past_point_of_no_return();
  std::vector<bool> firm(state.steps.size());
  for (size_t i = 0; i < firm.size(); ++i) {
    const std::vector<std::string>& needs = state.plan->steps[i].needs;
    const auto is_firm = [&](const std::string& id) { return firm[state.index.at(id)]; };
    firm[i] = is_satisfied(state.steps[i].status) &&
              (forward_only || std::all_of(needs.begin(), needs.end(), is_firm));
  }
  return firm;
}

// Why the step is not needed, now that everything it stands behind is finished; empty: it is.
std::string reason_to_pass(const RunState& state, const Step& spec) {
  const auto is_done = [&](const std::string& id) {
    return state.of(id).status == StepStatus::done;
  };
  if (!spec.unless.empty() && std::all_of(spec.unless.begin(), spec.unless.end(), is_done)) {
    return "already proven by " + join(spec.unless, ", ");
  }
  for (const Condition& condition : spec.when) {
    const std::string value = state.value_of(condition.reference);
    if (value != condition.equals) {
      return fmt::format("{} is {}, not {}", condition.reference,
                         value.empty() ? "not known" : value, condition.equals);
    }
  }
  return "";
}

class Decider {
 public:
  Decider(const RunState& state, const Flight& flight, DecisionTime now)
      : state_(state), flight_(flight), now_(now) {}

  Decision take() {
    if (state_.ended) {
      decision_.situation = Decision::Situation::ended;
      decision_.reason = "the run has ended: " + state_.result;
      return decision_;
    }
    if (!aborting() && asks_again()) return decision_;
    if (!flight_.to_reprove.empty() && !aborting()) {
      reprove();
      return decision_;
    }
    recheck_unknown();
    if (aborting()) {
      undo();
    } else {
      go_forward();
    }
    conclude();
    return decision_;
  }

 private:
  bool aborting() const { return state_.abort_asked && !state_.past_point_of_no_return(); }

  // Void approvals come before everything: nothing is sent, not even a question about a step that
  // may not have begun, until they are given again.
  bool asks_again() {
    std::vector<std::string> gates;
    for (size_t i = 0; i < state_.steps.size(); ++i) {
      const Step& spec = state_.plan->steps[i];
      const StepState& step = state_.steps[i];
      if (!step.voided || step.status == StepStatus::done) continue;
      gates.push_back(spec.id);
      if (step.status == StepStatus::failed) {
        hold();
        return true;
      }
      if (!step.gate_open) record(EventKind::gate_opened, {{"step", spec.id}});
    }
    if (gates.empty()) return false;
    decision_.situation = Decision::Situation::waiting;
    decision_.reason = "waits for a person, whose approval is void: " + join(gates, ", ");
    return true;
  }

  void reprove() {
    decision_.reason = "what was done before is proven again";
    for (size_t i : flight_.to_reprove) {
      if (flight_.steps.contains(i)) continue;
      if (waits(i)) {
        if (flight_.rechecks.at(i) < recheck_limit) continue;
        decision_.situation = Decision::Situation::held;
        decision_.reason = fmt::format(
            "held: nobody can see whether {} still holds, {} does not answer; next: switchback run "
            "resume {} when it does",
            state_.plan->steps[i].id, state_.plan->steps[i].where, state_.run);
      } else {
        decision_.dispatch.push_back({Dispatch::Kind::reprove, i, 0});
      }
    }
  }

  // True while the step is not to be asked again yet; remembers when it is.
  bool waits(size_t i) {
    const auto until = flight_.not_before.find(i);
    if (until == flight_.not_before.end() || until->second <= now_) return false;
    if (!decision_.again_at || *decision_.again_at > until->second) {
      decision_.again_at = until->second;
    }
    return true;
  }

  void recheck_unknown() {
    for (size_t i = 0; i < state_.steps.size(); ++i) {
      const StepState& step = state_.steps[i];
      if (step.status != StepStatus::unknown || flight_.steps.contains(i)) continue;
      if (aborting() && only_looks(i)) continue;
      const auto count = flight_.rechecks.find(i);
      if (count != flight_.rechecks.end() && count->second >= recheck_limit) continue;
      if (waits(i)) continue;
      decision_.dispatch.push_back(
          {Dispatch::Kind::recheck, i, step.undoing ? step.undo_attempt : step.attempt});
    }
  }

  void go_forward() {
    const std::vector<bool> firm = firm_steps(state_);
    const auto is_firm = [&](const std::string& id) { return firm[state_.index.at(id)]; };
    for (size_t i = 0; i < state_.steps.size(); ++i) {
      const Step& spec = state_.plan->steps[i];
      const StepState& step = state_.steps[i];
      if (step.status != StepStatus::pending || flight_.steps.contains(i)) continue;
      if (!std::all_of(spec.needs.begin(), spec.needs.end(), is_firm) ||
          !std::all_of(spec.unless.begin(), spec.unless.end(), is_firm)) {
        continue;
      }
      std::string reason = reason_to_pass(state_, spec);
      if (reason.empty() && has_fresh_proof(spec)) {
        reason = "proven a moment ago by " + spec.proves_again;
      }
      if (!reason.empty()) {
        record(EventKind::step_passed, {{"step", spec.id}, {"reason", reason}});
        decision_.again = true;
      } else if (spec.kind == StepKind::milestone) {
        record(EventKind::step_passed, {{"step", spec.id}, {"reason", "everything before it is"}});
        decision_.again = true;
      } else if (spec.kind == StepKind::gate) {
        if (!step.gate_open) record(EventKind::gate_opened, {{"step", spec.id}});
      } else {
        start(Dispatch::Kind::forward, i, step.attempt + 1);
      }
    }
  }

  bool has_fresh_proof(const Step& spec) const {
    if (spec.proves_again.empty()) return false;
    const auto proven = flight_.proven_at.find(state_.index.at(spec.proves_again));
    return proven != flight_.proven_at.end() && now_ - proven->second <= fresh_proof;
  }

  // Claim back first: until the hosts of the old side may act again under a newer claim than the
  // one that was taken, none of them would run an undo.
  void undo() {
    const auto claim = state_.index.find("claim");
    if (state_.claim_taken && !state_.claimed_back && claim != state_.index.end()) {
      // Reopened, it is pending again, and the claim is taken all the same.
      const StepStatus status = state_.steps[claim->second].status;
      if (!flight_.steps.contains(claim->second) &&
          (status == StepStatus::done || status == StepStatus::pending)) {
        start(Dispatch::Kind::undo, claim->second, 1);
      }
      return;
    }
    // Backwards: a step is undone when everything that was built on it, near or far, is settled.
    std::set<std::string> unsettled;
    for (size_t i = state_.steps.size(); i-- > 0;) {
      const Step& spec = state_.plan->steps[i];
      const bool carries = unsettled.contains(spec.id);
      if (!carries && has_undo(i) && !flight_.steps.contains(i)) {
        start(Dispatch::Kind::undo, i, state_.steps[i].undo_attempt + 1);
      }
      if (carries || ((has_undo(i) || is_open(i)) && !only_tells(i))) {
        unsettled.insert(spec.needs.begin(), spec.needs.end());
      }
    }
  }

  // A step that only looks has nothing that could be undone, whatever it saw.
  bool only_looks(size_t i) const { return state_.plan->steps[i].guarding == Guarding::read; }

  // The side that gives the claim up is told last and holds nobody up: it starts nothing once the
  // other side holds the newer claim. Neither does a host whose loss the step tolerates.
  bool only_tells(size_t i) const {
    const Step& spec = state_.plan->steps[i];
    return spec.guarding == Guarding::publish &&
           (spec.where.starts_with(state_.plan->to_site + "/") ||
            spec.if_unreachable == IfUnreachable::skip);
  }

  // No undo past a step of which nobody knows the outcome, and none past an undo that failed.
  bool is_open(size_t i) const {
    const StepState& step = state_.steps[i];
    if (step.status == StepStatus::unknown && only_looks(i)) return false;
    return step.status == StepStatus::unknown || step.status == StepStatus::started ||
           flight_.steps.contains(i) || (step.status == StepStatus::failed && step.undoing);
  }

  bool has_undo(size_t i) const {
    const Step& spec = state_.plan->steps[i];
    const StepState& step = state_.steps[i];
    // A claim that was given back is told to every host, also to one that never heard of the other.
    if (state_.claimed_back && spec.guarding == Guarding::publish && !is_empty(spec.undo)) {
      const bool asked = step.status == StepStatus::started || step.status == StepStatus::unknown;
      return step.status == StepStatus::done || (!step.undoing && !asked);
    }
    // What was reopened, or is to be tried again, had its effect before.
    const bool tried = step.status == StepStatus::failed || step.status == StepStatus::pending;
    const bool ran = step.status == StepStatus::done || (tried && step.applied && !step.undoing);
    return ran && !is_empty(spec.undo);
  }

  void start(Dispatch::Kind kind, size_t i, int attempt) {
    Json body{{"step", state_.plan->steps[i].id}, {"attempt", attempt}};
    if (kind == Dispatch::Kind::undo) body["undo"] = true;
    record(EventKind::step_started, std::move(body));
    decision_.dispatch.push_back({kind, i, attempt});
  }

  void record(EventKind kind, Json body) {
    decision_.record.push_back(make_event(state_, kind, std::move(body)));
  }

  void conclude() {
    const bool started =
        std::any_of(state_.steps.begin(), state_.steps.end(),
                    [](const StepState& step) { return step.status == StepStatus::started; });
    if (started || !flight_.steps.empty() || !decision_.dispatch.empty() || decision_.again ||
        decision_.again_at) {
      decision_.reason = "steps are running";
      return;
    }
    if (!undecided("").empty()) return hold();
    if (aborting()) {
      const std::string left = left_as_it_is();
      return end("aborted", "undone as far as anything had been done" +
                                (left.empty() ? "" : "; skipped, and left as it is: " + left));
    }
    for (size_t i = 0; i < state_.steps.size(); ++i) {
      if (state_.steps[i].status == StepStatus::pending) return wait_for_people();
    }
    end("done", "every step is done");
  }

  // Names the failed and unknown steps; `undecided("")` is empty when there are none.
  std::string undecided(std::string_view otherwise) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < state_.steps.size(); ++i) {
      const StepStatus status = state_.steps[i].status;
      // While aborting, a step that failed forward and has nothing to undo holds nobody up.
      const bool settled =
          aborting() && (only_tells(i) || (!state_.steps[i].undoing &&
                                           (status == StepStatus::failed || only_looks(i))));
      if ((status == StepStatus::unknown || status == StepStatus::failed) && !settled) {
        names.push_back(fmt::format("{} ({})", state_.plan->steps[i].id,
                                    status == StepStatus::failed ? "not done" : "unknown"));
      }
    }
    return names.empty() ? std::string(otherwise) : join(names, ", ");
  }

  // What could have been undone, had a person not skipped it.
  std::string left_as_it_is() const {
    std::vector<std::string> names;
    for (size_t i = 0; i < state_.steps.size(); ++i) {
      const Step& spec = state_.plan->steps[i];
      const bool skipped = state_.steps[i].status == StepStatus::skipped;
      if (skipped && !is_empty(spec.undo)) names.push_back(spec.id);
    }
    return join(names, ", ");
  }

  void hold() {
    const std::string names = undecided("nothing");
    if (!state_.any_effect() && !state_.abort_asked) {
      return end("refused", "nothing was changed; not fulfilled: " + names);
    }
    decision_.situation = Decision::Situation::held;
    const bool may_abort = !state_.past_point_of_no_return() && !state_.abort_asked;
    decision_.reason =
        fmt::format("held by {}: {}", names, may_abort ? "retry, skip or abort" : "retry or skip");
  }

  void wait_for_people() {
    std::vector<std::string> gates;
    for (size_t i = 0; i < state_.steps.size(); ++i) {
      const StepState& step = state_.steps[i];
      const bool opens =
          std::any_of(decision_.record.begin(), decision_.record.end(), [&](const Event& event) {
            return event.kind == EventKind::gate_opened &&
                   json_text(event.body, "step") == state_.plan->steps[i].id;
          });
      if ((step.gate_open || opens) && step.status == StepStatus::pending) {
        gates.push_back(state_.plan->steps[i].id);
      }
    }
    decision_.situation = Decision::Situation::waiting;
    decision_.reason = "waits for a person: " + join(gates, ", ");
  }

  void end(std::string_view result, const std::string& message) {
    record(EventKind::run_ended, {{"result", result}, {"message", message}});
    decision_.situation = Decision::Situation::ended;
    decision_.reason = message;
  }

  const RunState& state_;
  const Flight& flight_;
  const DecisionTime now_;
  Decision decision_;
};

}  // namespace

Decision decide(const RunState& state, const Flight& flight, DecisionTime now) {
  return Decider(state, flight, now).take();
}

// What a later step of the same component has begun to change is not expected to hold: what was
// prepared, once it is being stopped; its stop, once a standby is being made of it.
bool is_superseded(const RunState& state, size_t earlier) {
  const Step& spec = state.plan->steps[earlier];
  const std::string_view by = spec.phase == "prepare" ? "stop"
                              : spec.phase == "stop"  ? "follow"
                                                      : "";
  if (by.empty()) return false;
  for (size_t i = earlier + 1; i < state.steps.size(); ++i) {
    const Step& later = state.plan->steps[i];
    if (later.phase == by && later.component == spec.component && state.steps[i].attempt > 0) {
      return true;
    }
  }
  return false;
}

std::set<size_t> steps_to_reprove(const RunState& state) {
  std::set<size_t> steps;
  if (state.ended || state.abort_asked) return steps;
  // Backwards, because what has been passed over (a milestone, a proof that was fresh) hands on
  // what is asked of it.
  std::set<size_t> looked_through;
  for (size_t later = state.steps.size(); later-- > 0;) {
    if (is_satisfied(state.steps[later].status) && !looked_through.contains(later)) continue;
    for (const std::string& id : state.plan->steps[later].needs) {
      const size_t i = state.index.at(id);
      const Step& spec = state.plan->steps[i];
      const bool hands_on = spec.kind == StepKind::milestone || !spec.proves_again.empty();
      if (hands_on && state.steps[i].status == StepStatus::passed) looked_through.insert(i);
      const bool acts = spec.kind == StepKind::command || spec.kind == StepKind::wait;
      if (acts && state.steps[i].status == StepStatus::done && !is_empty(spec.probe) &&
          !is_superseded(state, i)) {
        steps.insert(i);
      }
    }
  }
  // The application runs at the new side by now. A host that has lost its power since may have
  // taken down what nobody needs directly any more: a database below services that run.
  if (!state.past_point_of_no_return()) return steps;
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const Step& spec = state.plan->steps[i];
    const bool keeps_running = spec.phase == "promote" || spec.phase == "start";
    if (keeps_running && spec.kind == StepKind::command && !is_empty(spec.probe) &&
        state.steps[i].status == StepStatus::done) {
      steps.insert(i);
    }
  }
  return steps;
}

}  // namespace switchback
