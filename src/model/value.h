// Values of a configuration, from YAML to JSON by the type of their row.
//
// Durations become milliseconds, percentages whole numbers, absent optional values null. A value
// that is wrong adds one problem at its place and reads as null.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/application.h"
#include "model/options.h"
#include "model/yaml.h"

namespace switchback {

// `site`: whose hosts a host_role must name; null: any name will do.
Json read_value(const Node& node, const OptionSpec& row, const Site* site, Problems& problems);

// A map that stands in the file: what messages call it, where its key stands, and the keys that
// somebody else reads.
struct MapPlace {
  std::string what;  // "host 'dc/app'"
  Mark mark;
  std::vector<std::string> other_keys;
};

// An object with a field for every row, in the rows' order: read, default or null. Unknown keys,
// missing required ones and a node that is no map are problems.
Json read_rows(const Node& node, const MapPlace& place, std::span<const OptionSpec> rows,
               Problems& problems);

// The value of a row that the file does not mention; `place` as in read_rows.
Json read_default(const OptionSpec& row, const MapPlace& place, const Site* site,
                  Problems& problems);

// True when the node is a map; otherwise says so.
bool expect_map(const Node& node, const MapPlace& place, Problems& problems);

// The entries of a list; a node of another kind is a problem and has none.
std::span<const Node> expect_list(const Node& node, std::string_view what, Problems& problems);

// Adds a problem for every key of the map that is not among `known`.
void check_keys(const Node& node, const MapPlace& place, const std::vector<std::string>& known,
                Problems& problems);

std::vector<std::string> row_names(std::span<const OptionSpec> rows);

// Fields of an object that read_rows made, as C++ values; null gives `otherwise`.
int number_of(const Json& object, std::string_view field, int otherwise);
std::optional<Milliseconds> duration_of(const Json& object, std::string_view field);
std::vector<std::string> texts_of(const Json& object, std::string_view field);

}  // namespace switchback
