// Component type `files`: directories that the standby side pulls from the active one by rsync.
//
// The receiving host pulls over ssh with its own key. Data never flows from a lower claim to a
// higher one, a pass that would delete too much or finds another file system than last time is
// refused, and what the rebuilt side alone has is copied away before it is overwritten.
#pragma once

#include "components/component.h"

namespace switchback {

extern const ComponentType files_type;

// The pass that keeps the standby near: run it every `every`. `context.from` is the active side.
Step files_scheduled_sync(const HookContext& context);

}  // namespace switchback
