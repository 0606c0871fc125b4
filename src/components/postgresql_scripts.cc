// The named scripts of the component type `postgresql`, each the text of its own file behind the
// parts that it begins with: pg_common, and what else several of them share.
#include <array>

#include "components/postgresql_parts.h"

namespace switchback::postgresql {
namespace {

// The order of these lines is the order of the text: sorted, a script would run before its prelude.
// clang-format off
constexpr std::string_view checkpoint_body =
#include "shell/pg_common.inc"
#include "shell/pg_checkpoint.inc"
    ;
constexpr std::string_view standby_ready_body =
#include "shell/pg_common.inc"
#include "shell/pg_standby_ready.inc"
    ;
constexpr std::string_view hold_body =
#include "shell/pg_common.inc"
#include "shell/pg_hold.inc"
    ;
constexpr std::string_view holds_body =
#include "shell/pg_common.inc"
#include "shell/pg_holds.inc"
    ;
constexpr std::string_view release_body =
#include "shell/pg_common.inc"
#include "shell/pg_release.inc"
    ;
constexpr std::string_view stop_body =
#include "shell/guard_common.inc"
#include "shell/pg_common.inc"
#include "shell/pg_stop.inc"
    ;
constexpr std::string_view stopped_body =
#include "shell/pg_common.inc"
#include "shell/pg_stopped.inc"
    ;
constexpr std::string_view start_primary_body =
#include "shell/guard_common.inc"
#include "shell/pg_common.inc"
#include "shell/pg_start_primary.inc"
    ;
constexpr std::string_view replayed_body =
#include "shell/pg_common.inc"
#include "shell/pg_replayed.inc"
    ;
constexpr std::string_view promote_body =
#include "shell/guard_common.inc"
#include "shell/pg_common.inc"
#include "shell/pg_promote.inc"
    ;
constexpr std::string_view promoted_body =
#include "shell/pg_common.inc"
#include "shell/pg_promoted.inc"
    ;
constexpr std::string_view position_body =
#include "shell/pg_common.inc"
#include "shell/pg_history.inc"
#include "shell/pg_last_record.inc"
#include "shell/pg_position.inc"
    ;
constexpr std::string_view compare_body =
#include "shell/pg_common.inc"
#include "shell/pg_history.inc"
#include "shell/pg_last_record.inc"
#include "shell/pg_compare.inc"
    ;
constexpr std::string_view up_body =
#include "shell/pg_common.inc"
#include "shell/pg_up.inc"
    ;
constexpr std::string_view bring_up_body =
#include "shell/guard_common.inc"
#include "shell/pg_common.inc"
#include "shell/pg_bring_up.inc"
    ;
constexpr std::string_view slot_body =
#include "shell/pg_common.inc"
#include "shell/pg_slot.inc"
    ;
constexpr std::string_view slot_is_body =
#include "shell/pg_common.inc"
#include "shell/pg_slot_is.inc"
    ;
constexpr std::string_view writable_body =
#include "shell/pg_common.inc"
#include "shell/pg_writable.inc"
    ;
constexpr std::string_view start_standby_body =
#include "shell/guard_common.inc"
#include "shell/pg_common.inc"
#include "shell/pg_conninfo.inc"
#include "shell/pg_start_standby.inc"
    ;
constexpr std::string_view stands_by_body =
#include "shell/pg_common.inc"
#include "shell/pg_stands_by.inc"
    ;
constexpr std::string_view mark_body =
#include "shell/pg_common.inc"
#include "shell/pg_mark.inc"
    ;
constexpr std::string_view follows_body =
#include "shell/pg_common.inc"
#include "shell/pg_follows.inc"
    ;
constexpr std::string_view timelines_body =
#include "shell/pg_common.inc"
#include "shell/pg_history.inc"
#include "shell/pg_timelines.inc"
    ;
constexpr std::string_view look_body =
#include "shell/pg_common.inc"
#include "shell/pg_history.inc"
#include "shell/pg_look.inc"
    ;
constexpr std::string_view method_body =
#include "shell/pg_common.inc"
#include "shell/pg_history.inc"
#include "shell/pg_method.inc"
    ;
constexpr std::string_view salvage_body =
#include "shell/pg_common.inc"
#include "shell/pg_history.inc"
#include "shell/pg_salvage.inc"
    ;
constexpr std::string_view salvaged_body =
#include "shell/pg_common.inc"
#include "shell/pg_salvaged.inc"
    ;
constexpr std::string_view names_body =
#include "shell/pg_common.inc"
#include "shell/pg_names.inc"
    ;
constexpr std::string_view rewind_body =
#include "shell/pg_common.inc"
#include "shell/pg_directory.inc"
#include "shell/pg_rewind.inc"
    ;
constexpr std::string_view rewound_body =
#include "shell/pg_common.inc"
#include "shell/pg_directory.inc"
#include "shell/pg_rewound.inc"
    ;
constexpr std::string_view rebuild_body =
#include "shell/pg_common.inc"
#include "shell/pg_directory.inc"
#include "shell/pg_rebuild.inc"
    ;
constexpr std::string_view rebuilt_body =
#include "shell/pg_common.inc"
#include "shell/pg_directory.inc"
#include "shell/pg_rebuilt.inc"
    ;
constexpr std::string_view observe_body =
#include "shell/pg_common.inc"
#include "shell/pg_conninfo.inc"
#include "shell/pg_history.inc"
#include "shell/pg_last_record.inc"
#include "shell/pg_observe.inc"
    ;
// clang-format on

// Every script begins with these parameters: the cluster it is about.
#define CLUSTER "BIN DATA CONFIG PORT SOCKET OWNER UNIT DATABASE"

constexpr std::array table = {
    NamedScript{"pg_checkpoint", CLUSTER " BOUND_S", checkpoint_body},
    NamedScript{"pg_standby_ready",
                CLUSTER " SYSTEM_IDENTIFIER TIMELINE LSN MAX_LAG_BYTES MAX_LAG_MS",
                standby_ready_body},
    NamedScript{"pg_hold", CLUSTER " LIFE_S", hold_body},
    NamedScript{"pg_holds", CLUSTER, holds_body},
    NamedScript{"pg_release", CLUSTER, release_body},
    NamedScript{"pg_stop", CLUSTER " MODE BOUND_S", stop_body},
    NamedScript{"pg_stopped", CLUSTER " MODE SYSTEM_IDENTIFIER", stopped_body},
    NamedScript{"pg_start_primary", CLUSTER " BOUND_S", start_primary_body},
    NamedScript{"pg_replayed", CLUSTER " LSN TIMELINE SYSTEM_IDENTIFIER WAIT_S", replayed_body},
    NamedScript{"pg_promote", CLUSTER " WAIT_S", promote_body},
    NamedScript{"pg_promoted", CLUSTER " SYSTEM_IDENTIFIER", promoted_body},
    NamedScript{"pg_position", CLUSTER, position_body},
    NamedScript{"pg_compare", CLUSTER " LSN TIMELINE SYSTEM_IDENTIFIER", compare_body},
    NamedScript{"pg_up", CLUSTER, up_body},
    NamedScript{"pg_bring_up", CLUSTER " BOUND_S", bring_up_body},
    NamedScript{"pg_slot", CLUSTER " SLOT", slot_body},
    NamedScript{"pg_slot_is", CLUSTER " SLOT", slot_is_body},
    NamedScript{"pg_writable", CLUSTER, writable_body},
    NamedScript{"pg_start_standby", CLUSTER " STATE BOUND_S", start_standby_body},
    NamedScript{"pg_stands_by", CLUSTER, stands_by_body},
    NamedScript{"pg_mark", CLUSTER, mark_body},
    NamedScript{"pg_follows", CLUSTER " LSN TIMELINE SYSTEM_IDENTIFIER", follows_body},
    NamedScript{"pg_timelines", CLUSTER, timelines_body},
    NamedScript{"pg_look", CLUSTER " SYSTEM_IDENTIFIER TIMELINE LSN HISTORY", look_body},
    NamedScript{"pg_method",
                CLUSTER
                " RELATION FORK_LSN FORK_TIMELINE END_LSN END_TIMELINE TAIL REWINDABLE REASON WISH",
                method_body},
    NamedScript{"pg_salvage", CLUSTER " RUN FORK_LSN FORK_TIMELINE METHOD KEEP", salvage_body},
    NamedScript{"pg_salvaged", CLUSTER " RUN", salvaged_body},
    NamedScript{"pg_names", CLUSTER " RELATIONS", names_body},
    NamedScript{"pg_rewind",
                CLUSTER " RUN SYSTEM_IDENTIFIER FORK_LSN FORK_TIMELINE ADDRESS PORT USER",
                rewind_body},
    NamedScript{"pg_rewound", CLUSTER " RUN SYSTEM_IDENTIFIER", rewound_body},
    NamedScript{"pg_rebuild", CLUSTER " RUN SYSTEM_IDENTIFIER SOURCE_BYTES ADDRESS PORT USER",
                rebuild_body},
    NamedScript{"pg_rebuilt", CLUSTER " RUN SYSTEM_IDENTIFIER", rebuilt_body},
    NamedScript{"pg_observe", CLUSTER " PEER_ADDRESS PEER_PORT REPLICATION_USER REWIND_USER",
                observe_body},
};

#undef CLUSTER

}  // namespace

std::span<const NamedScript> scripts() {
  return table;
}

}  // namespace switchback::postgresql
