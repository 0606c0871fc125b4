#include "cli/inspect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/executor.h"
#include "cli/kept_heads.h"
#include "cli/situation.h"
#include "planner/cold_start.h"
#include "planner/diagnosis.h"
#include "planner/readiness.h"
#include "store/audit.h"

namespace switchback {
namespace {

std::string open_run(const Situation& situation, const Options& options) {
  if (!situation.store) return "";
  const auto runs = situation.store->runs(situation.application.name);
  if (!runs) return "";
  for (const RunRecord& record : *runs) {
    if (record.ended) continue;
    return fmt::format(
        "run {} ({}) is {}; switchback run watch {}", record.run, operation_text(record.operation),
        executor_is_alive(options.state, record.run) ? "running" : "open", record.run);
  }
  return "";
}

Json parts_at(const Situation& situation, const std::string& where) {
  Json parts = Json::array();
  for (const Component& component : situation.application.components) {
    const Facts& facts = situation.snapshot.of(component.name, where);
    if (!facts.reachable) continue;
    Json values = Json::object();
    for (const auto& [name, value] : facts.values) values[name] = value;
    const ComponentType* type = catalogue().find_type(component.type);
    const bool described = type != nullptr && type->describe != nullptr;
    parts.push_back({{"component", component.name},
                     {"text", described ? clean(type->describe(facts), 500) : ""},
                     {"facts", values}});
  }
  return parts;
}

Json host_record(const Situation& situation, const Host& host) {
  const Facts& facts = situation.snapshot.of("host", host.key);
  Json record{{"host", host.key}, {"reachable", facts.reachable}, {"why", facts.why}};
  for (const char* name : {"status", "claim", "guard"}) {
    record[name] = facts.get(name) ? Json(*facts.get(name)) : Json();
  }
  record["components"] = parts_at(situation, host.key);
  return record;
}

void print_parts(const Json& parts) {
  for (const Json& part : parts) {
    if (json_text(part, "text").empty()) continue;
    fmt::print("    {:<14} {}\n", json_text(part, "component"), json_text(part, "text"));
  }
}

// Epoch and the beginning of the claim's id: enough to see that two hosts hold the same.
std::string claim_text(const Json& record) {
  const auto words = split(json_text(record, "claim", "none"), ' ');
  return words.size() < 2 ? words[0] : fmt::format("{} ({})", words[0], words[1].substr(0, 8));
}

void print_host(const Json& record) {
  fmt::print("  {:<16} {}\n", json_text(record, "host"),
             record["reachable"].get<bool>()
                 ? fmt::format("{}, claim {}", json_text(record, "status", "no status word"),
                               claim_text(record))
                 : "not reached: " + json_text(record, "why"));
  print_parts(record["components"]);
}

Json diagnoses_json(const std::vector<Diagnosis>& found) {
  Json rows = Json::array();
  for (const Diagnosis& each : found) {
    rows.push_back({{"situation", situation_text(each.situation)},
                    {"text", each.text},
                    {"evidence", each.evidence},
                    {"next", each.next},
                    {"blocks", each.blocks}});
  }
  return rows;
}

}  // namespace

void print_diagnoses(const std::vector<Diagnosis>& found) {
  for (const Diagnosis& each : found) {
    fmt::print("  {}: {}\n", situation_text(each.situation), clean(each.text, 500));
    for (const std::string& line : each.evidence) fmt::print("      {}\n", clean(line, 300));
    fmt::print("      next: {}\n", clean(each.next, 500));
  }
}

int show_ready(const Options& options, const std::string& application, bool brief) {
  auto situation = look_at(options, application, Look::fresh, false);
  if (!situation) return report_error(options, situation.error());
  const Readiness readiness = ready(catalogue(), situation->application, situation->claim,
                                    situation->snapshot, situation->history);
  if (options.json) {
    print_json(readiness_json(readiness));
  } else if (brief) {
    fmt::print("{}", readiness_line(readiness));
  } else {
    fmt::print("{}", readiness_text(readiness, isatty(STDOUT_FILENO) != 0));
  }
  return readiness.go ? exit_done : exit_refused;
}

int show_status(const Options& options, const std::string& application) {
  auto situation = look_at(options, application, Look::fresh, false);
  if (!situation) return report_error(options, situation.error());
  const auto active = active_site(situation->application, situation->claim);
  const std::string run = open_run(*situation, options);
  std::string head;
  if (situation->store) {
    if (auto found = situation->store->head(situation->application.name)) {
      head = fmt::format("{} {} {}", found->run, found->sequence, found->hash);
    }
  }
  Json hosts = Json::array();
  for (const Host& host : situation->application.all_hosts()) {
    hosts.push_back(host_record(*situation, host));
  }
  const Json at_controller = parts_at(*situation, "controller");
  const auto found =
      diagnose(catalogue(), situation->application, situation->claim, situation->snapshot);
  if (options.json) {
    print_json({{"application", situation->application.name},
                {"situations", diagnoses_json(found)},
                {"active", active ? Json(*active) : Json()},
                {"claim", claim_to_json(situation->claim)},
                {"open_run", run.empty() ? Json() : Json(run)},
                {"journal_head", head.empty() ? Json() : Json(head)},
                {"hosts", hosts},
                {"controller", at_controller}});
    return exit_done;
  }
  fmt::print("{}: active at {}, claim epoch {}{}\n", situation->application.name,
             active ? *active : active.error().message, situation->claim.epoch,
             situation->claim.epoch == 0 ? " (not adopted; next: switchback adopt)" : "");
  for (const Json& record : hosts) print_host(record);
  if (!at_controller.empty()) fmt::print("  controller\n");
  print_parts(at_controller);
  print_diagnoses(found);
  if (!run.empty()) fmt::print("  {}\n", run);
  return exit_done;
}

int show_resolve(const Options& options, const std::string& application) {
  auto situation = look_at(options, application, Look::fresh, false);
  if (!situation) return report_error(options, situation.error());
  const auto found =
      diagnose(catalogue(), situation->application, situation->claim, situation->snapshot);
  const auto active = active_site(situation->application, situation->claim);
  if (!active) return report_error(options, active.error());
  const auto standings =
      standings_of(catalogue(), situation->application, *active, situation->snapshot);
  const bool blocks =
      std::any_of(found.begin(), found.end(), [](const Diagnosis& each) { return each.blocks; });
  if (options.json) {
    print_json({{"application", situation->application.name},
                {"situations", diagnoses_json(found)},
                {"sides", standing_words(standings)}});
    return blocks ? exit_refused : exit_done;
  }
  fmt::print("{}: {}\n", situation->application.name,
             blocks          ? "nothing is moved or synced before a person has resolved this"
             : found.empty() ? "store, hosts and what runs agree: there is nothing to resolve"
                             : "store and hosts agree; still to do:");
  print_diagnoses(found);
  for (const std::string& line : standing_words(standings)) {
    fmt::print("  {}\n", clean(line, 500));
  }
  return blocks ? exit_refused : exit_done;
}

int audit_verify(const Options& options, const std::string& application, const std::string& head,
                 bool ask_hosts) {
  auto loaded = load_application(options, application);
  if (!loaded) return report_error(options, loaded.error());
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  std::vector<KeptHead> kept;
  if (ask_hosts) kept = heads_at_hosts(options, *loaded, (*store)->store_id());
  if (!head.empty()) {
    const auto expected = parse_head(head);
    if (!expected) {
      return report_error(options,
                          {ErrorCode::invalid_input,
                           "audit verify: --head is three words, as status --json prints it"});
    }
    kept.push_back({"--head", *expected});
  }
  const auto report = verify(**store, loaded->name, kept);
  if (!report) return report_error(options, report.error());
  Json findings = Json::array();
  for (const AuditFinding& finding : report->findings) {
    findings.push_back(
        {{"run", finding.run}, {"sequence", finding.sequence}, {"text", finding.text}});
    if (!options.json) {
      fmt::print("run {}, event {}: {}\n", finding.run, finding.sequence, finding.text);
    }
  }
  if (options.json) {
    print_json({{"application", report->application},
                {"intact", report->intact()},
                {"kept_heads", kept.size()},
                {"lost_heads", report->lost.size()},
                {"runs", report->runs},
                {"events", report->events},
                {"findings", findings}});
  } else {
    fmt::print(
        "{}: {} runs, {} events, {}{}\n", report->application, report->runs, report->events,
        report->intact() ? "the chain is intact" : "the journal was changed",
        kept.empty() ? "" : fmt::format("; compared with {} heads kept elsewhere", kept.size()));
    if (!report->lost.empty()) {
      fmt::print("a resolution wrote down that this store had lost the events of {} heads\n",
                 report->lost.size());
    }
  }
  return report->intact() ? exit_done : exit_refused;
}

int audit_export(const Options& options, const std::string& application) {
  auto loaded = load_application(options, application);
  if (!loaded) return report_error(options, loaded.error());
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  const auto lines = export_journal(**store, loaded->name);
  if (!lines) return report_error(options, lines.error());
  fmt::print("{}", *lines);
  return exit_done;
}

}  // namespace switchback
