// What people outside are told while a run lasts longer than predicted.
#include "run/news.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "engine/engine.h"
#include "engine/request.h"
#include "sim/scenario.h"
#include "world/fixture.h"
#include "world/sim/shell.h"

namespace switchback {
namespace {

struct Told {
  Scenario scenario{1};
  int64_t run = 0;

  explicit Told(int64_t predicted_outage_ms, const std::string& url = "https://x.test/hook") {
    scenario.with_texts = true;
    scenario.application.notify = {{url, {}}};
    scenario.predicted_outage_ms = predicted_outage_ms;
    run = scenario.begin(Operation::switchover);
  }
  Departure execute(Milliseconds linger = Milliseconds(0)) {
    SimulatedShell shell(scenario.world);
    SimulatedClock clock(scenario.world);
    EngineOptions options;
    options.linger = linger;
    const auto departure = Engine(scenario.store, shell, clock, options).execute(run);
    EXPECT_TRUE(departure);
    return departure.value_or(Departure{});
  }
  std::vector<std::string> news() {
    std::vector<std::string> texts;
    const auto events = scenario.store.read(run).value();
    for (const Event& event : events) {
      if (event.kind == EventKind::announced) texts.push_back(json_text(event.body, "text"));
    }
    return texts;
  }
};

TEST(News, a_run_in_time_says_nothing_more) {
  Told told(3'600'000);
  EXPECT_EQ(told.execute().situation, Decision::Situation::ended);
  EXPECT_EQ(told.news(), std::vector<std::string>{});
}

TEST(News, a_run_without_a_prediction_says_nothing_more) {
  Told told(0);
  told.execute();
  EXPECT_EQ(told.news(), std::vector<std::string>{});
}

TEST(News, a_run_that_takes_longer_says_so_once_and_ends_as_it_would_have) {
  Told told(1);
  EXPECT_EQ(told.execute().situation, Decision::Situation::ended);
  EXPECT_EQ(told.news(),
            std::vector<std::string>{"takes longer than the expected 1 ms; it still runs"});
  EXPECT_EQ(told.scenario.problems("dr", true), "");
}

TEST(News, a_held_run_says_what_holds_it_and_another_executor_does_not_repeat_it) {
  Told told(1);
  for (auto& [name, unit] : told.scenario.world.host("dr/app").units) unit.fails_to_start = true;
  EXPECT_EQ(told.execute().situation, Decision::Situation::held);
  const auto first = told.news();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_TRUE(first[1].contains("held by services.start")) << first[1];
  told.execute();
  EXPECT_EQ(told.news(), first);
}

TEST(News, a_run_that_was_held_in_time_stays_until_it_can_say_that_it_is_late) {
  Told told(120'000);
  for (auto& [name, unit] : told.scenario.world.host("dr/app").units) unit.fails_to_start = true;
  EXPECT_EQ(told.execute().situation, Decision::Situation::held);
  const auto news = told.news();
  ASSERT_EQ(news.size(), 1u);
  EXPECT_TRUE(news[0].starts_with("takes longer than the expected 2 min 00 s; held by services"))
      << news[0];
}

TEST(News, the_first_announcement_says_when_it_is_expected_to_be_over) {
  Told told(42'000);
  told.execute();
  const auto state = fold(told.scenario.store.read(told.run).value());
  ASSERT_TRUE(state);
  const StepState& announced = state->of("announce.1");
  EXPECT_EQ(state->value_of("run:news"),
            "begins; expected to be over by " +
                time_text(announced.started_at_ms + 42'000).substr(0, 19) + "Z, after 42.0 s");
}

TEST(News, without_a_prediction_only_the_begin_is_told) {
  Told told(0);
  told.execute();
  const auto state = fold(told.scenario.store.read(told.run).value());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->value_of("run:news"), "begins");
}

TEST(News, why_the_application_goes_home_out_of_its_time_is_told_with_the_begin) {
  Told told(0);
  auto events = told.scenario.store.read(told.run).value();
  events.front().body["anyway"] = "the \"old\" site\ncloses";
  const auto state = fold(events);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->value_of("run:news"), "begins; out of its time, because: the  old  site closes");
}

// One request, taken on 127.0.0.1 and answered with 200; `body` waits for it.
class OneRequest {
 public:
  OneRequest() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    listen(listener_, 1);
    port_ = ntohs(address.sin_port);
    taker_ = std::thread([this] { take(); });
  }
  ~OneRequest() {
    shutdown(listener_, SHUT_RDWR);  // ends an accept that nobody came to
    if (taker_.joinable()) taker_.join();
    close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
  // Once the client has had its answer, or has given up.
  std::string body() {
    shutdown(listener_, SHUT_RDWR);
    taker_.join();
    return body_;
  }

 private:
  void take() {
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) return;
    std::string request;
    size_t wanted = std::string::npos;
    char part[4096];
    while (request.size() < wanted) {
      const ssize_t count = read(peer, part, sizeof part);
      if (count <= 0) break;
      request.append(part, static_cast<size_t>(count));
      const size_t head = request.find("\r\n\r\n");
      const size_t length = request.find("Content-Length: ");
      if (head == std::string::npos || length == std::string::npos) continue;
      wanted = head + 4 + std::stoul(request.substr(length + 16));
      body_ = request.substr(head + 4);
    }
    const std::string answer = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
    EXPECT_GT(write(peer, answer.data(), answer.size()), 0);
    close(peer);
  }

  int listener_;
  int port_ = 0;
  std::string body_;
  std::thread taker_;
};

// The step of the real plan, its script and the real runner: what arrives is JSON with the news.
TEST(News, arrive_at_a_real_server) {
  OneRequest server;
  Told told(1, server.url());
  const auto state = fold(told.scenario.store.read(told.run).value());
  ASSERT_TRUE(state);
  LocalHost controller;
  const Step* step = state->plan->find("announce.1");
  ASSERT_NE(step, nullptr);
  EXPECT_TRUE(tells_news(*step));
  const RequestId id =
      controller.real->start(make_announcement(*state, *step, "takes longer; it's held"));
  const Answer answer = controller.wait(id);
  EXPECT_EQ(answer.out, "delivered=yes\n") << answer.err;
  const Json body = Json::parse(server.body(), nullptr, false);
  EXPECT_EQ(json_text(body, "text"),
            "serviceops: switchover from dc to dr, users are interrupted: takes longer; it's held");
}

}  // namespace
}  // namespace switchback
