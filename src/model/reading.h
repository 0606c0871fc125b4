// The parts of reader.cc: each reads one section of the file into `Reading::application`.
#pragma once

#include <span>

#include "model/application.h"
#include "model/diagnostic.h"
#include "model/options.h"
#include "model/yaml.h"

namespace switchback {

struct Reading {
  std::span<const ComponentSchema> types;
  Application application;
  Problems errors;
  Problems warnings;
  // Both sites have names and home roles, so that what refers to them can be judged.
  bool sites_known = false;
};

void read_sites(const Node& node, Reading& reading);
void read_components(const Node& node, Reading& reading);

// Fencing, checklists, approvals, failback, notify, last_backup; `root` is the whole file.
void read_policies(const Node& root, Reading& reading);

// Puts needed components before their dependants, otherwise in the order of the file. Cycles
// through `needs` and `writers` become errors; the marks are those of the lists' items.
struct Link {
  std::string dependant;
  std::string target;
  Mark mark;
  bool writes = false;  // the dependant stands in the target's `writers`
};
void order_components(std::span<const Link> links, Reading& reading);

}  // namespace switchback
