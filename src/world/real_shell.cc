#include "world/real_shell.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "world/connect.h"
#include "world/secret.h"

namespace switchback {
namespace {

constexpr Milliseconds connect_bound{5'000};     // how long a request waits for a connection
constexpr Milliseconds known_away_bound{1'000};  // the same for a host that has long been away
constexpr Milliseconds attempt_bound{10'000};    // one attempt, from TCP to the runner's hello
constexpr Milliseconds answer_grace{5'000};      // beyond the bound that the host itself keeps
constexpr Milliseconds ping_bound{2'000};
constexpr Milliseconds secret_bound{10'000};
constexpr Milliseconds progress_interval{1'000};
// A look at a host tells no progress; it is only asked for in case its output floods the host.
constexpr Milliseconds flood_interval{4'000};
constexpr Milliseconds first_pause{100};
constexpr Milliseconds longest_pause{5'000};

Answer failed(AnswerStatus status, std::string words) {
  Answer answer;
  answer.status = status;
  answer.err = std::move(words);
  return answer;
}

}  // namespace

RealShell::RealShell(RealShellOptions options) : options_(std::move(options)) {
  signal(SIGPIPE, SIG_IGN);
  links_.emplace("controller", make_controller());
}

RealShell::~RealShell() = default;

RealShell::Link RealShell::make_controller() const {
  Link link;
  link.host.key = "controller";
  link.host.address = "this machine";
  link.argv = local_argv(options_.controller_shell);
  link.runner = runner_text(options_.controller_state_root, options_.controller_run_root,
                            options_.controller_shell);
  return link;
}

RealShell::Link RealShell::make_link(const Host& host) const {
  Link link;
  link.host = host;
  link.argv = ssh_argv(host, options_.ssh_options);
  link.runner = runner_text(options_.host_state_root, options_.host_run_root, "");
  return link;
}

void RealShell::connect(const std::vector<Host>& hosts) {
  const Instant now = clock_.now();
  for (const auto& host : hosts) {
    const auto known = links_.find(host.key);
    // The newest address counts: a run has the one that it was planned with.
    if (known == links_.end() || (known->second.waiting.empty() && known->second.sent.empty() &&
                                  known->second.argv != ssh_argv(host, options_.ssh_options))) {
      links_.insert_or_assign(host.key, make_link(host));
    }
  }
  for (auto& [key, link] : links_) {
    if (!link.channel && link.pause == Milliseconds(0)) open(link, now);
  }
}

void RealShell::send_ahead(const std::string& host, const std::vector<ReadyCommand>& commands) {
  const auto found = links_.find(host);
  if (found == links_.end()) return;
  Link& link = found->second;
  link.ahead.insert(link.ahead.end(), commands.begin(), commands.end());
  if (link.ready) send_scripts(link);
}

// Behind the requests that wait already: nobody waits for these.
void RealShell::send_scripts(Link& link) {
  for (const auto& command : link.ahead) {
    if (const auto line = script_line(command, link.known_scripts); !line.empty()) {
      link.channel->send(line);
    }
  }
  if (!link.ahead.empty()) link.channel->send("W\n");
  link.ahead.clear();
}

RequestId RealShell::start(const ShellRequest& what) {
  const Instant now = clock_.now();
  Request request;
  const RequestId id = ++last_id_;
  request.id = id;
  request.what = what;
  request.sent = now;
  const auto refuse = [&](std::string words) {
    answer(request, failed(AnswerStatus::refused, std::move(words)), now);
    return id;
  };
  const auto found = links_.find(what.host);
  if (found == links_.end()) return refuse("host " + what.host + " was never made known");
  if (auto problem = request_problem(what); !problem.empty()) return refuse(problem);
  auto probe_input = resolve_secret(what.probe.secret_stdin);
  auto apply_input = resolve_secret(what.apply.secret_stdin);
  if (!probe_input) return refuse(probe_input.error().message);
  if (!apply_input) return refuse(apply_input.error().message);
  request.inputs = {probe_input->word, apply_input->word};
  request.secrets_open =
      (probe_input->command.empty() ? 0 : 1) + (apply_input->command.empty() ? 0 : 1);
  Link& link = found->second;
  const bool long_away = link.away_since && now - *link.away_since >= connect_bound;
  request.give_up = now + std::min(what.bound, long_away ? known_away_bound : connect_bound);
  link.waiting.push_back(std::move(request));
  if (!probe_input->command.empty()) ask_for_secret({id, what.host, true}, probe_input->command);
  if (!apply_input->command.empty()) ask_for_secret({id, what.host, false}, apply_input->command);
  if (!link.channel) open(link, now);
  send_waiting(link, now);
  return id;
}

// A secret of kind command: is what a command on the controller prints: a request like any other,
// whose answer goes to the waiting request instead of the caller.
void RealShell::ask_for_secret(const SecretUse& use, const std::string& command) {
  ShellRequest read;
  read.host = "controller";
  read.application = "switchback";
  read.step = "secret";
  read.apply.arguments = {"/bin/sh", "-c", command};
  read.bound = secret_bound;
  secret_reads_[last_id_ + 1] = use;
  start(read);
}

void RealShell::take_secrets(Instant now) {
  while (!secret_answers_.empty()) {
    auto [use, got] = std::move(secret_answers_.front());
    secret_answers_.pop_front();
    Link& link = links_.at(use.link);
    const auto request = std::find_if(link.waiting.begin(), link.waiting.end(),
                                      [&](const Request& one) { return one.id == use.request; });
    if (request == link.waiting.end()) continue;
    if (got.status != AnswerStatus::ended || got.exit_code != 0 || got.out.empty() ||
        got.out.size() > secret_limit_bytes) {
      // Not its error text: it may well quote the secret.
      answer(*request,
             failed(AnswerStatus::refused,
                    fmt::format("the secret's command gave no secret ({}, exit code {}): run it "
                                "by hand",
                                answer_status_text(got.status), got.exit_code)),
             now);
      link.waiting.erase(request);
      continue;
    }
    (use.probe ? request->inputs.probe : request->inputs.apply) = input_of_bytes(got.out);
    request->secrets_open--;
    send_waiting(link, now);
  }
}

// The one place where a request ends.
void RealShell::answer(const Request& request, Answer what, Instant now) {
  if (what.elapsed == Milliseconds(0)) what.elapsed = now - request.sent;
  if (const auto use = secret_reads_.find(request.id); use != secret_reads_.end()) {
    secret_answers_.emplace_back(use->second, std::move(what));
    secret_reads_.erase(use);
    return;
  }
  events_.push_back({ShellEvent::Kind::answer, request.id, std::move(what), ""});
}

void RealShell::open(Link& link, Instant now) {
  link.channel = std::make_unique<Channel>(link.argv, link.runner);
  link.ready = false;
  link.attempt = now;
  if (!link.away_since) link.away_since = now;
  link.ping_due.reset();
  link.looking = false;
  link.known_scripts.clear();
  link.lacks.clear();
}

void RealShell::send_waiting(Link& link, Instant now) {
  if (!link.ready) return;
  std::deque<Request> kept;
  for (auto& request : link.waiting) {
    if (request.secrets_open > 0) {
      kept.push_back(std::move(request));
      continue;
    }
    link.channel->send(request_lines(request.id, request.what, request.inputs, link.known_scripts));
    request.end_offset = link.channel->end_offset();
    request.sent = now;
    request.give_up = now + request.what.bound + answer_grace;
    request.next_look = now + progress_interval;
    link.sent.emplace(request.id, std::move(request));
  }
  link.waiting = std::move(kept);
}

// The channel has ended. What the host may have seen is lost; what it cannot have seen waits on.
void RealShell::closed(Link& link, Instant now) {
  const std::string words = link.channel->words();
  const uint64_t written = link.channel->written();
  const bool was_ready = link.ready;
  link.channel.reset();
  link.ready = false;
  for (auto& [id, request] : link.sent) {
    if (request.end_offset > written) {
      request.give_up = now + std::min(request.what.bound, connect_bound);
      link.waiting.push_back(std::move(request));
      continue;
    }
    answer(request,
           failed(AnswerStatus::lost,
                  fmt::format("the connection to {} broke: {}", link.host.key,
                              words.empty() ? "it was closed at the other end" : words)),
           now);
  }
  link.sent.clear();
  link.pause =
      was_ready ? first_pause : std::min(std::max(first_pause, link.pause * 2), longest_pause);
  link.next_attempt = now + link.pause;
  if (was_ready) return;
  link.failure = link.lacks.empty() ? read_connect_failure(link.host, words)
                                    : read_lacks(link.host, link.lacks);
  if (link.failure.status == AnswerStatus::refused) refuse_waiting(link, now);
}

void RealShell::refuse_waiting(Link& link, Instant now) {
  for (const auto& request : link.waiting) {
    answer(request, failed(AnswerStatus::refused, link.failure.words), now);
  }
  link.waiting.clear();
}

void RealShell::take_messages(Link& link, Instant now) {
  auto& messages = link.channel->messages();
  if (link.channel->take_heard()) link.ping_due.reset();
  for (; !messages.empty(); messages.pop_front()) {
    auto& message = messages.front();
    if (message.kind == RunnerMessage::Kind::hello) {
      if (!message.text.empty()) {
        link.lacks = message.text;
        continue;
      }
      link.ready = true;
      link.failure = {};
      link.away_since.reset();
      link.pause = Milliseconds(0);
      send_waiting(link, now);
      send_scripts(link);
    }
    if (message.kind == RunnerMessage::Kind::alive && message.text == "looked")
      link.looking = false;
    const auto found = link.sent.find(message.id);
    if (found == link.sent.end()) continue;
    Request& request = found->second;
    if (message.kind == RunnerMessage::Kind::progress && message.text != request.progress) {
      request.progress = message.text;
      events_.push_back({.kind = ShellEvent::Kind::progress,
                         .request = request.id,
                         .answer = {},
                         .progress = message.text});
    }
    if (message.kind != RunnerMessage::Kind::answer) continue;
    // The host's clock ticks at 10 ms: ours is the better measure of what happened just now.
    if (!message.replayed) message.answer.elapsed = std::max(now - request.sent, Milliseconds(1));
    answer(request, std::move(message.answer), now);
    link.sent.erase(found);
  }
}

// Everything that happens because time passes.
void RealShell::keep_time(Link& link, Instant now) {
  if (link.channel && !link.ready && now >= link.attempt + attempt_bound) {
    link.channel->fail("the host's shell did not answer within 10 s");
    closed(link, now);
  }
  if (link.ping_due && now >= *link.ping_due) {
    link.ping_due.reset();
    link.channel->fail("the host gave no sign of life");
    closed(link, now);
  }
  if (!link.channel && now >= link.next_attempt) open(link, now);
  for (auto request = link.waiting.begin(); request != link.waiting.end();) {
    if (now < request->give_up) {
      ++request;
      continue;
    }
    const auto& why = link.failure.words;
    answer(
        *request,
        failed(AnswerStatus::unreachable,
               why.empty() ? fmt::format("connecting to {}: no answer yet", link.host.key) : why),
        now);
    request = link.waiting.erase(request);
  }
  give_up_overdue(link, now);
  look_at_sent(link, now);
}

void RealShell::give_up_overdue(Link& link, Instant now) {
  for (auto entry = link.sent.begin(); entry != link.sent.end();) {
    if (now < entry->second.give_up) {
      ++entry;
      continue;
    }
    answer(entry->second,
           failed(AnswerStatus::lost,
                  fmt::format("{} did not answer within the bound", link.host.key)),
           now);
    entry = link.sent.erase(entry);
    if (link.ping_due) continue;
    link.channel->send("H overdue\n");
    link.ping_due = now + ping_bound;
  }
}

// One question for all that is due, and none before the last is answered: a busy host gets fewer.
void RealShell::look_at_sent(Link& link, Instant now) {
  if (link.looking) return;
  std::string due;
  for (auto& [id, request] : link.sent) {
    if (now < request.next_look) continue;
    due += fmt::format(" {}", id);
    const bool only_looks = request.what.guarding == Guarding::read &&
                            (request.what.once || is_empty(request.what.probe));
    request.next_look = now + (only_looks ? flood_interval : progress_interval);
  }
  if (due.empty()) return;
  link.channel->send("G" + due + "\n");
  link.looking = true;
}

Instant RealShell::next_timer(const Link& link) const {
  Instant next = Instant::max();
  if (link.channel && !link.ready) next = link.attempt + attempt_bound;
  if (!link.channel) next = link.next_attempt;
  if (link.ping_due) next = std::min(next, *link.ping_due);
  for (const auto& request : link.waiting) next = std::min(next, request.give_up);
  for (const auto& [id, request] : link.sent) {
    next = std::min(next, request.give_up);
    if (!link.looking) next = std::min(next, request.next_look);
  }
  return next;
}

// Takes what has arrived, keeps time, and only then waits: an event that is ready is returned even
// when the deadline has passed.
std::optional<ShellEvent> RealShell::next_event(Instant deadline) {
  for (bool last_look = false;; last_look = clock_.now() >= deadline) {
    std::vector<pollfd> descriptors;
    Instant wake = deadline;
    const Instant now = clock_.now();
    for (auto& [key, link] : links_) {
      if (link.channel) {
        link.channel->pump();
        take_messages(link, now);
        if (!link.channel->alive()) closed(link, now);
      }
      keep_time(link, now);
    }
    take_secrets(now);
    if (!events_.empty()) {
      auto event = std::move(events_.front());
      events_.pop_front();
      return event;
    }
    if (last_look) return std::nullopt;
    for (auto& [key, link] : links_) {
      if (link.channel) link.channel->add_to_poll(descriptors);
      wake = std::min(wake, next_timer(link));
    }
    const auto wait = std::clamp<int64_t>((wake - clock_.now()).count(), 0, 60'000);
    poll(descriptors.data(), descriptors.size(), static_cast<int>(wait));
  }
}

void RealShell::cancel(RequestId id) {
  const Instant now = clock_.now();
  for (auto& [key, link] : links_) {
    if (link.sent.contains(id)) return link.channel->send(fmt::format("K {}\n", id));
    for (auto request = link.waiting.begin(); request != link.waiting.end(); ++request) {
      if (request->id != id) continue;
      answer(*request, failed(AnswerStatus::unreachable, "ended before it was sent"), now);
      link.waiting.erase(request);
      return;
    }
  }
}

}  // namespace switchback
