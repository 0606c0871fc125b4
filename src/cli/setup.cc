#include "cli/setup.h"

#include <fmt/format.h>

#include "components/types.h"
#include "model/reader.h"
#include "model/schema.h"
#include "model/starting_point.h"

namespace switchback {

int print_starting_point() {
  fmt::print("{}", starting_point());
  return exit_done;
}

int print_schema() {
  print_json(configuration_schema(component_schemas()));
  return exit_done;
}

namespace {

Json diagnostics_record(const std::vector<Diagnostic>& list) {
  Json array = Json::array();
  for (const Diagnostic& each : list) {
    array.push_back(
        {{"line", each.mark.line}, {"column", each.mark.column}, {"message", each.message}});
  }
  return array;
}

}  // namespace

int check_file(const Options& options, const std::string& file) {
  const std::string path = file.empty() ? options.config : file;
  int code = exit_done;
  for (const std::string& each : configuration_files(path)) {
    auto bytes = read_file(each);
    if (!bytes) return report_error(options, bytes.error());
    const ReadResult result = read_application(*bytes, each, component_schemas());
    if (!result.application) code = exit_usage;
    if (options.json) {
      print_json({{"file", each},
                  {"valid", result.application.has_value()},
                  {"errors", diagnostics_record(result.errors)},
                  {"warnings", diagnostics_record(result.warnings)}});
      continue;
    }
    for (const std::string& line : result.lines()) fmt::print(stderr, "{}\n", line);
    if (!result.application) continue;
    fmt::print("{}: {} is valid: {} components on {} and {}. Next: switchback ready {}\n", each,
               result.application->name, result.application->components.size(),
               result.application->sites[0].name, result.application->sites[1].name,
               result.application->name);
  }
  return code;
}

}  // namespace switchback
