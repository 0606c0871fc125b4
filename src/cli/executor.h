// The executor: the process that performs a run, apart from the terminal that asked for it. It has
// its own session, so a hang-up never stops it, and holds a lock, so there is one for each run.
#pragma once

#include <optional>
#include <string>

#include "cli/options.h"
#include "engine/engine.h"

namespace switchback {

// True while some process performs the run.
bool executor_is_alive(const std::string& state_directory, int64_t run);

// An executor without a run. It opens the connections to the application's hosts while these are
// looked at and a person reads the plan, so that the run does not begin with that. Where it is not
// given a run it ends with its owner, and nothing has happened.
class WaitingExecutor {
 public:
  // Without `application` it opens no connections in advance; the empty name is the only one that
  // is configured. `who` takes the run up.
  WaitingExecutor(const Options& options, const std::optional<std::string>& application,
                  const std::string& who);
  ~WaitingExecutor();
  WaitingExecutor(const WaitingExecutor&) = delete;
  WaitingExecutor& operator=(const WaitingExecutor&) = delete;

  // Hands it the run, unless somebody performs that already. One that is gone is replaced.
  // `unavailable`: none can be started.
  Result<void> perform(int64_t run);

 private:
  void start(const std::optional<std::string>& application);
  bool hand_over(int64_t run);

  Options options_;
  std::string who_;
  int line_ = -1;  // to the executor's standard input
};

// Starts an executor for the run if none is alive. `unavailable` when it cannot be started.
Result<void> start_executor(const std::string& state_directory, int64_t run,
                            const std::string& who);

// The executor's own main: opens the connections as above, reads the number of its run from
// standard input, takes the lock and performs it. Exit code of the process.
int execute_run(const Options& options, const std::optional<std::string>& application,
                const std::string& who);

}  // namespace switchback
