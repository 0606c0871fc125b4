// Questions to hosts outside of any run: sent at once, answered within one bound.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "world/clock.h"
#include "world/shell.h"

namespace switchback {

// A read-only script at one host, with `body` as its text.
ShellRequest question(const std::string& host, const std::string& application,
                      const std::string& script, const std::string& body,
                      std::vector<std::string> arguments, Milliseconds bound);

// Sends every request and waits until all are answered, at most for `bound`. Answers stand in the
// order of the requests; who did not answer has the status `lost` and says so. The shell must not
// have other requests on their way.
std::vector<Answer> ask(Shell& shell, Clock& clock, const std::vector<ShellRequest>& requests,
                        Milliseconds bound);

}  // namespace switchback
