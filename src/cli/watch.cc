#include "cli/watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <set>

#include "cli/executor.h"
#include "cli/inspect.h"
#include "cli/people.h"
#include "cli/situation.h"
#include "cli/view.h"
#include "run/refusals.h"
#include "run/report.h"
#include "world/real_clock.h"

namespace switchback {
namespace {

volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

class Watcher {
 public:
  Watcher(const Options& options, Store& store, int64_t run, int64_t after)
      : options_(options), store_(store), run_(run), after_(after) {
    live_ = !options.json && isatty(STDOUT_FILENO) != 0 && isatty(STDIN_FILENO) != 0;
  }

  int watch() {
    // Without SA_RESTART, so that Ctrl-C also ends the wait for an answer.
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, nullptr);
    while (true) {
      // First the executor, then the journal: one that has just ended has written its last word.
      const bool alive = executor_is_alive(options_.state, run_);
      if (auto read = read_new(); !read) return report_error(options_, read.error());
      if (live_) draw();
      if (state_.ended) return finish();
      // What the executor will decide from here: it may not have opened the gate yet.
      const Decision decision = decide(state_, flight_, DecisionTime{});
      if (live_ && alive && ask_open_gate()) continue;
      if (!alive || decision.situation == Decision::Situation::held ||
          (decision.situation == Decision::Situation::waiting && !live_ &&
           !open_gates(state_).empty())) {
        return leave_open(alive, decision);
      }
      if (interrupted != 0) return detach();
      pause();
    }
  }

 private:
  Result<void> read_new() {
    auto events = state_.last_sequence == 0
                      ? store_.read(run_)
                      : store_.read_behind({run_, state_.last_sequence, state_.last_hash});
    if (!events) return std::unexpected(events.error());
    for (const Event& event : *events) {
      note_rechecks(event);
      if (auto folded = apply(state_, event); !folded) return folded;
      if (!live_ && event.sequence > after_) print_event(event);
    }
    if (!state_.plan) {
      return fail(ErrorCode::not_found,
                  fmt::format("run {}: there is no such run; next: switchback runs", run_));
    }
    return {};
  }

  // Whoever performs the run asks again about an unknown step, a few times, and journals the last
  // answer: an unknown step that is unknown once more is left to a person.
  void note_rechecks(const Event& event) {
    if (event.kind == EventKind::run_resumed) flight_.rechecks.clear();
    const auto place = state_.index.find(json_text(event.body, "step"));
    if (place == state_.index.end()) return;
    const bool again = event.kind == EventKind::step_ended &&
                       state_.steps[place->second].status == StepStatus::unknown;
    flight_.rechecks[place->second] = again ? recheck_limit : 0;
  }

  void print_event(const Event& event) {
    if (options_.json) {
      fmt::print("{}\n", dump_json(event_to_json(event)));
    } else if (const std::string line = event_line(state_, event); !line.empty()) {
      fmt::print("{}  {}\n", time_text(event.at_ms).substr(11, 12), line);
    }
    std::fflush(stdout);
  }

  void draw() {
    winsize size{};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const int rows = size.ws_row > 4 ? size.ws_row - 2 : 24;
    const int columns = size.ws_col > 20 ? size.ws_col : 80;
    const auto lines = run_tree(state_, clock_.wall_ms(), rows, columns, true);
    std::string frame;
    // A terminal that was resized may have wrapped what was drawn: nobody knows where it stands.
    const bool resized = drawn_ > 0 && (size.ws_row != size_.ws_row || size.ws_col != size_.ws_col);
    if (resized) {
      frame += "\x1b[2J\x1b[H";
    } else if (drawn_ > 0) {
      frame += fmt::format("\x1b[{}A", drawn_);
    }
    for (const std::string& line : lines) frame += "\r" + line + "\x1b[K\n";
    frame += "\x1b[J";
    drawn_ = lines.size();
    size_ = size;
    fmt::print("{}", frame);
    std::fflush(stdout);
  }

  // Who attests that the old side is dead decides about what it has: the price stands beside it.
  std::string price_beside(const Gate& gate) {
    const bool emergency = state_.plan->operation == Operation::failover;
    if (gate.kind != Gate::Kind::attestation || !emergency || state_.price.empty()) return "";
    const Milliseconds age(std::max<int64_t>(0, clock_.wall_ms() - state_.priced_at_ms));
    return fmt::format("{}\n  (as it was {} ago, when the run began)\n\n", trim(state_.price),
                       duration_text(age));
  }

  // Asks the first open gate that this viewer has not asked yet; true when an answer was written.
  bool ask_open_gate() {
    for (const std::string& id : open_gates(state_)) {
      if (asked_.contains(id)) continue;
      asked_.insert(id);
      const Gate& gate = state_.plan->find(id)->gate;
      fmt::print("\n{}  {} – answered by: {}\n  {}\n  yes, no, or Enter to leave it open: ",
                 price_beside(gate), id, gate.by, gate.text);
      std::fflush(stdout);
      tcflush(STDIN_FILENO, TCIFLUSH);  // what was typed before the question does not answer it
      std::string answer;
      const bool typed = static_cast<bool>(std::getline(std::cin, answer));
      std::cin.clear();
      std::clearerr(stdin);
      drawn_ = 0;
      if (!typed || (answer != "yes" && answer != "no")) continue;
      const Identity who = identify(options_.as);
      const Json body{
          {"step", id}, {"who", who.name}, {"verified", who.verified}, {"answer", answer}};
      const auto added = add_to_run(
          store_, run_, clock_.wall_ms(), EventKind::gate_answered, body,
          [&](const RunState& state) {
            return gate_refusal(state, id, {who.name, who.verified, answer == "yes", "", 0});
          });
      if (!added) fmt::print("  {}\n", added.error().message);
      return true;
    }
    return false;
  }

  int finish() {
    const Decision decision = decide(state_, {}, DecisionTime{});
    if (!options_.json) {
      const auto took = state_.duration();
      fmt::print("run {} {}{}: {}\n", run_, state_.result,
                 took ? " after " + duration_text(*took) : "", state_.message);
      if (state_.clock_set_back) {
        fmt::print(
            "This machine's clock was set back meanwhile: times of this run are no measure\n");
      }
      for (const std::string& line : unprotected(state_)) fmt::print("Unprotected: {}\n", line);
      fmt::print("Report: switchback run show {}\n", run_);
    }
    return exit_code_of(state_, decision);
  }

  int leave_open(bool alive, const Decision& decision) {
    if (!options_.json) {
      const bool running = decision.situation == Decision::Situation::running;
      fmt::print("run {}: {}\n", run_,
                 running ? "nobody performs it at the moment" : decision.reason);
      for (const std::string& id : open_gates(state_)) {
        const Gate& gate = state_.plan->find(id)->gate;
        fmt::print("{}  {}: {}\n  next: switchback run confirm {} {}\n", price_beside(gate), id,
                   gate.text, run_, id);
      }
      for (size_t i = 0; i < state_.steps.size(); ++i) {
        const StepStatus status = state_.steps[i].status;
        if (status != StepStatus::failed && status != StepStatus::unknown) continue;
        const std::string& id = state_.plan->steps[i].id;
        fmt::print("  {} is {}: {}\n  next: switchback run retry {} {}{}\n", id,
                   step_status_text(status), state_.steps[i].message, run_, id,
                   abort_refusal(state_).empty()
                       ? fmt::format(", or: switchback run abort {}", run_)
                       : "");
      }
      if (!alive && running) fmt::print("  next: switchback run resume {}\n", run_);
    }
    return exit_code_of(state_, decision);
  }

  int detach() {
    fmt::print("\nThe run goes on. Come back with: switchback run watch {}\n", run_);
    return exit_waits;
  }

  static void pause() {
    pollfd nothing{};
    poll(&nothing, 0, 60);
  }

  const Options& options_;
  Store& store_;
  const int64_t run_;
  const int64_t after_;
  RealClock clock_;
  RunState state_;
  Flight flight_;
  std::set<std::string> asked_;
  size_t drawn_ = 0;
  winsize size_{};
  bool live_ = false;
};

}  // namespace

int exit_code_of(const RunState& state, const Decision& decision) {
  if (state.ended && state.result == "done") return exit_done;
  if (!state.any_effect()) {
    return state.ended                                          ? exit_refused
           : decision.situation == Decision::Situation::waiting ? exit_waits
                                                                : exit_stopped;
  }
  return decision.situation == Decision::Situation::waiting ? exit_waits : exit_stopped;
}

int watch_run(const Options& options, Store& store, int64_t run, int64_t after) {
  return Watcher(options, store, run, after).watch();
}

int follow_run(const Options& options, Store& store, int64_t run, int64_t after) {
  const int code = watch_run(options, store, run, after);
  const auto state = load_run(store, run);
  if (code != exit_done || !state) return code;
  const auto seen = look_at(options, state->plan->application, Look::fresh, false);
  if (!seen || options.json) return code;
  // What the run left to a person. That nothing stands by was said, where it is so.
  auto found = diagnose(catalogue(), seen->application, seen->claim, seen->snapshot);
  std::erase_if(found, [](const Diagnosis& each) {
    return each.situation == Diagnosis::Situation::standby_lost;
  });
  print_diagnoses(found);
  return code;
}

}  // namespace switchback
