// The answer of `ready` in words and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/readiness.h"

namespace switchback {
namespace {

using Level = Finding::Level;

constexpr Milliseconds worth_saying{60'000};

std::string_view level_text(Level level) {
  switch (level) {
    case Level::blocking:
      return "blocking";
    case Level::unknown:
      return "unknown";
    case Level::warning:
      return "warning";
    case Level::good:
      return "good";
  }
  return "unknown";
}

std::string painted(std::string_view words, std::string_view code, bool color) {
  return color ? fmt::format("\033[{}m{}\033[0m", code, words) : std::string(words);
}

std::string verdict(bool go, bool color) {
  return go ? painted("go", "32", color) : painted("NO-GO", "31", color);
}

std::string finding_text(const ReadyFinding& each, bool color) {
  const Finding& finding = each.finding;
  const std::string mark = finding.level == Level::blocking  ? painted("✗", "31", color)
                           : finding.level == Level::unknown ? painted("?", "33", color)
                           : finding.level == Level::warning ? painted("!", "33", color)
                                                             : painted("✓", "32", color);
  const std::string only = each.for_switchover == each.for_failover ? ""
                           : each.for_switchover                    ? " (switchover)"
                                                                    : " (failover)";
  const std::string seen = each.age && *each.age > worth_saying
                               ? fmt::format(" [seen {} ago]", duration_text(*each.age))
                               : "";
  std::string text = fmt::format("  {} {}: {}{}{}\n", mark, clean(finding.subject, 100),
                                 clean(finding.text, 500), only, seen);
  if (!each.effect.empty()) text += "      costs: " + clean(each.effect, 300) + "\n";
  if (!finding.fix.empty() && finding.level != Level::good) {
    text += "      next: " + clean(finding.fix, 500) + "\n";
  }
  return text;
}

// Nobody needs to read, of a site that is gone, each thing that cannot be done with it.
bool only_follows(const Readiness& readiness, const ReadyFinding& each) {
  const ActiveState state = readiness.price.state;
  const bool gone = state == ActiveState::silent || state == ActiveState::cut_off;
  const bool host = each.finding.subject.find('/') != std::string::npos;
  return gone && !host && each.for_switchover && !each.for_failover &&
         each.finding.level != Level::good;
}

Json finding_json(const ReadyFinding& each) {
  const Finding& finding = each.finding;
  return {{"level", level_text(finding.level)},
          {"subject", finding.subject},
          {"text", finding.text},
          {"fix", finding.fix.empty() ? Json() : Json(finding.fix)},
          {"effect", each.effect.empty() ? Json() : Json(each.effect)},
          {"age_ms", each.age ? Json(each.age->count()) : Json()},
          {"switchover", each.for_switchover},
          {"failover", each.for_failover}};
}

}  // namespace

std::string readiness_line(const Readiness& readiness) {
  const Price& price = readiness.price;
  const auto blocking = std::count_if(
      readiness.findings.begin(), readiness.findings.end(), [](const ReadyFinding& each) {
        return each.finding.level == Level::blocking || each.finding.level == Level::unknown;
      });
  std::string line = fmt::format(
      "{} {}: {} active, switchover {}, failover {}", readiness.go ? "go" : "NO-GO",
      readiness.application, readiness.active.empty() ? "nobody known" : readiness.active,
      verdict(readiness.switchover_go, false), verdict(readiness.failover_go, false));
  if (price.outage && price.outage->at_most) {
    line += fmt::format(
        "; {} {} for {}", price.active,
        price.state == ActiveState::cut_off ? "alive but out of the controller's reach" : "silent",
        duration_text(price.outage->at_least));
  }
  if (!readiness.active.empty()) {
    line += "; loss " + short_loss_text(price);
    line += "; recovery " +
            (price.recovery ? duration_text(price.recovery->expected) : std::string("not known"));
  }
  if (blocking > 0) {
    const auto& worst = readiness.findings.front().finding;
    line += fmt::format("; {} {}, first: {}: {}", blocking, blocking == 1 ? "reason" : "reasons",
                        clean(worst.subject, 60), clean(worst.text, 160));
  }
  return line + "\n";
}

std::string readiness_text(const Readiness& readiness, bool color) {
  std::string text = readiness_line(readiness) + "\n";
  text += fmt::format(
      "  switchover  {}{}\n", verdict(readiness.switchover_go, color),
      readiness.active.empty() ? std::string()
      : readiness.switchover_outage
          ? fmt::format("  outage {}, nothing lost", span_text(*readiness.switchover_outage))
          : "  outage not known, nothing lost");
  text += fmt::format("  failover    {}\n\n", verdict(readiness.failover_go, color));
  if (!readiness.active.empty()) text += price_text(readiness.price) + "\n";
  std::set<std::string> said;
  int follow = 0;
  for (const ReadyFinding& each : readiness.findings) {
    const Finding& finding = each.finding;
    // The gravest word on a thing is enough.
    if (!said.insert(finding.subject + ": " + finding.text).second) continue;
    if (only_follows(readiness, each)) {
      ++follow;
    } else {
      text += finding_text(each, color);
    }
  }
  if (follow > 0) {
    text +=
        fmt::format("  ({} more about a switchover follow from {} being out of reach: --json)\n",
                    follow, readiness.active);
  }
  return text;
}

Json readiness_json(const Readiness& readiness) {
  Json findings = Json::array();
  for (const ReadyFinding& each : readiness.findings) findings.push_back(finding_json(each));
  Json json = {{"application", readiness.application},
               {"summary", std::string(trim(readiness_line(readiness)))},
               {"active", readiness.active},
               {"standby", readiness.standby},
               {"go", readiness.go},
               {"switchover_go", readiness.switchover_go},
               {"failover_go", readiness.failover_go},
               {"switchover_outage", span_json(readiness.switchover_outage)},
               {"failover_outage", span_json(readiness.price.recovery)},
               {"findings", findings}};
  json.update(price_json(readiness.price));
  return json;
}

}  // namespace switchback
