// Assertions that stay on in release builds: it is far better to stop than to act on a state that
// cannot be. The text is the invariant in words.
#pragma once

#include <string_view>

namespace switchback {

[[noreturn]] void invariant_broken(std::string_view invariant, const char* file, int line);

#define SWITCHBACK_CHECK(condition, invariant) \
  ((condition) ? static_cast<void>(0)          \
               : ::switchback::invariant_broken(invariant, __FILE__, __LINE__))

}  // namespace switchback
