#include "cli/zones.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>

namespace switchback {
namespace {

// The C library takes an unknown zone for UTC: whether there is one is asked first.
bool is_known(const std::string& zone) {
  const char* folder = std::getenv("TZDIR");
  const std::filesystem::path zones = folder != nullptr ? folder : "/usr/share/zoneinfo";
  std::error_code ignored;
  return std::filesystem::is_regular_file(zones / zone, ignored);
}

// TZ is the zone while this lives.
class InZone {
 public:
  explicit InZone(const std::string& zone) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", (":" + zone).c_str(), 1);
    tzset();
  }
  ~InZone() {
    before_ ? setenv("TZ", before_->c_str(), 1) : unsetenv("TZ");
    tzset();
  }
  InZone(const InZone&) = delete;
  InZone& operator=(const InZone&) = delete;

 private:
  std::optional<std::string> before_;
};

}  // namespace

std::optional<int> offset_at(const std::string& zone, int64_t utc_s) {
  if (zone == "UTC") return 0;
  if (!is_known(zone)) return std::nullopt;
  const InZone in_zone(zone);
  const auto moment = static_cast<time_t>(utc_s);
  std::tm local{};
  if (localtime_r(&moment, &local) == nullptr) return std::nullopt;
  return static_cast<int>(local.tm_gmtoff);
}

}  // namespace switchback
