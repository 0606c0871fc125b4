#include "planner/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "base/check.h"

namespace switchback {
namespace {

// Up to so many steps are named by each step behind them, as people read it best.
constexpr size_t most_named = 32;

const Step* find_step(const std::vector<Step>& steps, const std::string& id) {
  for (const Step& step : steps) {
    if (step.id == id) return &step;
  }
  return nullptr;
}

// "database.stop:lsn" -> "database.stop"; nothing for values of the run itself.
std::string captured_from(const std::string& reference) {
  const std::string id = reference.substr(0, reference.rfind(':'));
  return id == "run" ? "" : id;
}

// A capture, an outcome, an `unless` and an earlier proof can only be looked at behind the step
// that gives it.
void add_reference_needs(Step& step) {
  const auto need = [&](const std::string& id) {
    if (!id.empty() && id != step.id) step.needs.push_back(id);
  };
  for (const Command* command : {&step.probe, &step.apply, &step.undo}) {
    for (const Argument& argument : command->arguments) {
      if (argument.kind == Argument::Kind::capture) need(captured_from(argument.text));
    }
  }
  for (const Condition& condition : step.when) need(captured_from(condition.reference));
  for (const std::string& id : step.unless) need(id);
  need(step.proves_again);
}

// Kahn's algorithm; among the steps that could be next, the one that was added first.
Result<std::vector<Step>> in_order(std::vector<Step> steps) {
  std::map<std::string, size_t> index;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!index.emplace(steps[i].id, i).second) {
      return fail(ErrorCode::internal,
                  fmt::format("making a plan: step {} stands in it twice", steps[i].id));
    }
  }
  std::vector<std::vector<size_t>> followers(steps.size());
  std::vector<size_t> waiting(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    std::sort(steps[i].needs.begin(), steps[i].needs.end());
    steps[i].needs.erase(std::unique(steps[i].needs.begin(), steps[i].needs.end()),
                         steps[i].needs.end());
    for (const std::string& need : steps[i].needs) {
      const auto found = index.find(need);
      if (found == index.end()) {
        return fail(ErrorCode::internal, fmt::format("making a plan: step {} needs {}, which is "
                                                     "no step of it",
                                                     steps[i].id, need));
      }
      followers[found->second].push_back(i);
    }
    waiting[i] = steps[i].needs.size();
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> free;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (waiting[i] == 0) free.push(i);
  }
  std::vector<Step> ordered;
  while (!free.empty()) {
    const size_t next = free.top();
    free.pop();
    ordered.push_back(steps[next]);
    for (size_t follower : followers[next]) {
      if (--waiting[follower] == 0) free.push(follower);
    }
  }
  if (ordered.size() != steps.size()) {
    for (size_t i = 0; i < steps.size(); ++i) {
      if (waiting[i] > 0) {
        return fail(ErrorCode::internal, "making a plan: step " + steps[i].id +
                                             " waits for itself through the steps it needs");
      }
    }
  }
  return ordered;
}

// Drops every need that follows from the others, but those in `kept` (step -> needs). Ancestors are
// bits by the step's place in the order: a large plan has far more of them than steps.
void drop_implied_needs(std::vector<Step>& ordered,
                        const std::map<std::string, std::set<std::string>>& kept) {
  std::map<std::string, size_t> index;
  std::vector<std::vector<uint64_t>> ancestors;
  for (Step& step : ordered) {
    const size_t place = ancestors.size();
    std::vector<uint64_t> all(place / 64 + 1);
    for (const std::string& need : step.needs) {
      const std::vector<uint64_t>& theirs = ancestors[index.at(need)];
      for (size_t word = 0; word < theirs.size(); ++word) all[word] |= theirs[word];
    }
    const auto found = kept.find(step.id);
    std::erase_if(step.needs, [&](const std::string& need) {
      const size_t at = index.at(need);
      const bool is_kept = found != kept.end() && found->second.contains(need);
      return (all[at / 64] >> (at % 64) & 1) != 0 && !is_kept;
    });
    for (const std::string& need : step.needs) {
      all[index.at(need) / 64] |= uint64_t{1} << (index.at(need) % 64);
    }
    index.emplace(step.id, place);
    ancestors.push_back(std::move(all));
  }
}

Step milestone(const std::string& node, const std::set<std::string>& ends) {
  Step step;
  step.id = "milestone." + id_part(node);
  step.kind = StepKind::milestone;
  step.phase = "milestone";
  step.where = "controller";
  step.title = fmt::format("{} steps are behind this one", ends.size());
  step.needs.assign(ends.begin(), ends.end());
  step.guarding = Guarding::read;
  return step;
}

}  // namespace

std::string id_part(std::string_view host_key) {
  std::string part(host_key);
  std::replace(part.begin(), part.end(), '/', '.');
  return part;
}

Draft::Draft(const Catalogue& catalogue_, const Application& application_,
             const Snapshot& snapshot_, Operation operation_, std::string from_, std::string to_)
    : catalogue(catalogue_),
      application(application_),
      snapshot(snapshot_),
      operation(operation_),
      from(std::move(from_)),
      to(std::move(to_)) {}

Draft::Node& Draft::at(const std::string& node) {
  const auto found = index_.find(node);
  SWITCHBACK_CHECK(found != index_.end(), "a node that the planner names was added before");
  return nodes_[found->second];
}

void Draft::add(const std::string& node, std::vector<Step> steps, const Names& after) {
  for (const std::string& name : after) at(name);
  index_[node] = nodes_.size();
  nodes_.push_back({node, std::move(steps), after, {}});
}

void Draft::relies(const std::string& node, const Names& on) {
  Names& relies_on = at(node).relies_on;
  relies_on.insert(relies_on.end(), on.begin(), on.end());
}

std::vector<Step>& Draft::steps(const std::string& node) {
  return at(node).steps;
}

std::vector<Step> Draft::hook_steps(Hook hook, const Component& component) {
  const ComponentType* type = catalogue.find_type(component.type);
  if (type == nullptr) {
    problems_.push_back(fmt::format("component {} has type {}, which this program does not know",
                                    component.name, component.type));
    return {};
  }
  const HookContext context{application, component, operation, from, to, snapshot};
  std::vector<Step> steps = type->steps(hook, context);
  for (Step& step : steps) {
    if (step.component.empty()) step.component = component.name;
    if (step.phase.empty()) step.phase = hook_text(hook);
  }
  std::string forbidden;  // the site on which this hook must not act
  if (hook == Hook::stop) forbidden = operation == Operation::reprotect ? from : to;
  if (hook == Hook::promote || hook == Hook::start) forbidden = from;
  for (const Step& step : steps) {
    const bool overwrites_active =
        step.destructive && operation == Operation::reprotect && step.where.starts_with(from + "/");
    if ((!forbidden.empty() && step.where.starts_with(forbidden + "/")) || overwrites_active) {
      problems_.push_back(
          fmt::format("step {} would act on {}, the wrong side", step.id, step.where));
    }
  }
  return steps;
}

std::string Draft::node(Hook hook, const std::string& component) {
  return fmt::format("{}/{}", hook_text(hook), component);
}

void Draft::add_hook(Hook hook, const Component& component, const Names& after) {
  add(node(hook, component.name), hook_steps(hook, component), after);
}

Draft::Names Draft::nodes(Hook hook, const Names& components) const {
  Names names;
  for (const std::string& component : components) names.push_back(node(hook, component));
  return names;
}

Draft::Names Draft::nodes(Hook hook) const {
  Names names;
  for (const Component& component : application.components) {
    names.push_back(node(hook, component.name));
  }
  return names;
}

Draft::Names Draft::writers(const Component& component) const {
  Names names = application.dependants(component.name);
  for (const std::string& writer : component.writers) {
    if (std::find(names.begin(), names.end(), writer) == names.end()) names.push_back(writer);
  }
  return names;
}

const std::set<std::string>& Draft::ends(const std::string& name) {
  const auto known = ends_.find(name);
  if (known != ends_.end()) return known->second;
  const Node& node = at(name);
  std::set<std::string> found;
  if (node.steps.empty()) {
    for (const std::string& before : node.after) {
      const auto& passed_through = ends(before);
      found.insert(passed_through.begin(), passed_through.end());
    }
  }
  for (const Step& step : node.steps) found.insert(step.id);
  for (const Step& step : node.steps) {
    for (const std::string& need : step.needs) found.erase(need);
  }
  if (found.size() > most_named) {
    milestones_.push_back(milestone(name, found));
    found = {milestones_.back().id};
  }
  return ends_[name] = found;
}

Result<std::vector<Step>> Draft::assemble() {
  if (!problems_.empty()) {
    return fail(ErrorCode::internal, "making a plan: " + join(problems_, "; "));
  }
  std::vector<Step> all;
  std::map<std::string, std::set<std::string>> kept;
  for (const Node& node : nodes_) {
    std::set<std::string> before;
    for (const std::string& name : node.after) {
      before.insert(ends(name).begin(), ends(name).end());
    }
    std::set<std::string> relied;
    for (const std::string& name : node.relies_on) {
      if (at(name).steps.empty()) continue;
      relied.insert(ends(name).begin(), ends(name).end());
    }
    for (Step step : node.steps) {
      const bool is_first = std::none_of(
          step.needs.begin(), step.needs.end(),
          [&](const std::string& need) { return find_step(node.steps, need) != nullptr; });
      if (is_first) {
        step.needs.insert(step.needs.end(), before.begin(), before.end());
      }
      if (is_first || step.destructive) {
        step.needs.insert(step.needs.end(), relied.begin(), relied.end());
        kept[step.id] = relied;
      }
      add_reference_needs(step);
      all.push_back(std::move(step));
    }
  }
  all.insert(all.end(), milestones_.begin(), milestones_.end());
  auto ordered = in_order(std::move(all));
  if (ordered) drop_implied_needs(*ordered, kept);
  return ordered;
}

}  // namespace switchback
