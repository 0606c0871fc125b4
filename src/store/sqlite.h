// SQLite, as little of it as the store needs: one connection, cached statements, and every failure
// as an Error with words and a next step. Not thread-safe; one object per thread.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

namespace switchback {

// The disk of that file takes no more pages.
bool has_no_room(const std::string& file);

// One row of an answer; valid only inside the callback.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3_stmt* statement_;
};

class SqliteDatabase {
 public:
  using Bound = std::variant<int64_t, std::string_view>;
  using OnRow = std::function<void(const SqliteRow&)>;

  // Opens an existing file; with `create`, a new one.
  static Result<SqliteDatabase> open(const std::string& file, bool create);

  // Runs one statement; its text must live as long as the object (a literal): it is the cache key.
  Result<void> run(const char* sql, std::initializer_list<Bound> bound = {},
                   const OnRow& on_row = {});
  // Several statements, uncached.
  Result<void> script(const char* sql);
  int64_t last_insert_id() const { return sqlite3_last_insert_rowid(database_.get()); }
  int changes() const { return sqlite3_changes(database_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  Result<sqlite3_stmt*> prepared(const char* sql);
  std::unexpected<Error> failure(std::string_view doing) const;

  std::string file_;
  std::unique_ptr<sqlite3, Close> database_;
  std::map<const char*, Statement> statements_;  // after database_: finalized before it closes
};

// A write transaction: taken at once (no lock upgrade later), undone unless committed.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(database) {}
  ~SqliteTransaction();
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  Result<void> begin();
  // Durable when it returns.
  Result<void> commit();

 private:
  SqliteDatabase& database_;
  bool open_ = false;
};

// A read transaction: every read inside sees the same moment.
class SqliteSnapshot {
 public:
  explicit SqliteSnapshot(SqliteDatabase& database) : database_(database) {}
  ~SqliteSnapshot() {
    if (open_) static_cast<void>(database_.run("commit"));
  }
  SqliteSnapshot(const SqliteSnapshot&) = delete;
  SqliteSnapshot& operator=(const SqliteSnapshot&) = delete;

  Result<void> begin() {
    auto begun = database_.run("begin");
    open_ = begun.has_value();
    return begun;
  }

 private:
  SqliteDatabase& database_;
  bool open_ = false;
};

}  // namespace switchback
