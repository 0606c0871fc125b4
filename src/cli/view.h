// How a run looks to a person: lines for a log, a live tree for a terminal. Pure text.
#pragma once

#include <string>
#include <vector>

#include "run/state.h"

namespace switchback {

// One event as one line, without time; empty for events that nobody needs to see.
std::string event_line(const RunState& state, const Event& event);

// The run as a tree: finished phases one line each, the present ones step by step. At most `rows`
// lines of at most `columns` columns; `now_ms` is wall time. `color` adds terminal colours.
std::vector<std::string> run_tree(const RunState& state, int64_t now_ms, int rows, int columns,
                                  bool color);

// The gates that wait for an answer now.
std::vector<std::string> open_gates(const RunState& state);

}  // namespace switchback
