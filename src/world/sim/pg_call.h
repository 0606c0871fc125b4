// What the models of the PostgreSQL scripts share. For those files only.
#pragma once

#include <cstdlib>
#include <string>

#include "world/sim/units.h"

namespace switchback {

// BIN DATA CONFIG PORT SOCKET OWNER UNIT DATABASE come first.
inline const std::string& pg_argument(const ScriptCall& call, size_t index) {
  return call.argument(8 + index);
}
inline PgCluster& cluster_of(ScriptCall& call) {
  return call.host.clusters[call.argument(1)];
}
inline std::string pg_unit(const ScriptCall& call) {
  return full_unit(call.argument(6));
}

inline ScriptResult exit_with(int code, const std::string& words) {
  return {code, "", words, {}, ""};
}

// Where the active side stands.
inline std::string pg_identity(const PgCluster& cluster) {
  return fact_line("lsn", pg_lsn_text(pg_end(cluster))) +
         fact_line("timeline", std::to_string(cluster.timeline)) +
         fact_line("system_identifier", cluster.system_identifier);
}

// Once more in 20 ms, until so many seconds have passed; then exit 1.
inline ScriptResult pg_wait(const ScriptCall& call, const std::string& seconds,
                            const std::string& words) {
  const Milliseconds bound(std::atoi(seconds.c_str()) * 1000);
  if (call.world.now() - call.begun >= bound) return exit_with(1, words);
  return {0, "", "", Milliseconds(20), ""};
}

}  // namespace switchback
