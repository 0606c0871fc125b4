// What the files of the component type `postgresql` share: its options as the scripts take them,
// and its findings. For those files only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "components/component.h"

namespace switchback::postgresql {

// Every script, with its body.
std::span<const NamedScript> scripts();

// The options of one side, defaults that depend on other options filled in.
struct Side {
  std::string site;
  std::string where;    // host key
  std::string address;  // at which the other side reaches this server
  std::string port;
  std::string unit;
  std::string database;
  std::string replication_user;
  std::string rewind_user;
  std::vector<std::string> cluster;  // the first eight parameters of every script
  Json options;

  int64_t integer(std::string_view name, int64_t otherwise) const;
  Milliseconds duration(std::string_view name, int64_t otherwise_ms) const;
};

Side side_of(const Application& application, const Component& component, std::string_view site);

// The unit's full name at that site: "postgresql@15-main.service".
std::string unit_of(const Component& component, std::string_view site);

std::vector<Finding> ready(const HookContext& context);

}  // namespace switchback::postgresql
