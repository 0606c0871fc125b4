#include "world/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace switchback {
namespace {

constexpr size_t error_limit_bytes = 8'192;
constexpr size_t reads_per_pump = 16;  // of 64 KiB each: one loud host must not starve the others

// A pipe whose ends are above the standard descriptors, so that moving them there is simple.
bool make_pipe(std::array<int, 2>& ends) {
  std::array<int, 2> raw{};
  if (pipe2(raw.data(), O_CLOEXEC) != 0) return false;
  for (size_t i = 0; i < 2; ++i) {
    ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
    close(raw[i]);
  }
  return ends[0] >= 0 && ends[1] >= 0;
}

void close_descriptor(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

pid_t spawn(const std::vector<std::string>& argv, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  for (const int signal : {SIGPIPE, SIGINT, SIGQUIT, SIGHUP, SIGTERM}) sigaddset(&signals, signal);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  errno = posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
  if (errno != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return pid;
}

}  // namespace

Channel::Channel(const std::vector<std::string>& argv, const std::string& runner) {
  std::array<int, 2> in{-1, -1};
  std::array<int, 2> out{-1, -1};
  std::array<int, 2> err{-1, -1};
  if (make_pipe(in) && make_pipe(out) && make_pipe(err)) pid_ = spawn(argv, in[0], out[1], err[1]);
  if (pid_ < 0) reason_ = fmt::format("{} cannot be started: {}", argv[0], strerror(errno));
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
  for (int* theirs : {&in[0], &out[1], &err[1]}) close_descriptor(*theirs);
  for (const int ours : {in_, out_, err_}) {
    if (ours >= 0) fcntl(ours, F_SETFL, O_NONBLOCK);
  }
  if (pid_ < 0) close_all();
  send(fmt::format("{}\n{}", runner.size(), runner));
}

Channel::~Channel() {
  close_all();
}

// The process has lost its streams by now and ends by itself; ssh is told to. Its end is awaited
// for a moment only: a process that hangs in the kernel must not hang us.
void Channel::close_all() {
  alive_ = false;
  for (int* descriptor : {&in_, &out_, &err_}) close_descriptor(*descriptor);
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  for (int i = 0; i < 200; ++i) {
    const pid_t ended = waitpid(pid_, nullptr, WNOHANG);
    if (ended != 0) break;
    if (i == 100) kill(pid_, SIGKILL);
    usleep(1'000);
  }
  pid_ = -1;
}

void Channel::send(std::string_view bytes) {
  if (!alive_) return;
  unsent_ += bytes;
  write_some();
}

void Channel::write_some() {
  while (!unsent_.empty()) {
    const ssize_t count = write(in_, unsent_.data(), unsent_.size());
    if (count < 0 && errno == EINTR) continue;
    // A broken pipe is noticed, with its reason, where the process's words are read.
    if (count <= 0) return;
    written_ += static_cast<uint64_t>(count);
    unsent_.erase(0, static_cast<size_t>(count));
  }
}

void Channel::add_to_poll(std::vector<pollfd>& descriptors) const {
  if (!alive_) return;
  if (out_ >= 0) descriptors.push_back({out_, POLLIN, 0});
  if (err_ >= 0) descriptors.push_back({err_, POLLIN, 0});
  if (in_ >= 0 && !unsent_.empty()) descriptors.push_back({in_, POLLOUT, 0});
}

// False at the end of the stream.
bool Channel::read_some(int descriptor, bool is_error) {
  std::array<char, 65'536> bytes;
  for (size_t i = 0; i < reads_per_pump; ++i) {
    const ssize_t count = read(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (count <= 0) return false;
    heard_ = true;
    const std::string_view text(bytes.data(), static_cast<size_t>(count));
    if (is_error) {
      errors_ += text.substr(0, error_limit_bytes - std::min(error_limit_bytes, errors_.size()));
    } else if (!parser_.feed(text)) {
      reason_ = parser_.problem();
      return false;
    }
  }
  return true;
}

void Channel::pump() {
  if (!alive_) return;
  write_some();
  if (err_ >= 0 && !read_some(err_, true)) close_descriptor(err_);
  if (read_some(out_, false)) return;
  // The end. Its last words may arrive a moment later than the end of the other stream.
  for (int i = 0; err_ >= 0 && i < 20; ++i) {
    pollfd waiting{err_, POLLIN, 0};
    if (poll(&waiting, 1, 5) > 0 && !read_some(err_, true)) close_descriptor(err_);
    if (!reason_.empty()) break;
  }
  close_all();
}

bool Channel::take_heard() {
  return std::exchange(heard_, false);
}

std::string Channel::words() const {
  std::vector<std::string> parts;
  if (!reason_.empty()) parts.push_back(reason_);
  for (const auto& line : split(errors_, '\n')) {
    const auto text = clean(trim(line), 400);
    // ssh frames its warnings with rows of these.
    if (!trim(text).empty() && !text.starts_with("@@@")) parts.push_back(text);
  }
  return join(parts, "; ");
}

void Channel::fail(std::string reason) {
  reason_ = std::move(reason);
  close_all();
}

}  // namespace switchback
