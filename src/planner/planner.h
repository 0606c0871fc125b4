// Operations become plans here. Pure: the same application, claim, snapshot and request always make
// the same plan, and a plan with the same text has the same hash.
//
// A plan is made whenever the configuration allows one, with unreachable hosts and an empty store
// too: what is not known becomes a remark or an assumption "unknown", what is known to be wrong an
// assumption with `met` false, which prints but does not run. Refused is only what makes no sense,
// such as a failback of an application that is at home.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "components/component.h"
#include "model/application.h"
#include "plan/plan.h"
#include "plan/snapshot.h"

namespace switchback {

struct PlanRequest {
  Operation operation = Operation::switchover;
  std::string to_site;  // becomes active (reprotect: is rebuilt); empty: the obvious one
  std::vector<std::string> only = {};  // a sync: these components; empty: all
  // adopt, and a reprotect of new hosts: the break-glass bundle they get; without a manifest none.
  std::string runbook_manifest{};
  std::string runbook_file{};  // on the controller: the bundle's stream
};

// The component types and the scripts that a plan may use: those of the types, those of the sites
// (status words, claims, silence) and the planner's own.
struct Catalogue {
  std::vector<const ComponentType*> types;
  std::vector<NamedScript> scripts;  // besides those of the types and of the planner

  const ComponentType* find_type(std::string_view name) const;
  const NamedScript* find_script(std::string_view name) const;
};

// Errors: `invalid_input` for a site that does not exist, `refused` for nonsense, `internal` when a
// component type gives steps that no sound plan can be made of.
Result<Plan> make_plan(const Catalogue& catalogue, const Application& application,
                       const Claim& claim, const Snapshot& snapshot, const PlanRequest& request);

// The active site by the claim; with epoch 0 the home primary. `refused` when components are active
// at different sites.
Result<std::string> active_site(const Application& application, const Claim& claim);

}  // namespace switchback
