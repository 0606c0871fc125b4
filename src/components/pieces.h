// Pieces from which the component types make their steps and findings, so that all of them read
// their options and word their steps in the same way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "components/component.h"

namespace switchback {

// The value of an option that the configuration's reader has checked; missing or null gives an
// empty text, no words, or `otherwise`.
std::string option_text(const Json& options, std::string_view name);
std::vector<std::string> option_list(const Json& options, std::string_view name);
Milliseconds option_duration(const Json& options, std::string_view name, Milliseconds otherwise);
int64_t option_integer(const Json& options, std::string_view name, int64_t otherwise);

// Whole seconds for a script's bound, rounded up, at least 1.
std::string seconds_text(Milliseconds duration);

// Every host of the component's `host` role at that site; empty when the option is not set.
std::vector<Host> component_hosts(const Application& application, const Component& component,
                                  std::string_view site);

// A step of the component with its id ("<component>.<name>"), phase and place filled in.
Step component_step(Hook hook, const HookContext& context, std::string_view name, std::string where,
                    std::string title);

// Literal words, then more of them: the arguments of a named script.
std::vector<Argument> literals(const std::vector<std::string>& words);
void append(std::vector<Argument>& arguments, const std::vector<std::string>& words);

// The finding that a look at `where` has not succeeded; nothing is known then.
Finding not_observed(const std::string& component, const std::string& where, const Facts& facts);

}  // namespace switchback
