#include "engine/request.h"

#include <fmt/format.h>

namespace switchback {
namespace {

// Undoing a stop is a start, and a start must obey the claim; undoing a publication publishes.
Guarding guarding_of_undo(const Step& step) {
  return step.guarding == Guarding::publish ? Guarding::publish : Guarding::effect;
}

bool is_undo(const RunState& state, const Dispatch& dispatch) {
  return dispatch.kind == Dispatch::Kind::undo ||
         (dispatch.kind == Dispatch::Kind::recheck && state.steps[dispatch.step].undoing);
}

}  // namespace

std::string attempt_name(const RunState& state, const Dispatch& dispatch) {
  return fmt::format("{}.{}.{}{}", run_name(state), state.plan->steps[dispatch.step].id,
                     is_undo(state, dispatch) ? "undo." : "", dispatch.attempt);
}

ReadyCommand make_ready(const RunState& state, const Command& command) {
  ReadyCommand ready{command.script, "", {}, command.secret_stdin};
  if (!command.script.empty()) ready.body = state.plan->scripts.at(command.script);
  for (const Argument& argument : command.arguments) {
    ready.arguments.push_back(
        argument.kind == Argument::Kind::literal ? argument.text : state.value_of(argument.text));
  }
  return ready;
}

ShellRequest make_request(const RunState& state, const Dispatch& dispatch) {
  const Step& step = state.plan->steps[dispatch.step];
  const bool undo = is_undo(state, dispatch);
  const bool reprove = dispatch.kind == Dispatch::Kind::reprove;
  ShellRequest request;
  request.host = step.where;
  request.application = state.plan->application;
  request.step = step.id;
  request.attempt = attempt_name(state, dispatch);
  request.guarding = reprove ? Guarding::read : undo ? guarding_of_undo(step) : step.guarding;
  request.epoch = state.claim.epoch;
  request.claim_id = state.claim.claim_id;
  // Before the first claim nobody owns the hosts yet; the store says who is asking.
  request.store_id =
      state.claim.store_id.empty() ? state.next_claim.store_id : state.claim.store_id;
  request.run = state.run;
  if (!undo) request.probe = make_ready(state, step.probe);
  if (!reprove) request.apply = make_ready(state, undo ? step.undo : step.apply);
  request.bound = step.bound;
  request.stall = step.stall;
  request.hold = reprove || undo ? Milliseconds(0) : step.hold;
  request.once = reprove;
  return request;
}

ShellRequest make_announcement(const RunState& state, const Step& step, const std::string& news) {
  ShellRequest request;
  request.host = step.where;
  request.application = state.plan->application;
  request.step = step.id;
  request.attempt = fmt::format("{}.{}.late.{}", state.run, step.id, state.told.size());
  request.guarding = Guarding::read;
  request.run = state.run;
  request.apply = make_ready(state, step.apply);
  for (size_t i = 0; i < step.apply.arguments.size(); ++i) {
    const Argument& argument = step.apply.arguments[i];
    const bool is_news = argument.kind == Argument::Kind::capture && argument.text == "run:news";
    if (is_news) request.apply.arguments[i] = news;
  }
  request.bound = step.bound;
  return request;
}

}  // namespace switchback
