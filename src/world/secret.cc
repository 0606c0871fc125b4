#include "world/secret.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "world/protocol.h"

namespace switchback {
namespace {

Result<std::string> read_secret_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return fail(ErrorCode::not_found, "secret file " + path + " cannot be read");
  std::string bytes;
  std::array<char, 4'096> part;
  ssize_t count = 0;
  while ((count = read(file, part.data(), part.size())) > 0 && bytes.size() <= secret_limit_bytes) {
    bytes.append(part.data(), static_cast<size_t>(count));
  }
  close(file);
  if (count != 0 || bytes.empty()) {
    return fail(ErrorCode::refused, "secret file " + path + " is empty, too long or no plain file");
  }
  return bytes;
}

}  // namespace

std::string input_of_bytes(const std::string& bytes) {
  return "b64:" + base64(bytes);
}

Result<SecretInput> resolve_secret(const std::string& reference) {
  if (reference.empty()) return SecretInput{};
  const size_t colon = reference.find(':');
  const std::string kind = reference.substr(0, colon);
  const std::string rest = colon == reference.npos ? "" : reference.substr(colon + 1);
  if (!rest.empty() && rest.find('\0') == rest.npos) {
    if (kind == "host-file") return SecretInput{.word = "host:" + rest, .command = ""};
    if (kind == "command") return SecretInput{.word = "", .command = rest};
    if (kind == "env") {
      const char* value = std::getenv(rest.c_str());
      if (value == nullptr) {
        return fail(ErrorCode::not_found, "secret environment variable " + rest + " is not set");
      }
      return SecretInput{.word = input_of_bytes(std::string(value) + "\n"), .command = ""};
    }
    if (kind == "file") {
      const auto bytes = read_secret_file(rest);
      if (!bytes) return std::unexpected(bytes.error());
      return SecretInput{.word = input_of_bytes(*bytes), .command = ""};
    }
  }
  return fail(ErrorCode::invalid_input,
              "a secret reference reads file:PATH, host-file:PATH, env:NAME or command:LINE");
}

}  // namespace switchback
