// The store in one SQLite file on the controller: no server needed. WAL and synchronous=FULL, so
// that what a call acknowledged survives a power cut. Several processes may use the same file:
// every write is one immediate transaction that checks its own precondition.
//
// The file appears complete or not at all: it is made under another name and linked into place. An
// empty or foreign file is therefore never "fresh start" but an error.
#pragma once

#include <memory>
#include <string>

#include "store/sqlite.h"
#include "store/store.h"

namespace switchback {

inline constexpr int store_format = 3;

class SqliteStore : public Store {
 public:
  // Opens the store, making it (mode 0600) and its directory (mode 0700) when they are missing.
  // `refused`: written by a newer Switchback. `corrupt`: foreign, emptied or damaged.
  // `unavailable`: not allowed, read-only, full, locked.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& file);
  // The same of a copy in memory, to read what lies on a disk that takes nothing: SQLite needs room
  // even for that. What is written to it is gone with the object.
  static Result<std::unique_ptr<SqliteStore>> open_copy(const std::string& file);

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
  explicit SqliteStore(SqliteDatabase database) : database_(std::move(database)) {}

  Result<void> check_identity();
  Result<void> add_look(const std::string& application, const std::string& name, const Facts& look);
  Result<std::vector<StoredRun>> stored_runs(const std::string& application);
  Result<std::vector<Event>> events_behind(const JournalHead& last, const std::string& application);
  std::string whole_text(const std::string& text);  // store/bodies.h
  Result<std::string> application_of(int64_t run);
  Result<void> write_events(const std::string& application, const std::vector<StoredEvent>& rows);
  Result<void> end_run(int64_t run, const std::vector<Event>& events);

  std::shared_ptr<const std::string> copy_;  // its folder, which must outlive the database
  SqliteDatabase database_;
  std::string store_id_;
};

}  // namespace switchback
