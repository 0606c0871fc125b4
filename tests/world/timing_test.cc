// What a request costs on this machine: printed, not asserted, because machines differ.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "world/fixture.h"

namespace switchback {
namespace {

double once_ms(LocalHost& host, const ShellRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = host.run(request);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(verdict(answer), "ended 0") << answer.err;
  return took.count();
}

template <class MakeRequest>
void measure(std::string_view name, LocalHost& host, int count, MakeRequest make) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) times.push_back(once_ms(host, make(i)));
  std::sort(times.begin(), times.end());
  fmt::print("  {:<42} p50 {:5.2f} ms  p99 {:5.2f} ms\n", name, times[times.size() / 2],
             times[times.size() * 99 / 100]);
}

TEST(RunnerTiming, is_printed) {
  for (const auto* shell : {"/bin/dash", "/bin/bash", "busybox"}) {
    LocalHost host(shell);
    host.run(host.read({"true"}));
    fmt::print("{}\n", shell);
    measure("plain true", host, 60, [&](int) { return host.read({"true"}); });
    measure("plain script with output", host, 60, [&](int) {
      auto request = host.read({});
      request.apply = host.script("echo value=1");
      return request;
    });
    measure("wrapped true, a new step each time", host, 60, [&](int i) {
      auto request = host.effect("s" + std::to_string(i), 1, "true");
      request.apply = {"", "", {"true"}, ""};
      return request;
    });
    measure("wrapped true, the same step", host, 60, [&](int i) {
      auto request = host.effect("s", i, "true");
      request.apply = {"", "", {"true"}, ""};
      return request;
    });
    measure("wrapped probe, apply, probe", host, 40, [&](int i) {
      auto request = host.effect("p", i, "touch \"$SB_STATE/p$1\"");
      request.apply.arguments = {std::to_string(i)};
      request.probe = host.script("[ -e \"$SB_STATE/p$1\" ]", {std::to_string(i)});
      return request;
    });
  }
}

}  // namespace
}  // namespace switchback
