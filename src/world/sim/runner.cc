#include "world/sim/runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "world/sim/world.h"

namespace switchback {
namespace {

constexpr Milliseconds overhead{2};        // reading a request, locks, receipts
constexpr Milliseconds end_line_time{30};  // the end line follows that long after the answer
constexpr int killed_exit_code = 143;

}  // namespace

SimulatedRunner::JobId SimulatedRunner::accept(int64_t channel, const ShellRequest& request,
                                               Reply reply) {
  const JobId id = ++last_job_;
  Job& job = jobs_[id];
  job.id = id;
  job.channel = channel;
  job.request = request;
  job.reply = std::move(reply);
  job.begun = world_.now();
  job.progress_at = job.begun;
  job.limit = job.begun + request.bound;
  job.once = request.once;
  world_.after_on(host_.key, overhead, [this, id] { try_locks(id); });
  world_.after_on(host_.key, request.bound, [this, id] { bound_reached(id); });
  if (request.stall.count() > 0) watch_stall(id);
  return id;
}

SimulatedRunner::Job* SimulatedRunner::find(JobId id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

SimulatedAppState& SimulatedRunner::state_of(const Job& job) {
  return host_.apps[job.request.application];
}

std::string SimulatedRunner::lock_name(const Job& job) const {
  return job.request.application + "/" + job.request.step;
}

std::string SimulatedRunner::progress(JobId id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? "" : found->second.progress;
}

void SimulatedRunner::lose_power() {
  jobs_.clear();
  step_locks_.clear();
  claim_shared_.clear();
  claim_exclusive_.clear();
  waiting_.clear();
  served_.clear();
}

void SimulatedRunner::probe(JobId id) {
  Job* job = find(id);
  if (job == nullptr || job->answered) return;
  job->in_apply = false;
  run_script(*job, job->request.probe);
}

void SimulatedRunner::start_apply(JobId id) {
  Job* job = find(id);
  if (job == nullptr || job->answered) return;
  if (keeps_receipt(*job) && !job->interrupted) {
    if (host_.disk_full && job->request.guarding != Guarding::stop) {
      job->err = "the receipt cannot be stored: nothing was done";
      return answer(*job, AnswerStatus::no_receipt);
    }
    if (job->logs && !host_.disk_full) {
      state_of(*job).receipts[job->request.step].push_back(
          {job->request.attempt, false, -1, "", "", 0});
    }
    world_.count_effect(job->request.application, job->request.step, job->request.attempt);
  }
  job->applied = true;
  if (is_guarded(*job)) {
    world_.point(FaultPoint::Kind::before_effect, host_.key, job->request.step);
    job = find(id);
    if (job == nullptr) return;
  }
  job->in_apply = true;
  run_script(*job, job->request.apply);
}

void SimulatedRunner::run_script(Job& job, const ReadyCommand& command) {
  const std::string name = !command.script.empty()     ? command.script
                           : command.arguments.empty() ? "$"
                                                       : "$ " + command.arguments[0];
  const auto found = world_.scripts().find(name);
  job.in_script = true;
  job.script = found == world_.scripts().end() ? nullptr : &found->second;
  job.call = std::shared_ptr<ScriptCall>(new ScriptCall{
      world_, host_, job.request.application, command.arguments, world_.now(), name, 0, {}});
  const Milliseconds base = job.script == nullptr ? Milliseconds(1) : job.script->duration;
  const Milliseconds time = base / 2 + Milliseconds(world_.random(base.count() + 1));
  world_.after_on(host_.key, time, [this, id = job.id] { call_script(id); });
}

void SimulatedRunner::call_script(JobId id) {
  Job* job = find(id);
  if (job == nullptr || job->answered || !job->in_script) return;
  ScriptResult result;
  if (job->script == nullptr) {
    result = {127, "", "no simulated script of that name", {}, ""};
  } else {
    result = job->script->run(*job->call);
  }
  ++job->call->stage;
  if (!result.progress.empty() && result.progress != job->progress) {
    job->progress = result.progress;
    job->progress_at = world_.now();
  }
  if (result.again_after) {
    if (job->in_apply && is_guarded(*job)) {
      world_.point(FaultPoint::Kind::during_effect, host_.key, job->request.step);
    }
    world_.after_on(host_.key, *result.again_after, [this, id] { call_script(id); });
    return;
  }
  job->exit_code = result.exit_code;
  if (job->in_apply && !is_empty(job->request.probe)) {
    job->apply_err = result.out + result.err;
  } else {
    job->out = result.out;
    job->err = result.err;
  }
  if (job->in_apply && is_guarded(*job)) {
    world_.point(FaultPoint::Kind::after_effect, host_.key, job->request.step);
  }
  world_.after_on(host_.key, Milliseconds(0), [this, id] { script_ended(id); });
}

void SimulatedRunner::script_ended(JobId id) {
  Job* job = find(id);
  if (job == nullptr || job->answered) return;
  job->in_script = false;
  if (!job->in_apply) return probe_ended(*job);
  if (is_empty(job->request.probe)) return answer(*job, AnswerStatus::ended);
  if (job->exit_code != 0) {
    // What failed seldom comes true later: one more second, then the answer.
    job->apply_failed = true;
    job->limit = std::min(job->limit, world_.now() + Milliseconds(1000));
  }
  probe(id);
}

void SimulatedRunner::probe_ended(Job& job) {
  const AnswerStatus ended = job.interrupted ? AnswerStatus::interrupted : AnswerStatus::ended;
  if (job.exit_code < 2) {
    job.losses = 0;
  } else if (job.losses++ == 0) {
    job.lost_since = world_.now();
  }
  // A wait whose probe cannot tell for five seconds and five times says so.
  if (is_empty(job.request.apply) && job.losses >= 5 &&
      world_.now() - job.lost_since >= Milliseconds(5'000)) {
    return answer(job, ended);
  }
  if (job.exit_code == 0) {
    if (!job.true_since) job.true_since = world_.now();
    if (job.once || world_.now() - *job.true_since >= job.request.hold) return answer(job, ended);
  } else {
    job.true_since.reset();
    if (job.once) return answer(job, ended);
    if (!job.applied && !is_empty(job.request.apply)) return start_apply(job.id);
  }
  if (world_.now() >= job.limit) {
    return answer(job, job.apply_failed ? AnswerStatus::ended : AnswerStatus::timed_out);
  }
  world_.after_on(host_.key, job.pause, [this, id = job.id] { probe(id); });
  job.pause = std::min(job.pause * 2, Milliseconds(100));
}

void SimulatedRunner::bound_reached(JobId id) {
  Job* job = find(id);
  if (job == nullptr || job->answered) return;
  if (!job->admitted) {
    job->err = "another holder kept the lock until the bound";
    return answer(*job, AnswerStatus::busy);
  }
  kill_script(*job, AnswerStatus::timed_out, "");
}

void SimulatedRunner::watch_stall(JobId id) {
  world_.after_on(host_.key, Milliseconds(250), [this, id] {
    Job* job = find(id);
    if (job == nullptr || job->answered) return;
    if (job->admitted && world_.now() - job->progress_at >= job->request.stall) {
      return kill_script(*job, AnswerStatus::stalled, "");
    }
    watch_stall(id);
  });
}

void SimulatedRunner::cancel(JobId id) {
  Job* job = find(id);
  if (job != nullptr && !job->answered) {
    kill_script(*job, AnswerStatus::timed_out, "ended on request");
  }
}

void SimulatedRunner::kill_script(Job& job, AnswerStatus status, const std::string& words) {
  if (job.in_script) job.exit_code = killed_exit_code;
  job.in_script = false;
  job.err += words;
  answer(job, status);
}

// What the controller gets to read; a flood ends where the shell stops keeping.
std::string SimulatedRunner::said(const std::string& honest, FaultPoint::Speech speech) {
  constexpr size_t kept = 1 << 20;
  switch (speech) {
    case FaultPoint::Speech::honest:
      return honest;
    case FaultPoint::Speech::nothing:
      return "";
    case FaultPoint::Speech::flood:
      return std::string(kept, '=');
    case FaultPoint::Speech::garbage:
      break;
  }
  std::string noise(200, ' ');
  for (char& c : noise) c = static_cast<char>(world_.random(256));
  return noise + "\nlsn=\xff\ntimeline=-\nsystem_identifier=\nclean=a b\n=\n==\n";
}

void SimulatedRunner::answer(Job& job, AnswerStatus status) {
  const JobId id = job.id;
  job.answered = true;
  const FaultPoint point =
      world_.point(FaultPoint::Kind::before_answer, host_.key, job.request.step);
  Job* still = find(id);
  if (still == nullptr) return;
  world_.tell(fmt::format("{} {}: {} exit {}", host_.key, still->request.attempt,
                          answer_status_text(status), still->exit_code));
  still->reply(Answer{status, still->exit_code, still->applied, said(still->out, point.speech),
                      said(still->apply_err + still->err, point.speech),
                      world_.now() - still->begun});
  if (!still->logs || !still->applied) return leave(id);
  world_.after_on(host_.key, end_line_time, [this, id, status] {
    Job* ended = find(id);
    if (ended == nullptr) return;
    if (!host_.disk_full) {
      state_of(*ended).receipts[ended->request.step].push_back(
          {ended->request.attempt, true, ended->exit_code, ended->out,
           ended->apply_err + ended->err, static_cast<int>(status)});
    }
    leave(id);
  });
}

void SimulatedRunner::leave(JobId id) {
  const Job* job = find(id);
  if (job == nullptr) return;
  const Job gone = *job;
  jobs_.erase(id);
  release_locks(gone);
}

}  // namespace switchback
