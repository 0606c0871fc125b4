#include "cli/identity.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/text.h"

namespace switchback {
namespace {

std::string user_name(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  return entry != nullptr ? entry->pw_name : "uid " + std::to_string(uid);
}

}  // namespace

Identity identify(const std::string& claimed) {
  if (!claimed.empty()) return {clean(claimed, 64), false};
  constexpr uint32_t nobody_logged_in = 4294967295U;
  std::ifstream file("/proc/self/loginuid");
  uint32_t uid = nobody_logged_in;
  if (file >> uid && uid != nobody_logged_in) return {user_name(uid), true};
  // SUDO_USER is only believed from root: anybody else can set a variable.
  const char* sudo_user = std::getenv("SUDO_USER");
  if (geteuid() == 0 && sudo_user != nullptr && *sudo_user != '\0') return {sudo_user, true};
  return {user_name(getuid()), false};
}

}  // namespace switchback
