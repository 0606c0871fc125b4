// The JSON Schema (draft 2020-12) of a configuration, for editors: `switchback schema`.
//
// Made from the rows that the reader uses, so every key and form is the same. What needs more than
// one place of the file (dangling names, circles, the same address on both sites) is the reader's.
#pragma once

#include <span>

#include "base/json.h"
#include "model/options.h"

namespace switchback {

Json configuration_schema(std::span<const ComponentSchema> types);

}  // namespace switchback
