// The engine performs a run: it reads the journal, decides purely (run/decide.h), writes the
// intent, acts through the Shell, writes the outcome, and again. Single-threaded and deterministic
// above Store, Shell and Clock; it may be killed at any instruction and started again.
//
// The loop, in its phases:
//   1. read    events that others wrote (answers of people, abort, notes)
//   2. decide  from the folded state alone
//   3. write   intents and decisions, in one durable append, together with the outcomes of 5
//   4. act     send what was written; tell people when it takes longer than predicted
//   5. hear    answers of the hosts; each becomes an outcome event
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/decide.h"
#include "store/store.h"
#include "world/clock.h"
#include "world/shell.h"

namespace switchback {

struct EngineOptions {
  std::string who;         // for run_resumed
  Milliseconds poll{100};  // how often the journal is looked at for other writers
  Milliseconds linger{0};  // how long to stay when only a person can go on
  std::function<bool()> interrupted = [] { return false; };  // a signal asked the executor to leave
};

// How the executor left the run.
struct Departure {
  Decision::Situation situation = Decision::Situation::running;
  std::string reason;
};

class Engine {
 public:
  Engine(Store& store, Shell& shell, Clock& clock, EngineOptions options);

  // Performs run `run` until it ends, is held or waits for a person for longer than `linger`.
  // May be called again, also by another process, at any time: the caller keeps executors of one
  // run apart (cli/executor.h). Errors: the journal cannot be read or written; then nothing more
  // was done.
  Result<Departure> execute(int64_t run);

 private:
  struct Sent {
    Dispatch dispatch;
    std::string attempt;
  };

  Result<void> load(int64_t run);
  void send_scripts_ahead();
  Result<void> resume();
  Result<void> read_others();
  Result<Decision> decide_and_write();
  bool leaves(const Decision& decision);
  void act(const Decision& decision);
  void tell(const Decision& decision);
  void hear_told(const std::string& step, const std::string& news, const Answer& answer);
  void take_claim(const Dispatch& dispatch);
  void send(const Dispatch& dispatch);
  void hear(Instant deadline);
  void hear_answer(const Sent& sent, const Answer& answer);
  void hear_reprove(const Sent& sent, const Answer& answer);
  void hear_progress(const Sent& sent, const std::string& text);
  void cancel_waits();
  void heard(EventKind kind, Json body);

  Store& store_;
  Shell& shell_;
  Clock& clock_;
  EngineOptions options_;
  RunState state_;
  Flight flight_;
  std::map<RequestId, Sent> sent_;
  std::map<RequestId, std::pair<std::string, std::string>> telling_;  // step, news
  std::vector<Event> heard_;  // outcomes that are folded into state_ and not yet durable
  std::map<size_t, Instant> progress_at_;
  std::optional<Instant> idle_since_;
  bool waits_cancelled_ = false;
};

}  // namespace switchback
