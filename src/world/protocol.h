// What travels between us and the runner (runner.sh): requests as lines of quoted words, answers as
// headers with counted bytes. Pure: no process, no clock.
#pragma once

#include <deque>
#include <set>

#include "world/shell.h"

namespace switchback {

// Output kept of one stream of an answer; the runner cuts what is longer and says so.
inline constexpr size_t answer_limit_bytes = size_t{1} << 20;

// The commands' standard inputs, secrets resolved: empty, "host:PATH", or "b64:…".
struct RequestInputs {
  std::string probe;
  std::string apply;
};

// One word that every POSIX shell reads back as exactly `word`, on one line: the runner reads
// requests line by line, and keeps a line feed in its variable `n`. `word` must not hold a NUL.
std::string quote_line_word(std::string_view word);

// The words that make the request unfit to be sent, or nothing. Checks what quoting cannot carry.
std::string request_problem(const ShellRequest& request);

// The line that makes the runner keep the command's script, or nothing where it has none or this
// channel has seen it: then `known` has its name.
std::string script_line(const ReadyCommand& command, std::set<std::string>& known);

// The line, or lines, that make the runner start the request: its scripts and the J line.
std::string request_lines(RequestId id, const ShellRequest& request, const RequestInputs& inputs,
                          std::set<std::string>& known);

std::string base64(std::string_view bytes);

// One message of the runner.
struct RunnerMessage {
  enum class Kind { hello, answer, progress, alive };
  Kind kind = Kind::answer;
  RequestId id = 0;
  Answer answer;  // elapsed is the runner's own measurement
  bool replayed = false;
  std::string text;  // progress; alive: the word asked for; hello: what the host lacks, or nothing
};

// Reads the runner's stream. Memory is bounded: a stream that is no runner's stops at its first
// wrong byte, and noise ahead of the hello (login banners) at 64 KiB.
class RunnerParser {
 public:
  // False when the stream is broken beyond repair; `problem` says how.
  bool feed(std::string_view bytes);
  std::deque<RunnerMessage>& messages() { return messages_; }
  const std::string& problem() const { return problem_; }
  bool greeted() const { return greeted_; }
  // The last words ahead of the hello: what a login printed instead of starting the runner.
  const std::string& pending() const { return buffer_; }

 private:
  bool step();
  bool greet();
  bool read_line(std::string_view line);
  bool read_answer(std::string_view line);
  bool broken(std::string_view how);

  std::string buffer_;
  std::deque<RunnerMessage> messages_;
  std::string problem_;
  bool greeted_ = false;
  bool reading_answer_ = false;
  RunnerMessage answer_;
  size_t out_bytes_ = 0;
  size_t err_bytes_ = 0;
  bool cut_ = false;
};

}  // namespace switchback
