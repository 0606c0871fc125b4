// A real shell over the local runner, in a directory of its own that goes away with the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "world/real_shell.h"

namespace switchback {

class ScratchFolder {
 public:
  ScratchFolder() {
    char pattern[] = "/tmp/switchback-test.XXXXXX";
    path_ = mkdtemp(pattern);
  }
  // Jobs that outlive their test may still write for a moment.
  ~ScratchFolder() {
    std::error_code ignored;
    for (int tries = 0, gone = 0; tries < 100 && gone < 2; ++tries, usleep(20'000)) {
      std::filesystem::remove_all(path_, ignored);
      gone = std::filesystem::exists(path_) ? 0 : gone + 1;
    }
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_text(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

// A process that has ended counts as gone, even before its parent has taken note of it.
inline bool is_running(pid_t pid) {
  const auto stat = read_text("/proc/" + std::to_string(pid) + "/stat");
  const auto end = stat.rfind(") ");
  return end != stat.npos && stat[end + 2] != 'Z';
}

// True as soon as `condition` holds, false when it does not within `bound`.
template <class Condition>
bool wait_until(Condition condition, Milliseconds bound = Milliseconds(5'000)) {
  RealClock clock;
  for (const auto end = clock.now() + bound; clock.now() < end; usleep(2'000)) {
    if (condition()) return true;
  }
  return condition();
}

// One local host; `shell` is the interpreter that has to read the runner.
struct LocalHost {
  explicit LocalHost(const std::string& interpreter = "/bin/sh") {
    if (interpreter == "busybox") {
      shell = scratch / "ash";
      std::filesystem::create_symlink("/bin/busybox", shell);
    } else {
      shell = interpreter;
    }
    connect();
  }

  RealShellOptions options() const {
    RealShellOptions options;
    options.controller_state_root = scratch / "state";
    options.controller_run_root = scratch / "run";
    options.controller_shell = shell;
    return options;
  }

  // Also the way back after the runner was killed, or as another process would come.
  void connect() {
    answers.clear();  // request ids begin anew
    real = std::make_unique<RealShell>(options());
    real->connect({});
  }

  ShellRequest request(const std::string& step, const std::string& attempt, Guarding guarding) {
    ShellRequest request;
    request.host = "controller";
    request.application = "shop";
    request.step = step;
    request.attempt = attempt;
    request.guarding = guarding;
    request.epoch = 5;
    request.claim_id = "c5";
    request.store_id = "store";
    request.run = 7;
    request.bound = Milliseconds(10'000);
    return request;
  }

  ShellRequest read(std::vector<std::string> argv) {
    auto made = request("observe", "0.observe.1", Guarding::read);
    made.apply.arguments = std::move(argv);
    return made;
  }

  ShellRequest effect(const std::string& step, int attempt, const std::string& script) {
    auto made = request(step, "7." + step + "." + std::to_string(attempt), Guarding::effect);
    made.apply = {.script = "apply", .body = script, .arguments = {}, .secret_stdin = ""};
    return made;
  }

  static ReadyCommand script(const std::string& body, std::vector<std::string> arguments = {}) {
    return {.script = "named", .body = body, .arguments = std::move(arguments), .secret_stdin = ""};
  }

  void take(const std::optional<ShellEvent>& event) {
    if (!event) return;
    if (event->kind == ShellEvent::Kind::progress) {
      progress.push_back(event->progress);
      return;
    }
    EXPECT_FALSE(answers.contains(event->request)) << "two answers to one request";
    answers[event->request] = event->answer;
  }

  // The answer to this request; progress on the way is collected.
  Answer wait(RequestId id, Milliseconds bound = Milliseconds(20'000)) {
    for (const auto end = clock.now() + bound; clock.now() < end;) {
      if (const auto found = answers.find(id); found != answers.end()) return found->second;
      const auto event = real->next_event(end);
      if (!event) break;
      take(event);
    }
    if (const auto found = answers.find(id); found != answers.end()) return found->second;
    ADD_FAILURE() << "no answer to request " << id;
    return {};
  }

  Answer run(const ShellRequest& request) { return wait(real->start(request)); }

  std::string state(const std::string& name) const { return scratch / ("state/shop/" + name); }

  ScratchFolder scratch;
  std::string shell;
  RealClock clock;
  std::unique_ptr<RealShell> real;
  std::map<RequestId, Answer> answers;
  std::vector<std::string> progress;
};

// "ended 0", "stale -1 …": what a table of expectations compares.
inline std::string verdict(const Answer& answer) {
  return std::string(answer_status_text(answer.status)) + " " + std::to_string(answer.exit_code);
}

}  // namespace switchback
