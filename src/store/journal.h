// The journal as it lies in a store: rows of text, unchecked. The audit reads these, because it
// must say everything that is wrong, where `Store::read` stops at the first contradiction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace switchback {

// One event as it is stored: `text` is what the chain's hash covers (run/event.h, event_text).
struct StoredEvent {
  int64_t run = 0;
  int64_t sequence = 0;
  std::string text;
  std::string hash;
};

// One run as it is stored. `result` is empty while the run is open.
struct StoredRun {
  int64_t run = 0;
  std::string application;
  std::string operation;
  int64_t created_at_ms = 0;
  std::string result;
};

// The newest event of an application. Kept outside the store as well (on the hosts of both sites),
// it is what shows that the newest events were cut off or that the whole journal was rewritten.
struct JournalHead {
  int64_t run = 0;  // 0: the application has no event yet
  int64_t sequence = 0;
  std::string hash;  // without events: the hash from which the first one will chain

  bool operator==(const JournalHead&) const = default;
};

// Everything of one application, runs and events in their order. Events whose run is missing
// belong to nobody; they are listed with every application, so that no audit overlooks them.
struct StoredJournal {
  std::string store_id;
  std::string application;
  std::vector<StoredRun> runs;
  std::vector<StoredEvent> events;
  JournalHead head;
};

}  // namespace switchback
