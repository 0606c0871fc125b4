// The parts of a plan that no component type makes: gates, announcements, ownership, fencing. Each
// adds nodes to a draft; join.cc says where they stand. For the planner's own files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "planner/draft.h"
#include "run/status_table.h"

namespace switchback {

// gates.cc ---------------------------------------------------------------------------------------

// What people (and the checks of a checklist) say before anything happens: node "gates". `loss`: of
// a cold start, what the chosen side is known to lack; a named person accepts it.
void add_gates_before(Draft& draft, const std::string& loss = "");
// The same node for a resolution: a named person's word for what nobody can see from here.
void add_gate_of_resolution(Draft& draft, const std::string& seen);
// Node "gates.after": the checklist afterwards.
void add_gates_after(Draft& draft, const Draft::Names& after);
// One step per channel, all in the node of that name; none of them can stop a run. `more` is a
// value of the run that is told behind the text; empty: none.
void add_announcement(Draft& draft, const std::string& node, const std::string& text,
                      const Draft::Names& after, const std::string& more = "");
// Puts a gate "accept.<component>" ahead of the destructive steps of that node, one for each
// condition under which some of them run; node "accept/<component>".
void add_acceptance(Draft& draft, const Component& component, const std::string& node,
                    const Draft::Names& after);

// A cold start: node "accept/<component>" behind "sync/<component>", a gate that opens when the
// comparison there has found that the other side is ahead.
void add_acceptance_of_lower(Draft& draft, const Component& component);

// ownership.cc -----------------------------------------------------------------------------------

// Nodes "claim" and, for every host, "claim.publish.<host>".
void add_claim(Draft& draft, const Draft::Names& after);
// Nodes "claim.publish.<host>" alone, with the claim that is held already.
void add_publication(Draft& draft, const std::vector<Host>& hosts, const std::string& active,
                     IfUnreachable if_unreachable, const Draft::Names& after);
// The claim counts as published on these hosts only where what was stopped still is: another
// controller with a copy of the store may have undone the stops since they were proven. Behind the
// publication it cannot any more.
void publish_over_what_is_stopped(Draft& draft, const std::vector<Host>& hosts);
// Makes every step of the node that acts on a host need the claim there.
void need_claim_on_host(Draft& draft, const std::string& node);
// Nodes "status.<host>": the site's word on each of its hosts, once it holds the claim. Under
// another `name`: the word alone, whatever the host holds.
void add_status(Draft& draft, const std::string& site, StatusWord word,
                IfUnreachable if_unreachable, const Draft::Names& after,
                std::string_view name = "status");
Draft::Names host_nodes(const std::string& prefix, const std::vector<Host>& hosts);

// adoption.cc ------------------------------------------------------------------------------------

// Under guard for this application: the guard is there, and the application's folder says of which
// site the host is. A host that was built anew may have one of them.
inline bool is_adopted(const Facts& facts) {
  return facts.get("guard") && facts.get("site");
}
// Node "runbook" behind "adopt": the way without Switchback lies on these hosts before it is
// needed. Nothing without a manifest.
void add_runbooks(Draft& draft, const PlanRequest& request, const std::vector<Host>& hosts);

// fencing.cc -------------------------------------------------------------------------------------

// Failover and start: the nodes "evidence", every "stop/…" and "sync/…" and the ladder; the node
// "fenced" stands behind the ladder. Returns the nodes that hold its proofs.
Draft::Names add_fencing(Draft& draft);
// Node "fence.again": every proof in the nodes once more, right before the claim.
void add_proofs_again(Draft& draft, const Draft::Names& proof_nodes, const Draft::Names& after);
// Node "fence.lift": lifts what the ladder engaged.
void add_fencing_lift(Draft& draft, const Draft::Names& after);
// True when some configured method can prove that a site which does not answer is fenced.
bool can_prove_silent_site(const Application& application);

// assumptions.cc ---------------------------------------------------------------------------------

// The predicates that an approval of the plan rests on, and the remarks for people. `active`: the
// site that is active by the claim.
void add_assumptions(const Draft& draft, const Claim& claim, const std::string& active, Plan& plan);

// An assumption that is not met when two sites, or another one than the claim's, call themselves
// active; true when it was added.
bool add_one_active(const Application& application, StatusPair pair, const std::string& active,
                    Plan& plan);

// What the component types find for this operation, in the components' order.
std::vector<Finding> component_findings(const Draft& draft);

// The pair of words that the hosts last published, when each site's known words agree.
std::optional<StatusPair> published_pair(const Application& application, const Snapshot& snapshot);

// planner.cc -------------------------------------------------------------------------------------

// Puts the body of every script that the plan's steps name into the plan.
void collect_scripts(const Catalogue& catalogue, Plan& plan);

// scripts.cc -------------------------------------------------------------------------------------

// The planner's own named scripts (announcements).
std::span<const NamedScript> planner_scripts();

}  // namespace switchback
