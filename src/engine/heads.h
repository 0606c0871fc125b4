// Copies of the journal's head on the hosts of both sites: whoever rewrites the store, or cuts its
// newest events off, cannot rewrite these.
#pragma once

#include <string>
#include <vector>

#include "store/store.h"
#include "world/clock.h"
#include "world/shell.h"

namespace switchback {

// Leaves the head of that application's journal on every host, in a file that keeps the newest 200.
// Best effort: a host that does not answer within `bound`, or was never adopted, goes without; the
// hosts that keep it now are returned. `body` is the script `journal_head`. May be called again.
std::vector<std::string> keep_head(Shell& shell, Clock& clock, Store& store,
                                   const std::string& application, const std::vector<Host>& hosts,
                                   const std::string& body, Milliseconds bound);

}  // namespace switchback
