// The price in words: for a person at three in the morning, and as JSON for a monitoring check.
#include <fmt/format.h>

#include "planner/price.h"

namespace switchback {
namespace {

std::string size_text(int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  if (bytes < (1 << 20)) return fmt::format("{} KiB", bytes >> 10);
  if (bytes < (1 << 30)) return fmt::format("{} MiB", bytes >> 20);
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30));
}

std::string clock_text(int64_t unix_ms) {
  return time_text(unix_ms).substr(11, 8) + " UTC";
}

std::string loss_text(const Loss& loss) {
  if (!loss.age) return "not known";
  std::string text = fmt::format("at most the last {}", duration_text(*loss.age));
  if (loss.bytes && *loss.bytes > 0)
    text += fmt::format(" ({} bytes not replayed yet)", *loss.bytes);
  if (loss.files && *loss.files > 0) text += fmt::format(" ({} files behind)", *loss.files);
  if (loss.grows) text += ", growing";
  return text;
}

std::string way_text(const WayBack& way, const std::string& active) {
  const std::string size = way.bytes ? " of " + size_text(*way.bytes) : "";
  std::string what = fmt::format("{} comes back by a rewind", active);
  if (way.method == "rebuild") what = fmt::format("{} needs a full rebuild{}", active, size);
  if (way.method == "copy") what = fmt::format("what differs{} is copied back", size);
  std::string text = fmt::format("{}, {}", what, span_text(way.time));
  if (way.method == "rebuild" && way.bytes && way.time.expected.count() > 0) {
    text += fmt::format(", {}/s", size_text(*way.bytes * 1000 / way.time.expected.count()));
  }
  return text + (way.past_runs > 0 ? fmt::format(", as in {} past runs", way.past_runs)
                                   : std::string(", a guess: it never ran"));
}

std::vector<std::string> growing(const Price& price) {
  std::vector<std::string> names;
  for (const Loss& loss : price.losses) {
    if (loss.grows) names.push_back(loss.component);
  }
  return names;
}

void say_growth(Price& price) {
  const auto names = growing(price);
  if (names.empty()) {
    price.waiting.push_back("the loss does not grow: what " + price.active +
                            " writes still reaches " + price.standby);
  } else {
    price.waiting.push_back(
        fmt::format("the loss of {} grows by a second every second: nothing "
                    "of it reaches {} any more",
                    join(names, " and "), price.standby));
  }
}

void say_objective(const Application& application, int64_t now_ms, Price& price) {
  const auto& objective = application.recovery_time_objective;
  if (!objective || !price.outage || !price.outage->at_most) return;
  const Milliseconds left = *objective - *price.outage->at_most -
                            (price.recovery ? price.recovery->expected : Milliseconds(0));
  if (left.count() > 0) {
    price.waiting.push_back(fmt::format(
        "to keep the recovery time objective of {} press it within {} (by {})",
        duration_text(*objective), duration_text(left), clock_text(now_ms + left.count())));
  } else {
    price.waiting.push_back(fmt::format("the recovery time objective of {} cannot be kept any more",
                                        duration_text(*objective)));
  }
}

std::string outage_text(const Price& price) {
  const Outage& outage = *price.outage;
  if (price.state == ActiveState::cut_off) {
    return fmt::format("none known: {} is alive; the controller has not reached it for {}",
                       price.active, duration_text(outage.at_least));
  }
  const std::string who = price.state == ActiveState::partly ? "a part of " : "";
  if (outage.since_ms == 0) return fmt::format("{}{} does not answer", who, price.active);
  std::string text =
      fmt::format("{}{} does not answer for {}", who, price.active, duration_text(outage.at_least));
  if (outage.at_most) {
    text +=
        fmt::format(" to {} (last answer {}, silent from {} on)", duration_text(*outage.at_most),
                    clock_text(outage.last_answer_ms), clock_text(outage.since_ms));
  } else {
    text += fmt::format(" or longer (silent from {} on, never seen before)",
                        clock_text(outage.since_ms));
  }
  return text;
}

void say_waiting(const Application& application, int64_t now_ms, Price& price) {
  switch (price.state) {
    case ActiveState::answers:
      say_growth(price);
      return;
    case ActiveState::partly:
      say_growth(price);
      say_objective(application, now_ms, price);
      return;
    case ActiveState::cut_off:
      price.waiting.push_back(fmt::format(
          "{0} is alive: {1} still reaches it, only the controller does not. Its users may notice "
          "nothing. Mend the controller's link first; a failover would have to stop {0}",
          price.active, price.standby));
      say_growth(price);
      return;
    case ActiveState::silent:
      price.waiting.push_back(fmt::format(
          "the loss does not grow if {} is dead; the outage does, by a second every second",
          price.active));
      price.waiting.push_back(
          fmt::format("if {} is alive and only cut off, it goes on writing and the loss grows: "
                      "look at its power and its links",
                      price.active));
      say_objective(application, now_ms, price);
      return;
    case ActiveState::unknown:
      price.waiting.push_back(
          fmt::format("not known: {} was never seen. Let `switchback serve` look at it regularly",
                      price.active));
      return;
  }
}

std::string recovery_text(const Price& price) {
  if (!price.recovery) return "not known: no failover can be planned";
  std::string text = span_text(*price.recovery) + " from the button to verified";
  if (price.gates > 0) {
    text += fmt::format(", and the time of people (asked {} at most)",
                        price.gates == 1 ? "once" : fmt::format("{} times", price.gates));
  }
  if (price.guesses > 0) {
    text += price.guesses == 1 ? "; 1 step is a guess"
                               : fmt::format("; {} steps are guesses", price.guesses);
  }
  if (price.outage && price.outage->at_most && price.state == ActiveState::silent) {
    text += fmt::format("; with the outage so far {}",
                        duration_text(*price.outage->at_most + price.recovery->expected));
  }
  return text;
}

std::string vantage_text(const Vantage& vantage) {
  std::string text =
      fmt::format("{} → {}: {} ({} ago)", vantage.from, vantage.to,
                  vantage.answers ? "answers" : "no answer", duration_text(vantage.age));
  return text;
}

Json optional_ms(const std::optional<Milliseconds>& value) {
  return value ? Json(value->count()) : Json();
}

Json outage_json(const std::optional<Outage>& outage) {
  if (!outage) return nullptr;
  return {{"last_answer",
           outage->last_answer_ms == 0 ? Json() : Json(time_text(outage->last_answer_ms))},
          {"silent_since", outage->since_ms == 0 ? Json() : Json(time_text(outage->since_ms))},
          {"at_least_ms", outage->at_least.count()},
          {"at_most_ms", optional_ms(outage->at_most)}};
}

}  // namespace

void put_into_words(const Application& application, int64_t now_ms, Price& price) {
  for (Loss& loss : price.losses) loss.text = loss_text(loss);
  for (WayBack& way : price.way_back) way.text = way_text(way, price.active);
  say_waiting(application, now_ms, price);
}

std::string short_loss_text(const Price& price) {
  std::vector<std::string> parts;
  for (const Loss& loss : price.losses) {
    parts.push_back(loss.component +
                    (loss.age ? " at most " + duration_text(*loss.age) : " not known"));
  }
  return parts.empty() ? "nothing" : join(parts, ", ");
}

std::string price_text(const Price& price) {
  std::string text = "a failover now\n";
  const auto line = [&](std::string_view name, const std::string& words) {
    text += fmt::format("  {:<12} {}\n", name, clean(words, 400));
  };
  if (price.outage) line("outage", outage_text(price));
  line("recovery", recovery_text(price));
  for (const Loss& loss : price.losses) {
    const std::string seen =
        loss.seen ? fmt::format(" (seen {} ago)", duration_text(*loss.seen)) : "";
    line("loss", loss.component + ": " + loss.text + seen);
  }
  if (price.gap) {
    line("gap", fmt::format("{} is newer than {} by {}: what was made in that time lacks its {}",
                            price.gap->newer, price.gap->older, duration_text(price.gap->length),
                            price.gap->older));
  }
  for (const std::string& sentence : price.waiting) line("waiting", sentence);
  for (const WayBack& way : price.way_back) line("way back", way.component + ": " + way.text);
  for (const Vantage& vantage : price.vantages) line("evidence", vantage_text(vantage));
  return text;
}

Json span_json(const std::optional<Span>& span) {
  if (!span) return nullptr;
  return {{"least_ms", span->least.count()},
          {"expected_ms", span->expected.count()},
          {"most_ms", span->most.count()}};
}

Json losses_json(const std::vector<Loss>& losses) {
  Json rows = Json::array();
  for (const Loss& loss : losses) {
    rows.push_back({{"component", loss.component},
                    {"bytes", loss.bytes ? Json(*loss.bytes) : Json()},
                    {"files", loss.files ? Json(*loss.files) : Json()},
                    {"age_ms", optional_ms(loss.age)},
                    {"seen_ms_ago", optional_ms(loss.seen)},
                    {"grows", loss.grows},
                    {"text", loss.text}});
  }
  return rows;
}

Json price_json(const Price& price) {
  Json ways = Json::array();
  for (const WayBack& way : price.way_back) {
    ways.push_back({{"component", way.component},
                    {"method", way.method},
                    {"bytes", way.bytes ? Json(*way.bytes) : Json()},
                    {"time", span_json(way.time)},
                    {"past_runs", way.past_runs},
                    {"text", way.text}});
  }
  Json vantages = Json::array();
  for (const Vantage& vantage : price.vantages) {
    vantages.push_back({{"from", vantage.from},
                        {"to", vantage.to},
                        {"answers", vantage.answers},
                        {"age_ms", vantage.age.count()},
                        {"why", vantage.why.empty() ? Json() : Json(vantage.why)}});
  }
  Json gap;
  if (price.gap) {
    gap = {{"newer", price.gap->newer},
           {"older", price.gap->older},
           {"length_ms", price.gap->length.count()}};
  }
  return {{"active_state", active_state_text(price.state)},
          {"outage", outage_json(price.outage)},
          {"recovery", span_json(price.recovery)},
          {"guessed_steps", price.guesses},
          {"gates", price.gates},
          {"loss", losses_json(price.losses)},
          {"gap", gap},
          {"waiting", price.waiting},
          {"way_back", ways},
          {"evidence", vantages}};
}

}  // namespace switchback
