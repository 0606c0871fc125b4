#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "model/reading.h"

namespace switchback {
namespace {

// Removes, again and again, what waits for nothing. What stays is a cycle or waits for one.
void drop_free(std::set<std::string>& left, std::span<const Link> links) {
  std::map<std::string, std::vector<std::string>> dependants;
  std::map<std::string, size_t> targets_left;
  for (const Link& link : links) {
    if (left.count(link.dependant) == 0 || left.count(link.target) == 0) continue;
    dependants[link.target].push_back(link.dependant);
    ++targets_left[link.dependant];
  }
  std::vector<std::string> free;
  for (const std::string& name : left) {
    if (targets_left[name] == 0) free.push_back(name);
  }
  while (!free.empty()) {
    const std::string name = free.back();
    free.pop_back();
    left.erase(name);
    for (const std::string& dependant : dependants[name]) {
      if (--targets_left[dependant] == 0) free.push_back(dependant);
    }
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
  drop_free(left, links);
  constexpr int enough = 10;
  int reported = 0;
  for (const Component& component : reading.application.components) {
    if (left.count(component.name) == 0) continue;
    if (++reported > enough) return;
    const std::vector<Link> cycle = find_cycle(component.name, left, links);
    reading.errors.add(cycle.front().mark,
                       fmt::format("a circle: {}; remove one of these", cycle_text(cycle)));
    for (const Link& link : cycle) left.erase(link.dependant);
    drop_free(left, links);
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
    SWITCHBACK_CHECK(next != waiting.end(), "without a circle some component waits for nothing");
    placed.insert(next->name);
    ordered.push_back(std::move(*next));
    waiting.erase(next);
  }
  waiting = std::move(ordered);
}

}  // namespace switchback
