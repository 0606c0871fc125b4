// The executor: the process that performs a run, apart from the terminal that asked for it. It has
// its own session, so a hang-up never stops it, and holds a lock, so there is one for each run.
#pragma once

#include <string>

#include "base/error.h"
#include "engine/engine.h"

namespace switchback {

// True while some process performs the run.
bool executor_is_alive(const std::string& state_directory, int64_t run);

// Starts an executor for the run if none is alive. `unavailable` when it cannot be started.
Result<void> start_executor(const std::string& state_directory, int64_t run,
                            const std::string& who);

// The executor's own main: takes the lock and performs the run. Exit code of the process.
int execute_run(const std::string& state_directory, int64_t run, const std::string& who);

}  // namespace switchback
