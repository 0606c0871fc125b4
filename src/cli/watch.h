// The viewer of a run: it only reads the journal. Leaving it never stops the run.
#pragma once

#include "cli/options.h"
#include "run/decide.h"

namespace switchback {

// Shows the run until it ends, or until only a person can go on: a live tree on a terminal (where
// open gates are asked right there), else one line for each event, JSON lines with --json. Ctrl-C
// leaves and says how to come back. Events up to sequence `after` are not shown again. Returns the
// exit code that fits the run.
int watch_run(const Options& options, Store& store, int64_t run, int64_t after = 0);

// The same for somebody who has just set the run going: where it ends done, the hosts are looked at
// once more: that may be all that is known when a site is lost next. Says what is left to a person.
int follow_run(const Options& options, Store& store, int64_t run, int64_t after = 0);

// The exit code that fits the state of a run that nobody performs at the moment.
int exit_code_of(const RunState& state, const Decision& decision);

}  // namespace switchback
