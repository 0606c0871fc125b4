// Component type `dns`: a record that points at the active side, changed by RFC 2136 updates.
//
// The time to live is lowered one old time to live ahead of a move and restored at its end. Every
// update has the claim as its prerequisite, kept in a text record beside the address, so that a
// stale controller cannot write. A move is done when every authoritative server answers the new
// value; in an emergency one that is silent is named and passed over.
#pragma once

#include "components/component.h"

namespace switchback {

extern const ComponentType dns_type;

}  // namespace switchback
