#include "run/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/prediction.h"
#include "run/critical_path.h"

namespace switchback {
namespace {

bool stops_or_starts(const Step& step, bool stops) {
  if (step.component.empty()) return false;
  return stops ? step.phase == "stop" : step.phase == "start" || step.phase == "promote";
}

// From the first stop that took effect to the last start: what the run itself cost the users.
Json outage_of(const RunState& state) {
  int64_t from = 0;
  int64_t until = 0;
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const Step& spec = state.plan->steps[i];
    const StepState& step = state.steps[i];
    if (step.attempt == 0) continue;
    if (stops_or_starts(spec, true) && (from == 0 || step.started_at_ms < from)) {
      from = step.started_at_ms;
    }
    if (stops_or_starts(spec, false) && step.status == StepStatus::done) {
      until = std::max(until, step.ended_at_ms);
    }
  }
  if (from == 0 || state.plan->operation == Operation::reprotect) return nullptr;
  const bool over = until >= from && state.ended;
  return {{"from", time_text(from)},
          {"until", over ? Json(time_text(until)) : Json()},
          {"milliseconds", over && !state.clock_set_back ? Json(until - from) : Json()}};
}

Json step_record(const Step& spec, const StepState& step) {
  return {{"step", spec.id},
          {"where", spec.where},
          {"phase", spec.phase},
          {"title", spec.title},
          {"status", step_status_text(step.status)},
          {"attempts", step.attempt + step.undo_attempt},
          {"started_at", step.started_at_ms == 0 ? Json() : Json(time_text(step.started_at_ms))},
          {"ended_at", step.ended_at_ms == 0 ? Json() : Json(time_text(step.ended_at_ms))},
          {"elapsed_ms", step.elapsed_ms},
          {"captures", step.captures},
          {"message", step.message}};
}

Json steps_of_phase(const RunState& state, std::initializer_list<std::string_view> phases) {
  Json list = Json::array();
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const Step& spec = state.plan->steps[i];
    if (std::find(phases.begin(), phases.end(), spec.phase) == phases.end()) continue;
    if (state.steps[i].status == StepStatus::pending) continue;
    list.push_back(step_record(spec, state.steps[i]));
  }
  return list;
}

Json people_of(const RunState& state) {
  Json people = Json::array();
  people.push_back({{"who", state.who}, {"did", "asked for the run"}, {"verified", nullptr}});
  for (size_t i = 0; i < state.steps.size(); ++i) {
    for (const GateAnswer& answer : state.steps[i].answers) {
      people.push_back({{"who", answer.who},
                        {"did", fmt::format("answered {} to {}", answer.yes ? "yes" : "no",
                                            state.plan->steps[i].id)},
                        {"verified", answer.verified}});
    }
  }
  for (const VoidedAnswer& voided : state.voided) {
    people.push_back(
        {{"who", voided.answer.who},
         {"did", fmt::format("answered {} to {}; void since: {}", voided.answer.yes ? "yes" : "no",
                             voided.gate, voided.why)},
         {"verified", voided.answer.verified}});
  }
  return people;
}

// What people decided and said, and what the program did, each at its time.
Json timeline_of(const std::vector<Event>& events) {
  Json timeline = Json::array();
  for (const Event& event : events) {
    if (event.kind == EventKind::step_progress) continue;
    const bool by_person = event.kind == EventKind::gate_answered ||
                           event.kind == EventKind::noted || event.kind == EventKind::retry_asked ||
                           event.kind == EventKind::skip_asked ||
                           event.kind == EventKind::abort_asked;
    Json entry{{"at", time_text(event.at_ms)},
               {"source", by_person ? "person" : "switchback"},
               {"event", event_kind_text(event.kind)},
               {"step", json_text(event.body, "step")},
               {"who", json_text(event.body, "who")}};
    std::string text = json_text(event.body, "message");
    for (const char* field : {"reason", "text", "outcome", "answer"}) {
      const std::string more = json_text(event.body, field);
      if (more.empty()) continue;
      text = text.empty() ? more : more + ": " + text;
    }
    entry["text"] = text;
    timeline.push_back(std::move(entry));
  }
  return timeline;
}

Json waits_for(const RunState& state) {
  Json gates = Json::array();
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const StepState& step = state.steps[i];
    if (!step.gate_open || step.status != StepStatus::pending || state.ended) continue;
    gates.push_back({{"gate", state.plan->steps[i].id},
                     {"by", state.plan->steps[i].gate.by},
                     {"text", state.plan->steps[i].gate.text}});
  }
  return gates;
}

Json notes_of(const std::vector<Event>& events) {
  Json notes = Json::array();
  for (const Event& event : events) {
    if (event.kind != EventKind::noted) continue;
    notes.push_back({{"at", time_text(event.at_ms)},
                     {"who", json_text(event.body, "who")},
                     {"text", json_text(event.body, "text")}});
  }
  return notes;
}

// The situation as it was observed when the run was created: loss, ages, objectives.
Json situation_of(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (event.kind == EventKind::observed) return event.body;
  }
  return nullptr;
}

std::string cell(const Json& record, const char* field) {
  std::string text = json_text(record, field);
  std::replace(text.begin(), text.end(), '\n', ' ');
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.replace(at, 1, "\\|");
  }
  return text;
}

std::string section(const std::string& title, const Json& records,
                    const std::vector<std::pair<const char*, const char*>>& columns) {
  if (records.empty()) return "";
  std::string text = fmt::format("\n## {}\n\n", title);
  std::string line;
  for (const auto& [field, name] : columns) {
    text += fmt::format("| {} ", name);
    line += "|---";
  }
  text += "|\n" + line + "|\n";
  for (const Json& record : records) {
    for (const auto& [field, name] : columns) text += fmt::format("| {} ", cell(record, field));
    text += "|\n";
  }
  return text;
}

// " (expected 8.4 s (6.0 s to 14 s))" for a span of the situation.
std::string expected_text(const Json& situation, const char* field) {
  if (!situation.is_object() || !situation.contains(field)) return "";
  const Json& span = situation[field];
  if (!span.is_object()) return "";
  const auto length = [&](const char* name) { return Milliseconds(span.value(name, int64_t{0})); };
  return fmt::format(" (expected {})",
                     span_text({length("least_ms"), length("expected_ms"), length("most_ms")}));
}

// What had already happened when the button was pressed; runs of older versions do not say it.
std::string before_lines(const Json& situation) {
  if (!situation.is_object() || !situation.contains("price")) return "";
  const Json& price = situation["price"];
  std::string text;
  if (const Json& outage = price.at("outage"); outage.is_object()) {
    const Json& most = outage.at("at_most_ms");
    text += fmt::format("- outage before the run: at most {}, silent since {}\n",
                        most.is_null() ? std::string("not known")
                                       : duration_text(Milliseconds(most.get<int64_t>())),
                        json_text(outage, "silent_since", "not known"));
  }
  if (const Json& gap = price.at("gap"); gap.is_object()) {
    text += fmt::format("- {} was newer than {} by {}\n", json_text(gap, "newer"),
                        json_text(gap, "older"),
                        duration_text(Milliseconds(gap.value("length_ms", int64_t{0}))));
  }
  return text;
}

std::string salvage_lines(const Json& steps) {
  std::string text;
  for (const Json& step : steps) {
    std::vector<std::string> facts;
    for (const auto& [name, value] : step.at("captures").items()) {
      facts.push_back(name + " " + value.get<std::string>());
    }
    if (!facts.empty()) {
      text += fmt::format("- salvaged by {}: {}\n", json_text(step, "step"), join(facts, ", "));
    }
  }
  return text;
}

std::string loss_lines(const Json& report) {
  std::string text;
  const Json& situation = report.at("situation");
  const bool emergency = json_text(report, "operation") == "failover";
  if (emergency) text += before_lines(situation);
  if (emergency && situation.is_object() && situation.contains("loss")) {
    for (const Json& loss : situation["loss"]) {
      text += fmt::format("- data loss of {}, expected: {}\n", json_text(loss, "component"),
                          json_text(loss, "text"));
    }
  }
  for (const Json& step : report.at("steps")) {
    const std::string bound = json_text(step.at("captures"), "loss_upper_bound_s");
    if (bound.empty()) continue;
    text += fmt::format("- data loss found by {}: at most {} s\n", json_text(step, "step"), bound);
  }
  text += salvage_lines(report.at("salvage"));
  for (const Json& amendment : report.at("amendments")) {
    text += fmt::format(
        "- amended by run {} ({}, {}, journal {}); every item: switchback run loss {}\n",
        amendment.at("run").get<int64_t>(), json_text(amendment, "operation"),
        json_text(amendment, "ended_at", "still open"),
        json_text(amendment, "journal_hash").substr(0, 12), report.at("run").get<int64_t>());
    text += salvage_lines(amendment.at("salvage"));
  }
  return text;
}

bool has_salvaged(const RunState& state) {
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const bool done = state.steps[i].status == StepStatus::done;
    if (done && state.plan->steps[i].phase == "salvage") return true;
  }
  return false;
}

// What was lost in an emergency is known exactly once the other side's data were salvaged.
Json amendments_of(const RunState& state, const std::vector<RunState>& later) {
  Json list = Json::array();
  if (state.plan->operation != Operation::failover) return list;
  const RunState* by = salvaging_run(state, later);
  if (by == nullptr) return list;
  list.push_back({{"run", by->run},
                  {"operation", operation_text(by->plan->operation)},
                  {"ended_at", by->ended ? Json(time_text(by->ended_at_ms)) : Json()},
                  {"journal_hash", by->last_hash},
                  {"salvage", steps_of_phase(*by, {"salvage"})}});
  return list;
}

}  // namespace

std::vector<std::string> unprotected(const RunState& state) {
  std::vector<std::string> list;
  const auto word = [&](const std::string& site) {
    const auto found = state.plan->status_after.find(site);
    return found == state.plan->status_after.end() ? "" : found->second;
  };
  if (state.result == "done" && word(state.plan->from_site) == "down") {
    list.push_back(fmt::format("{} has no standby until: switchback reprotect {}",
                               state.plan->to_site, state.plan->application));
  }
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const StepState& step = state.steps[i];
    if (step.status == StepStatus::skipped) {
      list.push_back(fmt::format("{}: {}", state.plan->steps[i].id, step.message));
    }
  }
  return list;
}

const RunState* salvaging_run(const RunState& first, const std::vector<RunState>& later) {
  if (has_salvaged(first)) return &first;
  for (const RunState& state : later) {
    // Another emergency begins another story.
    if (state.plan->operation == Operation::failover) return nullptr;
    if (has_salvaged(state)) return &state;
  }
  return nullptr;
}

Json run_report(const RunState& state, const std::vector<Event>& events,
                const std::vector<RunState>& later) {
  Json steps = Json::array();
  for (size_t i = 0; i < state.steps.size(); ++i) {
    steps.push_back(step_record(state.plan->steps[i], state.steps[i]));
  }
  const auto took = state.duration();
  return {{"run", state.run},
          {"application", state.plan->application},
          {"operation", operation_text(state.plan->operation)},
          {"from_site", state.plan->from_site},
          {"to_site", state.plan->to_site},
          {"result", state.ended ? Json(state.result) : Json()},
          {"message", state.message},
          {"who", state.who},
          {"ticket", state.ticket.empty() ? Json() : Json(state.ticket)},
          {"reason", state.reason.empty() ? Json() : Json(state.reason)},
          {"plan_hash", state.hash},
          {"journal_hash", state.last_hash},
          {"claim_epoch", state.claim.epoch},
          {"created_at", time_text(state.created_at_ms)},
          {"ended_at", state.ended ? Json(time_text(state.ended_at_ms)) : Json()},
          {"duration_ms", took ? Json(took->count()) : Json()},
          {"clock_set_back", state.clock_set_back},
          {"predicted_ms", state.predicted_ms},
          {"outage", outage_of(state)},
          {"critical_path", critical_path_of(state)},
          {"situation", situation_of(events)},
          {"salvage", steps_of_phase(state, {"salvage"})},
          {"amendments", amendments_of(state, later)},
          {"evidence", steps_of_phase(state, {"evidence", "fencing"})},
          {"people", people_of(state)},
          {"notes", notes_of(events)},
          {"unprotected", unprotected(state)},
          {"remarks", state.plan->remarks},
          {"waits_for", waits_for(state)},
          {"steps", steps},
          {"timeline", timeline_of(events)}};
}

std::string report_markdown(const Json& report) {
  std::string text = fmt::format(
      "# Run {}: {} of {} from {} to {}\n\n- result: {}\n- asked for by {}, ticket {}\n- from {} "
      "to "
      "{}\n- plan {}, journal {}\n- claim epoch {}\n",
      report.at("run").get<int64_t>(), json_text(report, "operation"),
      json_text(report, "application"), json_text(report, "from_site"),
      json_text(report, "to_site"), json_text(report, "result", "still open"),
      json_text(report, "who"), json_text(report, "ticket", "none"),
      json_text(report, "created_at"), json_text(report, "ended_at", "now"),
      json_text(report, "plan_hash").substr(0, 12), json_text(report, "journal_hash").substr(0, 12),
      report.at("claim_epoch").get<int64_t>());
  if (const Json& outage = report.at("outage"); outage.is_object()) {
    const Json& measured = outage.at("milliseconds");
    const std::string unknown = report.at("clock_set_back").get<bool>()
                                    ? "not known: the controller's clock was set back meanwhile"
                                    : "not over yet";
    text += fmt::format(
        "- outage by the run: {}{}\n",
        measured.is_null() ? unknown : duration_text(Milliseconds(measured.get<int64_t>())),
        expected_text(report.at("situation"), "predicted_outage"));
  }
  if (const Json& path = report.at("critical_path"); path.is_object()) {
    text += "- critical path: " + critical_path_text(path) + "\n";
  }
  const Json& situation = report.at("situation");
  if (situation.is_object() && situation.contains("objectives")) {
    text += "- " + json_text(situation, "objectives") + "\n";
  }
  text += loss_lines(report);
  for (const Json& line : report.at("unprotected")) {
    text += "- unprotected: " + line.get<std::string>() + "\n";
  }
  text += section("People", report.at("people"), {{"who", "Who"}, {"did", "What"}});
  text += section("Notes", report.at("notes"), {{"at", "At"}, {"who", "Who"}, {"text", "Note"}});
  text += section("Evidence", report.at("evidence"),
                  {{"step", "Step"},
                   {"where", "Where"},
                   {"status", "Status"},
                   {"ended_at", "At"},
                   {"message", "Words"}});
  text += section("Timeline", report.at("timeline"),
                  {{"at", "At"},
                   {"source", "Source"},
                   {"event", "Event"},
                   {"step", "Step"},
                   {"who", "Who"},
                   {"text", "Words"}});
  return text;
}

}  // namespace switchback
