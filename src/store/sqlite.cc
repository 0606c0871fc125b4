#include "store/sqlite.h"

#include <fmt/format.h>

namespace switchback {
namespace {

// How long a writer waits for another one; transactions here take milliseconds.
constexpr int busy_timeout_ms = 10'000;

// What happened and what to do next, by SQLite's primary code.
struct Explanation {
  ErrorCode code;
  std::string_view text;
};

Explanation explain(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::unavailable, "the disk is full; free space there and try again"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::unavailable,
              "another process holds it locked; try again, and look who it is with `fuser`"};
    case SQLITE_READONLY:
      return {ErrorCode::unavailable,
              "it is read-only for this user; run as its owner, or mount its disk writable"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::unavailable,
              "it cannot be opened; check that it exists and that this user may write to the file "
              "and to its directory"};
    case SQLITE_IOERR:
      return {ErrorCode::unavailable, "the disk reports an error; check it before going on"};
    case SQLITE_NOTADB:
      return {ErrorCode::corrupt,
              "it is no Switchback store, or its first page is damaged; name another file, or put "
              "a copy of the store in its place"};
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return {ErrorCode::corrupt,
              "it is damaged; put a copy of the store in its place (the hosts keep the claim), and "
              "keep the damaged file"};
    default:
      return {ErrorCode::internal, "unexpected failure; keep the file and report this"};
  }
}

}  // namespace

bool has_no_room(const std::string& file) {
  std::error_code none;
  const auto space = std::filesystem::space(std::filesystem::absolute(file).parent_path(), none);
  return !none && space.available < 65'536;
}

std::string SqliteRow::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

std::unexpected<Error> SqliteDatabase::failure(std::string_view doing) const {
  int code = sqlite3_extended_errcode(database_.get());
  // What SQLite shares between processes is a file as well: without room for that it speaks of a
  // failing disk.
  if ((code & 0xff) == SQLITE_IOERR && has_no_room(file_)) code = SQLITE_FULL;
  const auto [error, text] = explain(code);
  return fail(error,
              fmt::format("{} {}: {} ({})", doing, file_, text, sqlite3_errmsg(database_.get())));
}

Result<SqliteDatabase> SqliteDatabase::open(const std::string& file, bool create) {
  SqliteDatabase database;
  database.file_ = file;
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  database.database_.reset(handle);
  if (handle == nullptr) return fail(ErrorCode::internal, "opening the store: no memory");
  if (code != SQLITE_OK) return database.failure("opening the store");
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  return database;
}

Result<sqlite3_stmt*> SqliteDatabase::prepared(const char* sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    return found->second.get();
  }
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    auto problem = failure("reading the store");
    // The statements are constants and fit the schema: if one does not, the schema is damaged.
    if (problem.error().code == ErrorCode::internal) problem.error().code = ErrorCode::corrupt;
    return problem;
  }
  statements_.emplace(sql, Statement(statement));
  return statement;
}

Result<void> SqliteDatabase::run(const char* sql, std::initializer_list<Bound> bound,
                                 const OnRow& on_row) {
  const auto found = prepared(sql);
  if (!found) return std::unexpected(found.error());
  sqlite3_stmt* statement = *found;
  int index = 0;
  for (const Bound& value : bound) {
    ++index;
    if (const auto* number = std::get_if<int64_t>(&value)) {
      sqlite3_bind_int64(statement, index, *number);
    } else {
      const auto text = std::get<std::string_view>(value);
      // A null pointer would bind NULL where an empty text is meant.
      sqlite3_bind_text(statement, index, text.empty() ? "" : text.data(),
                        static_cast<int>(text.size()), SQLITE_STATIC);
    }
  }
  int code = sqlite3_step(statement);
  while (code == SQLITE_ROW) {
    if (on_row) on_row(SqliteRow(statement));
    code = sqlite3_step(statement);
  }
  Result<void> result;
  if (code != SQLITE_DONE) {
    result = failure(sqlite3_stmt_readonly(statement) ? "reading the store" : "writing the store");
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return result;
}

Result<void> SqliteDatabase::script(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure("writing the store");
  }
  return {};
}

SqliteTransaction::~SqliteTransaction() {
  // SQLite has rolled back by itself after some errors (disk full); a second time is harmless.
  if (open_) static_cast<void>(database_.script("rollback"));
}

Result<void> SqliteTransaction::begin() {
  auto begun = database_.run("begin immediate");
  open_ = begun.has_value();
  return begun;
}

Result<void> SqliteTransaction::commit() {
  auto committed = database_.run("commit");
  if (committed) open_ = false;
  return committed;
}

}  // namespace switchback
