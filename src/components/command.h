// Component type `command`: your own probe, apply and undo for any moment of an operation. Exit
// codes of a probe: 0 done, 1 not done, anything else unknown.
#pragma once

#include "components/component.h"

namespace switchback {

extern const ComponentType command_type;

}  // namespace switchback
