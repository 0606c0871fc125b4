// A plan: steps, the graph between them, and the assumptions that an approval rests on. It is
// complete in itself: the engine, the printed runbook and the simulator need nothing else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "model/application.h"
#include "plan/step.h"

namespace switchback {

// Who is active: the one record that ownership rests on. `active` names, for each component, the
// site whose side is active.
struct Claim {
  int64_t epoch = 0;  // grows with each claim; 0: nobody has claimed yet
  std::string claim_id;
  std::string store_id;
  std::map<std::string, std::string> active;

  bool operator==(const Claim&) const = default;
};

Json claim_to_json(const Claim& claim);
Result<Claim> claim_from_json(const Json& value);

// A predicate that the approval rests on; evaluated again at start and at every resume.
struct Assumption {
  std::string name;   // "claim", "config", "database.system_identifier@dc/db"
  std::string value;  // what it was when the plan was made; "unknown" binds nothing
  std::string text;   // in words
  bool met = true;    // false: an unmet precondition; the plan prints, but does not run

  bool operator==(const Assumption&) const = default;
};

struct Plan {
  std::string application;
  Operation operation = Operation::switchover;
  std::string from_site;  // left by a move; for reprotect the active site
  std::string to_site;    // becomes active; for reprotect the site that is rebuilt
  Claim claim_before;
  std::map<std::string, std::string> active_after;  // component -> site, what the claim step takes
  // The status words that the steps publish: site -> word, at the end of the plan.
  std::map<std::string, std::string> status_after;
  std::vector<Host> hosts;
  std::vector<Step> steps;  // in an order in which every step stands behind those it needs
  std::map<std::string, std::string> scripts;  // name -> body of every named script used
  std::map<std::string, std::string> script_parameters;
  std::vector<Assumption> assumptions;
  std::vector<std::string> remarks;  // for people: method chosen and why, what will be unprotected
  std::string config_hash;

  const Step* find(std::string_view id) const;
  const Host* find_host(std::string_view key) const;
};

Json plan_to_json(const Plan& plan);
Result<Plan> plan_from_json(const Json& value);

// 64 hexadecimal digits over steps, scripts, hosts and assumptions; not over remarks.
std::string plan_hash(const Plan& plan);

// Everything that makes a plan unfit to run: an unknown or circular `needs`, a duplicate id, a
// capture nobody takes, a script without body, an unknown host. Empty when it is sound.
std::vector<std::string> plan_problems(const Plan& plan);

// The shell text of a command, for people: `sh -c` bodies are named, values quoted.
std::string command_text(const Command& command);

}  // namespace switchback
