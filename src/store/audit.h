// The audit of a journal: pure, over the rows as they are stored. It names every edit, deletion,
// reorder and truncation that the rows show. Whoever can rewrite the whole store can also rewrite
// its chain; that is what a head kept elsewhere is for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace switchback {

struct AuditFinding {
  int64_t run = 0;
  int64_t sequence = 0;
  std::string text;
};

struct AuditReport {
  std::string application;
  int64_t runs = 0;
  int64_t events = 0;
  JournalHead head;
  std::vector<AuditFinding> findings;  // empty: the journal is intact
  // Kept heads of runs that this store lost and a resolution wrote down as lost: known, and named.
  std::vector<JournalHead> lost;

  bool intact() const { return findings.empty(); }
};

// An older or equal head that was kept outside the store, and by whom ("dr/db", "--head").
struct KeptHead {
  std::string by;
  JournalHead head;
};

AuditReport audit_journal(const StoredJournal& journal, const std::vector<KeptHead>& kept);

// Kept heads that the journal does not hold, as "RUN SEQUENCE HASH", each once: what a resolution
// writes down as lost.
std::vector<std::string> missing_heads(const StoredJournal& journal,
                                       const std::vector<KeptHead>& kept);

Result<AuditReport> verify(Store& store, const std::string& application,
                           const std::vector<KeptHead>& kept = {});

// Reads "RUN SEQUENCE HASH", as `status --json` prints a head; nothing when it is not that.
std::optional<JournalHead> parse_head(std::string_view text);

// JSON lines: one header (format, store id, application, head), then each event with its hash, in
// order. The lines hold everything that is needed to check the chain without this program.
Result<std::string> export_journal(Store& store, const std::string& application);

}  // namespace switchback
