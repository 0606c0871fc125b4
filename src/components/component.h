// A component type: a pure function from configuration and observed facts to steps. It performs
// nothing. One file per type, one row in components/types.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/application.h"
#include "model/options.h"
#include "plan/plan.h"
#include "plan/snapshot.h"

namespace switchback {

// The moments of a component's life in an operation. The planner joins them into a graph
// (DESIGN section 5); a type returns no step where it has nothing to do.
enum class Hook {
  prepare,  // nothing stops yet: CHECKPOINT, first bulk sync, TTL lowered, sessions warmed
  stop,     // the side at `from` (reprotect: at `to`) stops, and is proven stopped
  sync,     // every writer is stopped: the last difference reaches `to`, proven
  promote,  // the side at `to` becomes writable
  start,    // the side at `to` runs
  verify,   // it really works
  follow,   // the side at `from` becomes standby of `to`
  salvage,  // reprotect only: save what only the side at `to` (the rebuilt one) has
  rebuild,  // reprotect only: the side at `to` becomes standby of `from` by rewind or rebuild
  refresh,  // between moves: what brings the standby near again (`every`, `switchback sync`)
  finish,   // at the end: TTL restored, full comparison off the critical path
};

std::string_view hook_text(Hook hook);

// Everything a hook may look at. In switchover, failover and failback `from` is the side that is
// left and `to` the side that becomes active; in reprotect `from` is active and `to` is rebuilt.
struct HookContext {
  const Application& application;
  const Component& component;
  Operation operation = Operation::switchover;
  std::string from;
  std::string to;
  const Snapshot& snapshot;

  // The component's options at that site, every key present.
  const Json& options(std::string_view site) const {
    return component.options.at(std::string(site));
  }
  // Host key of the component's `host` role at that site.
  std::string host(std::string_view site) const;
};

// A reason why the component is, or is not, ready for the operation.
struct Finding {
  enum class Level { good, warning, blocking, unknown };
  Level level = Level::good;
  std::string subject;        // component or host
  std::string text;           // "streams from dc, 0 bytes behind"
  std::string fix;            // the next command or change, empty when good
  std::string way_back = {};  // it says how a lost side comes back: "rewind", "rebuild", "copy"
};

struct ComponentType {
  ComponentSchema schema;
  std::span<const NamedScript> scripts;
  // Looks at both sides; names are the component's name.
  std::vector<Observation> (*observe)(const Application&, const Component&);
  // Steps of one hook. Ids begin with "<component>."; `needs` between steps of the same hook only:
  // the planner adds the joins between hooks, and the edges in `capture` arguments.
  std::vector<Step> (*steps)(Hook, const HookContext&);
  std::vector<Finding> (*ready)(const HookContext&);
  // systemd units under guard at that site, with the host they run on.
  std::vector<std::string> (*guarded_units)(const Component&, std::string_view site);
  // What one side does, in one line for people; any fact may be missing. Null: nothing is observed.
  std::string (*describe)(const Facts&) = nullptr;
};

}  // namespace switchback
