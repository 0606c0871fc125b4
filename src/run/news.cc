#include "run/news.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {
namespace {

constexpr size_t most_news = 20;  // of one run; who has heard so much asks a person

// When people were first told that it begins; 0: not yet.
int64_t told_at_ms(const RunState& state) {
  int64_t first = 0;
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const int64_t at = state.steps[i].started_at_ms;
    if (at == 0 || !tells_news(state.plan->steps[i])) continue;
    first = first == 0 ? at : std::min(first, at);
  }
  return first;
}

bool users_are_served(const RunState& state) {
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const std::string& phase = state.plan->steps[i].phase;
    const bool restores = phase == "promote" || phase == "start" || phase == "verify";
    if (restores && !is_satisfied(state.steps[i].status)) return false;
  }
  return true;
}

// The body of a webhook has the news between its quotes.
std::string quotable(std::string text) {
  for (char& c : text) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

}  // namespace

bool tells_news(const Step& step) {
  return std::ranges::any_of(step.apply.arguments, [](const Argument& argument) {
    return argument.kind == Argument::Kind::capture && argument.text == "run:news";
  });
}

std::string first_news(const RunState& state) {
  const int64_t from = told_at_ms(state);
  std::string news = "begins";
  if (state.predicted_outage_ms > 0 && from > 0) {
    news += fmt::format("; expected to be over by {}Z, after {}",
                        time_text(from + state.predicted_outage_ms).substr(0, 19),
                        duration_text(Milliseconds(state.predicted_outage_ms)));
  }
  if (!state.anyway.empty()) news += "; out of its time, because: " + state.anyway;
  return quotable(std::move(news));
}

int64_t promised_end_ms(const RunState& state) {
  const int64_t from = told_at_ms(state);
  if (state.ended || from == 0 || state.predicted_outage_ms == 0) return 0;
  return users_are_served(state) ? 0 : from + state.predicted_outage_ms;
}

std::optional<std::string> late_news(const RunState& state, const Decision& decision,
                                     int64_t now_ms) {
  const int64_t promised = promised_end_ms(state);
  if (promised == 0 || now_ms <= promised || state.told.size() >= most_news) return std::nullopt;
  const bool runs = decision.situation == Decision::Situation::running;
  std::string news = quotable(fmt::format("takes longer than the expected {}; {}",
                                          duration_text(Milliseconds(state.predicted_outage_ms)),
                                          runs ? "it still runs" : clean(decision.reason, 300)));
  if (state.told.contains(news)) return std::nullopt;
  return news;
}

}  // namespace switchback
