// How a connection is made, and what it means when it fails: ssh's arguments, the text that the far
// end reads, and the verdict on ssh's last words. Pure.
#pragma once

#include <string>
#include <vector>

#include "world/shell.h"

namespace switchback {

// `ssh` to the host, starting a shell that reads the runner from its standard input. `options` go
// ahead of ours: ssh keeps the first value that it is given.
std::vector<std::string> ssh_argv(const Host& host, const std::vector<std::string>& options);

// The same on this machine.
std::vector<std::string> local_argv(const std::string& shell);

// The runner's text, with other roots than its own where given.
std::string runner_text(const std::string& state_root, const std::string& run_root,
                        const std::string& shell);

// A connection that ended before the runner had answered.
struct ConnectFailure {
  AnswerStatus status = AnswerStatus::unreachable;  // or refused
  std::string words;
};
ConnectFailure read_connect_failure(const Host& host, const std::string& words);

// The runner started and named what the host lacks.
ConnectFailure read_lacks(const Host& host, const std::string& lacks);

}  // namespace switchback
