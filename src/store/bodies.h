// Every run of an application brings the same scripts in its plan. A SQLite store keeps such long
// strings once, by their hash, and the text of an event with a reference in their place. Whoever
// reads gets the text as it was written: chain, audit and export know nothing of this.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace switchback {

struct ThinText {
  std::string text;                           // with references
  std::map<std::string, std::string> bodies;  // hash -> what stood there
};

// Takes the long strings out of a JSON text. A reference begins with a byte that no JSON text
// holds.
ThinText take_bodies_out(std::string_view text);

// Puts them back. A reference whose body is not found stays: then the text does not fit its hash,
// and the chain tells.
std::string put_bodies_back(
    std::string_view text,
    const std::function<std::optional<std::string>(const std::string& hash)>& body);

}  // namespace switchback
