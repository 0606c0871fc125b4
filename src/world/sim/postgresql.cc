#include "world/sim/postgresql.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {

std::string pg_lsn_text(int64_t position) {
  return fmt::format("{:X}/{:X}", position >> 32, position & 0xffffffff);
}

int64_t pg_lsn_number(const std::string& text) {
  unsigned int high = 0;
  unsigned int low = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%X/%X%c", &high, &low, &rest) != 2) return -1;
  return (static_cast<int64_t>(high) << 32) + low;
}

size_t pg_common(const PgCluster& left, const PgCluster& right) {
  const auto [l, r] = std::ranges::mismatch(left.log, right.log);
  return static_cast<size_t>(l - left.log.begin());
}

}  // namespace switchback
