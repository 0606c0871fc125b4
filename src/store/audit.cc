#include "store/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "store/rules.h"

namespace switchback {
namespace {

using EventRows = std::vector<const StoredEvent*>;

// What a resolution's first event says is lost: the store was an older copy of itself.
void note_lost(const Event& created, std::vector<JournalHead>& lost) {
  const auto heads = created.body.find("lost_heads");
  if (heads == created.body.end() || !heads->is_array()) return;
  for (const Json& head : *heads) {
    if (!head.is_string()) continue;
    if (auto read = parse_head(head.get<std::string>())) lost.push_back(std::move(*read));
  }
}

// Follows the chain through one run; answers the hash that the next run must continue.
std::string audit_run(const StoredRun& run, const EventRows& rows, std::string previous,
                      AuditReport& report) {
  std::vector<AuditFinding>& findings = report.findings;
  std::vector<Event> events;
  int64_t sequence = 0;
  for (const StoredEvent* row : rows) {
    ++sequence;
    if (row->sequence != sequence) {
      findings.push_back(
          {run.run, sequence,
           fmt::format("missing: event {} follows event {}", row->sequence, sequence - 1)});
      sequence = row->sequence;
    }
    const auto event = open_event(*row, run.run, sequence, previous);
    if (event) {
      events.push_back(*event);
    } else {
      findings.push_back({run.run, sequence, event.error().message});
    }
    previous = row->hash;
  }
  if (rows.empty()) findings.push_back({run.run, 1, "missing: the run has no events"});
  // The run's row repeats what the events say, for quick lists; it must not say something else.
  const auto told = new_run(run.application, events);
  if (!rows.empty() && !told) {
    findings.push_back({run.run, 1, "the run does not begin with its plan"});
  } else if (told && (told->operation != run.operation || told->result != run.result ||
                      told->created_at_ms != run.created_at_ms)) {
    findings.push_back({run.run, 0, "the list of runs says something else than the run's events"});
  }
  if (!events.empty()) note_lost(events.front(), report.lost);
  return previous;
}

void audit_kept(const StoredJournal& journal, const KeptHead& kept, const AuditReport& report,
                std::vector<AuditFinding>& findings) {
  const JournalHead& expected = kept.head;
  if (expected.run == 0 || std::ranges::find(report.lost, expected) != report.lost.end()) return;
  const bool present = std::ranges::any_of(journal.events, [&](const StoredEvent& row) {
    return row.run == expected.run && row.sequence == expected.sequence &&
           row.hash == expected.hash;
  });
  if (!present) {
    findings.push_back(
        {expected.run, expected.sequence,
         fmt::format("the journal does not hold the event whose hash {} keeps: newer events were "
                     "cut off or rewritten",
                     kept.by)});
  }
}

}  // namespace

AuditReport audit_journal(const StoredJournal& journal, const std::vector<KeptHead>& kept) {
  AuditReport report{journal.application,
                     static_cast<int64_t>(journal.runs.size()),
                     static_cast<int64_t>(journal.events.size()),
                     journal.head,
                     {},
                     {}};
  std::map<int64_t, EventRows> by_run;
  for (const StoredEvent& row : journal.events) by_run[row.run].push_back(&row);

  JournalHead last{0, 0, first_link(journal.store_id, journal.application)};
  for (const StoredRun& run : journal.runs) {
    const EventRows& rows = by_run[run.run];
    last.hash = audit_run(run, rows, last.hash, report);
    last.run = run.run;
    last.sequence = rows.empty() ? 0 : rows.back()->sequence;
    by_run.erase(run.run);
  }
  for (const auto& [run, rows] : by_run) {
    report.findings.push_back({run, rows.front()->sequence, "events of a run that is missing"});
  }
  if (last != journal.head) {
    report.findings.push_back(
        {journal.head.run, journal.head.sequence,
         fmt::format("the newest event was event {} of run {}; the journal ends with event {} of "
                     "run {}: the newest events are missing or were rewritten",
                     journal.head.sequence, journal.head.run, last.sequence, last.run)});
  }
  for (const KeptHead& each : kept) audit_kept(journal, each, report, report.findings);
  return report;
}

std::vector<std::string> missing_heads(const StoredJournal& journal,
                                       const std::vector<KeptHead>& kept) {
  std::set<std::string> missing;
  for (const KeptHead& each : kept) {
    std::vector<AuditFinding> findings;
    audit_kept(journal, each, {}, findings);
    if (findings.empty()) continue;
    missing.insert(fmt::format("{} {} {}", each.head.run, each.head.sequence, each.head.hash));
  }
  return {missing.begin(), missing.end()};
}

Result<AuditReport> verify(Store& store, const std::string& application,
                           const std::vector<KeptHead>& kept) {
  const auto journal = store.stored_journal(application);
  if (!journal) return std::unexpected(journal.error());
  return audit_journal(*journal, kept);
}

std::optional<JournalHead> parse_head(std::string_view text) {
  const auto words = split(text, ' ');
  if (words.size() != 3) return std::nullopt;
  JournalHead head{0, 0, words[2]};
  const auto read = [](const std::string& word, int64_t& number) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc() && end == word.data() + word.size();
  };
  if (!read(words[0], head.run) || !read(words[1], head.sequence)) return std::nullopt;
  return head;
}

Result<std::string> export_journal(Store& store, const std::string& application) {
  const auto journal = store.stored_journal(application);
  if (!journal) return std::unexpected(journal.error());
  std::string lines = dump_json({{"format", journal_format},
                                 {"store_id", journal->store_id},
                                 {"application", application},
                                 {"head",
                                  {{"run", journal->head.run},
                                   {"sequence", journal->head.sequence},
                                   {"hash", journal->head.hash}}}}) +
                      "\n";
  for (const StoredEvent& row : journal->events) {
    lines += dump_json({{"hash", row.hash}, {"text", row.text}}) + "\n";
  }
  return lines;
}

}  // namespace switchback
