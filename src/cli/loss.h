// `run loss`: what an emergency has lost, item by item, read from the salvage where it lies.
#pragma once

#include "cli/options.h"

namespace switchback {

// Lists every committed transaction and every file that the salvage after run `run` (a failover, or
// the reprotect itself) has saved. Each list is compared with the checksum in the journal before it
// is shown. Refused while nothing was salvaged yet; the host that keeps the salvage must answer.
int show_loss(const Options& options, int64_t run);

}  // namespace switchback
