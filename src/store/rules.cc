#include "store/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace switchback {
namespace {

std::string link_hash(const std::string& previous_hash, const std::string& text) {
  return sha256_hex(previous_hash + "\n" + text);
}

std::unexpected<Error> corrupt(int64_t run, int64_t sequence, std::string_view what) {
  return fail(ErrorCode::corrupt,
              fmt::format("reading the journal: run {}, event {}: {}; run `switchback audit "
                          "verify` and compare with the copies on the hosts",
                          run, sequence, what));
}

struct Thinning {
  int64_t younger_than_ms;
  int64_t slot_ms;
};
constexpr Thinning thinning[] = {
    {3'600'000, 10'000}, {86'400'000, 300'000}, {30 * int64_t{86'400'000}, 3'600'000}};

// Long, and the same from month to month; the newest look has them.
constexpr std::string_view not_kept[] = {"addresses", "missing_tools", "machine_id", "hostname",
                                         "guarded."};
constexpr size_t look_values_limit = 80;
constexpr size_t look_value_limit_bytes = 120;

}  // namespace

std::string first_link(const std::string& store_id, const std::string& application) {
  return sha256_hex("switchback journal\n" + store_id + "\n" + application);
}

std::vector<StoredEvent> seal_events(int64_t run, const JournalHead& head,
                                     std::vector<Event>& events) {
  std::vector<StoredEvent> rows;
  int64_t sequence = head.run == run ? head.sequence : 0;
  std::string previous = head.hash;
  for (Event& event : events) {
    event.run = run;
    event.sequence = ++sequence;
    const std::string text = event_text(event);
    const auto stored = parse_json(text, "an event that was just written");
    SWITCHBACK_CHECK(stored, "an event's text is valid JSON");
    event.body = stored->at("body");
    event.hash = link_hash(previous, text);
    previous = event.hash;
    rows.push_back({run, sequence, text, event.hash});
  }
  return rows;
}

Result<Event> open_event(const StoredEvent& row, int64_t run, int64_t sequence,
                         const std::string& previous_hash) {
  if (row.sequence != sequence) {
    return corrupt(run, sequence, fmt::format("it is missing ({} follows)", row.sequence));
  }
  if (row.hash != link_hash(previous_hash, row.text)) {
    return corrupt(run, sequence, "its hash does not continue the chain");
  }
  const auto json = parse_json(row.text, "the journal");
  if (!json) return corrupt(run, sequence, "it is not valid JSON");
  auto event = event_from_json(*json);
  if (!event) {
    if (event.error().code == ErrorCode::refused) return event;  // a newer format, not damage
    return corrupt(run, sequence, event.error().message);
  }
  if (event->run != run || event->sequence != sequence) {
    return corrupt(run, sequence,
                   fmt::format("it is event {} of run {}", event->sequence, event->run));
  }
  event->hash = row.hash;
  return event;
}

Result<std::vector<Event>> open_events(const JournalHead& last,
                                       const std::vector<StoredEvent>& rows,
                                       const JournalHead& head) {
  std::vector<Event> events;
  JournalHead now = last;
  for (const StoredEvent& row : rows) {
    auto event = open_event(row, last.run, now.sequence + 1, now.hash);
    if (!event) return std::unexpected(event.error());
    now = {last.run, event->sequence, event->hash};
    events.push_back(std::move(*event));
  }
  if (now.sequence == 0) return corrupt(now.run, 1, "it is missing");
  if (head.run < now.run) {
    return corrupt(now.run, now.sequence, "the application's newest event is an older one");
  }
  if (head.run == now.run && head.sequence > now.sequence) {
    return corrupt(now.run, now.sequence + 1, "it is missing");
  }
  if (head.run == now.run && head != now) {
    return corrupt(now.run, now.sequence, "it is not the event that was stored last");
  }
  return events;
}

Result<void> check_newest(const std::string& application, int64_t newest_run,
                          const JournalHead& head) {
  if (newest_run == head.run) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("reading the runs of {}: the newest event belongs to run {}, the newest "
                          "run listed is {}; run `switchback audit verify`",
                          application, head.run, newest_run));
}

Result<StoredRun> new_run(const std::string& application, const std::vector<Event>& first_events) {
  if (first_events.empty() || first_events[0].kind != EventKind::run_created) {
    return fail(ErrorCode::invalid_input, "making a run: its first event must be run_created");
  }
  const Event& first = first_events[0];
  const auto plan = first.body.is_object() ? first.body.find("plan") : first.body.end();
  const std::string operation = plan == first.body.end() ? "" : json_text(*plan, "operation");
  if (const auto known = parse_operation(operation); !known) {
    return fail(ErrorCode::invalid_input, "making a run: " + known.error().message);
  }
  return StoredRun{0, application, operation, first.at_ms, result_of(first_events).value_or("")};
}

Result<void> may_append(int64_t run, int64_t last_sequence, const JournalHead& head) {
  if (head.run != run) {
    return fail(ErrorCode::refused,
                fmt::format("writing to run {}: run {} has begun since, and an older run takes no "
                            "more events; write to run {}",
                            run, head.run, head.run));
  }
  if (head.sequence != last_sequence) {
    return fail(ErrorCode::refused,
                fmt::format("writing to run {}: another writer was faster (it is at event {}, not "
                            "{}); read and decide again",
                            run, head.sequence, last_sequence));
  }
  return {};
}

Result<void> may_claim(const std::string& application, const Claim& current, const Claim& expected,
                       const Claim& next) {
  if (current.epoch != expected.epoch || current.claim_id != expected.claim_id) {
    return fail(ErrorCode::refused,
                fmt::format("claiming {}: somebody else holds claim {} ({}) since; look at "
                            "`switchback status {}` and plan again",
                            application, current.epoch, current.claim_id, application));
  }
  if (next.epoch <= current.epoch || next.claim_id.empty()) {
    return fail(ErrorCode::invalid_input,
                fmt::format("claiming {}: the new claim must have an id and an epoch above {}",
                            application, current.epoch));
  }
  return {};
}

Error open_run_exists(const std::string& application, int64_t run) {
  return {ErrorCode::refused,
          fmt::format("making a run: run {} of {} is still open; `switchback run resume {}` or "
                      "`switchback run abort {}`",
                      run, application, run, run)};
}

Error value_changed(const std::string& key) {
  return {ErrorCode::refused,
          fmt::format("replacing {}: somebody else was faster; read it and decide again", key)};
}

Error run_missing(int64_t run) {
  return {
      ErrorCode::not_found,
      fmt::format("reading the journal: there is no run {}; `switchback runs` lists them", run)};
}

Error run_row_missing(int64_t run) {
  return corrupt(run, 1, "its events are there, but the run is not listed").error();
}

std::optional<std::string> result_of(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (event.kind != EventKind::run_ended) continue;
    const std::string result = json_text(event.body, "result");
    return result.empty() ? "unknown" : result;
  }
  return std::nullopt;
}

std::vector<RunRecord> run_records(const std::vector<StoredRun>& rows) {
  std::vector<RunRecord> records;
  for (const StoredRun& row : rows) {
    RunRecord record{row.run,           row.application,     Operation::switchover,
                     row.created_at_ms, !row.result.empty(), row.result};
    if (const auto operation = parse_operation(row.operation)) record.operation = *operation;
    records.push_back(std::move(record));
  }
  return records;
}

std::optional<PastDuration> duration_of(const std::string& operation, const std::string& text) {
  const auto json = parse_json(text, "the journal");
  if (!json) return std::nullopt;
  const auto event = event_from_json(*json);
  if (!event || event->kind != EventKind::step_ended) return std::nullopt;
  const bool done = json_text(event->body, "outcome") == outcome_text(Outcome::done);
  const auto elapsed = event->body.find("elapsed_ms");
  if (!done || elapsed == event->body.end() || !elapsed->is_number_integer()) return std::nullopt;
  return PastDuration{json_text(event->body, "step"), operation, elapsed->get<int64_t>()};
}

Facts newer_facts(const Facts& stored, const Facts& seen) {
  if (stored.observed_at_ms > seen.observed_at_ms && seen.observed_at_ms != 0) return stored;
  if (seen.reachable || !seen.values.empty()) return seen;
  Facts kept = stored;
  kept.reachable = false;
  kept.why = seen.why;
  kept.looked_at_ms = std::max(stored.looked_at_ms, seen.looked_at_ms);
  if (kept.away_since_ms == 0) kept.away_since_ms = seen.away_since_ms;
  return kept;
}

std::optional<Facts> new_look(const Facts& stored, const Facts& seen) {
  if (seen.looked_at_ms <= stored.looked_at_ms) return std::nullopt;
  Facts look;
  look.reachable = seen.reachable;
  look.looked_at_ms = look.observed_at_ms = seen.looked_at_ms;
  if (!seen.reachable) return look;
  for (const auto& [name, value] : seen.values) {
    const bool dull =
        std::any_of(std::begin(not_kept), std::end(not_kept),
                    [&](std::string_view prefix) { return name.starts_with(prefix); });
    if (!dull && look.values.size() < look_values_limit) {
      look.values[name] = clean(value, look_value_limit_bytes);
    }
  }
  return look;
}

bool opens_a_slot(int64_t newest_ms, int64_t at_ms) {
  return newest_ms / thinning[1].slot_ms != at_ms / thinning[1].slot_ms;
}

std::vector<int64_t> looks_to_drop(const std::vector<int64_t>& at_ms, int64_t now_ms) {
  std::vector<int64_t> drop;
  int64_t last_slot_ms = 0;
  int64_t last_slot = -1;
  for (const int64_t at : at_ms) {
    const Thinning* row =
        std::find_if(std::begin(thinning), std::end(thinning),
                     [&](const auto& r) { return now_ms - at <= r.younger_than_ms; });
    if (row == std::end(thinning)) {
      drop.push_back(at);
      continue;
    }
    const int64_t slot = at / row->slot_ms;
    if (slot == last_slot && row->slot_ms == last_slot_ms) drop.push_back(at);
    last_slot = slot;
    last_slot_ms = row->slot_ms;
  }
  return drop;
}

Json facts_to_json(const Facts& facts) {
  return {{"reachable", facts.reachable},        {"why", facts.why},
          {"observed_at", facts.observed_at_ms}, {"looked_at", facts.looked_at_ms},
          {"away_since", facts.away_since_ms},   {"values", facts.values}};
}

Result<Facts> facts_from_json(const Json& value) {
  try {
    Facts facts;
    facts.reachable = value.at("reachable").get<bool>();
    facts.why = value.at("why").get<std::string>();
    facts.observed_at_ms = value.at("observed_at").get<int64_t>();
    // Stores of format 1 did not keep these two.
    facts.looked_at_ms = value.value("looked_at", int64_t{0});
    facts.away_since_ms = value.value("away_since", int64_t{0});
    facts.values = value.at("values").get<std::map<std::string, std::string>>();
    return facts;
  } catch (const std::exception& problem) {
    return fail(ErrorCode::corrupt, std::string("reading stored facts: ") + problem.what());
  }
}

}  // namespace switchback
