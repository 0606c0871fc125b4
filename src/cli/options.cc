#include "cli/options.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "components/site.h"
#include "components/types.h"
#include "model/reader.h"
#include "store/sqlite_store.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t read_limit = 16u << 20;  // the reader refuses far smaller files, with words

// The name that a file gives itself, without judging the rest: `application: NAME`.
std::string application_in(const std::string& bytes) {
  for (const std::string& line : split(bytes, '\n')) {
    if (line.starts_with("application:")) return std::string(trim(line.substr(12)));
  }
  return "";
}

// Its disk is full or mounted read-only.
bool takes_nothing(const std::string& file) {
  struct statvfs disk {};
  return has_no_room(file) || (statvfs(file.c_str(), &disk) == 0 && (disk.f_flag & ST_RDONLY) != 0);
}

}  // namespace

std::vector<std::string> configuration_files(const std::string& path) {
  std::error_code problem;
  if (!fs::is_directory(path, problem)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, problem)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".yaml") || name.ends_with(".yml")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::string> read_file(const std::string& path) {
  std::error_code problem;
  const auto size = fs::file_size(path, problem);
  if (problem) {
    return fail(ErrorCode::not_found, fmt::format("reading {}: {}; next: switchback init > {}",
                                                  path, problem.message(), path));
  }
  if (size > read_limit) {
    return fail(ErrorCode::invalid_input,
                fmt::format("reading {}: {} bytes are no configuration", path, size));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file)
    return fail(ErrorCode::unavailable, fmt::format("reading {}: it cannot be read", path));
  return bytes.str();
}

Result<Application> load_application(const Options& options, const std::string& application) {
  std::vector<std::string> names;
  std::optional<std::pair<std::string, std::string>> chosen;  // file, bytes
  for (const std::string& file : configuration_files(options.config)) {
    auto bytes = read_file(file);
    if (!bytes) return std::unexpected(bytes.error());
    const std::string name = application_in(*bytes);
    names.push_back(name);
    if (name == application || (application.empty() && !chosen)) chosen = {file, *bytes};
  }
  if (!chosen || (application.empty() && names.size() > 1)) {
    const std::string known = names.empty() ? "none" : join(names, ", ");
    return fail(
        names.empty() ? ErrorCode::not_found : ErrorCode::invalid_input,
        application.empty()
            ? fmt::format("reading {}: name the application; there is {}", options.config, known)
            : fmt::format("reading {}: there is no application '{}'; there is {}", options.config,
                          clean(application, 64), known));
  }
  const ReadResult result = read_application(chosen->second, chosen->first, component_schemas());
  if (!result.application) {
    for (const std::string& line : result.lines()) fmt::print(stderr, "{}\n", line);
    return fail(
        ErrorCode::invalid_input,
        fmt::format("reading {}: {} problems; next: correct them, then: switchback check {}",
                    chosen->first, result.errors.size(), chosen->first));
  }
  return *result.application;
}

std::vector<ReadFile> read_configuration(const Options& options) {
  std::vector<ReadFile> files;
  for (const std::string& path : configuration_files(options.config)) {
    ReadFile file{path, "", std::nullopt, {}};
    auto bytes = read_file(path);
    if (bytes) {
      file.bytes = *bytes;
      ReadResult result = read_application(*bytes, path, component_schemas());
      file.application = std::move(result.application);
      if (!file.application) file.problems = result.lines();
    } else {
      file.problems = {bytes.error().message};
    }
    files.push_back(std::move(file));
  }
  return files;
}

Result<std::unique_ptr<Store>> open_store(const Options& options, bool create) {
  const std::string file = options.state + "/store.db";
  std::error_code problem;
  if (!create && !fs::exists(file, problem)) {
    return fail(ErrorCode::not_found,
                fmt::format("opening {}: there is no store yet; next: switchback adopt APP", file));
  }
  auto store = SqliteStore::open(file);
  if (!store) return std::unexpected(store.error());
  return std::unique_ptr<Store>(std::move(*store));
}

Result<std::unique_ptr<Store>> open_store_to_read(const Options& options) {
  const std::string file = options.state + "/store.db";
  auto store = open_store(options, false);
  if (store || !takes_nothing(file)) return store;
  auto copy = SqliteStore::open_copy(file);
  if (!copy) return store;
  fmt::print(stderr, "switchback: {}\nThis is read from a copy in memory; nothing is kept.\n",
             store.error().message);
  return std::unique_ptr<Store>(std::move(*copy));
}

RealShellOptions shell_options(const Options& options) {
  RealShellOptions chosen;
  // The controller's runner works from the root folder.
  std::error_code problem;
  const fs::path state = fs::absolute(options.state, problem);
  chosen.controller_state_root = (problem ? options.state : state.string()) + "/host";
  return chosen;
}

Catalogue catalogue() {
  Catalogue all;
  for (const ComponentType* type : component_types()) all.types.push_back(type);
  for (const NamedScript& script : site_scripts()) all.scripts.push_back(script);
  return all;
}

int report_error(const Options& options, const Error& error) {
  static constexpr std::string_view names[] = {
      "invalid_input", "not_found", "refused", "unavailable", "timed_out", "corrupt", "internal"};
  if (options.json) {
    print_json({{"error",
                 {{"code", names[static_cast<size_t>(error.code)]}, {"message", error.message}}}});
  } else {
    std::fflush(stdout);  // where both go to one file, what was said first stands first
    fmt::print(stderr, "switchback: {}\n", error.message);
  }
  switch (error.code) {
    case ErrorCode::invalid_input:
    case ErrorCode::not_found:
      return exit_usage;
    case ErrorCode::refused:
    case ErrorCode::unavailable:
      return exit_refused;
    default:
      return exit_stopped;
  }
}

void print_json(const Json& value) {
  fmt::print("{}\n", value.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace switchback
