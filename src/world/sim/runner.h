// The wrapper on one simulated host, with the semantics of world/runner.sh: step lock, claim and
// run check, durable receipts with start and end lines, probe, apply, probe until done or bound.
// Jobs live as long as the host has power; receipts and claim longer.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "world/shell.h"
#include "world/sim/host.h"
#include "world/sim/scripts.h"
#include "world/sim/world.h"

namespace switchback {

class SimulatedRunner {
 public:
  SimulatedRunner(SimulatedWorld& world, SimulatedHost& host) : world_(world), host_(host) {}

  using Reply = std::function<void(const Answer&)>;
  using JobId = uint64_t;

  // A channel is opened: its number, higher than that of any before it.
  int64_t open_channel() { return ++last_channel_; }
  // A request has arrived by that channel. `reply` is called at most once; never when the host
  // loses its power.
  JobId accept(int64_t channel, const ShellRequest& request, Reply reply);
  // Ends the job's process group.
  void cancel(JobId job);
  // The newest progress text of a job; empty when there is none or the job is gone.
  std::string progress(JobId job) const;
  // The power is gone: every job and lock with it.
  void lose_power();
  size_t jobs() const { return jobs_.size(); }

  // Planted bugs, to see that tests and invariants notice.
  bool forget_receipts = false;
  bool ignore_claim = false;
  bool refuse_stop = false;
  bool ignore_turn = false;

 private:
  struct Job {
    JobId id = 0;
    int64_t channel = 0;
    ShellRequest request;
    Reply reply;
    Instant begun{};
    Instant limit{};
    bool has_step_lock = false;
    bool has_claim_lock = false;
    bool admitted = false;
    bool logs = false;  // receipts are written
    bool once = false;
    bool interrupted = false;
    bool applied = false;
    bool answered = false;
    bool apply_failed = false;
    int losses = 0;  // so often in a row, and since then, the probe could not tell
    Instant lost_since{};
    int exit_code = -1;
    std::string out;
    std::string err;        // of the probe, where there is one
    std::string apply_err;  // what the apply said, and the wrapper's own words
    std::string progress;
    Instant progress_at{};
    std::optional<Instant> true_since;
    Milliseconds pause{5};
    bool in_script = false;
    bool in_apply = false;
    std::shared_ptr<ScriptCall> call;
    const SimulatedScript* script = nullptr;
  };

  // The newest run of a store that was served since the boot, and by which channel.
  struct Served {
    int64_t run = 0;
    int64_t channel = 0;
    auto operator<=>(const Served&) const = default;
  };

  Job* find(JobId id);
  bool is_guarded(const Job& job) const { return job.request.guarding != Guarding::read; }
  // A claim that is written again is the same claim: it needs no receipt, and no lock but its own.
  bool keeps_receipt(const Job& job) const {
    return is_guarded(job) && job.request.guarding != Guarding::publish;
  }
  SimulatedAppState& state_of(const Job& job);
  void try_locks(JobId id);
  bool take_step_lock(Job& job);
  bool take_claim_lock(Job& job);
  void admit(Job& job);
  bool in_turn(const Job& job);
  std::string stale_reason(const Job& job);
  void look_up(Job& job);
  void probe(JobId id);
  void probe_ended(Job& job);
  void start_apply(JobId id);
  void run_script(Job& job, const ReadyCommand& command);
  void call_script(JobId id);
  void script_ended(JobId id);
  void bound_reached(JobId id);
  void watch_stall(JobId id);
  void kill_script(Job& job, AnswerStatus status, const std::string& words);
  std::string said(const std::string& honest, FaultPoint::Speech speech);
  void answer(Job& job, AnswerStatus status);
  void leave(JobId id);
  void release_locks(const Job& job);
  std::string lock_name(const Job& job) const;

  SimulatedWorld& world_;
  SimulatedHost& host_;
  JobId last_job_ = 0;
  int64_t last_channel_ = 0;
  std::map<std::pair<std::string, std::string>, Served> served_;  // by application and store
  std::map<JobId, Job> jobs_;
  std::map<std::string, JobId> step_locks_;
  std::map<std::string, std::set<JobId>> claim_shared_;
  std::map<std::string, JobId> claim_exclusive_;
  std::deque<JobId> waiting_;
};

}  // namespace switchback
