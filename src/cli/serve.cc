#include "cli/serve.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "base/hash.h"
#include "cli/executor.h"
#include "cli/notify_systemd.h"
#include "cli/operate.h"
#include "cli/people.h"
#include "cli/situation.h"
#include "engine/jobs.h"
#include "engine/observe.h"
#include "engine/watch_all.h"
#include "planner/readiness.h"
#include "planner/schedule.h"
#include "run/refusals.h"
#include "world/real_clock.h"

namespace switchback {
namespace {

constexpr Milliseconds slice{250};
constexpr int64_t rare_turns = 20;  // what costs much and seldom changes is looked at so seldom
constexpr int64_t past_of_interest_ms = 3'600'000;

volatile sig_atomic_t asked_to_stop = 0;
volatile sig_atomic_t asked_to_read = 0;

void ask_to_stop(int) {
  asked_to_stop = 1;
}
void ask_to_read(int) {
  asked_to_read = 1;
}

// One application as this process knows it. The last sentences are kept so that each is said once.
struct Served {
  std::string path;
  std::string bytes;
  Application application;
  std::vector<Observation> looks;
  std::map<std::string, Facts> facts;
  std::string verdict;
  std::string no_sync;
  std::string trouble;
};

class Server {
 public:
  Server(const Options& options, Milliseconds every, std::unique_ptr<Store> store)
      : options_(options),
        every_(every),
        store_(std::move(store)),
        scripts_(script_bodies()),
        taker_("serve " + random_hex(8)),
        watchdog_(watchdog_interval()) {}

  int run() {
    if (!read_configuration_again()) return exit_usage;
    notify_systemd("READY=1");
    say(fmt::format("looking at {} applications every {}", served_.size(), duration_text(every_)));
    while (asked_to_stop == 0) {
      const Instant next = clock_.now() + every_;
      cycle();
      rest(next);
      asked_to_read = 0;
      if (asked_to_stop == 0) read_configuration_again();
    }
    notify_systemd("STOPPING=1");
    say("stopped");
    return exit_done;
  }

 private:
  static void say(const std::string& line) {
    fmt::print("{}\n", clean(line, 500));
    std::fflush(stdout);
  }
  static void say_once(std::string& said, const std::string& line) {
    if (said != line && !line.empty()) say(line);
    said = line;
  }

  void keep_alive() {
    if (!watchdog_ || clock_.now() < next_sign_) return;
    notify_systemd("WATCHDOG=1");
    next_sign_ = clock_.now() + *watchdog_;
  }

  bool leaves() {
    keep_alive();
    return asked_to_stop != 0;
  }

  void rest(Instant until) {
    while (!leaves() && asked_to_read == 0 && clock_.now() < until) {
      // Channels that break or come back are heard of here; their requests are long answered.
      static_cast<void>(shell_->next_event(std::min(until, clock_.now() + slice)));
    }
  }

  // False when there is nothing to look at at all. What is broken keeps its last good state.
  bool read_configuration_again() {
    std::vector<Served> fresh;
    std::vector<std::string> problems;
    bool changed = false;
    for (ReadFile& file : read_configuration(options_)) {
      const auto old = std::find_if(served_.begin(), served_.end(),
                                    [&](const Served& one) { return one.path == file.path; });
      if (!file.application) {
        const std::string kept = old == served_.end() ? "it is left out" : "its last state stays";
        problems.push_back(fmt::format("{}; {} until it is corrected",
                                       file.problems.empty() ? file.path : file.problems.front(),
                                       kept));
        if (old != served_.end()) fresh.push_back(std::move(*old));
        continue;
      }
      if (old != served_.end() && old->bytes == file.bytes) {
        fresh.push_back(std::move(*old));
        continue;
      }
      if (!served_.empty()) say(fmt::format("{} was read again", file.path));
      fresh.push_back(make_served(std::move(file)));
      changed = true;
    }
    changed = changed || fresh.size() != served_.size() || !shell_;
    served_ = std::move(fresh);
    say_once(configuration_trouble_, join(problems, "; "));
    // Hosts may have other addresses now: the channels are opened anew.
    if (changed) shell_ = std::make_unique<RealShell>(shell_options(options_));
    if (served_.empty()) {
      say(fmt::format("{}: there is no application to look at; next: switchback check",
                      options_.config));
    }
    return !served_.empty();
  }

  Served make_served(ReadFile file) {
    Served one{file.path, file.bytes, std::move(*file.application), {}, {}, "", "", ""};
    one.looks = observations(catalogue(), one.application);
    if (auto facts = store_->facts(one.application.name)) one.facts = std::move(*facts);
    return one;
  }

  void cycle() {
    std::vector<Watched> all;
    for (const Served& one : served_) {
      std::vector<Observation> looks = one.looks;
      if (turn_ % rare_turns != 0) {
        std::erase_if(looks, [](const Observation& look) {
          return look.name == "conflicts" || look.name == "backup";
        });
      }
      all.push_back({one.application.name, one.application.all_hosts(), std::move(looks)});
    }
    ++turn_;
    watch_all(
        *shell_, clock_, all, scripts_, look_bound,
        [&](size_t i, std::map<std::string, Facts> seen) { take(served_[i], seen); },
        [&] { return leaves(); });
  }

  // One application's answers are complete.
  void take(Served& one, const std::map<std::string, Facts>& seen) {
    const std::string& name = one.application.name;
    for (const std::string& line : changes(one.facts, seen)) say(name + ": " + line);
    one.facts = merge_facts(std::move(one.facts), seen);
    const auto kept = store_->put_facts(name, one.facts);
    const auto claim = store_->claim(name);
    if (!kept || !claim) {
      say_once(one.trouble, name + ": " + (kept ? claim.error().message : kept.error().message));
      return;
    }
    say_once(one.trouble, "");
    Snapshot snapshot{clock_.wall_ms(), one.facts, {}};
    if (auto past = store_->past_looks(name, snapshot.now_ms - past_of_interest_ms)) {
      snapshot.past = std::move(*past);
    }
    say_verdict(one, *claim, snapshot);
    sync(one, *claim, snapshot);
  }

  static void say_verdict(Served& one, const Claim& claim, const Snapshot& snapshot) {
    const Readiness now = ready(catalogue(), one.application, claim, snapshot, {});
    std::string line =
        fmt::format("{}: switchover {}, failover {}", one.application.name,
                    now.switchover_go ? "go" : "NO-GO", now.failover_go ? "go" : "NO-GO");
    if (!now.go && !now.findings.empty()) {
      const Finding& worst = now.findings.front().finding;
      line += fmt::format("; {}: {}", worst.subject, worst.text);
    }
    // Words with figures in them change with every look; the verdicts do not.
    const std::string verdict = line.substr(0, line.find(';'));
    if (one.verdict != verdict) say(line);
    one.verdict = verdict;
  }

  void sync(Served& one, const Claim& claim, const Snapshot& snapshot) {
    const std::string& name = one.application.name;
    if (due_syncs(one.application, claim, snapshot, sync_attempts(*store_, one.application))
            .empty())
      return;
    if (is_busy(one)) return;
    if (const std::string why = why_no_sync(one.application, claim, snapshot); !why.empty()) {
      // Said once for each thing that is in the way, whatever its words are this time.
      const std::string what = why.substr(0, why.find(':'));
      if (one.no_sync != what) say(fmt::format("{}: nothing is synced: {}", name, why));
      one.no_sync = what;
      return;
    }
    say_once(one.no_sync, "");
    const auto taken = take_due_syncs(*store_, one.application, claim, snapshot, taker_);
    if (!taken) {
      say_once(one.trouble, name + ": " + taken.error().message);
      return;
    }
    if (!taken->empty()) begin(one, claim, snapshot, *taken);
  }

  // An open run keeps every sync away. A sync that is stuck, or that nobody performs any more, is
  // ended here: it must never stand in the way of a person.
  bool is_busy(Served& one) {
    const auto runs = store_->runs(one.application.name);
    if (!runs) {
      say_once(one.trouble, one.application.name + ": " + runs.error().message);
      return true;
    }
    for (const RunRecord& record : *runs) {
      if (record.ended) continue;
      if (record.operation != Operation::sync) return true;
      const auto state = load_run(*store_, record.run);
      if (!state || state->abort_asked) return true;
      const bool alive = executor_is_alive(options_.state, record.run);
      const Decision decision = decide(*state, {}, DecisionTime{});
      if (alive && decision.situation != Decision::Situation::held) return true;
      say(fmt::format("{}: run {}, a sync, did not come to its end: {}", one.application.name,
                      record.run, alive ? decision.reason : "nobody performs it"));
      static_cast<void>(end_sync(options_.state, *store_, record.run, "serve"));
      return true;
    }
    return false;
  }

  void begin(Served& one, const Claim& claim, const Snapshot& snapshot,
             const std::vector<std::string>& components) {
    const std::string& name = one.application.name;
    const auto plan =
        make_plan(catalogue(), one.application, claim, snapshot, {Operation::sync, "", components});
    if (!plan) {
      say_once(one.no_sync, fmt::format("{}: {}", name, plan.error().message));
      return;
    }
    OperateFlags flags;
    flags.reason = "due: " + join(components, ", ");
    const Event first = created_event(*plan, store_->store_id(), plan->claim_before.epoch,
                                      Prediction{}, flags, {"serve", true});
    const auto run = store_->create_run(name, {first});
    if (!run) {
      say_once(one.trouble, name + ": " + run.error().message);
      return;
    }
    if (auto started = start_executor(options_.state, *run, "serve"); !started) {
      say_once(one.trouble, name + ": " + started.error().message);
    }
  }

  const Options& options_;
  const Milliseconds every_;
  std::unique_ptr<Store> store_;
  const std::map<std::string, std::string> scripts_;
  const std::string taker_;
  RealClock clock_;
  std::unique_ptr<RealShell> shell_;
  std::vector<Served> served_;
  std::string configuration_trouble_;
  const std::optional<Milliseconds> watchdog_;
  Instant next_sign_;
  int64_t turn_ = 0;
};

void on_signal(int number, void (*action)(int)) {
  struct sigaction how {};
  how.sa_handler = action;
  sigaction(number, &how, nullptr);
}

}  // namespace

Result<void> end_sync(const std::string& state_directory, Store& store, int64_t run,
                      const std::string& who) {
  const auto state = load_run(store, run);
  if (!state) return std::unexpected(state.error());
  if (!state->abort_asked) {
    const Json body{{"who", who}, {"verified", true}, {"reason", "a sync never stands in the way"}};
    auto asked =
        add_to_run(store, run, RealClock().wall_ms(), EventKind::abort_asked, body, abort_refusal);
    if (!asked) return asked;
  }
  return start_executor(state_directory, run, who);
}

int serve(const Options& options, Milliseconds every) {
  if (every < Milliseconds(1'000)) {
    return report_error(options, {ErrorCode::invalid_input, "serve: --every is at least 1s"});
  }
  auto store = open_store(options, true);
  if (!store) return report_error(options, store.error());
  on_signal(SIGTERM, ask_to_stop);
  on_signal(SIGINT, ask_to_stop);
  on_signal(SIGHUP, ask_to_read);
  return Server(options, every, std::move(*store)).run();
}

}  // namespace switchback
