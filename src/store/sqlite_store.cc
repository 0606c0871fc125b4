#include "store/sqlite_store.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "store/bodies.h"
#include "store/rules.h"
#include "store/sqlite_create.h"

namespace switchback {
namespace {

// SQLite keeps no checksum of its pages, and one flipped digit of an epoch would be believed.
std::string claim_check(const std::string& store_id, const std::string& application,
                        const std::string& text) {
  return sha256_hex("switchback claim\n" + store_id + "\n" + application + "\n" + text);
}

}  // namespace

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& file) {
  if (auto made = make_store_file(file); !made) return std::unexpected(made.error());
  auto database = SqliteDatabase::open(file, false);
  if (!database) return std::unexpected(database.error());
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(*database)));
  if (auto checked = store->check_identity(); !checked) return std::unexpected(checked.error());
  return store;
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open_copy(const std::string& file) {
  const auto folder = copy_store_files(file);
  if (!folder) return std::unexpected(folder.error());
  auto store = open(**folder + "/store.db");
  if (store) (*store)->copy_ = *folder;
  return store;
}

Result<void> SqliteStore::check_identity() {
  auto identity = read_store_identity(database_);
  if (!identity) return std::unexpected(identity.error());
  store_id_ = *identity;
  return database_.script("pragma synchronous=full; pragma foreign_keys=on");
}

Result<Claim> SqliteStore::claim(const std::string& application) {
  std::string text;
  std::string check;
  auto done = database_.run("select text, check_hash from claims where application = ?",
                            {application}, [&](const SqliteRow& row) {
                              text = row.text(0);
                              check = row.text(1);
                            });
  if (!done) return std::unexpected(done.error());
  if (text.empty() && check.empty()) return Claim{};
  const auto json = parse_json(text, "the stored claim");
  if (!json || check != claim_check(store_id_, application, text)) {
    return fail(ErrorCode::corrupt,
                fmt::format("reading the claim of {}: the stored record was changed or damaged; "
                            "`switchback resolve {}` takes it from the hosts",
                            application, application));
  }
  return claim_from_json(*json);
}

Result<void> SqliteStore::set_claim(const std::string& application, const Claim& expected,
                                    const Claim& next) {
  SqliteTransaction transaction(database_);
  if (auto begun = transaction.begin(); !begun) return begun;
  const auto current = claim(application);
  if (!current) return std::unexpected(current.error());
  if (auto may = may_claim(application, *current, expected, next); !may) return may;
  const std::string text = dump_json(claim_to_json(next));
  auto written = database_.run(
      "insert into claims(application, text, check_hash) values(?, ?, ?) on conflict(application) "
      "do update set text = excluded.text, check_hash = excluded.check_hash",
      {application, text, claim_check(store_id_, application, text)});
  return written ? transaction.commit() : written;
}

Result<int64_t> SqliteStore::create_run(const std::string& application,
                                        std::vector<Event> first_events, int64_t beyond) {
  auto run = new_run(application, first_events);
  if (!run) return std::unexpected(run.error());
  SqliteTransaction transaction(database_);
  if (auto begun = transaction.begin(); !begun) return std::unexpected(begun.error());
  int64_t newest_run = 0;
  int64_t open_run = 0;
  auto done = database_.run(
      "select max(run), max(case when result is null then run end) from runs where application = ?",
      {application}, [&](const SqliteRow& row) {
        newest_run = row.integer(0);
        open_run = row.integer(1);
      });
  if (!done) return std::unexpected(done.error());
  if (open_run != 0) return std::unexpected(open_run_exists(application, open_run));
  const auto before = head(application);
  if (!before) return std::unexpected(before.error());
  if (done = check_newest(application, newest_run, *before); !done) {
    return std::unexpected(done.error());
  }
  done = database_.run(
      "insert into runs(run, application, operation, created_at_ms) values((select case when ?1 > "
      "coalesce(max(run), 0) then ?1 + 1 end from runs), ?2, ?3, ?4)",
      {beyond, application, run->operation, run->created_at_ms});
  if (!done) return std::unexpected(done.error());
  run->run = database_.last_insert_id();
  const auto rows = seal_events(run->run, *before, first_events);
  if (done = write_events(application, rows); !done) return std::unexpected(done.error());
  if (done = end_run(run->run, first_events); !done) return std::unexpected(done.error());
  if (done = transaction.commit(); !done) return std::unexpected(done.error());
  return run->run;
}

Result<std::vector<Event>> SqliteStore::append(int64_t run, int64_t last_sequence,
                                               std::vector<Event> events) {
  SqliteTransaction transaction(database_);
  if (auto begun = transaction.begin(); !begun) return std::unexpected(begun.error());
  const auto application = application_of(run);
  if (!application) return std::unexpected(application.error());
  const auto before = head(*application);
  if (!before) return std::unexpected(before.error());
  if (auto may = may_append(run, last_sequence, *before); !may) {
    return std::unexpected(may.error());
  }
  if (events.empty()) return events;
  const auto rows = seal_events(run, *before, events);
  auto done = write_events(*application, rows);
  if (done) done = end_run(run, events);
  if (done) done = transaction.commit();
  if (!done) return std::unexpected(done.error());
  return events;
}

Result<std::vector<Event>> SqliteStore::read(int64_t run) {
  // One transaction, so that rows and head are of the same moment while another process writes.
  SqliteSnapshot snapshot(database_);
  if (auto begun = snapshot.begin(); !begun) return std::unexpected(begun.error());
  const auto application = application_of(run);
  if (!application) return std::unexpected(application.error());
  std::string before = first_link(store_id_, *application);
  auto done = database_.run(
      "select hash from events where run = (select max(run) from runs where application = ? and "
      "run < ?) order by sequence desc limit 1",
      {*application, run}, [&](const SqliteRow& row) { before = row.text(0); });
  if (!done) return std::unexpected(done.error());
  return events_behind({run, 0, before}, *application);
}

Result<std::vector<Event>> SqliteStore::read_behind(const JournalHead& last) {
  SqliteSnapshot snapshot(database_);
  if (auto begun = snapshot.begin(); !begun) return std::unexpected(begun.error());
  const auto application = application_of(last.run);
  if (!application) return std::unexpected(application.error());
  return events_behind(last, *application);
}

Result<int64_t> SqliteStore::last_sequence(int64_t run) {
  int64_t last = 0;
  auto done = database_.run("select max(sequence) from events where run = ?", {run},
                            [&](const SqliteRow& row) { last = row.integer(0); });
  if (!done) return std::unexpected(done.error());
  if (last == 0) return std::unexpected(run_missing(run));
  return last;
}

Result<std::vector<RunRecord>> SqliteStore::runs(const std::string& application) {
  SqliteSnapshot snapshot(database_);
  if (auto begun = snapshot.begin(); !begun) return std::unexpected(begun.error());
  const auto rows = stored_runs(application);
  if (!rows) return std::unexpected(rows.error());
  const auto newest = head(application);
  if (!newest) return std::unexpected(newest.error());
  const auto checked = check_newest(application, rows->empty() ? 0 : rows->back().run, *newest);
  if (!checked) return std::unexpected(checked.error());
  return run_records(*rows);
}

Result<std::vector<PastDuration>> SqliteStore::durations(const std::string& application) {
  std::vector<PastDuration> durations;
  auto done = database_.run(
      "select runs.operation, events.text from events join runs on runs.run = events.run where "
      "runs.run in (select run from (select run from runs where application = ?1 and operation <> "
      "'sync' order by run desc limit 20) union select run from (select run from runs where "
      "application = ?1 and operation = 'sync' order by run desc limit 20)) and events.text like "
      "'%\"kind\":\"step_ended\"%' order by events.run, events.sequence",
      {application}, [&](const SqliteRow& row) {
        const auto duration = duration_of(row.text(0), whole_text(row.text(1)));
        if (duration) durations.push_back(*duration);
      });
  if (!done) return std::unexpected(done.error());
  return durations;
}

Result<JournalHead> SqliteStore::head(const std::string& application) {
  JournalHead newest{0, 0, first_link(store_id_, application)};
  auto done = database_.run("select run, sequence, hash from heads where application = ?",
                            {application}, [&](const SqliteRow& row) {
                              newest = {row.integer(0), row.integer(1), row.text(2)};
                            });
  if (!done) return std::unexpected(done.error());
  return newest;
}

Result<StoredJournal> SqliteStore::stored_journal(const std::string& application) {
  SqliteSnapshot snapshot(database_);
  if (auto begun = snapshot.begin(); !begun) return std::unexpected(begun.error());
  StoredJournal journal{store_id_, application, {}, {}, {}};
  const auto rows = stored_runs(application);
  if (!rows) return std::unexpected(rows.error());
  journal.runs = *rows;
  auto done = database_.run(
      "select run, sequence, text, hash from events where run in (select run from runs where "
      "application = ?) or run not in (select run from runs) order by run, sequence",
      {application}, [&](const SqliteRow& row) {
        journal.events.push_back(
            {row.integer(0), row.integer(1), whole_text(row.text(2)), row.text(3)});
      });
  if (!done) return std::unexpected(done.error());
  const auto newest = head(application);
  if (!newest) return std::unexpected(newest.error());
  journal.head = *newest;
  return journal;
}

Result<std::vector<StoredRun>> SqliteStore::stored_runs(const std::string& application) {
  std::vector<StoredRun> rows;
  auto done = database_.run(
      "select run, application, operation, created_at_ms, coalesce(result, '') from runs where "
      "application = ? order by run",
      {application}, [&](const SqliteRow& row) {
        rows.push_back({row.integer(0), row.text(1), row.text(2), row.integer(3), row.text(4)});
      });
  if (!done) return std::unexpected(done.error());
  return rows;
}

Result<std::vector<Event>> SqliteStore::events_behind(const JournalHead& last,
                                                      const std::string& application) {
  std::vector<StoredEvent> rows;
  auto done = database_.run(
      "select run, sequence, text, hash from events where run = ? and sequence > ? order by "
      "sequence",
      {last.run, last.sequence}, [&](const SqliteRow& row) {
        rows.push_back({row.integer(0), row.integer(1), whole_text(row.text(2)), row.text(3)});
      });
  if (!done) return std::unexpected(done.error());
  const auto newest = head(application);
  if (!newest) return std::unexpected(newest.error());
  return open_events(last, rows, *newest);
}

std::string SqliteStore::whole_text(const std::string& text) {
  return put_bodies_back(text, [&](const std::string& hash) -> std::optional<std::string> {
    std::optional<std::string> body;
    auto done = database_.run("select text from bodies where hash = ?", {hash},
                              [&](const SqliteRow& row) { body = row.text(0); });
    if (!done) return std::nullopt;
    return body;
  });
}

Result<std::string> SqliteStore::application_of(int64_t run) {
  std::string application;
  bool has_events = false;
  auto done = database_.run(
      "select (select application from runs where run = ?1), exists(select 1 from events where run "
      "= ?1)",
      {run}, [&](const SqliteRow& row) {
        application = row.text(0);
        has_events = row.integer(1) != 0;
      });
  if (!done) return std::unexpected(done.error());
  if (application.empty() && has_events) return std::unexpected(run_row_missing(run));
  if (application.empty()) return std::unexpected(run_missing(run));
  return application;
}

Result<void> SqliteStore::write_events(const std::string& application,
                                       const std::vector<StoredEvent>& rows) {
  for (const StoredEvent& row : rows) {
    const ThinText thin = take_bodies_out(row.text);
    for (const auto& [hash, text] : thin.bodies) {
      auto kept = database_.run(
          "insert into bodies(hash, text) values(?, ?) on conflict do nothing", {hash, text});
      if (!kept) return kept;
    }
    auto written = database_.run("insert into events(run, sequence, text, hash) values(?, ?, ?, ?)",
                                 {row.run, row.sequence, thin.text, row.hash});
    if (!written) return written;
  }
  return database_.run(
      "insert into heads(application, run, sequence, hash) values(?, ?, ?, ?) on "
      "conflict(application) do update set run = excluded.run, sequence = excluded.sequence, hash "
      "= excluded.hash",
      {application, rows.back().run, rows.back().sequence, rows.back().hash});
}

Result<void> SqliteStore::end_run(int64_t run, const std::vector<Event>& events) {
  const auto result = result_of(events);
  if (!result) return {};
  return database_.run("update runs set result = ? where run = ? and result is null",
                       {*result, run});
}

}  // namespace switchback
