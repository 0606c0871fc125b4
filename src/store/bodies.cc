#include "store/bodies.h"

#include <algorithm>

#include "base/hash.h"

namespace switchback {
namespace {

constexpr size_t long_string = 1000;  // bytes; shorter ones are hardly worth their row
constexpr char reference = '\x01';
constexpr size_t hash_length = 64;

// Where the string literal ends whose first character stands at `begin`: the place of its quote.
size_t end_of_string(std::string_view text, size_t begin) {
  size_t at = begin;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at, text.size());
}

}  // namespace

ThinText take_bodies_out(std::string_view text) {
  ThinText thin;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = std::min(text.find('"', at), text.size() - 1) + 1;
    const size_t end = end_of_string(text, begin);
    const std::string_view body = text.substr(begin, end - begin);
    thin.text += text.substr(at, begin - at);
    if (body.size() >= long_string) {
      std::string hash = sha256_hex(body);
      thin.text += reference + hash;
      thin.bodies.emplace(std::move(hash), body);
    } else {
      thin.text += body;
    }
    at = std::min(end + 1, text.size());
    thin.text += text.substr(end, at - end);
  }
  return thin;
}

std::string put_bodies_back(
    std::string_view text,
    const std::function<std::optional<std::string>(const std::string& hash)>& body) {
  std::string whole;
  size_t at = 0;
  for (size_t found; (found = text.find(reference, at)) != text.npos;) {
    whole += text.substr(at, found - at);
    const std::string_view hash = text.substr(found + 1, hash_length);
    const auto there = body(std::string(hash));
    whole += there ? *there : std::string(text.substr(found, 1 + hash.size()));
    at = found + 1 + hash.size();
  }
  whole += text.substr(at);
  return whole;
}

}  // namespace switchback
