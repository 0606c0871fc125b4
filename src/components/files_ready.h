// What was observed of a component of type `files`, in words: for readiness and for status. Pure;
// for files.cc, which puts both into the type's row.
#pragma once

#include "components/component.h"

namespace switchback {

std::vector<Finding> files_ready(const HookContext& context);
std::string files_describe(const Facts& facts);

}  // namespace switchback
