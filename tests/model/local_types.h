// Component types as the reader's tests need them: the options that examples/serviceops uses. The
// real ones have more; these keep the tests of reading apart from them.
#pragma once

#include <array>

#include "model/options.h"

namespace switchback::local_types {

constexpr std::array<OptionSpec, 6> postgresql{{
    {"host", OptionType::host_role, "required", "Where the database runs."},
    {"replication", OptionType::choice, "streaming", "How changes travel.", "streaming"},
    {"port", OptionType::integer, "5432", "The server's port."},
    {"max_lag", OptionType::duration, "optional", "Largest lag for a planned move."},
    {"checksums", OptionType::boolean, "true", "Data checksums are on."},
    {"password", OptionType::secret, "optional", "Password of the replication user."},
}};
constexpr std::array<OptionSpec, 4> files{{
    {"host", OptionType::host_role, "required", "Where the files lie."},
    {"paths", OptionType::path_list, "required", "Directories that are copied."},
    {"every", OptionType::duration, "5m", "How often they are copied."},
    {"largest_shrink", OptionType::percent, "20%", "More is taken for an accident."},
}};
constexpr std::array<OptionSpec, 3> systemd{{
    {"host", OptionType::host_role, "required", "Where the units run."},
    {"units", OptionType::name_list, "required", "The units, in the order of their start."},
    {"stop_timeout", OptionType::duration, "90s", "Longest time for a stop."},
}};
constexpr std::array<OptionSpec, 3> http{{
    {"host", OptionType::host_role, "required", "Where the request is made."},
    {"check", OptionType::http_check, "required", "What must be answered."},
    {"request", OptionType::http_request, "optional", "A request to make first | or not."},
}};
constexpr std::array<OptionSpec, 6> dns{{
    {"servers", OptionType::address_list, "required", "All authoritative servers."},
    {"zone", OptionType::name, "required", "The zone."},
    {"record", OptionType::name, "required", "The record below the zone."},
    {"value", OptionType::address, "required", "The address of the active site."},
    {"ttl", OptionType::duration, "5m", "The record's TTL between moves."},
    {"key", OptionType::secret, "required", "The TSIG key."},
}};
constexpr std::array<OptionSpec, 2> command{{
    {"host", OptionType::host_role, "required", "Where the commands run."},
    {"start", OptionType::step_commands, "optional", "How it starts."},
}};

constexpr std::array<ComponentSchema, 6> all{{
    {"postgresql", "A PostgreSQL database.", postgresql, true},
    {"files", "Directories.", files, true},
    {"systemd", "Units of systemd.", systemd, false},
    {"http", "A check by HTTP.", http, false},
    {"dns", "A DNS record.", dns, false},
    {"command", "Your own commands.", command, false},
}};

}  // namespace switchback::local_types
