// Secret references, resolved at the moment of use: "file:PATH", "env:NAME" and "command:LINE" on
// this side, "host-file:PATH" on the host. What comes out goes to a command's standard input.
#pragma once

#include <string>

#include "base/error.h"

namespace switchback {

inline constexpr size_t secret_limit_bytes = 1 << 20;

struct SecretInput {
  std::string word;     // the runner's word for it (protocol.h); empty: no input, or not known yet
  std::string command;  // prints the secret; has still to be run
};

// The bytes of a file as they are; a variable's value with a line feed behind it. Errors never hold
// a secret.
Result<SecretInput> resolve_secret(const std::string& reference);

// The runner's word for these bytes.
std::string input_of_bytes(const std::string& bytes);

}  // namespace switchback
