#include "sim/examining_shell.h"

#include "engine/ask.h"

namespace switchback {
namespace {

bool is_there(const ReadyCommand& command) {
  return !command.script.empty() || !command.arguments.empty();
}

std::string outcome_of(const Answer& answer) {
  if (answer.status != AnswerStatus::ended) return std::string(answer_status_text(answer.status));
  return answer.exit_code == 0 ? "done" : answer.exit_code == 1 ? "not_done" : "unknown";
}

}  // namespace

RequestId ExaminingShell::start(const ShellRequest& request) {
  waiting_[++last_id_] = request;
  return last_id_;
}

std::optional<ShellEvent> ExaminingShell::next_event(Instant deadline) {
  if (waiting_.empty()) {
    shell_.next_event(deadline);  // time passes; nothing is under way
    return std::nullopt;
  }
  const auto next = waiting_.begin();
  ShellEvent event;
  event.request = next->first;
  const ShellRequest request = next->second;
  waiting_.erase(next);
  event.answer = examine(request);
  on_answer(request.step);
  return event;
}

void ExaminingShell::cancel(RequestId request) {
  const auto found = waiting_.find(request);
  if (found != waiting_.end()) found->second.bound = Milliseconds(1);
}

Answer ExaminingShell::send(const ShellRequest& request) {
  return ask(shell_, clock_, {request}, request.bound + Milliseconds(15'000))[0];
}

std::string ExaminingShell::probe(const ShellRequest& request) {
  if (!is_there(request.probe)) return "-";
  ShellRequest look = request;
  look.apply = {};
  look.guarding = Guarding::read;
  look.hold = Milliseconds(0);
  look.once = true;
  return outcome_of(send(look));
}

Answer ExaminingShell::examine(const ShellRequest& request) {
  if (!is_there(request.apply)) return send(request);  // a wait, or a proof that is asked anew
  Examination& seen = examinations_[request.step];
  const auto there = seen_.find(request.step);
  if (request.attempt.find(".undo.") != std::string::npos &&
      there != seen_.end()) {  // the way back
    const Answer answer = send(request);
    seen.undone = answer.exit_code == 0 ? probe(there->second) : outcome_of(answer);
    return answer;
  }
  seen_[request.step] = request;
  seen.before = probe(request);
  const Answer answer = send(request);
  seen.answer = outcome_of(answer);
  seen.after = probe(request);
  const auto before = look_(request.host);
  ShellRequest again = request;
  again.attempt += ".again";
  again.probe = {};
  const Answer second = send(again);
  seen.again = outcome_of(second);
  seen.still = probe(request);
  const auto after = look_(request.host);
  for (const auto& [name, value] : before) {
    const auto found = after.find(name);
    const std::string now = found == after.end() ? "nothing" : found->second;
    if (now != value) seen.changed += name + ": " + value + " became " + now + "; ";
  }
  if (second.exit_code != 0) seen.changed += second.err;
  return answer;
}

}  // namespace switchback
