#include "components/types.h"

#include <array>
#include <vector>

#include "components/command.h"
#include "components/dns.h"
#include "components/files.h"
#include "components/http.h"
#include "components/postgresql.h"
#include "components/site.h"
#include "components/systemd.h"

namespace switchback {

std::span<const ComponentType* const> component_types() {
  static const std::array<const ComponentType*, 6> table = {
      &postgresql_type(), &files_type, &systemd_type, &http_type, &dns_type, &command_type,
  };
  return table;
}

const ComponentType* find_type(std::string_view name) {
  for (const ComponentType* type : component_types()) {
    if (type->schema.name == name) return type;
  }
  return nullptr;
}

std::span<const ComponentSchema> component_schemas() {
  static const std::vector<ComponentSchema> schemas = [] {
    std::vector<ComponentSchema> rows;
    for (const ComponentType* type : component_types()) rows.push_back(type->schema);
    return rows;
  }();
  return schemas;
}

std::span<const NamedScript> all_scripts() {
  static const std::vector<NamedScript> scripts = [] {
    std::vector<NamedScript> rows;
    for (const ComponentType* type : component_types()) {
      rows.insert(rows.end(), type->scripts.begin(), type->scripts.end());
    }
    const auto site = site_scripts();
    rows.insert(rows.end(), site.begin(), site.end());
    return rows;
  }();
  return scripts;
}

}  // namespace switchback
