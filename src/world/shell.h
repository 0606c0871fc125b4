// The hosts, as the engine sees them: requests go out, answers come back, nothing blocks.
//
// A request runs on its host under the wrapper (src/world/runner.sh): lock for (application, step),
// claim check, receipt lookup, start line, probe, apply, probe until done or bound, end line. The
// whole is one exchange. Whether the connection lives or not, the host finishes what it began; the
// same request sent again (same application, step and attempt) is answered from the receipt, or
// waits for the first one to end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "world/clock.h"

namespace switchback {

using RequestId = uint64_t;

// A command whose arguments are all known. `body` is the script's text; empty for a plain vector.
struct ReadyCommand {
  std::string script;
  std::string body;
  std::vector<std::string> arguments;
  std::string secret_stdin;  // a reference; the real shell resolves it when it sends the request
};

inline bool is_empty(const ReadyCommand& command) {
  return command.script.empty() && command.arguments.empty();
}

struct ShellRequest {
  std::string host;  // key of a connected host, or "controller"
  std::string application;
  std::string step;     // step id, the lock's name; "observe.…" for reads
  std::string attempt;  // "<run>.<step>.<n>": the receipt's name
  Guarding guarding = Guarding::read;
  int64_t epoch = 0;  // the claim under which the run acts
  std::string claim_id;
  std::string store_id;
  int64_t run = 0;
  ReadyCommand probe;  // no script and no arguments: none
  ReadyCommand apply;  // none: the probe alone, repeated until `bound`
  Milliseconds bound{30'000};
  Milliseconds stall{0};
  Milliseconds hold{0};
  bool once = false;  // probe once and answer: re-proving, observing
};

// How an exchange ended. Everything but `ended` leaves the effect to be established by a probe.
enum class AnswerStatus {
  ended,        // `exit_code` is the last command's (the probe's where there is one)
  timed_out,    // the bound was reached on the host
  stalled,      // no progress within the stall limit
  busy,         // another holder kept the lock until the bound
  stale,        // the host has seen a newer claim or run: nothing was done
  interrupted,  // an earlier attempt started and left no end line; nothing was run, the probe
                // (if there is one) answered `exit_code`
  no_receipt,   // the receipt could not be stored: nothing was done
  unreachable,  // no connection, and the request was certainly never sent
  lost,         // the connection broke after the request was sent: unknown
  refused,      // the host or the request is unfit (missing tool, wrong host key, bad request)
};

std::string_view answer_status_text(AnswerStatus status);

struct Answer {
  AnswerStatus status = AnswerStatus::lost;
  int exit_code = -1;
  bool applied = false;  // the apply command was started in this exchange (or by its receipt)
  std::string out;       // standard output of the deciding command; at most 1 MiB kept
  std::string err;       // standard error, and words about the connection
  Milliseconds elapsed{0};
};

// What the world reports. `progress` is the newest text of a long command: percent, bytes, words.
struct ShellEvent {
  enum class Kind { answer, progress };
  Kind kind = Kind::answer;
  RequestId request = 0;
  Answer answer;
  std::string progress;
};

// Implementations: RealShell (ssh, local), SimulatedShell (world/sim/). Single-threaded use.
class Shell {
 public:
  virtual ~Shell() = default;
  // Makes the hosts known; opens connections in the background. May be called again with more.
  virtual void connect(const std::vector<Host>& hosts) = 0;
  // Sends the scripts of these commands ahead, so that no request has to wait until its host has
  // read them. May be left out, and may be lost.
  virtual void send_ahead(const std::string& /*host*/,
                          const std::vector<ReadyCommand>& /*commands*/) {}
  // Sends a request. Never blocks and never fails: a failure comes back as an answer.
  virtual RequestId start(const ShellRequest& request) = 0;
  // The next event, or nothing when `deadline` passes first.
  virtual std::optional<ShellEvent> next_event(Instant deadline) = 0;
  // Ends the host's process group of that request, best effort; an answer still follows.
  virtual void cancel(RequestId request) = 0;
};

}  // namespace switchback
