// The options of a component type as a Markdown table, for its page of the documentation.
#pragma once

#include <string>

#include "model/options.h"

namespace switchback {

// One line per option: name, form with an example, default, help. Ends with a line break.
std::string options_table(const ComponentSchema& type);

}  // namespace switchback
