// Who is typing: the log-in's user, as far as the system can vouch for it.
#pragma once

#include <string>

namespace switchback {

struct Identity {
  std::string name;
  bool verified = false;  // from the audit login uid or sudo; false: only a word or the present uid
};

// The login uid of the process (it survives su and sudo), else SUDO_USER, else the present user
// unverified. `claimed` (the flag --as) names somebody else and is always unverified.
Identity identify(const std::string& claimed);

}  // namespace switchback
