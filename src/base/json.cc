#include "base/json.h"

#include <fmt/format.h>

namespace switchback {

Result<Json> parse_json(std::string_view text, std::string_view what) {
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    return fail(ErrorCode::corrupt, fmt::format("reading {}: it is not valid JSON", what));
  }
  return value;
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string json_text(const Json& object, std::string_view field, std::string_view otherwise) {
  if (object.is_object()) {
    auto found = object.find(std::string(field));
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return std::string(otherwise);
}

}  // namespace switchback
