// The making of a store file and the proof that a file is one: tables, format, identity.
#pragma once

#include <memory>
#include <string>

#include "store/sqlite.h"

namespace switchback {

// Makes the store at `file` unless something is there already. The file appears under its name
// only when it is complete; of two processes that make it at once, one wins and both use it.
Result<void> make_store_file(const std::string& file);

// The store id of an open database; an error when it is no store that this program can read.
Result<std::string> read_store_identity(SqliteDatabase& database);

// Copies the store and its log into a new folder in memory, readable by nobody else. The folder,
// which is removed with the last pointer to its name.
Result<std::shared_ptr<const std::string>> copy_store_files(const std::string& file);

}  // namespace switchback
