// Component type `postgresql`: one PostgreSQL server per site, streaming from the active one to the
// standby.
#pragma once

#include "components/component.h"

namespace switchback {

const ComponentType& postgresql_type();

}  // namespace switchback
