#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace switchback {

void invariant_broken(std::string_view invariant, const char* file, int line) {
  std::fprintf(stderr,
               "switchback: stopped by its own check at %s:%d: %.*s\n"
               "This is a defect of Switchback. Nothing more is done; the journal is intact.\n"
               "Next: switchback runs\n",
               file, line, static_cast<int>(invariant.size()), invariant.data());
  std::abort();
}

}  // namespace switchback
