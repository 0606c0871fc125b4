// The heads of this store's journal that the hosts keep, asked now.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "store/audit.h"

namespace switchback {

// Who does not answer is named on standard error.
std::vector<KeptHead> heads_at_hosts(const Options& options, const Application& application,
                                     const std::string& store_id);

}  // namespace switchback
