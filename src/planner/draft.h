// A plan under construction: nodes with steps, joined by "stands after". A node without steps
// passes its joins through, so that a component with nothing to do in one hook does not cut the
// order of the others. Where all of one kind stand behind all of another, a node without steps
// between them keeps a large plan's edges few. For the planner's own files.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "planner/planner.h"

namespace switchback {

class Draft {
 public:
  Draft(const Catalogue& catalogue, const Application& application, const Snapshot& snapshot,
        Operation operation, std::string from, std::string to);

  const Catalogue& catalogue;
  const Application& application;
  const Snapshot& snapshot;
  Operation operation;
  std::string from;  // as in HookContext
  std::string to;

  using Names = std::vector<std::string>;

  // Adds a node behind others. Nodes that are named but never added are a bug of the planner.
  void add(const std::string& node, std::vector<Step> steps, const Names& after);
  // The steps of a node need these nodes directly, even where the order already follows from other
  // edges: a resumed run proves again what a waiting step needs directly.
  void relies(const std::string& node, const Names& on);

  bool has(const std::string& node) const { return index_.contains(node); }
  std::vector<Step>& steps(const std::string& node);

  // The steps of one hook of one component, checked: none may act on a host of the other side.
  std::vector<Step> hook_steps(Hook hook, const Component& component);
  // Adds the node "<hook>/<component>".
  void add_hook(Hook hook, const Component& component, const Names& after);

  // The node "<hook>/<component>" for each of them, or for all components.
  static std::string node(Hook hook, const std::string& component);
  Names nodes(Hook hook, const Names& components) const;
  Names nodes(Hook hook) const;
  // Components that write the component's data: its transitive dependants and `writers`.
  Names writers(const Component& component) const;

  // All steps with their needs: no edge that follows from others, but those of `relies`; each
  // behind the steps it needs. `internal` when that is not possible.
  Result<std::vector<Step>> assemble();

 private:
  struct Node {
    std::string name;
    std::vector<Step> steps;
    Names after;
    Names relies_on;
  };
  Node& at(const std::string& node);
  // The steps that have to be done for the node to be done; many of them become one milestone.
  const std::set<std::string>& ends(const std::string& name);

  std::vector<Node> nodes_;
  std::map<std::string, size_t> index_;
  std::map<std::string, std::set<std::string>> ends_;  // filled by assemble(), as the next one
  std::vector<Step> milestones_;
  std::vector<std::string> problems_;
};

// "dc/app.1" as part of a step id: "dc.app.1".
std::string id_part(std::string_view host_key);

}  // namespace switchback
