#include "world/connect.h"

#include <fmt/format.h>

#include "world/protocol.h"

namespace switchback {
namespace {

constexpr std::string_view runner_body =
#include "shell/runner.inc"
    ;

// The shell reads the length of the runner, then exactly that much, and becomes the runner. Not
// `sh -s`: bash would go on reading its script from a descriptor that the runner has redirected.
constexpr std::string_view starter = R"sh(IFS= read -r n && eval "$(head -c "$n")")sh";

bool says(const std::string& words, std::initializer_list<std::string_view> any) {
  for (const auto phrase : any) {
    if (words.find(phrase) != words.npos) return true;
  }
  return false;
}

// "Offending ED25519 key in /root/.ssh/known_hosts:3" -> "/root/.ssh/known_hosts:3". The channel
// has made one line of ssh's twelve.
std::string known_entry(const std::string& words) {
  constexpr std::string_view before = " key in ";
  const auto line = words.find("Offending ");
  const auto place = line == words.npos ? line : words.find(before, line);
  if (place == words.npos) return "known_hosts";
  const auto from = place + before.size();
  return words.substr(from, words.find_first_of(";\r\n", from) - from);
}

}  // namespace

std::vector<std::string> ssh_argv(const Host& host, const std::vector<std::string>& options) {
  std::vector<std::string> argv = {"ssh", "-T", "-a", "-x"};
  argv.insert(argv.end(), options.begin(), options.end());
  for (const auto option :
       {"BatchMode=yes", "StrictHostKeyChecking=yes", "ServerAliveInterval=1",
        "ServerAliveCountMax=3", "ConnectTimeout=5", "ConnectionAttempts=1", "ControlPath=none",
        "ClearAllForwardings=yes", "PermitLocalCommand=no", "EscapeChar=none", "LogLevel=ERROR"}) {
    argv.insert(argv.end(), {"-o", option});
  }
  argv.insert(argv.end(), {"-p", std::to_string(host.port), "-l", host.user, "--", host.address});
  argv.push_back(fmt::format("exec {}/bin/sh -c '{}'", host.become ? "sudo -n " : "", starter));
  return argv;
}

std::vector<std::string> local_argv(const std::string& shell) {
  return {shell, "-c", std::string(starter)};
}

std::string runner_text(const std::string& state_root, const std::string& run_root,
                        const std::string& shell) {
  std::string text;
  const auto set = [&text](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format("{}={}\n", name, quote_shell(value));
  };
  set("SB_STATE_ROOT", state_root);
  set("SB_RUN_ROOT", run_root);
  set("SB_SH", shell);
  return text + std::string(runner_body);
}

ConnectFailure read_connect_failure(const Host& host, const std::string& words) {
  const auto target = fmt::format("{}@{} port {}", host.user, host.address, host.port);
  const bool other_key = says(words, {"REMOTE HOST IDENTIFICATION HAS CHANGED"});
  // ssh says it in twelve lines, and whoever shortens them loses what to do.
  std::string said = words.empty() ? std::string("no reason was given") : words;
  if (other_key) {
    said = fmt::format(
        "its host key is not the one in {}: another machine answers, or it was installed anew",
        known_entry(words));
  }
  const auto refused = [&](const std::string& next) {
    return ConnectFailure{AnswerStatus::refused, fmt::format("connecting to {} ({}): {}; {}",
                                                             host.key, target, said, next)};
  };
  if (other_key ||
      says(words, {"Host key verification failed", "host key is known", "host key for"})) {
    return refused(
        fmt::format("compare the host's key on its console, then correct known_hosts "
                    "(ssh-keygen -R {}; ssh-keyscan {})",
                    host.address, host.address));
  }
  if (says(words, {"sudo:", "a password is required", "not in the sudoers"})) {
    return refused(
        fmt::format("let {} run sudo without a password there: try "
                    "`ssh {}@{} sudo -n true`",
                    host.user, host.user, host.address));
  }
  if (says(words, {"Permission denied", "Too many authentication failures", "Authentication failed",
                   "no such identity", "account is"})) {
    return refused(
        fmt::format("let this machine's key log in: try `ssh -o BatchMode=yes -p {} "
                    "{}@{} true`",
                    host.port, host.user, host.address));
  }
  if (says(words, {"Bad configuration option", "command-line line", "cannot be started",
                   "did not start the runner", "64 KiB"})) {
    return refused("correct it, then try again");
  }
  return {AnswerStatus::unreachable,
          fmt::format("connecting to {} ({}): {}", host.key, target, said)};
}

ConnectFailure read_lacks(const Host& host, const std::string& lacks) {
  return {AnswerStatus::refused,
          fmt::format("{} lacks {}; install it there (Debian: util-linux and coreutils)", host.key,
                      lacks)};
}

}  // namespace switchback
