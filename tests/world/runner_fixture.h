// Tests of the runner run once in each shell that hosts may have as /bin/sh.
#pragma once

#include "world/connect.h"
#include "world/fixture.h"

namespace switchback {

class RunnerInShell : public testing::TestWithParam<std::string> {
 protected:
  RunnerInShell() : host(GetParam()) {}
  // Lets the shell work until the file is there; answers on the way are kept for `wait`.
  bool wait_for_file(const std::string& path) {
    return wait_until([&] {
      host.take(host.real->next_event(host.clock.now()));
      return std::filesystem::exists(path);
    });
  }

  LocalHost host;
  int attempt = 0;
};

inline auto each_shell() {
  return testing::Values("/bin/dash", "/bin/bash", "busybox");
}
inline std::string shell_name(const testing::TestParamInfo<std::string>& shell) {
  return shell.param.substr(shell.param.rfind('/') + 1);
}

#define INSTANTIATE_SHELLS(Name)        \
  class Name : public RunnerInShell {}; \
  INSTANTIATE_TEST_SUITE_P(Shells, Name, each_shell(), shell_name)

}  // namespace switchback
