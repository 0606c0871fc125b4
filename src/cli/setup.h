// Commands about the configuration itself: `init`, `schema`, `check`.
#pragma once

#include <string>

#include "cli/options.h"

namespace switchback {

int print_starting_point();
int print_schema();
int check_file(const Options& options, const std::string& file);

}  // namespace switchback
