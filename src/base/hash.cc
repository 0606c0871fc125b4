#include "base/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <vector>

#include "base/check.h"

namespace switchback {
namespace {

std::string hex(const unsigned char* bytes, size_t count) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(count * 2);
  for (size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

std::string sha256_hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  const int ok =
      EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_sha256(), nullptr);
  SWITCHBACK_CHECK(ok == 1, "OpenSSL computes SHA-256");
  return hex(digest.data(), length);
}

std::string random_hex(int bytes) {
  std::vector<unsigned char> data(static_cast<size_t>(bytes));
  SWITCHBACK_CHECK(RAND_bytes(data.data(), bytes) == 1, "the system gives random bytes");
  return hex(data.data(), data.size());
}

}  // namespace switchback
