// An sshd of our own on 127.0.0.1: its port, its keys and its files live in the test's folder.
#pragma once

#include <arpa/inet.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cstdio>

#include "world/fixture.h"

namespace switchback {

// A socket that accepts connections and never says a word, as a stuck host does.
class SilentListener {
 public:
  SilentListener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(socket_, 16);
    socklen_t size = sizeof address;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentListener() { close(socket_); }
  int port() const { return port_; }

 private:
  int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

inline bool shell_ok(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

class PrivateSshd {
 public:
  // `folder` gets host and client keys, a known_hosts file and, first in the sessions' PATH, `bin`.
  explicit PrivateSshd(const ScratchFolder& folder) : folder_(folder) {
    std::filesystem::create_directories(folder / "bin");
    port_ = SilentListener().port();
    if (geteuid() == 0) std::filesystem::create_directories("/run/sshd");
    for (const std::string key : {"host_key", "client_key", "other_key"}) {
      shell_ok("ssh-keygen -q -t ed25519 -N '' -f " + (folder / key));
    }
    write_text(folder / "known_hosts", known_host("host_key"));
    write_text(folder / "sshd_config", "ListenAddress 127.0.0.1\nPort " + std::to_string(port_) +
                                           "\nHostKey " + (folder / "host_key") +
                                           "\nAuthorizedKeysFile " + (folder / "client_key.pub") +
                                           "\nPidFile none\nStrictModes no\nUsePAM no\n"
                                           "PermitRootLogin yes\nPasswordAuthentication no\n"
                                           "SetEnv PATH=" +
                                           (folder / "bin") + ":/usr/bin:/bin\n");
    start();
  }
  ~PrivateSshd() { stop(); }

  static bool installed() { return std::filesystem::exists("/usr/sbin/sshd"); }

  void start() {
    pid_ = fork();
    if (pid_ == 0) {
      const std::string config = folder_ / "sshd_config";
      const std::string log = folder_ / "sshd.log";
      execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", config.c_str(), "-E", log.c_str(),
            nullptr);
      _exit(127);
    }
  }

  void stop() {
    if (pid_ <= 0) return;
    kill_sessions();
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  // Every process that serves a connection.
  std::vector<pid_t> sessions() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const auto name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != name.npos) continue;
      const auto stat = read_text(entry.path().string() + "/stat");
      const auto end = stat.rfind(") ");
      if (end != stat.npos && std::atoi(stat.c_str() + end + 4) == pid_)
        found.push_back(std::stoi(name));
    }
    return found;
  }
  void kill_sessions(int with = SIGKILL) const {
    for (const auto pid : sessions()) kill(pid, with);
  }

  std::string known_host(const std::string& key) const {
    return "[127.0.0.1]:" + std::to_string(port_) + " " + read_text(folder_ / (key + ".pub"));
  }

  Host host(const std::string& key = "dc/app") const {
    Host host;
    host.key = key;
    host.site = "dc";
    host.role = "app";
    host.address = "127.0.0.1";
    host.user = geteuid() == 0 ? "root" : std::getenv("USER");
    host.port = port_;
    return host;
  }

  std::vector<std::string> ssh_options() const {
    return {"-F", "/dev/null",
            "-i", folder_ / "client_key",
            "-o", "IdentitiesOnly=yes",
            "-o", "IdentityAgent=none",
            "-o", "UserKnownHostsFile=" + (folder_ / "known_hosts"),
            "-o", "GlobalKnownHostsFile=/dev/null"};
  }

 private:
  const ScratchFolder& folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace switchback
