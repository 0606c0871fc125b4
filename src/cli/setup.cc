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

int check_file(const Options& options, const std::string& file) {
  const std::string path = file.empty() ? options.config : file;
  auto bytes = read_file(path);
  if (!bytes) return report_error(options, bytes.error());
  const ReadResult result = read_application(*bytes, path, component_schemas());
  if (options.json) {
    const auto records = [](const std::vector<Diagnostic>& list) {
      Json array = Json::array();
      for (const Diagnostic& each : list) {
        array.push_back(
            {{"line", each.mark.line}, {"column", each.mark.column}, {"message", each.message}});
      }
      return array;
    };
    print_json({{"file", path},
                {"valid", result.application.has_value()},
                {"errors", records(result.errors)},
                {"warnings", records(result.warnings)}});
  } else {
    for (const std::string& line : result.lines()) fmt::print(stderr, "{}\n", line);
    if (result.application) {
      fmt::print("{}: {} is valid: {} components on {} and {}. Next: switchback ready {}\n", path,
                 result.application->name, result.application->components.size(),
                 result.application->sites[0].name, result.application->sites[1].name,
                 result.application->name);
    }
  }
  return result.application ? exit_done : exit_usage;
}

}  // namespace switchback
