// The one table of component types. A new type is its own file and one line in types.cc.
#pragma once

#include <span>
#include <string_view>

#include "components/component.h"

namespace switchback {

std::span<const ComponentType* const> component_types();

// The type of that name; null when there is none.
const ComponentType* find_type(std::string_view name);

// What the configuration's reader needs of every type, in the table's order.
std::span<const ComponentSchema> component_schemas();

// Every named script: those of the types and those of the site (components/site.h).
std::span<const NamedScript> all_scripts();

}  // namespace switchback
