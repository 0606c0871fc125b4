// Component types of the kinds that ServiceOps has, each with one step per hook, and the
// application itself: what the planner joins, without what the real types know.
#pragma once

#include "planner/planner.h"

namespace switchback {

// Types postgresql, files, systemd, http and dns; site scripts that echo their names.
Catalogue recorder_catalogue();

// examples/serviceops: database, attachments <- services <- login <- address.
Application recorder_application();

// Everything observed, reachable and well, status words `normal`.
Snapshot recorder_snapshot(const Application& application);

Claim claim_at(const Application& application, const std::string& site, int64_t epoch = 7);

}  // namespace switchback
