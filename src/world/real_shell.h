// The hosts themselves: one OpenSSH process per host with the runner at its far end, and a local
// runner for "controller". Connections are opened and reopened in the background.
//
// - A request that was certainly never sent is answered `unreachable` after at most 5 s (1 s when
//   the host has been out of reach for longer); one whose channel broke is answered `lost`.
// - ssh's own refusals (host key, login, sudo) are `refused`, with ssh's words and what to do.
// - No request outlives its bound by more than 5 s here, whatever the host does.
// - When this process dies, the hosts finish what they began.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "world/channel.h"
#include "world/connect.h"
#include "world/real_clock.h"
#include "world/shell.h"

namespace switchback {

struct RealShellOptions {
  // Where the controller's own receipts and locks live.
  std::string controller_state_root = "/var/lib/switchback/host";
  std::string controller_run_root = "/run/switchback-controller";
  std::string controller_shell = "/bin/sh";
  // For tests: other places on the hosts, other options of ssh.
  std::string host_state_root;
  std::string host_run_root;
  std::vector<std::string> ssh_options;
};

class RealShell final : public Shell {
 public:
  explicit RealShell(RealShellOptions options);
  ~RealShell() override;

  void connect(const std::vector<Host>& hosts) override;
  void send_ahead(const std::string& host, const std::vector<ReadyCommand>& commands) override;
  RequestId start(const ShellRequest& request) override;
  std::optional<ShellEvent> next_event(Instant deadline) override;
  void cancel(RequestId request) override;

 private:
  struct Request {
    RequestId id = 0;
    ShellRequest what;
    Instant sent;
    Instant give_up;          // waiting: unreachable then; sent: lost then
    uint64_t end_offset = 0;  // in the channel's stream
    Instant next_look;        // for progress
    std::string progress;
    RequestInputs inputs;
    int secrets_open = 0;  // secrets whose command has not printed them yet
  };

  // A host and its connection. Waiting requests have not been sent, or not whole.
  struct Link {
    Host host;
    std::vector<std::string> argv;
    std::string runner;
    std::unique_ptr<Channel> channel;
    bool ready = false;
    Instant attempt;       // when the channel was opened
    Instant next_attempt;  // when it may be opened again
    Milliseconds pause{0};
    std::optional<Instant> away_since;  // the first attempt since it was last ready
    std::optional<Instant> ping_due;    // no sign of life by then: the channel is given up
    bool looking = false;               // the answer to the last look is not whole yet
    ConnectFailure failure;             // of the last attempt; empty words: there is none
    std::string lacks;                  // what the runner named as missing
    std::set<std::string> known_scripts;
    std::vector<ReadyCommand> ahead;  // whose scripts are sent when the host is first ready
    std::deque<Request> waiting;
    std::map<RequestId, Request> sent;
  };

  struct SecretUse {
    RequestId request = 0;
    std::string link;
    bool probe = false;
  };

  Link make_controller() const;
  Link make_link(const Host& host) const;
  void open(Link& link, Instant now);
  void send_waiting(Link& link, Instant now);
  static void send_scripts(Link& link);
  void closed(Link& link, Instant now);
  void refuse_waiting(Link& link, Instant now);
  void take_messages(Link& link, Instant now);
  void keep_time(Link& link, Instant now);
  void give_up_overdue(Link& link, Instant now);
  void look_at_sent(Link& link, Instant now);
  Instant next_timer(const Link& link) const;
  void answer(const Request& request, Answer what, Instant now);
  void ask_for_secret(const SecretUse& use, const std::string& command);
  void take_secrets(Instant now);

  RealShellOptions options_;
  RealClock clock_;
  std::map<std::string, Link> links_;
  std::deque<ShellEvent> events_;
  std::map<RequestId, SecretUse> secret_reads_;
  std::deque<std::pair<SecretUse, Answer>> secret_answers_;
  RequestId last_id_ = 0;
};

}  // namespace switchback
