#include "planner/readiness.h"

#include <fmt/format.h>

#include <algorithm>

#include "components/site.h"
#include "planner/bundle.h"
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

std::optional<Prediction> prediction_of(const Catalogue& catalogue, const Application& application,
                                        const Claim& claim, const Snapshot& snapshot,
                                        const Durations& history, Operation operation) {
  const auto plan = make_plan(catalogue, application, claim, snapshot, {operation, ""});
  if (!plan) return std::nullopt;
  return predict(*plan, history);
}

void judge_objectives(const Application& application, Readiness& readiness) {
  if (application.data_loss_objective) {
    for (const Loss& loss : readiness.price.losses) {
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
  const auto& recovery = readiness.price.recovery;
  if (application.recovery_time_objective && recovery &&
      recovery->expected > *application.recovery_time_objective) {
    readiness.findings.push_back(
        {{Level::warning, "recovery time",
          fmt::format("a failover takes {} without the people's time; the objective is {}",
                      duration_text(recovery->expected),
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

// The age of what a finding rests on: of the look at that host, or the oldest at that component.
std::optional<Milliseconds> age_of(const Snapshot& snapshot, const std::string& subject) {
  std::optional<Milliseconds> age;
  for (const auto& [key, facts] : snapshot.facts) {
    const bool same = key == observation_key("host", subject) || key.starts_with(subject + "@");
    if (!same || facts.observed_at_ms == 0) continue;
    const Milliseconds one{std::max<int64_t>(0, snapshot.now_ms - facts.observed_at_ms)};
    age = std::max(age.value_or(one), one);
  }
  return age;
}

std::string effect_of(const Readiness& readiness, const ReadyFinding& each) {
  const Finding& finding = each.finding;
  if (finding.level == Level::good) return "";
  std::vector<std::string> effects;
  if (gravity(finding.level) <= gravity(Level::unknown)) {
    effects.push_back(!each.for_failover    ? "a switchover has to wait, a failover goes ahead"
                      : each.for_switchover ? "neither a switchover nor a failover would go"
                                            : "a failover would not go");
  }
  for (const Loss& loss : readiness.price.losses) {
    if (loss.component != finding.subject) continue;
    if (!finding.way_back.empty()) continue;
    effects.push_back(loss.age ? "a failover now loses " + loss.text
                               : "nobody knows what a failover now loses");
  }
  for (const WayBack& way : readiness.price.way_back) {
    if (way.component == finding.subject && !finding.way_back.empty()) effects.push_back(way.text);
  }
  return join(effects, "; ");
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
  const auto diagnoses = diagnose(catalogue, application, claim, snapshot);
  for (const Diagnosis& each : diagnoses) {
    readiness.findings.push_back({{Level::blocking, std::string(situation_text(each.situation)),
                                   each.text + ": " + join(each.evidence, "; "), each.next},
                                  true,
                                  true});
  }
  if (is_contradicted(diagnoses)) return readiness;
  readiness.active = *active;
  readiness.standby = application.other_site(*active).name;
  for (const auto& more : {host_findings(application, claim, snapshot, *active),
                           runbook_findings(catalogue, application, snapshot)}) {
    readiness.findings.insert(readiness.findings.end(), more.begin(), more.end());
  }
  add_component_findings(catalogue, application, snapshot, readiness);
  const auto move =
      prediction_of(catalogue, application, claim, snapshot, history, Operation::switchover);
  if (move) readiness.switchover_outage = move->outage;
  readiness.price = price_now(catalogue, application, claim, snapshot, history);
  judge_objectives(application, readiness);
  for (ReadyFinding& each : readiness.findings) {
    each.age = age_of(snapshot, each.finding.subject);
    each.effect = effect_of(readiness, each);
  }
  std::stable_sort(readiness.findings.begin(), readiness.findings.end(),
                   [](const ReadyFinding& a, const ReadyFinding& b) {
                     return gravity(a.finding.level) < gravity(b.finding.level);
                   });
  judge(readiness);
  return readiness;
}

Price price_now(const Catalogue& catalogue, const Application& application, const Claim& claim,
                const Snapshot& snapshot, const Durations& history) {
  const auto active = active_site(application, claim);
  if (!active) return {};
  const auto emergency =
      prediction_of(catalogue, application, claim, snapshot, history, Operation::failover);
  Readiness components;
  components.active = *active;
  components.standby = application.other_site(*active).name;
  add_component_findings(catalogue, application, snapshot, components);
  std::vector<Finding> findings;
  for (const ReadyFinding& each : components.findings) findings.push_back(each.finding);
  return price_of(catalogue, application, snapshot, *active, emergency, findings, history);
}

Json situation_record(const Catalogue& catalogue, const Application& application,
                      const Claim& claim, const Snapshot& snapshot, const Prediction& prediction,
                      const Durations& history) {
  const Price price = price_now(catalogue, application, claim, snapshot, history);
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
  return {{"loss", losses_json(price.losses)},
          {"price", price_json(price)},
          {"price_text", price_text(price)},
          {"objectives", fmt::format("objectives: data loss {}, recovery time {}",
                                     words(application.data_loss_objective),
                                     words(application.recovery_time_objective))},
          {"predicted_outage", span_json(prediction.outage)},
          {"predicted_total", span_json(prediction.total)},
          {"looks", ages}};
}

}  // namespace switchback
