// The store's twin in memory, with the same rules (store/rules.h), for simulation and tests. What a
// call acknowledged is kept as long as the object lives: a controller may die and another one start
// on the same object. Faults can be planted around every durable write.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "store/store.h"

namespace switchback {

class MemoryStore : public Store {
 public:
  // One durable write: `number` counts from 1 over the life of the store, `what` names the call.
  struct Write {
    int64_t number = 0;
    std::string what;  // "claim", "create_run", "append", "facts", "value"
    std::string application;
    bool before = true;  // false: it is durable, its caller does not know yet
  };
  // Called around each write; may throw to stop the controller there. What was written stays.
  using WriteHook = std::function<void(const Write&)>;

  // How a planted failure looks from the store's side; the caller sees the same error.
  enum class FailureKind {
    not_written,  // disk full
    written,      // the commit happened, its answer was lost
  };

  explicit MemoryStore(std::string store_id = "5709e0000000000000000000000000ff");

  void on_write(WriteHook hook) { hook_ = std::move(hook); }
  // The write with that number fails; all other writes go on.
  void fail_write(int64_t number, FailureKind kind) { failures_[number] = kind; }
  void fail_no_more() { failures_.clear(); }
  int64_t writes() const { return writes_; }
  // The rows, for tests that damage them.
  std::map<int64_t, std::vector<StoredEvent>>& stored_events() { return events_; }
  std::map<int64_t, StoredRun>& stored_runs() { return runs_; }

  std::string store_id() override { return store_id_; }
  Result<Claim> claim(const std::string& application) override;
  Result<void> set_claim(const std::string& application, const Claim& expected,
                         const Claim& next) override;
  Result<int64_t> create_run(const std::string& application, std::vector<Event> first_events,
                             int64_t beyond = 0) override;
  Result<std::vector<Event>> append(int64_t run, int64_t last_sequence,
                                    std::vector<Event> events) override;
  Result<std::vector<Event>> read(int64_t run) override;
  Result<std::vector<Event>> read_behind(const JournalHead& last) override;
  Result<int64_t> last_sequence(int64_t run) override;
  Result<std::vector<RunRecord>> runs(const std::string& application) override;
  Result<std::vector<PastDuration>> durations(const std::string& application) override;
  Result<JournalHead> head(const std::string& application) override;
  Result<StoredJournal> stored_journal(const std::string& application) override;
  Result<void> put_facts(const std::string& application,
                         const std::map<std::string, Facts>& facts) override;
  Result<std::map<std::string, Facts>> facts(const std::string& application) override;
  Result<PastLooks> past_looks(const std::string& application, int64_t since_ms) override;
  Result<void> replace_value(const std::string& key, const std::string& expected,
                             const std::string& next) override;
  Result<void> put_value(const std::string& key, const std::string& value) override;
  Result<std::string> value(const std::string& key) override;

 private:
  Result<void> write(std::string_view what, const std::string& application,
                     const std::function<void()>& change);
  std::vector<StoredRun> runs_of(const std::string& application) const;

  std::string store_id_;
  WriteHook hook_;
  std::map<int64_t, FailureKind> failures_;
  int64_t writes_ = 0;
  int64_t last_run_ = 0;
  std::map<std::string, Claim> claims_;
  std::map<int64_t, StoredRun> runs_;
  std::map<int64_t, std::vector<StoredEvent>> events_;
  std::map<std::string, JournalHead> heads_;
  std::map<std::string, std::map<std::string, Facts>> facts_;
  std::map<std::string, PastLooks> looks_;
  std::map<std::string, std::string> values_;
};

}  // namespace switchback
