// Tests of the runner run once in each shell that hosts may have as /bin/sh.
#pragma once

#include "world/connect.h"
#include "world/fixture.h"

namespace switchback {

class RunnerInShell : public testing::TestWithParam<std::string> {
 protected:
  RunnerInShell() : host(GetParam()) {}
  LocalHost host;
  int attempt = 0;
};

#define INSTANTIATE_SHELLS(Name)                                          \
  class Name : public RunnerInShell {};                                   \
  INSTANTIATE_TEST_SUITE_P(                                               \
      Shells, Name, testing::Values("/bin/dash", "/bin/bash", "busybox"), \
      [](const auto& shell) { return shell.param.substr(shell.param.rfind('/') + 1); })

}  // namespace switchback
