// Reads a configuration file: bytes to an Application, or everything that is wrong with them.
//
// Strict: what is not understood is an error, so that a typing mistake never becomes a default.
// All problems of a file are found at once, in the order of the file. Pure: the caller has read
// the bytes. Never throws.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/application.h"
#include "model/diagnostic.h"
#include "model/options.h"

namespace switchback {

struct ReadResult {
  std::optional<Application> application;  // nothing when there are errors
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
  std::string file;

  // "file:line:column: message" for every error, then "… warning: message" for every warning.
  std::vector<std::string> lines() const;
};

// `file` is the name that messages show; `types` the component types that may be used.
ReadResult read_application(std::string_view bytes, std::string_view file,
                            std::span<const ComponentSchema> types);

}  // namespace switchback
