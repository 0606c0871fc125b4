// From a step of a plan to a request that a shell can send: captures become values. Pure.
#pragma once

#include "run/decide.h"
#include "world/shell.h"

namespace switchback {

// The receipt's name: the same for an attempt and for every time it is asked again.
std::string attempt_name(const RunState& state, const Dispatch& dispatch);

ShellRequest make_request(const RunState& state, const Dispatch& dispatch);

// One announcement of the plan once more, with other news (run/news.h). It takes no lock, needs no
// claim and leaves no receipt.
ShellRequest make_announcement(const RunState& state, const Step& step, const std::string& news);

// A command with every capture replaced by its value; a capture that nobody took is empty.
ReadyCommand make_ready(const RunState& state, const Command& command);

}  // namespace switchback
