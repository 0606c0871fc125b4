// The fencing ladder of a failover: methods in their configured order, each of which runs only when
// no earlier one has proven that the old side cannot act. The last one is strict, so that the claim
// is never reached without a proof.
//
//   stop         every unit of the old side stopped, each on its own proof; best effort at first
//   command      engaged and proven on the controller
//   attestation  silence of every host that did not prove its stop, then a named person's word
#include <fmt/format.h>

#include <algorithm>

#include "planner/parts.h"

namespace switchback {
namespace {

using Kind = FencingMethod::Kind;

constexpr Milliseconds reach_bound{5'000};
constexpr Milliseconds last_sync_bound{30'000};
constexpr Milliseconds silence_bound{20'000};
constexpr Milliseconds again_bound{10'000};

std::string filled_in(std::string word, const std::string& site) {
  for (size_t at = word.find("{site}"); at != std::string::npos; at = word.find("{site}", at)) {
    word.replace(at, 6, site);
    at += site.size();
  }
  return word;
}

Command command_at(const std::vector<std::string>& words, const std::string& site) {
  std::vector<std::string> filled;
  for (const std::string& word : words) filled.push_back(filled_in(word, site));
  return argv_command(filled);
}

Step fencing_step(std::string id, StepKind kind, std::string where, std::string title) {
  Step step;
  step.id = std::move(id);
  step.kind = kind;
  step.phase = "fencing";
  step.where = std::move(where);
  step.title = std::move(title);
  step.guarding = Guarding::read;
  return step;
}

// What the ladder has come to: the rungs so far, and under which conditions the next one runs.
struct Ladder {
  Draft& draft;
  std::vector<std::string> stop_proofs;  // ids of all stop steps: all done, the site is fenced
  std::vector<Condition> unproven;       // each command so far has proven nothing
  Draft::Names nodes;                    // nodes of the rungs
  bool strict = false;                   // the last rung stops the run when it proves nothing

  void bind(Step& step) const {
    step.unless = stop_proofs;
    step.when = unproven;
  }
};

// All at once: when half of the old side does not answer, its other half must not wait for it.
void add_stops(Ladder& ladder) {
  for (const Component& component : ladder.draft.application.components) {
    ladder.draft.add_hook(Hook::stop, component, {"gates"});
    const std::string node = Draft::node(Hook::stop, component.name);
    for (Step& step : ladder.draft.steps(node)) {
      step.if_unreachable = IfUnreachable::evidence;
      ladder.stop_proofs.push_back(step.id);
    }
    ladder.nodes.push_back(node);
  }
}

void add_command(Ladder& ladder, const FencingMethod& method, size_t number, bool last) {
  Draft& draft = ladder.draft;
  Step step =
      fencing_step(fmt::format("fence.{}.{}", number, method.name), StepKind::command, "controller",
                   fmt::format("Fence {} by `{}`, proven", draft.from,
                               command_text(command_at(method.engage, draft.from))));
  step.apply = command_at(method.engage, draft.from);
  if (!method.prove.empty()) step.probe = command_at(method.prove, draft.from);
  if (!method.lift.empty()) step.undo = command_at(method.lift, draft.from);
  step.guarding = Guarding::stop;
  step.repeatable = true;
  step.bound = Milliseconds(60'000);
  const bool can_prove = !method.prove.empty();
  step.if_unreachable = last && can_prove ? IfUnreachable::fail : IfUnreachable::evidence;
  ladder.bind(step);
  draft.add(step.id, {step}, ladder.nodes);
  ladder.nodes.push_back(step.id);
  if (can_prove) ladder.unproven.push_back({step.id + ":outcome", "unproven"});
  ladder.strict = ladder.strict || (last && can_prove);
}

// Stop proofs on that host: where all of them are done, its silence is not needed.
std::vector<std::string> stop_proofs_on(Ladder& ladder, const std::string& host) {
  std::vector<std::string> ids;
  for (const Component& component : ladder.draft.application.components) {
    for (const Step& step : ladder.draft.steps(Draft::node(Hook::stop, component.name))) {
      if (step.where == host) ids.push_back(step.id);
    }
  }
  return ids;
}

// "22,5432": the ports at which something of that host would answer, if anything still runs there.
std::string ports_of(const Application& application, const Host& host) {
  std::string ports = std::to_string(host.port);
  for (const Component& component : application.components) {
    const Json& options = component.options.at(host.site);
    if (!options.is_object() || json_text(options, "host") != host.role) continue;
    const auto port = options.find("port");
    if (port != options.end() && port->is_number_integer()) ports += "," + port->dump();
  }
  return ports;
}

void add_silence(Ladder& ladder, const Host& silent, const std::string& vantage) {
  Step step = fencing_step(
      fmt::format("fence.silence.{}.from.{}", id_part(silent.key), id_part(vantage)),
      StepKind::wait, vantage,
      fmt::format("Nothing answers at {} ({}), seen from {}", silent.key, silent.address, vantage));
  step.probe = script_command("site_silence",
                              {Argument::literal(silent.address),
                               Argument::literal(ports_of(ladder.draft.application, silent))});
  step.bound = silence_bound;
  step.when = ladder.unproven;
  // A host without any stop of its own keeps quiet about nothing that could write.
  step.unless = stop_proofs_on(ladder, silent.key);
  const bool nothing_runs_there = step.unless.empty() && !ladder.stop_proofs.empty();
  if (nothing_runs_there) return;
  ladder.draft.add(step.id, {step}, ladder.nodes);
}

// The controller, and the surviving host that holds data: what still arrives there (replication) is
// the surest sign of life.
std::vector<std::string> vantages_of(const Draft& draft) {
  std::vector<std::string> vantages = {"controller"};
  for (const Component& component : draft.application.components) {
    const ComponentType* type = draft.catalogue.find_type(component.type);
    const std::string role = json_text(component.options.at(draft.to), "host");
    const Host* host = draft.application.find_host(draft.to, role);
    if (vantages.size() > 1 || type == nullptr || !type->schema.holds_data || !host) continue;
    vantages.push_back(host->key);
  }
  const auto& surviving = draft.application.site(draft.to).hosts;
  if (vantages.size() == 1 && !surviving.empty()) vantages.push_back(surviving.front().key);
  return vantages;
}

void add_attestation(Ladder& ladder, const FencingMethod& method, size_t number) {
  Draft& draft = ladder.draft;
  Draft::Names silence;
  const std::vector<std::string> vantages = vantages_of(draft);
  for (const Host& host : draft.application.site(draft.from).hosts) {
    for (const std::string& vantage : vantages) {
      const std::string id =
          fmt::format("fence.silence.{}.from.{}", id_part(host.key), id_part(vantage));
      add_silence(ladder, host, vantage);
      if (draft.has(id)) silence.push_back(id);
    }
  }
  Step gate = fencing_step(fmt::format("fence.{}.attestation", number), StepKind::gate,
                           "controller", fmt::format("Attest that {} is fenced", draft.from));
  gate.gate = {Gate::Kind::attestation, "operator",
               fmt::format("I have made sure by other means (power, hypervisor, a person on the "
                           "spot) that no server of {} runs this application, and that none will "
                           "start it until it is rebuilt as the standby",
                           draft.from),
               method.people};
  ladder.bind(gate);
  Draft::Names before = ladder.nodes;
  before.push_back("evidence");  // what a person should know before giving a word
  before.insert(before.end(), silence.begin(), silence.end());
  draft.add(gate.id, {gate}, before);
  ladder.nodes.insert(ladder.nodes.end(), silence.begin(), silence.end());
  ladder.nodes.push_back(gate.id);
  ladder.strict = true;
}

// The end of a ladder without a strict rung: the run comes to the claim only behind a proof.
void add_last_word(Ladder& ladder) {
  Step step =
      fencing_step("fence.proven", StepKind::wait, "controller",
                   fmt::format("{} is proven stopped by the steps above; nothing else can prove it",
                               ladder.draft.from));
  step.probe = argv_command({"false"});
  step.bound = Milliseconds(100);
  ladder.bind(step);
  ladder.draft.add(step.id, {step}, ladder.nodes);
}

void add_evidence(Draft& draft) {
  std::vector<Step> steps;
  for (const Host& host : draft.application.site(draft.from).hosts) {
    Step step = fencing_step("evidence.reach." + id_part(host.key), StepKind::wait, host.key,
                             "Does " + host.key + " still answer?");
    step.probe = argv_command({"true"});
    step.bound = reach_bound;
    step.if_unreachable = IfUnreachable::evidence;
    steps.push_back(std::move(step));
  }
  draft.add("evidence", std::move(steps), {"gates"});
}

// What the old side can still give; a cold start only compares it.
void add_last_sync(Draft& draft) {
  for (const Component& component : draft.application.components) {
    Draft::Names before = draft.nodes(Hook::stop, draft.writers(component));
    before.push_back(Draft::node(Hook::stop, component.name));
    draft.add_hook(Hook::sync, component, before);
    if (draft.operation == Operation::start) continue;  // compares, and fetches nothing
    for (Step& step : draft.steps(Draft::node(Hook::sync, component.name))) {
      step.if_unreachable = IfUnreachable::evidence;  // its source may be gone: that is tolerated
      step.bound = std::min(step.bound, last_sync_bound);
    }
  }
}

}  // namespace

bool can_prove_silent_site(const Application& application) {
  return std::any_of(application.fencing.begin(), application.fencing.end(),
                     [](const FencingMethod& method) {
                       return method.kind == Kind::attestation ||
                              (method.kind == Kind::command && !method.prove.empty());
                     });
}

Draft::Names add_fencing(Draft& draft) {
  add_evidence(draft);
  const auto& methods = draft.application.fencing;
  Ladder ladder{draft, {}, {}, {}, false};
  // The old side is asked to stop first in any case: it costs nothing and proves the most.
  add_stops(ladder);
  for (size_t i = 0; i < methods.size(); ++i) {
    const bool last = i + 1 == methods.size();
    if (methods[i].kind == Kind::command) add_command(ladder, methods[i], i + 1, last);
    if (methods[i].kind == Kind::attestation) add_attestation(ladder, methods[i], i + 1);
  }
  Draft::Names last_nodes = ladder.nodes;
  if (!ladder.strict) {
    add_last_word(ladder);
    last_nodes.push_back("fence.proven");
  }
  add_last_sync(draft);
  draft.add("fenced", {}, last_nodes);
  return ladder.nodes;
}

void add_proofs_again(Draft& draft, const Draft::Names& proof_nodes, const Draft::Names& after) {
  std::vector<Step> again;
  for (const std::string& node : proof_nodes) {
    for (const Step& proof : draft.steps(node)) {
      const bool looks = proof.kind == StepKind::command || proof.kind == StepKind::wait;
      if (!looks || is_empty(proof.probe)) continue;
      const std::string name = proof.id.starts_with("fence.") ? proof.id.substr(6) : proof.id;
      Step step = fencing_step("fence.again." + name, StepKind::wait, proof.where,
                               "Still true: " + proof.title);
      step.component = proof.component;
      step.probe = proof.probe;
      step.proves_again = proof.id;
      step.bound = again_bound;
      // In an emergency only what was proven then has to be true now.
      if (is_emergency(draft.operation)) step.when = {{proof.id + ":outcome", "done"}};
      again.push_back(std::move(step));
    }
  }
  draft.add("fence.again", std::move(again), after);
}

void add_fencing_lift(Draft& draft, const Draft::Names& after) {
  std::vector<Step> steps;
  for (size_t i = 0; i < draft.application.fencing.size(); ++i) {
    const FencingMethod& method = draft.application.fencing[i];
    if (method.lift.empty()) continue;
    Step step = fencing_step(fmt::format("fence.lift.{}.{}", i + 1, method.name), StepKind::command,
                             "controller",
                             fmt::format("Lift the fencing of {} by `{}`", draft.to,
                                         command_text(command_at(method.lift, draft.to))));
    step.apply = command_at(method.lift, draft.to);
    step.guarding = Guarding::effect;
    step.repeatable = true;
    step.bound = Milliseconds(60'000);
    steps.push_back(std::move(step));
  }
  draft.add("fence.lift", std::move(steps), after);
}

}  // namespace switchback
