// A Shell that examines every step on its way to a host: it asks the step's probe before and after,
// applies a second time without the probe, and compares what is observed of the host before and
// after that second time. The engine above it performs a whole operation and notices nothing. The
// shell below is the simulator's or the real one.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "world/clock.h"
#include "world/shell.h"

namespace switchback {

// What was seen of one step, in words: done, not_done, unknown, or how an exchange ended.
struct Examination {
  std::string before;   // the probe, before anything was done
  std::string answer;   // of the step itself
  std::string after;    // the probe
  std::string again;    // a second apply, without its probe
  std::string still;    // the probe
  std::string undone;   // the probe after an undo
  std::string changed;  // facts that the second apply has changed
};

class ExaminingShell : public Shell {
 public:
  // Facts of a host, only those that stay as they are while nobody acts.
  using Look = std::function<std::map<std::string, std::string>(const std::string& host)>;

  ExaminingShell(Shell& shell, Clock& clock, Look look)
      : shell_(shell), clock_(clock), look_(std::move(look)) {}

  void connect(const std::vector<Host>& hosts) override { shell_.connect(hosts); }
  RequestId start(const ShellRequest& request) override;
  std::optional<ShellEvent> next_event(Instant deadline) override;
  void cancel(RequestId request) override;

  // By step.
  const std::map<std::string, Examination>& examinations() const { return examinations_; }
  void forget() {
    examinations_.clear();
    seen_.clear();
  }
  // Called when a step has been answered.
  std::function<void(const std::string& step)> on_answer = [](const std::string&) {};

 private:
  Answer examine(const ShellRequest& request);
  Answer send(const ShellRequest& request);
  std::string probe(const ShellRequest& request);

  Shell& shell_;
  Clock& clock_;
  Look look_;
  RequestId last_id_ = 0;
  std::map<RequestId, ShellRequest> waiting_;
  std::map<std::string, ShellRequest> seen_;  // by step: the way there
  std::map<std::string, Examination> examinations_;
};

}  // namespace switchback
