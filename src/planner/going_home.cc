#include "planner/going_home.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {
namespace {

constexpr int64_t minute_s = 60;
constexpr int64_t day_s = 86'400;
// A window of the week that the change to summer time swallows opens a week later.
constexpr int64_t horizon_days = 16;
// Farther than any zone is from UTC, and clocks change at whole quarters of an hour of UTC.
constexpr int64_t farthest_s = 15 * 3'600;
constexpr int64_t quarter_s = 900;

int64_t floor_to(int64_t value, int64_t unit) {
  return value - ((value % unit) + unit) % unit;
}

// Monday is 0; 1970-01-01 was a Thursday.
size_t weekday(int64_t day) {
  return static_cast<size_t>(((day + 3) % 7 + 7) % 7);
}

// The first instant whose local time is at or past `local_s` (local seconds since 1970).
std::optional<int64_t> first_instant(const std::string& zone, int64_t local_s,
                                     const OffsetAt& offset_at) {
  const int64_t begin = floor_to(local_s - farthest_s, quarter_s);
  const auto before = offset_at(zone, begin);
  const auto after = offset_at(zone, local_s + farthest_s);
  if (!before || !after) return std::nullopt;
  if (*before == *after) return local_s - *after;
  // The clocks change somewhere here: quarter by quarter, within which they do not.
  for (int64_t at = begin;; at += quarter_s) {
    const auto offset = offset_at(zone, at);
    if (!offset) return std::nullopt;
    if (at + *offset >= local_s) return at;
    if (at + quarter_s + *offset > local_s) return local_s - *offset;
  }
}

// The openings of one window that end behind `utc_s`, added to `openings`; false: unknown zone.
bool add_openings(const Window& window, int64_t utc_s, const OffsetAt& offset_at,
                  std::vector<Opening>& openings) {
  const int64_t today = floor_to(utc_s, day_s) / day_s;
  for (int64_t day = today - 2; day <= today + horizon_days; ++day) {
    if (!window.days[weekday(day)]) continue;
    const int64_t end_day = window.end_minute < window.start_minute ? day + 1 : day;
    const auto from =
        first_instant(window.zone, day * day_s + window.start_minute * minute_s, offset_at);
    const auto to =
        first_instant(window.zone, end_day * day_s + window.end_minute * minute_s, offset_at);
    if (!from || !to) return false;
    if (*from<*to&& * to> utc_s) openings.push_back({*from, *to});
  }
  return true;
}

std::string minute_text(int64_t utc_s) {
  return time_text(utc_s * 1000).substr(0, 16) + "Z";
}

// Since when the home side has been as it is, and why since then.
struct Stability {
  bool known = false;
  int64_t since_ms = 0;
  std::string why;
};

Stability stability_of(const Application& application, const Snapshot& snapshot,
                       const HomeTiming& timing) {
  Stability stability{timing.last_move_ms > 0, timing.last_move_ms, "the last move or reprotect"};
  for (const Host& host : application.home_primary().hosts) {
    const Facts& facts = snapshot.of("host", host.key);
    const auto uptime_s = facts.integer("uptime_s");
    if (!facts.reachable || !uptime_s) return {false, 0, host.key + " does not say when it booted"};
    const int64_t booted_ms = facts.observed_at_ms - *uptime_s * 1000;
    if (booted_ms > stability.since_ms) stability = {true, booted_ms, "the boot of " + host.key};
    stability.known = true;
  }
  if (!stability.known) stability.why = "neither a move nor a host tells since when";
  return stability;
}

// What is fulfilled and what not, as assumptions; and when it is possible to go home.
class Judgement {
 public:
  Judgement(const Application& application, const Snapshot& snapshot, const HomeTiming& timing)
      : application_(application), timing_(timing), now_ms_(snapshot.now_ms) {
    if (application.failback_stable_for) {
      judge_stability(stability_of(application, snapshot, timing),
                      *application.failback_stable_for);
    }
    if (!application.failback_windows.empty()) judge_windows();
    if (stable_from_known_ && opening_) assumptions_.front().text += possible();
  }

  const std::vector<Assumption>& assumptions() const { return assumptions_; }
  const std::optional<Opening>& opening() const { return opening_; }

 private:
  void add(const std::string& name, std::string text, bool met) {
    assumptions_.push_back({"failback." + name, met ? "yes" : "no", std::move(text), met});
  }

  void judge_stability(const Stability& stability, Milliseconds wanted) {
    std::string text = fmt::format("{} has been stable for {} (`failback: stable_for`)",
                                   application_.home_primary().name, duration_text(wanted));
    const int64_t until_ms = stability.since_ms + wanted.count();
    const bool stable = stability.known && now_ms_ >= until_ms;
    if (!stability.known) {
      text += "; that is not known: " + stability.why;
    } else if (!stable) {
      // Rounded up, so that whoever comes at the minute that was named is not sent away once more.
      constexpr int64_t minute_ms = minute_s * 1000;
      stable_from_known_ = true;
      earliest_s_ = floor_to(until_ms + minute_ms - 1, minute_ms) / 1000;
      text += fmt::format("; it has been since {} ({}), and will have been by {}",
                          minute_text(stability.since_ms / 1000), stability.why,
                          minute_text(earliest_s_));
    }
    add("stable_for", std::move(text), stable);
  }

  void judge_windows() {
    std::vector<Window> windows;
    for (const std::string& written : application_.failback_windows) {
      const auto window = parse_window(written);
      if (window) windows.push_back(*window);  // the reader has refused the others
    }
    const std::string text = fmt::format("It is inside a window of `failback: windows` ({})",
                                         join(application_.failback_windows, "; "));
    const int64_t now_s = now_ms_ / 1000;
    earliest_s_ = std::max(earliest_s_, now_s);
    const auto first = next_opening(windows, now_s, timing_.offset_at);
    const auto next = next_opening(windows, earliest_s_, timing_.offset_at);
    if (!first || !next) {
      return add("windows", text + "; " + (first ? next : first).error().message, false);
    }
    opening_ = *next;
    const bool open = *first && (*first)->from <= now_s;
    add("windows", open ? text : text + possible(), open);
  }

  std::string possible() const {
    if (!opening_) return "; none opens within 16 days";
    return fmt::format("; possible from {} to {}",
                       minute_text(std::max(opening_->from, earliest_s_)),
                       minute_text(opening_->to));
  }

  const Application& application_;
  const HomeTiming& timing_;
  const int64_t now_ms_;
  bool stable_from_known_ = false;  // not stable for long enough yet, and known until when
  int64_t earliest_s_ = 0;          // before that it is not
  std::optional<Opening> opening_;  // the first one in which it is possible
  std::vector<Assumption> assumptions_;
};

void add_remark_on_length(const Judgement& judgement, int64_t now_s, const Prediction& prediction,
                          Plan& plan) {
  if (!judgement.opening()) return;
  const Opening& opening = *judgement.opening();
  const Milliseconds rest((opening.to - std::max(opening.from, now_s)) * 1000);
  if (rest >= prediction.total.expected) return;
  plan.remarks.push_back(
      fmt::format("The window closes at {}, before the predicted end: the run takes {}",
                  minute_text(opening.to), duration_text(prediction.total.expected)));
}

}  // namespace

Result<std::optional<Opening>> next_opening(const std::vector<Window>& windows, int64_t utc_s,
                                            const OffsetAt& offset_at) {
  std::vector<Opening> openings;
  for (const Window& window : windows) {
    if (!add_openings(window, utc_s, offset_at, openings)) {
      return fail(ErrorCode::unavailable,
                  fmt::format("this machine does not know the time zone {}; next: install tzdata, "
                              "or write the window in UTC",
                              window.zone));
    }
  }
  std::ranges::sort(openings, {}, &Opening::from);
  std::optional<Opening> first;
  for (const Opening& opening : openings) {
    if (!first) {
      first = opening;
    } else if (opening.from <= first->to) {
      first->to = std::max(first->to, opening.to);
    }
  }
  return first;
}

void add_going_home(const Application& application, const Snapshot& snapshot,
                    const Prediction& prediction, const HomeTiming& timing, Plan& plan) {
  const bool moves =
      plan.operation == Operation::switchover || plan.operation == Operation::failback;
  if (!moves || plan.to_site != application.home_primary().name) return;
  const Judgement judgement(application, snapshot, timing);
  std::vector<std::string> overridden;
  for (const Assumption& assumption : judgement.assumptions()) {
    if (assumption.met || timing.anyway.empty()) {
      plan.assumptions.push_back(assumption);
    } else {
      overridden.push_back(assumption.name);
    }
  }
  if (!overridden.empty()) {
    plan.remarks.push_back(fmt::format("Not fulfilled, and overridden: {}. Reason: {}",
                                       join(overridden, ", "), timing.anyway));
  } else if (!timing.anyway.empty()) {
    plan.remarks.push_back("Nothing stands in the way: --anyway overrides nothing. Reason: " +
                           timing.anyway);
  }
  add_remark_on_length(judgement, snapshot.now_ms / 1000, prediction, plan);
}

}  // namespace switchback
