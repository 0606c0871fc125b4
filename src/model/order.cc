#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/reading.h"

namespace switchback {
namespace {

// Removes, again and again, what waits for nothing. What stays is a cycle or waits for one.
void drop_free(std::set<std::string>& left, std::span<const Link> links) {
  while (true) {
    std::set<std::string> waiting;
    for (const Link& link : links) {
      if (left.count(link.dependant) != 0 && left.count(link.target) != 0) {
        waiting.insert(link.dependant);
      }
    }
    if (waiting.size() == left.size()) return;
    left = std::move(waiting);
  }
}

const Link& first_link(const std::string& dependant, const std::set<std::string>& left,
                       std::span<const Link> links) {
  return *std::find_if(links.begin(), links.end(), [&](const Link& link) {
    return link.dependant == dependant && left.count(link.target) != 0;
  });
}

// The links of one cycle, found by walking on until a component comes again. Every component that
// is left has such a link.
std::vector<Link> find_cycle(const std::string& start, const std::set<std::string>& left,
                             std::span<const Link> links) {
  std::vector<Link> path;
  std::string at = start;
  while (true) {
    const auto seen = std::find_if(path.begin(), path.end(),
                                   [&](const Link& link) { return link.dependant == at; });
    if (seen != path.end()) return {seen, path.end()};
    path.push_back(first_link(at, left, links));
    at = path.back().target;
  }
}

std::string cycle_text(const std::vector<Link>& cycle) {
  std::vector<std::string> parts;
  for (const Link& link : cycle) {
    parts.push_back(
        fmt::format("{} {} {}", link.dependant, link.writes ? "writes" : "needs", link.target));
  }
  return join(parts, ", ");
}

void report_cycles(std::span<const Link> links, Reading& reading) {
  std::set<std::string> left;
  for (const Component& component : reading.application.components) left.insert(component.name);
  for (const Component& component : reading.application.components) {
    drop_free(left, links);
    if (left.count(component.name) == 0) continue;
    const std::vector<Link> cycle = find_cycle(component.name, left, links);
    reading.errors.add(cycle.front().mark,
                       fmt::format("a circle: {}; remove one of these", cycle_text(cycle)));
    for (const Link& link : cycle) left.erase(link.dependant);
  }
}

}  // namespace

void order_components(std::span<const Link> links, Reading& reading) {
  report_cycles(links, reading);
  if (!reading.errors.empty()) return;
  std::vector<Component>& waiting = reading.application.components;
  std::vector<Component> ordered;
  std::set<std::string> placed;
  while (!waiting.empty()) {
    const auto next = std::find_if(waiting.begin(), waiting.end(), [&](const Component& each) {
      return std::all_of(each.needs.begin(), each.needs.end(),
                         [&](const std::string& need) { return placed.count(need) != 0; });
    });
    placed.insert(next->name);
    ordered.push_back(std::move(*next));
    waiting.erase(next);
  }
  waiting = std::move(ordered);
}

}  // namespace switchback
