// `switchback serve`: looks at every application of the configuration folder again and again, keeps
// what it saw, and runs the syncs that are due. It decides nothing about who is active.
//
// Several may run on one store: each due sync is taken by a compare-and-set, so one of them does
// it.
#pragma once

#include <string>

#include "cli/options.h"

namespace switchback {

// Runs until SIGTERM or SIGINT. SIGHUP, or a changed file, reads the configuration again; a file
// that is broken is named, and its last good state stays. Tells systemd when it is ready.
int serve(const Options& options, Milliseconds every);

// Asks a run of a sync to end; its executor, or a new one, ends it.
Result<void> end_sync(const std::string& state_directory, Store& store, int64_t run,
                      const std::string& who);

}  // namespace switchback
