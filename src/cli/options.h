// What every command shares: the global flags, the exit codes, and the way to the application.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/identity.h"
#include "model/application.h"
#include "planner/planner.h"
#include "store/store.h"
#include "world/real_shell.h"

namespace switchback {

// Exit codes, the same for every command (docs/exit-codes.md).
enum ExitCode {
  exit_done = 0,     // done; ready: go
  exit_refused = 1,  // refused or failed before any effect; ready: no-go
  exit_usage = 2,    // usage or configuration
  exit_waits = 3,    // waits for a person
  exit_stopped = 4,  // stopped after effects, or an outcome is unknown
};

struct Options {
  std::string config = "/etc/switchback";     // a file, or a folder of *.yaml files
  std::string state = "/var/lib/switchback";  // the store's folder
  bool json = false;
  std::string as;  // the person, when it is not the one who is logged in; recorded as unverified
};

// Reads the configuration of `application`, or of the only one when the name is empty. Diagnostics
// go to standard error. Error: `invalid_input`, `not_found`.
Result<Application> load_application(const Options& options, const std::string& application);

// One file of the configuration, read; `problems` is empty when it is sound.
struct ReadFile {
  std::string path;
  std::string bytes;
  std::optional<Application> application;
  std::vector<std::string> problems;
};
// Every file of the configuration, sorted by path.
std::vector<ReadFile> read_configuration(const Options& options);

// The file itself, or the *.yaml files of a folder, sorted.
std::vector<std::string> configuration_files(const std::string& path);

// The bytes of a file, bounded. Errors: `not_found`, `unavailable`, `invalid_input` (too large).
Result<std::string> read_file(const std::string& path);

// The store in the state folder. `create` makes it when it is missing; without, `not_found`.
Result<std::unique_ptr<Store>> open_store(const Options& options, bool create);

// The same for commands that only show something: when its disk is full or read-only, a copy, which
// standard error says.
Result<std::unique_ptr<Store>> open_store_to_read(const Options& options);

// How the hosts are reached, and where the controller keeps its own receipts.
RealShellOptions shell_options(const Options& options);

// The component types and scripts that this program knows.
Catalogue catalogue();

// Prints the error (JSON with --json) and gives the exit code that fits it.
int report_error(const Options& options, const Error& error);

// Prints one JSON document on standard output.
void print_json(const Json& value);

}  // namespace switchback
