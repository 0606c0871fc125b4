// What was observed, in SQLite: the newest facts, the history of looks, and small named values.
#include <fmt/format.h>

#include "store/rules.h"
#include "store/sqlite_store.h"

namespace switchback {

Result<void> SqliteStore::put_facts(const std::string& application,
                                    const std::map<std::string, Facts>& seen) {
  SqliteTransaction transaction(database_);
  if (auto begun = transaction.begin(); !begun) return begun;
  auto stored = facts(application);
  if (!stored) return std::unexpected(stored.error());
  for (const auto& [name, fresh] : seen) {
    const std::string text = dump_json(facts_to_json(newer_facts((*stored)[name], fresh)));
    auto written = database_.run(
        "insert into facts(application, name, text) values(?, ?, ?) on conflict(application, name) "
        "do update set text = excluded.text",
        {application, name, text});
    if (!written) return written;
    const auto look = new_look((*stored)[name], fresh);
    if (!look) continue;
    if (written = add_look(application, name, *look); !written) return written;
  }
  return transaction.commit();
}

Result<std::map<std::string, Facts>> SqliteStore::facts(const std::string& application) {
  std::map<std::string, std::string> texts;
  auto done = database_.run("select name, text from facts where application = ?", {application},
                            [&](const SqliteRow& row) { texts[row.text(0)] = row.text(1); });
  if (!done) return std::unexpected(done.error());
  std::map<std::string, Facts> found;
  for (const auto& [name, text] : texts) {
    const auto json = parse_json(text, "stored facts");
    if (!json) return std::unexpected(json.error());
    auto facts = facts_from_json(*json);
    if (!facts) return std::unexpected(facts.error());
    found[name] = std::move(*facts);
  }
  return found;
}

Result<void> SqliteStore::put_value(const std::string& key, const std::string& value) {
  return database_.run(
      "insert into named_values(key, value) values(?, ?) on conflict(key) do update set value = "
      "excluded.value",
      {key, value});
}

Result<std::string> SqliteStore::value(const std::string& key) {
  std::string found;
  auto done = database_.run("select value from named_values where key = ?", {key},
                            [&](const SqliteRow& row) { found = row.text(0); });
  if (!done) return std::unexpected(done.error());
  return found;
}

Result<void> SqliteStore::add_look(const std::string& application, const std::string& name,
                                   const Facts& look) {
  int64_t newest_ms = 0;
  auto done =
      database_.run("select max(at_ms) from looks where application = ? and name = ?",
                    {application, name}, [&](const SqliteRow& row) { newest_ms = row.integer(0); });
  if (!done) return done;
  const std::string text = look.reachable ? dump_json(Json(look.values)) : "";
  done = database_.run(
      "insert or replace into looks(application, name, at_ms, text) values(?, ?, ?, ?)",
      {application, name, look.observed_at_ms, text});
  if (!done || !opens_a_slot(newest_ms, look.observed_at_ms)) return done;
  std::vector<int64_t> times;
  done = database_.run("select at_ms from looks where application = ? and name = ? order by at_ms",
                       {application, name},
                       [&](const SqliteRow& row) { times.push_back(row.integer(0)); });
  for (const int64_t at_ms : looks_to_drop(times, look.observed_at_ms)) {
    if (!done) return done;
    done = database_.run("delete from looks where application = ? and name = ? and at_ms = ?",
                         {application, name, at_ms});
  }
  return done;
}

Result<PastLooks> SqliteStore::past_looks(const std::string& application, int64_t since_ms) {
  PastLooks found;
  std::string problem;
  auto done = database_.run(
      "select name, at_ms, text from looks where application = ? and at_ms >= ? order by name, "
      "at_ms",
      {application, since_ms}, [&](const SqliteRow& row) {
        Facts look;
        look.observed_at_ms = look.looked_at_ms = row.integer(1);
        const std::string text = row.text(2);
        look.reachable = !text.empty();
        const auto values = parse_json(look.reachable ? text : "{}", "a stored look");
        if (!values) {
          problem = values.error().message;
          return;
        }
        for (const auto& [name, value] : values->items()) {
          if (value.is_string()) look.values[name] = value.get<std::string>();
        }
        found[row.text(0)].push_back(std::move(look));
      });
  if (!done) return std::unexpected(done.error());
  if (!problem.empty()) return fail(ErrorCode::corrupt, problem);
  return found;
}

Result<void> SqliteStore::replace_value(const std::string& key, const std::string& expected,
                                        const std::string& next) {
  SqliteTransaction transaction(database_);
  if (auto begun = transaction.begin(); !begun) return begun;
  const auto current = value(key);
  if (!current) return std::unexpected(current.error());
  if (*current != expected) return std::unexpected(value_changed(key));
  if (auto put = put_value(key, next); !put) return put;
  return transaction.commit();
}

}  // namespace switchback
