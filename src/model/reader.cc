#include "model/reader.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "model/form.h"
#include "model/grammar.h"
#include "model/reading.h"
#include "model/value.h"

namespace switchback {
namespace {

void read_objectives(const Node& node, Reading& reading) {
  const Json values =
      read_rows(node, {"'objectives'", node.mark, {}}, grammar::objectives_rows, reading.errors);
  reading.application.data_loss_objective = duration_of(values, "data_loss");
  reading.application.recovery_time_objective = duration_of(values, "recovery_time");
}

void read_name(const Node& root, const Json& values, Reading& reading) {
  Application& application = reading.application;
  application.name = json_text(values, "application");
  const Node* name = root.find("application");
  if (name == nullptr || application.name.empty()) return;
  if (const auto problem = name_problem(application.name, true)) {
    reading.errors.add(name->mark, fmt::format("'application': {}", *problem));
  }
}

void read_root(const Node& root, Reading& reading) {
  MapPlace place{"the configuration", {1, 1}, {}};
  for (const auto& section : grammar::application_sections) {
    place.other_keys.emplace_back(section.name);
  }
  if (!expect_map(root, place, reading.errors)) return;
  const Json values = read_rows(root, place, grammar::application_rows, reading.errors);
  read_name(root, values, reading);
  Application& application = reading.application;
  application.after_reboot = json_text(values, "after_reboot", "peer");
  application.status_file =
      json_text(values, "status_file", "/var/lib/switchback/" + application.name + "/status");
  for (const auto& section : grammar::application_sections) {
    if (section.required && root.find(section.name) == nullptr) {
      reading.errors.add({1, 1}, fmt::format("the configuration has no '{}'; `switchback init` "
                                             "prints a file to start from",
                                             section.name));
    }
  }
  if (const Node* node = root.find("objectives")) read_objectives(*node, reading);
  if (const Node* node = root.find("sites")) read_sites(*node, reading);
  if (const Node* node = root.find("components")) read_components(*node, reading);
  read_policies(root, reading);
}

}  // namespace

std::vector<std::string> ReadResult::lines() const {
  std::vector<std::string> all;
  for (const Diagnostic& error : errors) all.push_back(diagnostic_text(file, error));
  for (const Diagnostic& warning : warnings) {
    all.push_back(diagnostic_text(file, {warning.mark, "warning: " + warning.message}));
  }
  return all;
}

ReadResult read_application(std::string_view bytes, std::string_view file,
                            std::span<const ComponentSchema> types) {
  Reading reading{.types = types, .application = {}, .errors = {}, .warnings = {}};
  const Node root = parse_yaml(bytes, reading.errors);
  // Without a whole tree every further message would be a guess.
  if (reading.errors.empty()) read_root(root, reading);
  ReadResult result;
  result.file = file;
  result.errors = reading.errors.sorted();
  result.warnings = reading.warnings.sorted();
  if (result.errors.empty()) {
    reading.application.config_hash = sha256_hex(bytes);
    result.application = std::move(reading.application);
  }
  return result;
}

}  // namespace switchback
