// A PostgreSQL cluster as small as it can be and still be wrong in the ways that matter: a
// write-ahead log of records, each with the timeline it was written on, so that two sides can share
// a past and differ behind a fork; a control file that lags behind; standby.signal that alone
// decides the role at the next start.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace switchback {

// One record of the log. Commits carry the id of the client's write; other records carry none.
// `chain` is a fingerprint of everything up to here: two logs that agree in it at one place agree
// in all places before.
struct PgRecord {
  int timeline = 1;
  int64_t write = 0;
  uint64_t chain = 0;

  bool operator==(const PgRecord&) const = default;
};

struct PgCluster {
  // On disk.
  bool present = false;
  std::string system_identifier;
  std::string unit;
  uint64_t writer = 0;        // differs between sides: what each writes by itself is never the same
  std::vector<PgRecord> log;  // flushed on this side
  int timeline = 1;           // on which it writes, or which it replays
  std::map<int, int64_t> history;           // earlier timeline -> position at which it was left
  std::string control_state = "shut down";  // what pg_controldata says
  int64_t control_checkpoint = 0;           // START of the checkpoint's record
  int control_timeline = 1;                 // lags behind a promotion until the next checkpoint
  bool standby_signal = false;
  bool clean = true;                         // false after a crash until recovered
  bool away = false;                         // under another name while it is rewound
  std::string rewind;                        // "RUN started", "RUN done"; empty: never
  std::string rebuild;                       // "RUN done"
  std::string follows;                       // host key in primary_conninfo
  std::string slot_asked;                    // primary_slot_name
  std::map<std::string, std::string> slots;  // name -> wal_status
  bool replay_paused = false;                // planted: it receives, and does not replay

  // In memory.
  bool running = false;
  bool in_recovery = false;
  size_t replayed = 0;  // records; a standby may have received more
};

// Positions are numbers; a record takes pg_record_bytes.
inline constexpr int64_t pg_first_position = 0x3000000;
inline constexpr int64_t pg_record_bytes = 0x60;

// Where record `index` begins; the end of the log is the start of the record that will come next.
inline int64_t pg_position(size_t index) {
  return pg_first_position + static_cast<int64_t>(index) * pg_record_bytes;
}
inline int64_t pg_end(const PgCluster& cluster) {
  return pg_position(cluster.log.size());
}

std::string pg_lsn_text(int64_t position);  // "0/3000060"
// -1 when the text is no position.
int64_t pg_lsn_number(const std::string& text);

// The number of records that both logs share from the start.
size_t pg_common(const PgCluster& left, const PgCluster& right);

class SimulatedWorld;
struct SimulatedHost;

// Writes one record at the end of the log, on the cluster's timeline.
void pg_append(PgCluster& cluster, int64_t write = 0);

// The server itself, as its unit starts and stops it.
bool pg_start(PgCluster& cluster);  // false: there is nothing that could start
// SIGINT: a primary sends everything, then its shutdown checkpoint, to a standby that listens.
void pg_stop_cleanly(SimulatedWorld& world, SimulatedHost& host, PgCluster& cluster);
void pg_crash(PgCluster& cluster);
void pg_checkpoint(PgCluster& cluster);
void pg_promote(PgCluster& cluster);
// Replication goes on by itself: call it before every event.
void pg_replicate(SimulatedWorld& world);
// The active side that this standby streams from; null when it streams from nobody.
const PgCluster* pg_upstream(SimulatedWorld& world, const SimulatedHost& host,
                             const PgCluster& cluster);

std::string pg_history_text(const PgCluster& cluster);
// The fingerprint of the first `count` records.
std::string pg_log_hash(const PgCluster& cluster, size_t count);

inline bool pg_writable(const PgCluster& cluster) {
  return cluster.running && !cluster.in_recovery;
}

}  // namespace switchback
