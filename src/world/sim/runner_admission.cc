// What a request has to pass before its commands run: locks, its turn, the claim, receipts.
#include <fmt/format.h>

#include <algorithm>

#include "world/sim/runner.h"

namespace switchback {

bool SimulatedRunner::take_step_lock(Job& job) {
  if (!keeps_receipt(job)) return true;
  const auto [place, taken] = step_locks_.try_emplace(lock_name(job), job.id);
  job.has_step_lock = taken || place->second == job.id;
  return job.has_step_lock;
}

// Steps share the claim; whoever writes it waits until none is at work.
bool SimulatedRunner::take_claim_lock(Job& job) {
  const std::string& application = job.request.application;
  if (job.request.guarding == Guarding::stop) return true;
  if (claim_exclusive_.contains(application)) return false;
  if (job.request.guarding == Guarding::publish) {
    if (!claim_shared_[application].empty()) return false;
    claim_exclusive_[application] = job.id;
  } else {
    claim_shared_[application].insert(job.id);
  }
  job.has_claim_lock = true;
  return true;
}

void SimulatedRunner::try_locks(JobId id) {
  Job* job = find(id);
  if (job == nullptr || job->admitted) return;
  std::erase(waiting_, id);
  if (is_guarded(*job) && !((job->has_step_lock || take_step_lock(*job)) &&
                            (job->has_claim_lock || take_claim_lock(*job)))) {
    waiting_.push_back(id);
    return;
  }
  job->admitted = true;
  admit(*job);
}

void SimulatedRunner::release_locks(const Job& job) {
  if (job.has_step_lock) step_locks_.erase(lock_name(job));
  claim_shared_[job.request.application].erase(job.id);
  const auto exclusive = claim_exclusive_.find(job.request.application);
  if (exclusive != claim_exclusive_.end() && exclusive->second == job.id) {
    claim_exclusive_.erase(exclusive);
  }
  for (const JobId waiting : waiting_) {
    world_.after_on(host_.key, Milliseconds(1), [this, waiting] { try_locks(waiting); });
  }
}

// Why this host will not act for the request; empty when it will.
std::string SimulatedRunner::stale_reason(const Job& job) {
  const ShellRequest& request = job.request;
  SimulatedAppState& state = state_of(job);
  if (state.claim) {
    const SimulatedClaimFile& seen = *state.claim;
    if (seen.epoch > request.epoch) {
      return fmt::format("this host has seen epoch {}, the request has epoch {}", seen.epoch,
                         request.epoch);
    }
    if (seen.epoch == request.epoch &&
        (seen.claim_id != request.claim_id || seen.store_id != request.store_id)) {
      return fmt::format("this host holds claim {} for epoch {}", seen.claim_id, seen.epoch);
    }
    if (seen.store_id == request.store_id && seen.run > request.run) {
      return fmt::format("this host has seen run {}, the request is of run {}", seen.run,
                         request.run);
    }
  }
  const auto newest = state.newest_run.find(request.store_id);
  if (newest != state.newest_run.end() && newest->second > request.run) {
    return fmt::format("this host has seen run {}, the request is of run {}", newest->second,
                       request.run);
  }
  return "";
}

// False for a request that was held up on its way, and whose run, or a newer one, has been served
// by a later channel since.
bool SimulatedRunner::in_turn(const Job& job) {
  const ShellRequest& request = job.request;
  Served& newest = served_[{request.application, request.store_id}];
  if (request.run <= newest.run && job.channel < newest.channel) return false;
  if (request.guarding != Guarding::stop) newest = std::max(newest, {request.run, job.channel});
  return true;
}

void SimulatedRunner::admit(Job& job) {
  if (is_guarded(job)) {
    const bool stop = job.request.guarding == Guarding::stop;
    if (!in_turn(job) && !ignore_turn) {
      job.err = "a connection that was opened later has served this run";
      return answer(job, AnswerStatus::stale);
    }
    if ((!stop || refuse_stop) && !ignore_claim) {
      if (const std::string reason = stale_reason(job); !reason.empty()) {
        job.err = reason;
        return answer(job, AnswerStatus::stale);
      }
    }
    job.logs = keeps_receipt(job) && !host_.disk_full;
    int64_t& newest = state_of(job).newest_run[job.request.store_id];
    if (host_.disk_full && !stop && (keeps_receipt(job) || newest < job.request.run)) {
      job.err = "receipts cannot be stored: nothing was done";
      return answer(job, AnswerStatus::no_receipt);
    }
    if (!stop) newest = std::max(newest, job.request.run);
    if (keeps_receipt(job) && !forget_receipts) {
      const JobId id = job.id;
      look_up(job);
      if (find(id) == nullptr || job.answered) return;
    }
  }
  if (!is_empty(job.request.probe)) return probe(job.id);
  if (job.interrupted) return answer(job, AnswerStatus::interrupted);
  start_apply(job.id);
}

// Has this attempt been here before? Then its receipt answers, or nothing runs but the probe.
void SimulatedRunner::look_up(Job& job) {
  const SimulatedReceipt* before = nullptr;
  for (const SimulatedReceipt& line : state_of(job).receipts[job.request.step]) {
    if (line.attempt == job.request.attempt && (before == nullptr || line.ended)) before = &line;
  }
  if (before == nullptr) return;
  job.logs = false;
  job.applied = true;
  if (before->ended) {
    job.exit_code = before->exit_code;
    job.out = before->out;
    job.err = before->err;
    return answer(job, static_cast<AnswerStatus>(before->status));
  }
  job.interrupted = true;
  job.once = true;
  job.apply_err = "an earlier start left no end: nothing was run but the probe\n";
}

}  // namespace switchback
