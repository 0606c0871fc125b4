#include "cli/executor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "cli/options.h"
#include "cli/people.h"
#include "cli/situation.h"
#include "engine/heads.h"
#include "world/real_clock.h"
#include "world/real_shell.h"

namespace switchback {
namespace {

// How long an executor stays when only a person can go on: the connections stay open meanwhile.
constexpr Milliseconds linger{10 * 60'000};
// How long an ended run waits for hosts that should keep the journal's head.
constexpr Milliseconds head_bound{5'000};

volatile sig_atomic_t asked_to_leave = 0;

void ask_to_leave(int) {
  asked_to_leave = 1;
}

std::string run_path(const std::string& state_directory, int64_t run, const char* ending) {
  return fmt::format("{}/runs/{}.{}", state_directory, run, ending);
}

// The lock of one run: held by its executor for as long as it lives, so a kill frees it.
class RunLock {
 public:
  RunLock(const std::string& state_directory, int64_t run) {
    std::error_code ignored;
    std::filesystem::create_directories(state_directory + "/runs", ignored);
    fd_ = open(run_path(state_directory, run, "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    held_ = fd_ >= 0 && flock(fd_, LOCK_EX | LOCK_NB) == 0;
  }
  ~RunLock() {
    if (fd_ >= 0) close(fd_);
  }
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  bool usable() const { return fd_ >= 0; }
  bool held() const { return held_; }

 private:
  int fd_ = -1;
  bool held_ = false;
};

// The child's side of start_executor: its own session, output to the run's log, then this program
// again with the internal command.
[[noreturn]] void become_executor(const std::string& state_directory, int64_t run,
                                  const std::string& who) {
  setsid();
  if (fork() != 0) _exit(0);  // an orphan: nobody's terminal and nobody's zombie
  const int log = open(run_path(state_directory, run, "log").c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  if (log >= 0 || nothing >= 0) {
    dup2(log >= 0 ? log : nothing, STDOUT_FILENO);
    dup2(log >= 0 ? log : nothing, STDERR_FILENO);
  }
  // Nothing of the terminal's stays open: a lock or a pipe of the caller would live as long as we
  // do.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  const std::string number = std::to_string(run);
  execl("/proc/self/exe", "switchback", "--state", state_directory.c_str(), "execute-run",
        number.c_str(), "--who", who.c_str(), nullptr);
  _exit(127);
}

// What the journal ends with goes to the hosts of both sites, as far as they answer.
void keep_head_of(Store& store, Shell& shell, Clock& clock, int64_t run) {
  const auto state = load_run(store, run);
  if (!state) return;
  const auto kept = keep_head(shell, clock, store, state->plan->application, state->plan->hosts,
                              script_bodies().at("journal_head"), head_bound);
  fmt::print("the journal's head is kept at: {}\n", kept.empty() ? "none" : join(kept, ", "));
}

}  // namespace

bool executor_is_alive(const std::string& state_directory, int64_t run) {
  const RunLock lock(state_directory, run);
  return lock.usable() && !lock.held();
}

Result<void> start_executor(const std::string& state_directory, int64_t run,
                            const std::string& who) {
  if (executor_is_alive(state_directory, run)) return {};
  const pid_t child = fork();
  if (child < 0) {
    return fail(ErrorCode::unavailable,
                fmt::format("starting the run: {}; next: switchback run resume {}",
                            std::strerror(errno), run));
  }
  if (child == 0) become_executor(state_directory, run, who);
  int status = 0;
  waitpid(child, &status, 0);
  // The executor is up when it holds its lock; a second is far more than that takes.
  for (int i = 0; i < 500; ++i) {
    if (executor_is_alive(state_directory, run)) return {};
    usleep(2000);
  }
  return {};  // it may have finished already; the journal tells
}

int execute_run(const std::string& state_directory, int64_t run, const std::string& who) {
  const RunLock lock(state_directory, run);
  if (!lock.held()) {
    fmt::print(stderr, "run {} is performed by another process already\n", run);
    return exit_refused;
  }
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, ask_to_leave);
  Options options;
  options.state = state_directory;
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  RealClock clock;
  RealShell shell(shell_options(options));
  Engine engine(**store, shell, clock,
                {who, Milliseconds(50), linger, [] { return asked_to_leave != 0; }});
  const auto departure = engine.execute(run);
  if (!departure) return report_error(options, departure.error());
  fmt::print("left run {}: {}\n", run, departure->reason);
  if (departure->situation == Decision::Situation::ended) keep_head_of(**store, shell, clock, run);
  return exit_done;
}

}  // namespace switchback
