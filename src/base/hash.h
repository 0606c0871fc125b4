// SHA-256, the one hash of the project: plans, scripts, configurations and the journal's chain.
#pragma once

#include <string>
#include <string_view>

namespace switchback {

// The digest of `data` as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view data);

// `bytes` random bytes of the operating system as hexadecimal digits (claim ids, store ids).
std::string random_hex(int bytes);

}  // namespace switchback
