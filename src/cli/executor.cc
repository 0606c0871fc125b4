#include "cli/executor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
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
  // Whoever asks whether the executor is alive holds the lock for a moment, too.
  bool wait() {
    for (int i = 0; !held_ && usable() && i < 50; ++i) {
      usleep(2000);
      held_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
    }
    // For people who look for the process.
    if (held_ && ftruncate(fd_, 0) == 0) dprintf(fd_, "%d\n", getpid());
    return held_;
  }

 private:
  int fd_ = -1;
  bool held_ = false;
};

// The child's side: its own session, then this program again with the internal command.
[[noreturn]] void become_executor(const Options& options,
                                  const std::optional<std::string>& application,
                                  const std::string& who, int line) {
  setsid();
  if (fork() != 0) _exit(0);  // an orphan: nobody's terminal and nobody's zombie
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(line, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  // Nothing of the terminal's stays open: a lock or a pipe of the caller would live as long as we
  // do.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  std::vector<const char*> words{"switchback",
                                 "--config",
                                 options.config.c_str(),
                                 "--state",
                                 options.state.c_str(),
                                 "execute-run",
                                 "--who",
                                 who.c_str()};
  if (application) words.insert(words.end(), {"--connect", application->c_str()});
  words.push_back(nullptr);
  execv("/proc/self/exe", const_cast<char**>(words.data()));
  _exit(127);
}

// The number of the run, or nothing when whoever would have given it is gone. The shell's channels
// are served meanwhile.
std::optional<int64_t> wait_for_run(Shell& shell) {
  RealClock clock;
  std::string heard;
  while (!heard.ends_with('\n')) {
    pollfd line{STDIN_FILENO, POLLIN, 0};
    if (poll(&line, 1, 0) == 0) {
      shell.next_event(clock.now() + Milliseconds(10));
      continue;
    }
    char part[32];
    const ssize_t got = read(STDIN_FILENO, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    heard.append(part, static_cast<size_t>(got));
  }
  return std::atoll(heard.c_str());
}

// From here on the process has nobody but the run's log to talk to.
void write_to_log(const std::string& state_directory, int64_t run) {
  const int log = open(run_path(state_directory, run, "log").c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return;
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  close(log);
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

WaitingExecutor::WaitingExecutor(const Options& options,
                                 const std::optional<std::string>& application,
                                 const std::string& who)
    : options_(options), who_(who) {
  start(application);
}

WaitingExecutor::~WaitingExecutor() {
  if (line_ >= 0) close(line_);
}

void WaitingExecutor::start(const std::optional<std::string>& application) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
  const pid_t child = fork();
  if (child == 0) become_executor(options_, application, who_, ends[1]);
  close(ends[1]);
  if (line_ >= 0) close(line_);
  line_ = ends[0];
  if (child > 0) waitpid(child, nullptr, 0);
}

bool WaitingExecutor::hand_over(int64_t run) {
  const std::string number = fmt::format("{}\n", run);
  return line_ >= 0 && send(line_, number.data(), number.size(), MSG_NOSIGNAL) > 0;
}

Result<void> WaitingExecutor::perform(int64_t run) {
  if (executor_is_alive(options_.state, run)) return {};
  if (!hand_over(run)) {
    start(std::nullopt);
    if (!hand_over(run)) {
      return fail(ErrorCode::unavailable,
                  fmt::format("starting the run: {}; next: switchback run resume {}",
                              std::strerror(errno), run));
    }
  }
  // The executor is up when it holds its lock; a second is far more than that takes.
  for (int i = 0; i < 500; ++i) {
    if (executor_is_alive(options_.state, run)) return {};
    usleep(2000);
  }
  return {};  // it may have finished already; the journal tells
}

Result<void> start_executor(const std::string& state_directory, int64_t run,
                            const std::string& who) {
  Options options;
  options.state = state_directory;
  return WaitingExecutor(options, std::nullopt, who).perform(run);
}

int execute_run(const Options& options, const std::optional<std::string>& application,
                const std::string& who) {
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  RealShell shell(shell_options(options));
  if (application) {
    // What is wrong with the configuration is said by who asks for the run.
    const auto read = load_application(options, *application);
    if (read) shell.connect(read->all_hosts());
  }
  const auto run = wait_for_run(shell);
  if (!run) return exit_done;
  RunLock lock(options.state, *run);
  write_to_log(options.state, *run);
  if (!lock.wait()) {
    fmt::print(stderr, "run {} is performed by another process already\n", *run);
    return exit_refused;
  }
  signal(SIGTERM, ask_to_leave);
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  RealClock clock;
  Engine engine(**store, shell, clock,
                {who, Milliseconds(50), linger, [] { return asked_to_leave != 0; }});
  const auto departure = engine.execute(*run);
  if (!departure) return report_error(options, departure.error());
  fmt::print("left run {}: {}\n", *run, departure->reason);
  if (departure->situation == Decision::Situation::ended) keep_head_of(**store, shell, clock, *run);
  return exit_done;
}

}  // namespace switchback
