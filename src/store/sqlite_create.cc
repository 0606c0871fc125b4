#include "store/sqlite_create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/hash.h"
#include "store/sqlite_store.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

constexpr int64_t application_id = 0x53574243;  // "SWBC", in the file's header

constexpr const char* schema = R"sql(
  pragma application_id = 1398227523;
  create table meta(key text primary key, value text not null) without rowid;
  create table claims(application text primary key, text text not null, check_hash text not null)
    without rowid;
  create table runs(run integer primary key autoincrement, application text not null,
    operation text not null, created_at_ms integer not null, result text);
  create unique index one_open_run on runs(application) where result is null;
  create table events(run integer not null, sequence integer not null, text text not null,
    hash text not null, primary key(run, sequence)) without rowid;
  create table heads(application text primary key, run integer not null, sequence integer not null,
    hash text not null) without rowid;
  create table facts(application text not null, name text not null, text text not null,
    primary key(application, name)) without rowid;
  create table named_values(key text primary key, value text not null) without rowid;
)sql";

// Since format 2: what was seen and when, thinned with age; without text the look failed. Since
// format 3: the long strings of events, kept once (store/bodies.h).
constexpr const char* later_tables = R"sql(
  create table if not exists looks(application text not null, name text not null,
    at_ms integer not null, text text not null, primary key(application, name, at_ms))
    without rowid;
  create table if not exists bodies(hash text primary key, text text not null);
)sql";

std::unexpected<Error> system_failure(std::string_view doing, const std::string& what) {
  return fail(ErrorCode::unavailable,
              fmt::format("{} {}: {}; check the path, its disk and who may write there", doing,
                          what, std::strerror(errno)));
}

Result<void> fill_store(const std::string& file) {
  auto database = SqliteDatabase::open(file, true);
  if (!database) return std::unexpected(database.error());
  SqliteTransaction transaction(*database);
  auto done = transaction.begin();
  if (done) done = database->script(schema);
  if (done) done = database->script(later_tables);
  if (done) {
    done = database->run("insert into meta(key, value) values('format', ?), ('store_id', ?)",
                         {std::to_string(store_format), random_hex(16)});
  }
  if (done) done = transaction.commit();
  // Last, and in the file's header: from here on every connection uses the write-ahead log.
  if (done) done = database->script("pragma journal_mode=wal");
  return done;
}

Result<void> sync_directory(const std::string& directory) {
  const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return system_failure("making the store in", directory);
  const int code = ::fsync(handle);
  ::close(handle);
  if (code != 0) return system_failure("making the store in", directory);
  return {};
}

Result<void> make_directory(const std::string& directory) {
  std::error_code problem;
  if (fs::is_directory(directory, problem)) return {};
  fs::create_directories(fs::path(directory).parent_path(), problem);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_failure("making the directory", directory);
  }
  return {};
}

// Something lies at `file`: is it fit to be opened? An emptied store must never pass for a new one.
Result<void> check_existing(const std::string& file, const struct stat& found) {
  if (!S_ISREG(found.st_mode)) {
    return fail(ErrorCode::invalid_input,
                fmt::format("opening the store {}: it is no plain file; name another path", file));
  }
  if (found.st_size == 0) {
    return fail(ErrorCode::corrupt,
                fmt::format("opening the store {}: the file is empty, though a store never is; put "
                            "a copy in its place, or move it away to begin a new store (then "
                            "`switchback resolve` takes the claim from the hosts)",
                            file));
  }
  const bool open_to_others = (found.st_mode & 0077) != 0;
  if (open_to_others && found.st_uid == ::geteuid() && ::chmod(file.c_str(), 0600) != 0) {
    return system_failure("closing to others the store", file);
  }
  return {};
}

// Only adds: what an older format holds is read as it is.
Result<void> upgrade(SqliteDatabase& database) {
  SqliteTransaction transaction(database);
  auto done = transaction.begin();
  if (done) done = database.script(later_tables);
  if (done) {
    done = database.run("update meta set value = ? where key = 'format'",
                        {std::to_string(store_format)});
  }
  return done ? transaction.commit() : done;
}

}  // namespace

Result<void> make_store_file(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) == 0) return check_existing(file, found);
  if (errno != ENOENT) return system_failure("opening the store", file);
  std::error_code ignored;
  if (fs::exists(file + "-wal", ignored)) {
    return fail(ErrorCode::corrupt,
                fmt::format("opening the store {}: it is missing, but its log {}-wal is there; put "
                            "the file back, or move the log away to begin a new store",
                            file, file));
  }
  const std::string directory = fs::absolute(file).parent_path();
  if (auto made = make_directory(directory); !made) return made;

  const std::string fresh = fmt::format("{}.new-{}", file, random_hex(8));
  const int handle = ::open(fresh.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (handle < 0) return system_failure("making the store", file);
  ::close(handle);
  auto done = fill_store(fresh);
  if (done && ::link(fresh.c_str(), file.c_str()) != 0 && errno != EEXIST) {
    done = system_failure("making the store", file);
  }
  ::unlink(fresh.c_str());
  return done ? sync_directory(directory) : done;
}

Result<std::shared_ptr<const std::string>> copy_store_files(const std::string& file) {
  std::string made = "/dev/shm/switchback-store.XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) return system_failure("making a copy in", "/dev/shm");
  const std::shared_ptr<const std::string> folder(new std::string(made), [](auto* path) {
    std::error_code ignored;
    fs::remove_all(*path, ignored);
    delete path;
  });
  for (const std::string ending : {"", "-wal"}) {
    std::error_code problem;
    if (!ending.empty() && !fs::exists(file + ending, problem)) continue;
    if (fs::copy_file(file + ending, *folder + "/store.db" + ending, problem)) continue;
    errno = problem.value();
    return system_failure("copying", file + ending);
  }
  return folder;
}

Result<std::string> read_store_identity(SqliteDatabase& database) {
  int64_t id = 0;
  auto done =
      database.run("pragma application_id", {}, [&](const SqliteRow& row) { id = row.integer(0); });
  if (!done) return std::unexpected(done.error());
  if (id != application_id) {
    return fail(ErrorCode::corrupt,
                "opening the store: the file is no Switchback store; name another file, or put a "
                "copy of the store in its place");
  }
  std::string format;
  std::string store_id;
  done = database.run("select key, value from meta", {}, [&](const SqliteRow& row) {
    if (row.text(0) == "format") format = row.text(1);
    if (row.text(0) == "store_id") store_id = row.text(1);
  });
  if (!done) return std::unexpected(done.error());
  const int written = std::atoi(format.c_str());
  if (written > store_format) {
    return fail(ErrorCode::refused,
                fmt::format("opening the store: it has format {}, this Switchback reads up to {}; "
                            "use the version that wrote it, or a newer one",
                            written, store_format));
  }
  if (written < 1 || store_id.empty()) {
    return fail(ErrorCode::corrupt,
                "opening the store: it has no format or no identity; put a copy in its place");
  }
  // Not now, then at the next opening: a full disk must not hide who is active.
  if (written < store_format) static_cast<void>(upgrade(database));
  return store_id;
}

}  // namespace switchback
