#include "world/sim/postgresql.h"

#include <fmt/format.h>

#include <algorithm>

#include "world/sim/world.h"

namespace switchback {

std::string pg_lsn_text(int64_t position) {
  return fmt::format("{:X}/{:X}", position >> 32, position & 0xffffffff);
}

int64_t pg_lsn_number(const std::string& text) {
  unsigned int high = 0;
  unsigned int low = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%X/%X%c", &high, &low, &rest) != 2) return -1;
  return (static_cast<int64_t>(high) << 32) + low;
}

size_t pg_common(const PgCluster& left, const PgCluster& right) {
  const auto [l, r] = std::ranges::mismatch(left.log, right.log);
  return static_cast<size_t>(l - left.log.begin());
}

void pg_append(PgCluster& cluster, int64_t write) {
  uint64_t chain = cluster.log.empty() ? 0 : cluster.log.back().chain;
  for (const uint64_t part :
       {static_cast<uint64_t>(cluster.timeline), static_cast<uint64_t>(write), cluster.writer}) {
    chain = (chain ^ part) * 0x9e3779b97f4a7c15u;
    chain ^= chain >> 29;
  }
  cluster.log.push_back({cluster.timeline, write, chain});
}

bool pg_start(PgCluster& cluster) {
  if (!cluster.present || cluster.away || cluster.log.empty()) return false;
  if (cluster.running) return true;
  cluster.running = true;
  cluster.clean = true;  // crash recovery replays what was flushed
  cluster.in_recovery = cluster.standby_signal;
  cluster.replayed = cluster.log.size();
  cluster.control_state = cluster.in_recovery ? "in archive recovery" : "in production";
  return true;
}

void pg_checkpoint(PgCluster& cluster) {
  cluster.control_checkpoint = pg_end(cluster);
  cluster.control_timeline = cluster.timeline;
  pg_append(cluster);
}

void pg_stop_cleanly(SimulatedWorld& world, SimulatedHost& host, PgCluster& cluster) {
  if (!cluster.running) return;
  if (!cluster.in_recovery) {
    pg_checkpoint(cluster);
    for (SimulatedHost* other : world.all_hosts()) {
      for (auto& [directory, standby] : other->clusters) {
        if (standby.follows == host.key && pg_upstream(world, *other, standby) == &cluster) {
          standby.log = cluster.log;
          standby.timeline = cluster.timeline;
          standby.history = cluster.history;
          if (!standby.replay_paused) standby.replayed = standby.log.size();
        }
      }
    }
  }
  cluster.control_state = cluster.in_recovery ? "shut down in recovery" : "shut down";
  cluster.running = false;
  cluster.in_recovery = false;
}

void pg_crash(PgCluster& cluster) {
  if (cluster.running) cluster.clean = false;
  cluster.running = false;
  cluster.in_recovery = false;
}

void pg_promote(PgCluster& cluster) {
  cluster.history[cluster.timeline] = pg_end(cluster);
  ++cluster.timeline;
  pg_append(cluster);
  cluster.replayed = cluster.log.size();
  cluster.in_recovery = false;
  cluster.standby_signal = false;
  // The control file keeps the old timeline until the next checkpoint.
  cluster.control_state = "in production";
}

const PgCluster* pg_upstream(SimulatedWorld& world, const SimulatedHost& host,
                             const PgCluster& cluster) {
  if (!cluster.running || !cluster.in_recovery || cluster.follows.empty()) return nullptr;
  const SimulatedHost* source = world.find_host(cluster.follows);
  if (source == nullptr || source == &host || !world.talk(host.key, source->key)) return nullptr;
  for (const auto& [directory, upstream] : source->clusters) {
    const bool same = upstream.system_identifier == cluster.system_identifier;
    if (!pg_writable(upstream) || !same) continue;
    if (!cluster.slot_asked.empty()) {
      const auto slot = upstream.slots.find(cluster.slot_asked);
      if (slot == upstream.slots.end() || slot->second == "lost") continue;
    }
    // What it has must be a part of what the upstream has, else the receiver ends at once.
    const size_t size = cluster.log.size();
    const bool within = size <= upstream.log.size();
    if (size == 0 || (within && upstream.log[size - 1] == cluster.log.back())) return &upstream;
  }
  return nullptr;
}

void pg_replicate(SimulatedWorld& world) {
  for (SimulatedHost* host : world.all_hosts()) {
    for (auto& [directory, cluster] : host->clusters) {
      const PgCluster* upstream = pg_upstream(world, *host, cluster);
      // Asynchronous: now and then it is a little behind.
      if (upstream == nullptr || world.random(4) == 0) continue;
      if (cluster.log.size() == upstream->log.size()) continue;
      const auto missing = static_cast<std::ptrdiff_t>(cluster.log.size());
      cluster.log.insert(cluster.log.end(), upstream->log.begin() + missing, upstream->log.end());
      cluster.timeline = upstream->timeline;
      cluster.history = upstream->history;
      if (!cluster.replay_paused) cluster.replayed = cluster.log.size();
    }
  }
}

std::string pg_history_text(const PgCluster& cluster) {
  std::string text;
  for (const auto& [timeline, position] : cluster.history) {
    text += fmt::format("{}:{},", timeline, pg_lsn_text(position));
  }
  return text + fmt::format("{}:end", cluster.timeline);
}

std::string pg_log_hash(const PgCluster& cluster, size_t count) {
  const size_t last = std::min(count, cluster.log.size());
  return last == 0 ? "none" : fmt::format("{:016x}", cluster.log[last - 1].chain);
}

}  // namespace switchback
