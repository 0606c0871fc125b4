// A step: one thing that an operator could type, as data. Everything that Switchback does to the
// world is a step of a plan; component types make steps, the engine performs them.
//
// Commands are argument vectors. What does not fit one line is a *named script*: the step says its
// name and arguments, the plan carries the body, the simulator implements the name. Probes decide
// by exit code, on the host: 0 done, 1 not done, anything else unknown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace switchback {

enum class Outcome { done, not_done, unknown };

enum class Operation {
  switchover,
  failover,
  reprotect,
  failback,
  start,
  resolve,
  adopt,
  release,
  sync
};

std::string_view outcome_text(Outcome outcome);
std::string_view operation_text(Operation operation);
// True for a failover and a cold start: one side becomes active without the help of the other,
// which is fenced instead.
constexpr bool is_emergency(Operation operation) {
  return operation == Operation::failover || operation == Operation::start;
}
Result<Operation> parse_operation(std::string_view text);

// A shell script with a name, POSIX sh, at home in the file of the component type that uses it.
// Parameters are positional; `parameters` names them for the reader of a plan.
struct NamedScript {
  std::string_view name;        // "pg_promote"
  std::string_view parameters;  // "CLUSTER BOUND_S"
  std::string_view body;
};

// A literal word, or a value that becomes known during the run: "database.stop:lsn" is what the
// capture `lsn` of step `database.stop` read. Of the run: "run:number", "run:name" (no other run
// has it), "run:who", "run:epoch", "run:claim_id", "run:store_id" (the claim it works
// under).
struct Argument {
  enum class Kind { literal, capture };
  Kind kind = Kind::literal;
  std::string text;

  static Argument literal(std::string text) { return {Kind::literal, std::move(text)}; }
  static Argument capture(std::string reference) { return {Kind::capture, std::move(reference)}; }
  bool operator==(const Argument&) const = default;
};

// Either a named script (`script` set, arguments its parameters) or a plain argument vector.
struct Command {
  std::string script;
  std::vector<Argument> arguments;
  std::string secret_stdin;  // secret reference, resolved at the moment of use; empty: none

  bool operator==(const Command&) const = default;
};

// A value that the step's proof prints as a line "name=value" on standard output.
struct Capture {
  std::string name;
  std::string type;  // lsn, integer, word, text: what is not of the type is no answer
  bool operator==(const Capture&) const = default;
};

// Equality over a capture ("database.method:method" == "rewind") or over how an earlier step ended:
// "database.stop:outcome" is `done`, `unproven` (it failed or its host was gone, and `evidence`
// tolerated that) or `passed` (passed over: a false condition, a proven `unless`, a skip).
struct Condition {
  std::string reference;
  std::string equals;
  bool operator==(const Condition&) const = default;
};

enum class StepKind {
  command,  // probe, apply, undo
  wait,     // a probe, repeated on the host until it is done or the bound is reached
  gate,     // a person
  claim,    // take ownership in the store: compare-and-set
  // Nothing to do: stands behind many steps and in front of many others, so that not each of those
  // names each of these.
  milestone,
};

// What the host's wrapper demands before it runs the step.
enum class Guarding {
  effect,   // lock, claim not older than the host's, durable receipts
  stop,     // as effect, but no claim refuses it: stopping is always allowed
  read,     // no lock, no claim, no receipt: only looks
  publish,  // writes the claim itself: newer than or equal to the host's
};

enum class IfUnreachable {
  fail,      // the run stops there
  skip,      // passed over, said in the report
  evidence,  // proves nothing: recorded as unproven, a later fencing method must prove
};

// What a gate asks.
struct Gate {
  enum class Kind { checklist, approval, attestation, acceptance };
  Kind kind = Kind::checklist;
  std::string by;    // role that answers
  std::string text;  // the question or statement, for people
  int people = 1;    // distinct people needed
  bool operator==(const Gate&) const = default;
};

// A proof of this age is one "right before the claim" and is not repeated while users wait: a host
// that lost its power since cannot have booted and started anything yet.
inline constexpr Milliseconds fresh_proof{250};

struct Step {
  std::string id;  // unique in the plan: "database.promote"
  StepKind kind = StepKind::command;
  std::string component;  // empty: belongs to the application
  std::string phase;      // gates, prepare, stop, sync, fencing, claim, promote, start, verify …
  std::string where;      // host key, or "controller"
  std::string title;      // what it achieves, in words: "Promote PostgreSQL at dr"
  Command probe;          // empty script and arguments: there is none
  Command apply;
  Command undo;
  std::vector<Capture> captures;
  // `when` and `unless` are judged once every needed step has ended or was passed over.
  std::vector<Condition> when;      // all must hold, else the step is passed over
  std::vector<std::string> unless;  // passed over when all of these are done (fencing ladder)
  std::string proves_again;  // the step whose proof this repeats; a fresh one is not repeated
  std::vector<std::string> needs;
  Milliseconds bound{30'000};
  Milliseconds stall{0};  // long work: longest time without progress; 0: no such limit
  Milliseconds hold{0};   // the probe must stay true for so long
  Guarding guarding = Guarding::effect;
  IfUnreachable if_unreachable = IfUnreachable::fail;
  bool repeatable = false;          // may be applied again after an unknown outcome
  bool skippable = false;           // a person may skip it, with a reason
  bool destructive = false;         // overwrites data that no other place is proven to hold
  bool point_of_no_return = false;  // once dispatched, the run only goes forward
  Gate gate;

  bool operator==(const Step&) const = default;
};

inline bool is_empty(const Command& command) {
  return command.script.empty() && command.arguments.empty();
}

Command script_command(std::string_view script, std::vector<Argument> arguments);
Command argv_command(const std::vector<std::string>& words);

}  // namespace switchback
