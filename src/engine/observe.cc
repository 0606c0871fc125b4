#include "engine/observe.h"

#include <fmt/format.h>

namespace switchback {
ShellRequest look_request(const std::string& application, const Observation& observation,
                          const std::map<std::string, std::string>& scripts, Milliseconds bound) {
  ShellRequest request;
  request.host = observation.where;
  request.application = application;
  request.step = "observe." + observation.name;
  request.guarding = Guarding::read;
  request.apply.script = observation.command.script;
  if (!request.apply.script.empty()) request.apply.body = scripts.at(request.apply.script);
  for (const Argument& argument : observation.command.arguments) {
    request.apply.arguments.push_back(argument.text);
  }
  request.bound = bound;
  return request;
}

Facts facts_of(const Answer& answer, int64_t now_ms) {
  Facts facts;
  facts.looked_at_ms = now_ms;
  facts.reachable = answer.status == AnswerStatus::ended && answer.exit_code == 0;
  if (facts.reachable) {
    facts.observed_at_ms = now_ms;
    facts.values = parse_facts(answer.out);
  } else {
    facts.away_since_ms = now_ms;
    facts.why = fmt::format("{}{}{}", answer_status_text(answer.status),
                            answer.status == AnswerStatus::ended
                                ? fmt::format(" with exit code {}", answer.exit_code)
                                : "",
                            answer.err.empty() ? "" : ": " + clean(trim(answer.err), 300));
  }
  return facts;
}

Facts silent_facts(Milliseconds bound, int64_t now_ms) {
  Facts facts;
  facts.why = fmt::format("no answer within {}", duration_text(bound));
  facts.looked_at_ms = facts.away_since_ms = now_ms;
  return facts;
}

std::map<std::string, Facts> observe(Shell& shell, Clock& clock, const std::string& application,
                                     const std::vector<Host>& hosts,
                                     const std::vector<Observation>& observations,
                                     const std::map<std::string, std::string>& scripts,
                                     Milliseconds bound) {
  shell.connect(hosts);
  std::map<std::string, Facts> seen;
  std::map<RequestId, std::string> waiting;
  for (const Observation& observation : observations) {
    const std::string key = observation_key(observation.name, observation.where);
    seen[key] = silent_facts(bound, clock.wall_ms());
    waiting[shell.start(look_request(application, observation, scripts, bound))] = key;
  }
  const Instant deadline = clock.now() + bound;
  while (!waiting.empty()) {
    const auto event = shell.next_event(deadline);
    if (!event) break;
    const auto found = waiting.find(event->request);
    if (found == waiting.end() || event->kind != ShellEvent::Kind::answer) continue;
    seen[found->second] = facts_of(event->answer, clock.wall_ms());
    waiting.erase(found);
  }
  for (const auto& [id, key] : waiting) shell.cancel(id);
  return seen;
}

std::map<std::string, Facts> merge_facts(std::map<std::string, Facts> known,
                                         const std::map<std::string, Facts>& seen) {
  for (const auto& [key, facts] : seen) {
    Facts& kept = known[key];
    if (facts.reachable) {
      kept = facts;
      continue;
    }
    kept.reachable = false;
    kept.why = facts.why;
    kept.looked_at_ms = facts.looked_at_ms;
    if (kept.away_since_ms == 0) kept.away_since_ms = facts.away_since_ms;
  }
  return known;
}

}  // namespace switchback
