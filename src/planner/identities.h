// Hosts that are not the ones that the configuration takes them for: clones, and mixed-up
// addresses.
#pragma once

#include <string>
#include <vector>

#include "model/application.h"
#include "plan/snapshot.h"

namespace switchback {

struct MistakenIdentity {
  std::string host;  // its key
  std::string text;  // what is wrong with it, in words that follow the key
  std::string fix;
};

// Judged by what answered; who does not answer proves nothing. Pure.
std::vector<MistakenIdentity> mistaken_identities(const Application& application,
                                                  const Snapshot& snapshot);

}  // namespace switchback
