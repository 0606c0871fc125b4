// The break-glass bundle: one plain sh runbook for each operation and one page, made from the
// configuration alone. It is for the day on which Switchback is gone: which site is active, and by
// which claim, the runbooks ask the hosts. Pure: the same configuration and program give the same
// bytes, so that a published copy is compared by its digest.
#pragma once

#include <string>
#include <vector>

#include "planner/planner.h"
#include "planner/readiness.h"

namespace switchback {

struct BundleFile {
  std::string name;  // "failover-to-dr.sh", "README.md"
  std::string text;
};

struct Bundle {
  std::vector<BundleFile> files;
  // "CONFIGURATION_HASH VERSION DIGEST": one line, kept beside a published copy.
  std::string manifest;
};

// Error: that of a plan which cannot be made; with a configuration that was read there is none.
Result<Bundle> make_bundle(const Catalogue& catalogue, const Application& application);

// Adopted hosts whose copy is missing, or not that of this configuration and program: blocking.
std::vector<ReadyFinding> runbook_findings(const Catalogue& catalogue,
                                           const Application& application,
                                           const Snapshot& snapshot);

// What a host stores it from: for each file a line "NAME BYTES", then its bytes; the manifest is
// the last file.
std::string bundle_stream(const Bundle& bundle);

}  // namespace switchback
