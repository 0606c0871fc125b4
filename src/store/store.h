// Where claims, journals and observations live. Every write is a compare-and-set: whoever lost a
// race is told and nothing was written. Implementations: SqliteStore, MemoryStore (simulation).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plan/snapshot.h"
#include "run/event.h"
#include "store/journal.h"

namespace switchback {

// One line of `switchback runs`.
struct RunRecord {
  int64_t run = 0;
  std::string application;
  Operation operation = Operation::switchover;
  int64_t created_at_ms = 0;
  bool ended = false;
  std::string result;  // done, aborted, refused; empty while it is open
};

// How long a step took, for predictions.
struct PastDuration {
  std::string step;
  std::string operation;
  int64_t elapsed_ms = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // The identity of this store, made when it was created.
  virtual std::string store_id() = 0;

  // The claim of the application; epoch 0 when nobody has claimed.
  virtual Result<Claim> claim(const std::string& application) = 0;
  // Replaces the claim if it is still `expected` (epoch and claim id); else `refused`.
  virtual Result<void> set_claim(const std::string& application, const Claim& expected,
                                 const Claim& next) = 0;

  // Makes a run with its first events. `refused` when the application has an open run; the
  // message names it. Its number lies above `beyond`: hosts may have seen runs that this store, an
  // older copy of itself, has not.
  virtual Result<int64_t> create_run(const std::string& application,
                                     std::vector<Event> first_events, int64_t beyond = 0) = 0;
  // Appends events if the run's last sequence is still `last_sequence`; durable when it returns.
  // Fills in run, sequence and hash. `refused` when another writer was faster: read and decide
  // again.
  virtual Result<std::vector<Event>> append(int64_t run, int64_t last_sequence,
                                            std::vector<Event> events) = 0;
  // The run's events in order, the chain checked from the first one on. `corrupt` names the run and
  // the sequence at which the journal contradicts itself.
  virtual Result<std::vector<Event>> read(int64_t run) = 0;
  // Those behind the last event that the reader has, from whose hash the chain must continue.
  virtual Result<std::vector<Event>> read_behind(const JournalHead& last) = 0;
  // Cheap: the run's last sequence (for watching).
  virtual Result<int64_t> last_sequence(int64_t run) = 0;
  virtual Result<std::vector<RunRecord>> runs(const std::string& application) = 0;
  virtual Result<std::vector<PastDuration>> durations(const std::string& application) = 0;

  // The application's newest event: what the first event of its next run chains from.
  virtual Result<JournalHead> head(const std::string& application) = 0;
  // The rows as they are stored, unchecked, for the audit (store/audit.h).
  virtual Result<StoredJournal> stored_journal(const std::string& application) = 0;

  // The newest facts of each observation; older ones are replaced. A look that failed and brings
  // no values keeps the values (and their time) of the last one that succeeded.
  virtual Result<void> put_facts(const std::string& application,
                                 const std::map<std::string, Facts>& facts) = 0;
  virtual Result<std::map<std::string, Facts>> facts(const std::string& application) = 0;
  // The history that put_facts keeps: every look since `since_ms`, thinned with age
  // (store/rules.h).
  virtual Result<PastLooks> past_looks(const std::string& application, int64_t since_ms) = 0;

  // Small named values: the adopted flag, the configuration's path.
  virtual Result<void> put_value(const std::string& key, const std::string& value) = 0;
  // Replaces the value if it is still `expected`; else `refused`. Of several that saw the same
  // value exactly one succeeds: it does the job that the value stands for.
  virtual Result<void> replace_value(const std::string& key, const std::string& expected,
                                     const std::string& next) = 0;
  virtual Result<std::string> value(const std::string& key) = 0;  // empty when missing
};

}  // namespace switchback
