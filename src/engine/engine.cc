#include "engine/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/judge.h"
#include "engine/request.h"
#include "plan/snapshot.h"
#include "run/news.h"

namespace switchback {
namespace {

constexpr Milliseconds recheck_pause{250};
constexpr Milliseconds progress_pause{2'000};
constexpr int write_tries = 50;

Json outcome_body(const std::string& step, int attempt, const Verdict& verdict,
                  const Answer& answer) {
  Json body{{"step", step},
            {"attempt", attempt},
            {"outcome", outcome_text(verdict.outcome)},
            {"exit_code", answer.exit_code},
            {"applied", verdict.applied},
            {"elapsed_ms", answer.elapsed.count()},
            {"captures", verdict.captures},
            {"message", verdict.message}};
  if (verdict.again) body["again"] = true;
  return body;
}

}  // namespace

Engine::Engine(Store& store, Shell& shell, Clock& clock, EngineOptions options)
    : store_(store), shell_(shell), clock_(clock), options_(std::move(options)) {}

Result<Departure> Engine::execute(int64_t run) {
  if (auto loaded = load(run); !loaded) return std::unexpected(loaded.error());
  shell_.connect(state_.plan->hosts);
  send_scripts_ahead();
  while (true) {
    if (auto read = read_others(); !read) return std::unexpected(read.error());
    auto decision = decide_and_write();
    if (!decision) return std::unexpected(decision.error());
    act(*decision);
    tell(*decision);
    if (leaves(*decision)) return Departure{decision->situation, decision->reason};
    Instant deadline = clock_.now() + options_.poll;
    if (decision->again_at) deadline = std::min(deadline, *decision->again_at);
    hear(heard_.empty() && !decision->again ? deadline : clock_.now());
  }
}

Result<void> Engine::load(int64_t run) {
  auto events = store_.read(run);
  if (!events) return std::unexpected(events.error());
  auto state = fold(*events);
  if (!state) return std::unexpected(state.error());
  state_ = std::move(*state);
  flight_ = {};
  sent_.clear();
  telling_.clear();
  heard_.clear();
  idle_since_.reset();
  const bool begun = std::any_of(state_.steps.begin(), state_.steps.end(), [](const auto& step) {
    return step.attempt > 0 || step.status != StepStatus::pending;
  });
  return begun && !state_.ended ? resume() : Result<void>{};
}

// A host reads a script byte by byte; in the outage that would cost milliseconds a step.
void Engine::send_scripts_ahead() {
  std::map<std::string, std::set<std::string>> seen;
  std::map<std::string, std::vector<ReadyCommand>> scripts;
  for (const Step& step : state_.plan->steps) {
    for (const Command* command : {&step.probe, &step.apply}) {
      if (command->script.empty() || !seen[step.where].insert(command->script).second) continue;
      scripts[step.where].push_back(make_ready(state_, *command));
    }
  }
  for (const auto& [host, commands] : scripts) shell_.send_ahead(host, commands);
}

// A new executor trusts nothing: what was started is unknown, what was done is looked at again.
Result<void> Engine::resume() {
  heard(EventKind::run_resumed, {{"who", options_.who}});
  flight_.to_reprove = steps_to_reprove(state_);
  return {};
}

Result<void> Engine::read_others() {
  const auto last = store_.last_sequence(state_.run);
  if (!last) return std::unexpected(last.error());
  const int64_t durable = state_.last_sequence - static_cast<int64_t>(heard_.size());
  if (*last == durable) return {};
  // Somebody wrote: fold the journal anew, and put what was heard since behind it.
  auto events = store_.read(state_.run);
  if (!events) return std::unexpected(events.error());
  for (const Event& event : *events) {
    if (event.sequence <= durable) continue;
    if (event.kind == EventKind::retry_asked) {
      const auto place = state_.index.find(json_text(event.body, "step"));
      if (place != state_.index.end()) flight_.rechecks.erase(place->second);
    }
    idle_since_.reset();
  }
  auto state = fold(*events);
  if (!state) return std::unexpected(state.error());
  state_ = std::move(*state);
  std::vector<Event> kept;
  for (Event& event : heard_) {
    event.sequence = state_.last_sequence + 1;
    if (apply(state_, event)) kept.push_back(event);
  }
  heard_ = std::move(kept);
  if (state_.abort_asked) cancel_waits();
  return {};
}

// One durable append holds what was heard and what follows from it: an effect's outcome and the
// next intents cost one write, and nothing is sent that is not written.
Result<Decision> Engine::decide_and_write() {
  for (int i = 0; i < write_tries; ++i) {
    Decision decision = decide(state_, flight_, clock_.now());
    std::vector<Event> events = heard_;
    events.insert(events.end(), decision.record.begin(), decision.record.end());
    if (events.empty()) return decision;
    for (Event& event : events) {
      if (event.at_ms == 0) event.at_ms = clock_.wall_ms();
    }
    const int64_t durable = state_.last_sequence - static_cast<int64_t>(heard_.size());
    auto written = store_.append(state_.run, durable, std::move(events));
    if (written) {
      for (size_t n = heard_.size(); n < written->size(); ++n) {
        if (auto folded = apply(state_, (*written)[n]); !folded) {
          return std::unexpected(folded.error());
        }
      }
      heard_.clear();
      return decision;
    }
    if (written.error().code != ErrorCode::refused) return std::unexpected(written.error());
    if (auto read = read_others(); !read) return std::unexpected(read.error());
  }
  return fail(ErrorCode::unavailable,
              fmt::format("writing run {}: others keep writing to it; next: switchback run resume "
                          "{}",
                          state_.run, state_.run));
}

bool Engine::leaves(const Decision& decision) {
  if (decision.situation == Decision::Situation::ended) return true;
  if (options_.interrupted()) return true;
  // Whoever holds or waits stays until people were told, who had been told to wait until then.
  const bool owes_news = !telling_.empty() || promised_end_ms(state_) >= clock_.wall_ms();
  if (decision.situation == Decision::Situation::running || owes_news) {
    idle_since_.reset();
    return false;
  }
  if (!idle_since_) idle_since_ = clock_.now();
  return clock_.now() - *idle_since_ >= options_.linger;
}

void Engine::act(const Decision& decision) {
  for (const Dispatch& dispatch : decision.dispatch) {
    if (state_.plan->steps[dispatch.step].kind == StepKind::claim) {
      take_claim(dispatch);
    } else {
      send(dispatch);
    }
  }
}

// Journaled as it is sent: asked again by another executor, it has been told already.
void Engine::tell(const Decision& decision) {
  const auto news = late_news(state_, decision, clock_.wall_ms());
  if (!news) return;
  for (const Step& step : state_.plan->steps) {
    if (!tells_news(step)) continue;
    telling_[shell_.start(make_announcement(state_, step, *news))] = {step.id, *news};
  }
  heard(EventKind::announced, {{"channel", "all"}, {"text", *news}});
}

void Engine::hear_told(const std::string& step, const std::string& news, const Answer& answer) {
  const auto facts = parse_facts(answer.out);
  const auto delivered = facts.find("delivered");
  if (delivered != facts.end() && delivered->second == "yes") return;
  heard(EventKind::announced, {{"channel", step}, {"text", news}, {"ok", false}});
}

// Taking the claim is a compare-and-set in the store; asked again, it finds its own claim there.
void Engine::take_claim(const Dispatch& dispatch) {
  const bool back =
      dispatch.kind == Dispatch::Kind::undo ||
      (dispatch.kind == Dispatch::Kind::recheck && state_.steps[dispatch.step].undoing);
  const Claim wanted = back ? claim_back(state_) : state_.next_claim;
  const std::string& application = state_.plan->application;
  const Claim expected = back ? state_.next_claim : state_.plan->claim_before;
  // A recheck only looks: what the claim rests on may have been reopened meanwhile.
  const bool looks = dispatch.kind == Dispatch::Kind::recheck;
  Result<void> set = looks ? fail(ErrorCode::refused, "the claim was not taken")
                           : store_.set_claim(application, expected, wanted);
  Verdict verdict;
  if (!set) {
    const auto present = store_.claim(application);
    if (!present) set = std::unexpected(present.error());
    if (present && *present == wanted) set = {};
    verdict.again = looks && present && *present == expected;
  }
  verdict.outcome = set                                      ? Outcome::done
                    : set.error().code == ErrorCode::refused ? Outcome::not_done
                                                             : Outcome::unknown;
  verdict.message = set ? "" : set.error().message;
  verdict.applied = verdict.outcome != Outcome::not_done;
  if (set && state_.claim.epoch != wanted.epoch) {
    heard(EventKind::claim_taken, {{"claim", claim_to_json(wanted)}});
  }
  if (verdict.outcome == Outcome::unknown) ++flight_.rechecks[dispatch.step];
  heard(EventKind::step_ended,
        outcome_body(state_.plan->steps[dispatch.step].id, dispatch.attempt, verdict, Answer{}));
}

void Engine::send(const Dispatch& dispatch) {
  const RequestId id = shell_.start(make_request(state_, dispatch));
  sent_[id] = {dispatch, attempt_name(state_, dispatch)};
  flight_.steps.insert(dispatch.step);
}

void Engine::hear(Instant deadline) {
  // What else has arrived by then is heard in the same turn: one append for all of it.
  while (auto event = shell_.next_event(deadline)) {
    const auto found = sent_.find(event->request);
    if (const auto told = telling_.find(event->request);
        told != telling_.end() && event->kind == ShellEvent::Kind::answer) {
      const auto [step, news] = told->second;
      telling_.erase(told);
      hear_told(step, news, event->answer);
    } else if (found != sent_.end()) {
      const Sent sent = found->second;
      if (event->kind == ShellEvent::Kind::progress) {
        hear_progress(sent, event->progress);
      } else {
        sent_.erase(found);
        flight_.steps.erase(sent.dispatch.step);
        hear_answer(sent, event->answer);
      }
    }
    deadline = clock_.now();
  }
}

void Engine::hear_answer(const Sent& sent, const Answer& answer) {
  if (sent.dispatch.kind == Dispatch::Kind::reprove) return hear_reprove(sent, answer);
  const Step& step = state_.plan->steps[sent.dispatch.step];
  Verdict verdict = judge(step, answer, state_.steps[sent.dispatch.step].undoing);
  if (sent.dispatch.kind == Dispatch::Kind::recheck && !verdict.applied) {
    // That this question was not sent says nothing about the attempt that it is about.
    verdict.applied = true;
    if (answer.status == AnswerStatus::unreachable) verdict.outcome = Outcome::unknown;
  }
  if (verdict.outcome == Outcome::unknown) {
    const int count = ++flight_.rechecks[sent.dispatch.step];
    flight_.not_before[sent.dispatch.step] = clock_.now() + recheck_pause * (1 << count);
    // Asked again and still unknown: nothing new for the journal.
    const bool again = sent.dispatch.kind == Dispatch::Kind::recheck;
    if (again && count < recheck_limit) return;
  }
  // Only of an attempt that has just been made: a recheck may be answered by an old receipt.
  if (verdict.outcome == Outcome::done && sent.dispatch.kind == Dispatch::Kind::forward) {
    flight_.proven_at[sent.dispatch.step] = clock_.now();
  }
  heard(EventKind::step_ended, outcome_body(step.id, sent.dispatch.attempt, verdict, answer));
}

void Engine::hear_reprove(const Sent& sent, const Answer& answer) {
  const Step& step = state_.plan->steps[sent.dispatch.step];
  const Verdict verdict = judge(step, answer, false);
  // Who cannot look has not seen that it is false.
  if (verdict.outcome == Outcome::unknown || answer.status == AnswerStatus::unreachable) {
    const int count = ++flight_.rechecks[sent.dispatch.step];
    flight_.not_before[sent.dispatch.step] =
        clock_.now() + recheck_pause * (1 << std::min(count, recheck_limit));
    // A host that answers, time and again, that it cannot tell will not tell later: the step is
    // done anew where that is harmless, and is a person's to decide elsewhere.
    const bool answers = answer.status == AnswerStatus::ended;
    if (!answers || count < recheck_limit) return;
  }
  flight_.to_reprove.erase(sent.dispatch.step);
  flight_.rechecks.erase(sent.dispatch.step);
  if (verdict.outcome == Outcome::done) return;
  // What only looks cannot make it true again; the step whose proof it repeats can.
  const Step& reopened =
      step.proves_again.empty() ? step : state_.plan->steps[state_.index.at(step.proves_again)];
  heard(EventKind::step_reopened,
        {{"step", reopened.id},
         {"again", verdict.outcome == Outcome::not_done || reopened.repeatable},
         {"reason",
          fmt::format("done before, now {}: {}", outcome_text(verdict.outcome), verdict.message)}});
}

void Engine::hear_progress(const Sent& sent, const std::string& text) {
  auto& written = progress_at_[sent.dispatch.step];
  if (written != Instant{} && clock_.now() - written < progress_pause) return;
  written = clock_.now();
  heard(EventKind::step_progress,
        {{"step", state_.plan->steps[sent.dispatch.step].id}, {"text", clean(text, 200)}});
}

// An abort does not wait for what only waits.
void Engine::cancel_waits() {
  if (waits_cancelled_) return;
  waits_cancelled_ = true;
  for (const auto& [id, sent] : sent_) {
    const Step& step = state_.plan->steps[sent.dispatch.step];
    if (step.kind == StepKind::wait || step.guarding == Guarding::read) shell_.cancel(id);
  }
}

void Engine::heard(EventKind kind, Json body) {
  Event event;
  event.run = state_.run;
  event.sequence = state_.last_sequence + 1;
  event.at_ms = clock_.wall_ms();
  event.kind = kind;
  event.body = std::move(body);
  // An outcome that cannot follow any more (its step was skipped meanwhile) has nothing to say.
  if (apply(state_, event)) heard_.push_back(std::move(event));
}

}  // namespace switchback
