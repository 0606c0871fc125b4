// The commented configuration that `switchback init` prints. It is valid as it stands, so that the
// first change a newcomer makes is to something that works.
#pragma once

#include <string_view>

namespace switchback {

std::string_view starting_point();

}  // namespace switchback
