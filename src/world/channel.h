// One process whose standard streams are ours: `ssh` to a host, or a local shell, with a runner at
// its far end. Nothing here blocks; the owner polls the descriptors and calls `pump`.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "world/protocol.h"

namespace switchback {

class Channel {
 public:
  // Starts the process in a session of its own: no terminal, no Ctrl-C. `runner` is the text that
  // the far end's shell reads first (its length goes ahead of it).
  Channel(const std::vector<std::string>& argv, const std::string& runner);
  // Ends the process; what the host began goes on there.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Queues bytes. What has to be answered carries `end_offset()` after its `send`: only when
  // `written()` has reached it can the host have seen the whole of it.
  void send(std::string_view bytes);
  uint64_t end_offset() const { return written_ + unsent_.size(); }
  uint64_t written() const { return written_; }

  void add_to_poll(std::vector<pollfd>& descriptors) const;
  // Writes and reads whatever can be without waiting. Afterwards `messages` may hold something, and
  // `alive` may have become false.
  void pump();
  std::deque<RunnerMessage>& messages() { return parser_.messages(); }

  bool alive() const { return alive_; }
  bool greeted() const { return parser_.greeted(); }
  // True once after each read of any byte.
  bool take_heard();
  // Why it ended, in the words of the process (ssh's standard error), bounded and cleaned.
  std::string words() const;
  // Gives the channel up; `reason` goes ahead of the process's words.
  void fail(std::string reason);

 private:
  void write_some();
  bool read_some(int descriptor, bool is_error);
  void close_all();

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool alive_ = true;
  bool heard_ = false;
  std::string unsent_;
  uint64_t written_ = 0;
  std::string errors_;
  std::string reason_;
  RunnerParser parser_;
};

}  // namespace switchback
