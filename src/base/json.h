// JSON as Switchback writes it: records keep the order in which their fields were written, so that
// the same value always has the same text (the plan's hash and the journal's chain rest on it).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace switchback {

using Json = nlohmann::ordered_json;

// Parses one JSON text. Never throws; `what` names the source in the error's message.
Result<Json> parse_json(std::string_view text, std::string_view what);

// One line, invalid UTF-8 replaced: host output may hold anything, and the journal must take it.
std::string dump_json(const Json& value);

// The field's text, or `otherwise` when it is missing, null or of another type.
std::string json_text(const Json& object, std::string_view field, std::string_view otherwise = "");

}  // namespace switchback
