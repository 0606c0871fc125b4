// Plans and operations: `switchback plan …`, `switchover`, `failover`, `reprotect`, `failback`,
// `adopt`, `release`.
#pragma once

#include <string>

#include "cli/options.h"

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

int print_plan(const Options& options, Operation operation, const std::string& application,
               const OperateFlags& flags);
int operate(const Options& options, Operation operation, const std::string& application,
            const OperateFlags& flags);

}  // namespace switchback
