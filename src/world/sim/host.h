// One simulated host: what survives its power going, what does not, and the things that the named
// scripts look at and change. Plain state; the rules are in world/sim/runner.cc (the wrapper) and
// in the scripts' models.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "world/sim/postgresql.h"

namespace switchback {

// `$SB_STATE/claim`.
struct SimulatedClaimFile {
  int64_t epoch = 0;
  std::string claim_id;
  std::string store_id;
  int64_t run = 0;
  std::map<std::string, std::string> active;
};

// One line of `$SB_STATE/receipts/STORE.RUN.STEP.log`. An attempt with a start and no end was
// interrupted.
struct SimulatedReceipt {
  std::string attempt;
  bool ended = false;
  int exit_code = -1;
  std::string out;
  std::string err;
  int status = 0;  // AnswerStatus of the end line
};

// What adoption puts on a host: whose side it is, and which units are under guard.
struct SimulatedAdoption {
  struct Unit {
    std::string unit;
    std::string component;
  };
  std::string site;
  std::string mode;  // after_reboot: peer, confirm, open
  std::string status_file;
  std::vector<std::string> peers;  // addresses of the other side's hosts
  std::vector<Unit> units;
};

// `/var/lib/switchback/APP`: durable.
struct SimulatedAppState {
  std::optional<SimulatedAdoption> adoption;
  std::optional<SimulatedClaimFile> claim;
  std::map<std::string, int64_t> newest_run;                      // store id -> run
  std::map<std::string, std::vector<SimulatedReceipt>> receipts;  // step -> lines
  std::map<std::string, std::string> files;  // other small files: records, salvaged data
  // $SB_STATE/stopped/UNIT, and until when a loss of power may take it: nobody waits for the disk.
  std::map<std::string, Instant> stopped;
};

// A systemd unit. `processes` is what its control group holds: a stopped unit may leave some.
struct SimulatedUnit {
  bool enabled = true;
  bool active = false;
  bool starting = false;
  int job = 0;  // a newer job replaces the older one
  int processes = 0;
  std::string result = "success";
  bool leaves_process = false;  // planted: a process outlives the stop
  bool fails_to_start = false;  // planted
};

// A name at a name server, with the claim that its text record names.
struct SimulatedRecord {
  std::string value;
  int64_t ttl = 0;
  std::string claim;  // "EPOCH CLAIM_ID"
};

struct SimulatedHost {
  std::string key;  // "dc/db"; "controller"
  std::string site;
  std::string role;
  std::string address;

  bool powered = true;
  bool frozen = false;
  int boots = 1;
  bool disk_full = false;  // nothing durable can be written

  // Durable.
  std::map<std::string, SimulatedAppState> apps;
  std::map<std::string, std::string> values;        // what the toggle scripts hold
  std::map<std::string, std::string> status_files;  // path -> word
  std::map<std::string, SimulatedUnit> units;       // `enabled` and plants are durable
  std::map<std::string, PgCluster> clusters;        // data directory -> database
  std::map<std::string, std::map<std::string, std::string>> trees;  // path -> file -> content

  // Gone with the power (tmpfs, memory).
  std::set<std::string> open_guards;              // "APP/UNIT": $SB_RUN/open/UNIT
  std::map<std::string, std::string> guard_says;  // "APP/UNIT": $SB_RUN/guard/UNIT
  std::set<std::string> sessions;                 // data directories with a held session
};

}  // namespace switchback
