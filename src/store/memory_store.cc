#include "store/memory_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/rules.h"

namespace switchback {

namespace {

void add_look(std::vector<Facts>& looks, Facts look) {
  const int64_t now_ms = look.observed_at_ms;
  const bool thin = looks.empty() || opens_a_slot(looks.back().observed_at_ms, now_ms);
  looks.push_back(std::move(look));
  if (!thin) return;
  std::vector<int64_t> times;
  for (const Facts& each : looks) times.push_back(each.observed_at_ms);
  const auto drop = looks_to_drop(times, now_ms);
  std::erase_if(looks, [&](const Facts& each) {
    return std::binary_search(drop.begin(), drop.end(), each.observed_at_ms);
  });
}

}  // namespace

MemoryStore::MemoryStore(std::string store_id) : store_id_(std::move(store_id)) {}

Result<void> MemoryStore::write(std::string_view what, const std::string& application,
                                const std::function<void()>& change) {
  Write write{++writes_, std::string(what), application, true};
  const auto failure = failures_.find(write.number);
  const bool fails = failure != failures_.end();
  if (hook_) hook_(write);
  if (!fails || failure->second == FailureKind::written) change();
  write.before = false;
  if (hook_) hook_(write);
  if (!fails) return {};
  return fail(
      ErrorCode::unavailable,
      fmt::format("writing the store: planted failure of write {} ({})", write.number, what));
}

Result<Claim> MemoryStore::claim(const std::string& application) {
  const auto found = claims_.find(application);
  return found == claims_.end() ? Claim{} : found->second;
}

Result<void> MemoryStore::set_claim(const std::string& application, const Claim& expected,
                                    const Claim& next) {
  if (auto may = may_claim(application, *claim(application), expected, next); !may) return may;
  return write("claim", application, [&] { claims_[application] = next; });
}

Result<int64_t> MemoryStore::create_run(const std::string& application,
                                        std::vector<Event> first_events, int64_t beyond) {
  auto run = new_run(application, first_events);
  if (!run) return std::unexpected(run.error());
  for (const StoredRun& other : runs_of(application)) {
    if (other.result.empty()) return std::unexpected(open_run_exists(application, other.run));
  }
  run->run = std::max(last_run_, beyond) + 1;
  const auto rows = seal_events(run->run, *head(application), first_events);
  auto written = write("create_run", application, [&] {
    last_run_ = run->run;
    runs_[run->run] = *run;
    events_[run->run] = rows;
    heads_[application] = {run->run, rows.back().sequence, rows.back().hash};
  });
  if (!written) return std::unexpected(written.error());
  return run->run;
}

Result<std::vector<Event>> MemoryStore::append(int64_t run, int64_t last_sequence,
                                               std::vector<Event> events) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return std::unexpected(run_missing(run));
  const std::string application = found->second.application;
  const JournalHead before = *head(application);
  if (auto may = may_append(run, last_sequence, before); !may) {
    return std::unexpected(may.error());
  }
  if (events.empty()) return events;
  const auto rows = seal_events(run, before, events);
  auto written = write("append", application, [&] {
    auto& stored = events_[run];
    stored.insert(stored.end(), rows.begin(), rows.end());
    heads_[application] = {run, rows.back().sequence, rows.back().hash};
    if (const auto result = result_of(events); result && found->second.result.empty()) {
      found->second.result = *result;
    }
  });
  if (!written) return std::unexpected(written.error());
  return events;
}

Result<std::vector<Event>> MemoryStore::read(int64_t run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return std::unexpected(run_missing(run));
  const std::string& application = found->second.application;
  std::string before = first_link(store_id_, application);
  for (const StoredRun& earlier : runs_of(application)) {
    if (earlier.run < run && !events_[earlier.run].empty()) {
      before = events_[earlier.run].back().hash;
    }
  }
  return open_events({run, 0, before}, events_[run], *head(application));
}

Result<std::vector<Event>> MemoryStore::read_behind(const JournalHead& last) {
  const auto found = runs_.find(last.run);
  if (found == runs_.end()) return std::unexpected(run_missing(last.run));
  std::vector<StoredEvent> rows = events_[last.run];
  std::erase_if(rows, [&](const StoredEvent& row) { return row.sequence <= last.sequence; });
  return open_events(last, rows, *head(found->second.application));
}

Result<int64_t> MemoryStore::last_sequence(int64_t run) {
  const auto found = events_.find(run);
  if (found == events_.end() || found->second.empty()) return std::unexpected(run_missing(run));
  return found->second.back().sequence;
}

std::vector<StoredRun> MemoryStore::runs_of(const std::string& application) const {
  std::vector<StoredRun> rows;
  for (const auto& [number, row] : runs_) {
    if (row.application == application) rows.push_back(row);
  }
  return rows;
}

Result<std::vector<RunRecord>> MemoryStore::runs(const std::string& application) {
  return run_records(runs_of(application));
}

Result<std::vector<PastDuration>> MemoryStore::durations(const std::string& application) {
  std::vector<PastDuration> durations;
  for (const StoredRun& run : runs_of(application)) {
    for (const StoredEvent& row : events_[run.run]) {
      if (auto duration = duration_of(run.operation, row.text)) durations.push_back(*duration);
    }
  }
  return durations;
}

Result<JournalHead> MemoryStore::head(const std::string& application) {
  const auto found = heads_.find(application);
  if (found != heads_.end()) return found->second;
  return JournalHead{0, 0, first_link(store_id_, application)};
}

Result<StoredJournal> MemoryStore::stored_journal(const std::string& application) {
  StoredJournal journal{store_id_, application, runs_of(application), {}, *head(application)};
  for (const auto& [run, rows] : events_) {
    const auto owner = runs_.find(run);
    if (owner != runs_.end() && owner->second.application != application) continue;
    journal.events.insert(journal.events.end(), rows.begin(), rows.end());
  }
  return journal;
}

Result<void> MemoryStore::put_facts(const std::string& application,
                                    const std::map<std::string, Facts>& seen) {
  return write("facts", application, [&] {
    auto& stored = facts_[application];
    for (const auto& [name, fresh] : seen) {
      if (auto look = new_look(stored[name], fresh)) {
        add_look(looks_[application][name], std::move(*look));
      }
      stored[name] = newer_facts(stored[name], fresh);
    }
  });
}

Result<PastLooks> MemoryStore::past_looks(const std::string& application, int64_t since_ms) {
  PastLooks found = looks_[application];
  for (auto& [name, looks] : found) {
    std::erase_if(looks, [&](const Facts& look) { return look.observed_at_ms < since_ms; });
  }
  return found;
}

Result<std::map<std::string, Facts>> MemoryStore::facts(const std::string& application) {
  return facts_[application];
}

Result<void> MemoryStore::put_value(const std::string& key, const std::string& value) {
  return write("value", "", [&] { values_[key] = value; });
}

Result<void> MemoryStore::replace_value(const std::string& key, const std::string& expected,
                                        const std::string& next) {
  bool replaced = false;
  auto written = write("value", "", [&] {
    replaced = *value(key) == expected;
    if (replaced) values_[key] = next;
  });
  if (!written) return written;
  if (!replaced) return std::unexpected(value_changed(key));
  return {};
}

Result<std::string> MemoryStore::value(const std::string& key) {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string() : found->second;
}

}  // namespace switchback
