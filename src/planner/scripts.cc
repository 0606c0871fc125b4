#include "planner/parts.h"

namespace switchback {
namespace {

constexpr std::string_view announce_webhook =
#include "shell/announce_webhook.inc"
    ;
constexpr std::string_view announce_command =
#include "shell/announce_command.inc"
    ;

constexpr NamedScript own_scripts[] = {
    {"announce_webhook", "URL BEFORE MORE AFTER", announce_webhook},
    {"announce_command", "TEXT MORE COMMAND…", announce_command},
};

}  // namespace

std::span<const NamedScript> planner_scripts() {
  return own_scripts;
}

const ComponentType* Catalogue::find_type(std::string_view name) const {
  for (const ComponentType* type : types) {
    if (type->schema.name == name) return type;
  }
  return nullptr;
}

const NamedScript* Catalogue::find_script(std::string_view name) const {
  const auto find = [&](std::span<const NamedScript> among) -> const NamedScript* {
    for (const NamedScript& script : among) {
      if (script.name == name) return &script;
    }
    return nullptr;
  };
  for (const ComponentType* type : types) {
    if (const NamedScript* found = find(type->scripts)) return found;
  }
  if (const NamedScript* found = find(scripts)) return found;
  return find(planner_scripts());
}

}  // namespace switchback
