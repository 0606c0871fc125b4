// YAML bytes as a tree of nodes that know where they stand in the file.
//
// A configuration uses the plain part of YAML, and everything else is refused by name: anchors,
// aliases and tags (what they stand for is not what the operator sees), several documents,
// duplicate keys, tabs as indentation, text that is not UTF-8. Size, depth and number of nodes are
// bounded. Never throws and never crashes, whatever the bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/application.h"
#include "model/diagnostic.h"

namespace switchback {

constexpr size_t largest_configuration_bytes = 1 << 20;
constexpr int deepest_nesting = 50;
constexpr int most_nodes = 100'000;

struct Entry;

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  Mark mark;
  std::string text;     // scalar: its text; what it means is decided by who reads it
  bool quoted = false;  // scalar: it stood in quotes or was a block of text
  std::vector<Node> items;
  std::vector<Entry> entries;  // map: in the order of the file, keys unique

  // The value of the map's key; null when the key is absent or this is no map.
  const Node* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Mark key_mark;
  Node value;
};

// "nothing", "text", "a list", "a map": what a message calls the node.
std::string_view kind_text(Node::Kind kind);

// The one document of `bytes`. The tree is complete only when nothing was added to `problems`.
Node parse_yaml(std::string_view bytes, Problems& problems);

// Finds what no parser should see: too many bytes, binary data, invalid UTF-8, control characters,
// tabs as indentation. True when the bytes may be parsed.
bool check_bytes(std::string_view bytes, Problems& problems);

}  // namespace switchback
