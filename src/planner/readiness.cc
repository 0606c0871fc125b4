#include "planner/readiness.h"

#include <fmt/format.h>

#include <algorithm>

#include "components/site.h"
#include "planner/diagnosis.h"

namespace switchback {
namespace {

using Level = Finding::Level;

int gravity(Level level) {
  switch (level) {
    case Level::blocking:
      return 0;
    case Level::unknown:
      return 1;
    case Level::warning:
      return 2;
    case Level::good:
      return 3;
  }
  return 3;
}

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

// The same words said of both operations are one finding.
void add_component_findings(const Catalogue& catalogue, const Application& application,
                            const Snapshot& snapshot, Readiness& readiness) {
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type == nullptr || type->ready == nullptr) continue;
    for (const Operation operation : {Operation::switchover, Operation::failover}) {
      const bool planned = operation == Operation::switchover;
      const HookContext context{application,      component,         operation,
                                readiness.active, readiness.standby, snapshot};
      for (const Finding& finding : type->ready(context)) {
        ReadyFinding* same = nullptr;
        for (ReadyFinding& other : readiness.findings) {
          const Finding& known = other.finding;
          if (known.subject == finding.subject && known.text == finding.text &&
              known.level == finding.level) {
            same = &other;
          }
        }
        if (same == nullptr) {
          readiness.findings.push_back({finding, false, false});
          same = &readiness.findings.back();
        }
        (planned ? same->for_switchover : same->for_failover) = true;
      }
    }
  }
}

// How far the standby is behind, in the words that data components use for it.
Loss loss_of(const Application& application, const Component& component, const Snapshot& snapshot,
             const std::string& standby) {
  Loss loss;
  loss.component = component.name;
  for (const Host& host : application.site(standby).hosts) {
    const Facts& facts = snapshot.of(component.name, host.key);
    const auto since = Milliseconds(std::max<int64_t>(0, snapshot.now_ms - facts.observed_at_ms));
    if (const auto bytes = facts.integer("lag_bytes")) loss.bytes = *bytes;
    if (const auto lag = facts.integer("lag_ms")) loss.age = Milliseconds(*lag) + since;
    if (const auto age = facts.integer("last_good_age_s")) {
      loss.age = Milliseconds(*age * 1000) + since;
    }
  }
  if (loss.age) {
    loss.text = fmt::format("at most the last {}", duration_text(*loss.age));
    if (loss.bytes) loss.text += fmt::format(" ({} bytes not replayed yet)", *loss.bytes);
  } else {
    loss.text = "not known";
  }
  return loss;
}

std::vector<Loss> losses_of(const Catalogue& catalogue, const Application& application,
                            const Snapshot& snapshot, const std::string& standby) {
  std::vector<Loss> losses;
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type == nullptr || !type->schema.holds_data) continue;
    losses.push_back(loss_of(application, component, snapshot, standby));
  }
  return losses;
}

std::optional<Prediction> prediction_of(const Catalogue& catalogue, const Application& application,
                                        const Claim& claim, const Snapshot& snapshot,
                                        const Durations& history, Operation operation) {
  const auto plan = make_plan(catalogue, application, claim, snapshot, {operation, ""});
  if (!plan) return std::nullopt;
  return predict(*plan, history);
}

void judge_objectives(const Application& application, Readiness& readiness) {
  if (application.data_loss_objective) {
    for (const Loss& loss : readiness.losses) {
      if (!loss.age || *loss.age <= *application.data_loss_objective) continue;
      readiness.findings.push_back(
          {{Level::warning, loss.component,
            fmt::format("an emergency now could lose the last {}; the objective is {}",
                        duration_text(*loss.age), duration_text(*application.data_loss_objective)),
            "look why the standby is behind"},
           false,
           true});
    }
  }
  if (application.recovery_time_objective && readiness.failover_outage &&
      readiness.failover_outage->expected > *application.recovery_time_objective) {
    readiness.findings.push_back(
        {{Level::warning, "recovery time",
          fmt::format("a failover takes {} without the people's time; the objective is {}",
                      duration_text(readiness.failover_outage->expected),
                      duration_text(*application.recovery_time_objective)),
          "see which steps take it: switchback plan failover " + application.name},
         false,
         true});
  }
}

void judge(Readiness& readiness) {
  readiness.switchover_go = true;
  readiness.failover_go = true;
  for (const ReadyFinding& each : readiness.findings) {
    if (gravity(each.finding.level) > gravity(Level::unknown)) continue;
    if (each.for_switchover) readiness.switchover_go = false;
    if (each.for_failover) readiness.failover_go = false;
  }
  readiness.go = readiness.switchover_go && readiness.failover_go;
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
                    {"age_ms", loss.age ? Json(loss.age->count()) : Json()},
                    {"text", loss.text}});
  }
  return rows;
}

}  // namespace

std::vector<Observation> observations(const Catalogue& catalogue, const Application& application) {
  std::vector<Observation> all = site_observations(application);
  for (const auto& more : {backup_observations(application), conflict_observations(application)}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  // Where the controller itself stands: on a machine that is lost with the active site?
  if (!all.empty()) all.push_back({"controller", "controller", all.front().command});
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type == nullptr || type->observe == nullptr) continue;
    const auto looks = type->observe(application, component);
    all.insert(all.end(), looks.begin(), looks.end());
  }
  return all;
}

Readiness ready(const Catalogue& catalogue, const Application& application, const Claim& claim,
                const Snapshot& snapshot, const Durations& history) {
  Readiness readiness;
  readiness.application = application.name;
  const auto active = active_site(application, claim);
  if (!active) {
    readiness.findings.push_back(
        {{Level::blocking, "claim", active.error().message, ""}, true, true});
    return readiness;
  }
  readiness.active = *active;
  readiness.standby = application.other_site(*active).name;
  readiness.findings = host_findings(application, claim, snapshot, *active);
  for (const Diagnosis& each : diagnose(catalogue, application, claim, snapshot)) {
    readiness.findings.push_back({{Level::blocking, std::string(situation_text(each.situation)),
                                   each.text + ": " + join(each.evidence, "; "), each.next},
                                  true,
                                  true});
  }
  add_component_findings(catalogue, application, snapshot, readiness);
  readiness.losses = losses_of(catalogue, application, snapshot, readiness.standby);
  const auto move =
      prediction_of(catalogue, application, claim, snapshot, history, Operation::switchover);
  const auto emergency =
      prediction_of(catalogue, application, claim, snapshot, history, Operation::failover);
  if (move) readiness.switchover_outage = move->outage;
  if (emergency) {
    readiness.failover_outage = emergency->outage;
    readiness.guesses = emergency->guesses;
  }
  judge_objectives(application, readiness);
  for (const ReadyFinding& each : readiness.findings) {
    if (each.finding.text.find("way back") != std::string::npos) {
      readiness.way_back.push_back(each.finding.subject + ": " + each.finding.text);
    }
  }
  std::stable_sort(readiness.findings.begin(), readiness.findings.end(),
                   [](const ReadyFinding& a, const ReadyFinding& b) {
                     return gravity(a.finding.level) < gravity(b.finding.level);
                   });
  judge(readiness);
  return readiness;
}

Json readiness_json(const Readiness& readiness) {
  Json findings = Json::array();
  for (const ReadyFinding& each : readiness.findings) {
    findings.push_back({{"level", level_text(each.finding.level)},
                        {"subject", each.finding.subject},
                        {"text", each.finding.text},
                        {"fix", each.finding.fix.empty() ? Json() : Json(each.finding.fix)},
                        {"switchover", each.for_switchover},
                        {"failover", each.for_failover}});
  }
  return {{"application", readiness.application},
          {"active", readiness.active},
          {"standby", readiness.standby},
          {"go", readiness.go},
          {"switchover_go", readiness.switchover_go},
          {"failover_go", readiness.failover_go},
          {"switchover_outage", span_json(readiness.switchover_outage)},
          {"failover_outage", span_json(readiness.failover_outage)},
          {"guessed_steps", readiness.guesses},
          {"loss", losses_json(readiness.losses)},
          {"way_back", readiness.way_back},
          {"findings", findings}};
}

std::string readiness_text(const Readiness& readiness, bool color) {
  const auto painted = [&](std::string_view words, std::string_view code) {
    return color ? fmt::format("\033[{}m{}\033[0m", code, words) : std::string(words);
  };
  const auto verdict = [&](bool go) { return go ? painted("go", "32") : painted("NO-GO", "31"); };
  std::string text = fmt::format("{}: {} is active, {} stands by\n\n", readiness.application,
                                 readiness.active.empty() ? "?" : readiness.active,
                                 readiness.standby.empty() ? "?" : readiness.standby);
  const auto outage = [](const std::optional<Span>& span) {
    return span ? "outage " + span_text(*span) : std::string("outage not known");
  };
  text += fmt::format("  switchover  {}  {}, nothing lost\n", verdict(readiness.switchover_go),
                      outage(readiness.switchover_outage));
  text += fmt::format("  failover    {}  {} and the time of the people\n",
                      verdict(readiness.failover_go), outage(readiness.failover_outage));
  for (const Loss& loss : readiness.losses) {
    text += fmt::format("    would lose of {}: {}\n", loss.component, clean(loss.text, 300));
  }
  for (const std::string& line : readiness.way_back) text += "  " + clean(line, 300) + "\n";
  if (readiness.guesses > 0) {
    text += fmt::format("  ({} steps of the failover never ran: their times are guesses)\n",
                        readiness.guesses);
  }
  text += "\n";
  for (const ReadyFinding& each : readiness.findings) {
    const Finding& finding = each.finding;
    const std::string mark = finding.level == Level::blocking  ? painted("✗", "31")
                             : finding.level == Level::unknown ? painted("?", "33")
                             : finding.level == Level::warning ? painted("!", "33")
                                                               : painted("✓", "32");
    const std::string only = each.for_switchover == each.for_failover ? ""
                             : each.for_switchover                    ? " (switchover)"
                                                                      : " (failover)";
    text += fmt::format("  {} {}: {}{}\n", mark, clean(finding.subject, 100),
                        clean(finding.text, 500), only);
    if (!finding.fix.empty() && finding.level != Level::good) {
      text += "      next: " + clean(finding.fix, 500) + "\n";
    }
  }
  return text;
}

Json situation_record(const Catalogue& catalogue, const Application& application,
                      const Claim& claim, const Snapshot& snapshot, const Prediction& prediction) {
  const auto active = active_site(application, claim);
  Json ages = Json::array();
  for (const auto& [key, facts] : snapshot.facts) {
    ages.push_back(
        {{"look", key},
         {"reachable", facts.reachable},
         {"age_ms",
          facts.observed_at_ms == 0 ? Json() : Json(snapshot.now_ms - facts.observed_at_ms)}});
  }
  const auto words = [](const std::optional<Milliseconds>& objective) {
    return objective ? duration_text(*objective) : std::string("none");
  };
  return {{"loss", active ? losses_json(losses_of(catalogue, application, snapshot,
                                                  application.other_site(*active).name))
                          : Json::array()},
          {"objectives", fmt::format("objectives: data loss {}, recovery time {}",
                                     words(application.data_loss_objective),
                                     words(application.recovery_time_objective))},
          {"predicted_outage", span_json(prediction.outage)},
          {"predicted_total", span_json(prediction.total)},
          {"looks", ages}};
}

}  // namespace switchback
