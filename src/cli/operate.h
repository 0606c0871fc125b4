// Plans and operations: `switchback plan …`, `switchover`, `failover`, `reprotect`, `failback`,
// `adopt`, `release`.
#pragma once

#include <string>

#include "cli/options.h"
#include "planner/predict.h"

namespace switchback {

struct OperateFlags {
  std::string to;      // site; empty: the obvious one
  std::string ticket;  // recorded in journal and report
  std::string reason;
  std::string anyway;         // why it may go home outside of `failback: {stable_for, windows}`
  bool yes = false;           // answers "proceed?" and nothing else
  bool dry_run = false;       // shows the plan and stops
  bool no_look = false;       // plan from stored facts alone
  bool commands = false;      // the text names every command
  std::string form = "text";  // text, json, markdown, shell
};

// The first event of a run of `plan`, of which nothing was done yet. Its claim, if it takes one,
// lies above `newest_epoch`, the highest one that store or hosts are known to hold.
Event created_event(const Plan& plan, const std::string& store_id, int64_t newest_epoch,
                    const Prediction& prediction, const OperateFlags& flags, const Identity& who);

int print_plan(const Options& options, Operation operation, const std::string& application,
               const OperateFlags& flags);
int operate(const Options& options, Operation operation, const std::string& application,
            const OperateFlags& flags);

}  // namespace switchback
