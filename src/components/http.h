// Component type `http`: a page that must answer on the active side, or a request that must have
// been made there, with a check that reads its effect back.
#pragma once

#include "components/component.h"

namespace switchback {

extern const ComponentType http_type;

}  // namespace switchback
