// The order of each operation: which hook of which component stands behind which. This file is
// DESIGN section 5 in code; what a node holds is in gates.cc, ownership.cc and fencing.cc.
#include "planner/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "components/site.h"
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

// Where nothing may start under an older claim any more before the other side is promoted. A host
// that was silent as the plan was made starts nothing without its peers, and nobody waits for it.
Names closed_hosts(const Draft& draft) {
  std::vector<Host> hosts = draft.application.site(draft.from).hosts;
  std::erase_if(hosts, [&](const Host& host) {
    return is_emergency(draft.operation) && !draft.snapshot.of("host", host.key).reachable;
  });
  return host_nodes("claim.publish", hosts);
}

void add_promotes(Draft& draft) {
  for (const Component& component : draft.application.components) {
    const std::string node = Draft::node(Hook::promote, component.name);
    draft.add_hook(Hook::promote, component,
                   Names{"claim", Draft::node(Hook::sync, component.name)} + closed_hosts(draft));
    need_claim_on_host(draft, node);
    if (is_emergency(draft.operation)) {
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
  if (!is_emergency(draft.operation)) return;
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
    if (!is_emergency(draft.operation) &&
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
    const std::string follow = Draft::node(Hook::follow, component.name);
    draft.add_hook(Hook::follow, component, {"promoted"});
    need_claim_on_host(draft, follow);
    // A stop that has to be repeated, even behind the promotion, must not hit the new standby.
    draft.relies(follow, {Draft::node(Hook::stop, component.name)});
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
  const bool emergency = is_emergency(draft.operation);
  const bool to_primary = draft.application.home_primary().name == draft.to;
  add_claim(draft, {"fence.again"});
  if (!emergency) publish_over_what_is_stopped(draft, draft.application.site(draft.from).hosts);
  add_promotes(draft);
  draft.add("promoted", {}, Names{"claim"} + draft.nodes(Hook::promote));
  add_starts(draft);
  draft.add("verified", {}, draft.nodes(Hook::verify));
  Names end = {"verified"};
  if (!emergency) {
    add_follows(draft);
    end = end + draft.nodes(Hook::follow);
  }
  // The old side's word goes first: at no moment do two sites say that they are active. Not before
  // the point of no return: until then an abort gives the claim back, and the words are still
  // right.
  add_status(draft, draft.from, to_primary ? pair.secondary : pair.primary,
             emergency ? IfUnreachable::skip : IfUnreachable::fail, {"promoted"});
  add_status(draft, draft.to, to_primary ? pair.primary : pair.secondary, IfUnreachable::fail,
             Names{"verified"} + host_nodes("status", draft.application.site(draft.from).hosts));
  draft.add("moved", {}, end + host_nodes("status", draft.application.all_hosts()));
  add_finishes(draft, {"moved"});
  add_announcement(draft, "announce.done",
                   fmt::format("{}: {} done, {} is active", draft.application.name,
                               operation_text(draft.operation), draft.to),
                   {"moved"});
  add_gates_after(draft, {"moved"});
}

// A host that was never adopted, or is new, is put under guard before anything is built there.
void add_guards(Draft& draft, const PlanRequest& request, const Names& after) {
  std::vector<Host> unguarded = draft.application.site(draft.to).hosts;
  std::erase_if(unguarded, [&](const Host& host) {
    const Facts& facts = draft.snapshot.of("host", host.key);
    return !facts.reachable || is_adopted(facts);
  });
  std::vector<Step> steps = adopt_steps(draft.application);
  std::erase_if(steps, [&](const Step& step) {
    return std::ranges::none_of(unguarded,
                                [&](const Host& host) { return host.key == step.where; });
  });
  draft.add("adopt", std::move(steps), after);
  add_runbooks(draft, request, unguarded);
}

}  // namespace

void join_move(Draft& draft, StatusPair pair) {
  add_gates_before(draft);
  for (const Component& component : draft.application.components) {
    draft.add_hook(Hook::prepare, component, {"gates"});
  }
  add_announcement(
      draft, "announce",
      fmt::format("{}: {} from {} to {}, users are interrupted: ", draft.application.name,
                  operation_text(draft.operation), draft.from, draft.to),
      draft.nodes(Hook::prepare), "run:news");
  add_stops(draft, {"announce"});
  add_syncs(draft);
  draft.add("stopped", {}, draft.nodes(Hook::stop) + draft.nodes(Hook::sync));
  add_proofs_again(draft, draft.nodes(Hook::stop), {"stopped"});
  add_takeover(draft, pair);
}

void join_failover(Draft& draft, StatusPair pair) {
  add_gates_before(draft);
  add_announcement(draft, "announce",
                   fmt::format("{}: emergency failover from {} to {}: ", draft.application.name,
                               draft.from, draft.to),
                   {"gates"}, "run:news");
  const Names proofs = add_fencing(draft);
  draft.add("stopped", {}, Names{"fenced"} + draft.nodes(Hook::sync));
  add_proofs_again(draft, proofs, {"stopped"});
  add_takeover(draft, pair);
}

// As a failover, but whichever side was chosen, and nothing is fetched: what the other one has that
// this one lacks is accepted by a person before the claim.
void join_start(Draft& draft, const Standings& standings, StatusPair pair) {
  const std::string loss = loss_by_starting(standings, draft.to);
  add_gates_before(draft, loss);
  add_announcement(draft, "announce",
                   fmt::format("{}: cold start of {} begins", draft.application.name, draft.to),
                   {"gates"});
  const Names proofs = add_fencing(draft);
  // Data of an older claim never outrank those of a newer one, and what was accepted is accepted.
  const bool outranks = standings.of(draft.to).epoch > standings.of(draft.from).epoch;
  Names accepted;
  for (const Component& component : draft.application.components) {
    const std::string node = "accept/" + component.name;
    if (loss.empty() && !outranks) {
      add_acceptance_of_lower(draft, component);
      accepted.push_back(node);
    }
  }
  draft.add("stopped", {}, Names{"fenced"} + draft.nodes(Hook::sync) + accepted);
  add_proofs_again(draft, proofs, {"stopped"});
  add_takeover(draft, pair);
}

void join_reprotect(Draft& draft, const PlanRequest& request, StatusPair pair) {
  const bool to_primary = draft.application.home_primary().name == draft.to;
  const auto& components = draft.application.components;
  add_gates_before(draft);
  add_guards(draft, request, {"gates"});
  // A host that holds the claim and still its last word would look like a second active side to
  // whoever comes after an abort. So the word goes first; under the old claim it counts for
  // nothing.
  const auto& lost = draft.application.site(draft.to).hosts;
  add_status(draft, draft.to, StatusWord::down, IfUnreachable::fail, {"gates", "adopt"}, "lost");
  add_publication(draft, lost, draft.from, IfUnreachable::fail, host_nodes("lost", lost));
  add_publication(draft, draft.application.site(draft.from).hosts, draft.from, IfUnreachable::fail,
                  {"gates", "adopt"});
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
