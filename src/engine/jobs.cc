#include "engine/jobs.h"

#include <fmt/format.h>

#include <cstdlib>

namespace switchback {
namespace {

std::string job_key(const std::string& application, const std::string& component) {
  return fmt::format("job/{}/sync/{}", application, component);
}

}  // namespace

std::map<std::string, int64_t> sync_attempts(Store& store, const Application& application) {
  std::map<std::string, int64_t> found;
  for (const Component& component : application.components) {
    const auto value = store.value(job_key(application.name, component.name));
    if (value && !value->empty()) found[component.name] = std::atoll(value->c_str());
  }
  return found;
}

Result<std::vector<std::string>> take_due_syncs(Store& store, const Application& application,
                                                const Claim& claim, const Snapshot& snapshot,
                                                const std::string& taker) {
  std::map<std::string, int64_t> attempts;
  std::map<std::string, std::string> records;
  for (const Component& component : application.components) {
    auto record = store.value(job_key(application.name, component.name));
    if (!record) return std::unexpected(record.error());
    if (!record->empty()) attempts[component.name] = std::atoll(record->c_str());
    records[component.name] = std::move(*record);
  }
  std::vector<std::string> taken;
  for (const std::string& component : due_syncs(application, claim, snapshot, attempts)) {
    const auto won =
        store.replace_value(job_key(application.name, component), records.at(component),
                            fmt::format("{} {}", snapshot.now_ms, taker));
    if (won) {
      taken.push_back(component);
    } else if (won.error().code != ErrorCode::refused) {
      return std::unexpected(won.error());
    }
  }
  return taken;
}

}  // namespace switchback
