// The order of each operation: which hook of which component stands behind which. This file is
// DESIGN section 5 in code; what a node holds is in gates.cc, ownership.cc and fencing.cc.
#include "planner/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/parts.h"

namespace switchback {
namespace {

using Names = Draft::Names;

Names operator+(Names names, const Names& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

// Components that name `needed` in their `needs`.
Names direct_dependants(const Draft& draft, const std::string& needed) {
  Names names;
  for (const Component& component : draft.application.components) {
    const auto& needs = component.needs;
    if (std::find(needs.begin(), needs.end(), needed) != needs.end()) {
      names.push_back(component.name);
    }
  }
  return names;
}

// Dependants first; every stop waits for all that can be done before the outage begins.
void add_stops(Draft& draft, const Names& after) {
  const auto& components = draft.application.components;
  for (size_t i = components.size(); i-- > 0;) {
    draft.add_hook(Hook::stop, components[i],
                   after + draft.nodes(Hook::stop, direct_dependants(draft, components[i].name)));
  }
}

// The last difference moves once nobody writes it any more.
void add_syncs(Draft& draft) {
  for (const Component& component : draft.application.components) {
    draft.add_hook(Hook::sync, component,
                   Names{Draft::node(Hook::stop, component.name)} +
                       draft.nodes(Hook::stop, draft.writers(component)));
  }
}

// The node behind which a needed component counts as running. One that only checks runs once its
// check holds: traffic must not move before the log-in page works.
std::string running_node(Draft& draft, const Component& component) {
  const std::string start = Draft::node(Hook::start, component.name);
  const std::string verify = Draft::node(Hook::verify, component.name);
  const bool acts = !draft.steps(start).empty() ||
                    !draft.steps(Draft::node(Hook::promote, component.name)).empty();
  return acts || draft.steps(verify).empty() ? start : verify;
}

void add_promotes(Draft& draft) {
  for (const Component& component : draft.application.components) {
    const std::string node = Draft::node(Hook::promote, component.name);
    draft.add_hook(Hook::promote, component, {"claim", Draft::node(Hook::sync, component.name)});
    need_claim_on_host(draft, node);
    if (draft.operation == Operation::failover) {
      draft.relies(node, {"fence.again"});
      continue;
    }
    // A stop that is no longer true when a run is resumed is repeated before anything is promoted.
    draft.relies(
        node, {Draft::node(Hook::sync, component.name), Draft::node(Hook::stop, component.name)});
    draft.relies(node, draft.nodes(Hook::stop, draft.writers(component)));
  }
}

// In an emergency nothing behind the claim waits for the side that is gone.
void pass_over_lost_side(Draft& draft, Hook hook) {
  if (draft.operation != Operation::failover) return;
  for (const std::string& node : draft.nodes(hook)) {
    for (Step& step : draft.steps(node)) {
      if (step.where.starts_with(draft.from + "/")) step.if_unreachable = IfUnreachable::skip;
    }
  }
}

void add_starts(Draft& draft) {
  for (const Component& component : draft.application.components) {
    Names before = {Draft::node(Hook::promote, component.name)};
    for (const std::string& need : component.needs) {
      before.push_back(running_node(draft, *draft.application.find_component(need)));
    }
    const std::string start = Draft::node(Hook::start, component.name);
    draft.add_hook(Hook::start, component, before);
    need_claim_on_host(draft, start);
    if (draft.operation != Operation::failover &&
        draft.steps(Draft::node(Hook::promote, component.name)).empty()) {
      draft.relies(start, {Draft::node(Hook::stop, component.name)});
    }
    draft.add_hook(Hook::verify, component, {start});
    need_claim_on_host(draft, Draft::node(Hook::verify, component.name));
  }
  pass_over_lost_side(draft, Hook::verify);
}

// Nothing at the old side turns towards the new one while the claim may still be taken back.
void add_follows(Draft& draft) {
  for (const Component& component : draft.application.components) {
    draft.add_hook(Hook::follow, component, Names{"claim"} + draft.nodes(Hook::promote));
    need_claim_on_host(draft, Draft::node(Hook::follow, component.name));
  }
}

void add_finishes(Draft& draft, const Names& after) {
  for (const Component& component : draft.application.components) {
    draft.add_hook(Hook::finish, component, after);
    need_claim_on_host(draft, Draft::node(Hook::finish, component.name));
  }
  pass_over_lost_side(draft, Hook::finish);
}

// From the claim to the report, the same for a planned move and an emergency.
void add_takeover(Draft& draft, StatusPair pair) {
  const bool is_failover = draft.operation == Operation::failover;
  const bool to_primary = draft.application.home_primary().name == draft.to;
  add_claim(draft, {"fence.again"});
  add_promotes(draft);
  add_starts(draft);
  Names end = draft.nodes(Hook::verify);
  if (!is_failover) {
    add_follows(draft);
    end = end + draft.nodes(Hook::follow);
  }
  // The old side's word goes first: at no moment do two sites say that they are active. Not before
  // the point of no return: until then an abort gives the claim back, and the words are still
  // right.
  add_status(draft, draft.from, to_primary ? pair.secondary : pair.primary,
             is_failover ? IfUnreachable::skip : IfUnreachable::fail,
             Names{"claim"} + draft.nodes(Hook::promote));
  add_status(
      draft, draft.to, to_primary ? pair.primary : pair.secondary, IfUnreachable::fail,
      draft.nodes(Hook::verify) + host_nodes("status", draft.application.site(draft.from).hosts));
  end = end + host_nodes("status", draft.application.all_hosts());
  add_finishes(draft, end);
  add_announcement(draft, "announce.done",
                   fmt::format("{}: {} done, {} is active", draft.application.name,
                               operation_text(draft.operation), draft.to),
                   end);
  add_gates_after(draft, end);
}

}  // namespace

void join_move(Draft& draft, StatusPair pair) {
  add_gates_before(draft);
  for (const Component& component : draft.application.components) {
    draft.add_hook(Hook::prepare, component, {"gates"});
  }
  add_announcement(
      draft, "announce",
      fmt::format("{}: {} from {} to {} begins; users are interrupted", draft.application.name,
                  operation_text(draft.operation), draft.from, draft.to),
      draft.nodes(Hook::prepare));
  add_stops(draft, {"announce"});
  add_syncs(draft);
  add_proofs_again(draft, draft.nodes(Hook::stop),
                   draft.nodes(Hook::stop) + draft.nodes(Hook::sync));
  add_takeover(draft, pair);
}

void join_failover(Draft& draft, StatusPair pair) {
  add_gates_before(draft);
  add_announcement(draft, "announce",
                   fmt::format("{}: emergency failover from {} to {} begins",
                               draft.application.name, draft.from, draft.to),
                   {"gates"});
  const Names proofs = add_fencing(draft);
  add_proofs_again(draft, proofs, Names{"fenced"} + draft.nodes(Hook::sync));
  add_takeover(draft, pair);
}

void join_reprotect(Draft& draft, StatusPair pair) {
  const bool to_primary = draft.application.home_primary().name == draft.to;
  const auto& components = draft.application.components;
  add_gates_before(draft);
  // A host that holds the claim and still its last word would look like a second active side to
  // whoever comes after an abort. So the word goes first; under the old claim it counts for
  // nothing.
  const auto& lost = draft.application.site(draft.to).hosts;
  add_status(draft, draft.to, StatusWord::down, IfUnreachable::fail, {"gates"}, "lost");
  add_publication(draft, lost, draft.from, IfUnreachable::fail, host_nodes("lost", lost));
  add_publication(draft, draft.application.site(draft.from).hosts, draft.from, IfUnreachable::fail,
                  {"gates"});
  const Names published = host_nodes("claim.publish", draft.application.all_hosts());
  add_stops(draft, published);
  for (const Component& component : components) {
    draft.add_hook(Hook::salvage, component,
                   Names{Draft::node(Hook::stop, component.name)} +
                       draft.nodes(Hook::stop, draft.writers(component)));
  }
  for (const Component& component : components) {
    const std::string node = Draft::node(Hook::rebuild, component.name);
    const std::string salvage = Draft::node(Hook::salvage, component.name);
    draft.add_hook(Hook::rebuild, component, {salvage});
    add_acceptance(draft, component, node, {salvage});
    // What only the rebuilt side had is proven safe, and its units stopped, right before.
    draft.relies(node, {salvage, Draft::node(Hook::stop, component.name)});
  }
  const Names rebuilt = draft.nodes(Hook::rebuild);
  add_fencing_lift(draft, rebuilt);
  add_status(draft, draft.to, to_primary ? pair.primary : pair.secondary, IfUnreachable::fail,
             {"fence.lift"});
  add_status(draft, draft.from, to_primary ? pair.secondary : pair.primary, IfUnreachable::fail,
             {"fence.lift"});
  const Names words = host_nodes("status", draft.application.all_hosts());
  add_finishes(draft, words);
  add_announcement(
      draft, "announce.done",
      fmt::format("{}: {} is protected again by {}", draft.application.name, draft.from, draft.to),
      words);
  add_gates_after(draft, words);
}

}  // namespace switchback
