// The hooks of a move, planned or not, of the component type `postgresql`.
#include <fmt/format.h>

#include "components/postgresql_parts.h"

namespace switchback::postgresql {
namespace {

// A held session outlives the longest sensible pause between `prepare` and `promote`.
constexpr std::string_view held_life_s = "900";

}  // namespace

std::vector<Step> prepare_steps(const Maker& make) {
  Step checkpoint = make.step(
      make.from, "checkpoint",
      fmt::format("Checkpoint PostgreSQL at {}, so that its stop is short", make.from.site));
  checkpoint.apply = on(make.from, "pg_checkpoint", Words{}.literal("600"));
  checkpoint.captures = position();
  checkpoint.bound = Milliseconds(10 * minute_ms) + margin;
  checkpoint.repeatable = true;

  Step ready = make.step(
      make.to, "standby_ready",
      fmt::format("The standby at {} is a copy of that database and has caught up", make.to.site));
  ready.kind = StepKind::wait;
  ready.guarding = Guarding::read;
  ready.probe =
      on(make.to, "pg_standby_ready",
         Words{}
             .capture(make.capture("checkpoint", "system_identifier"))
             .capture(make.capture("checkpoint", "timeline"))
             .capture(make.capture("checkpoint", "lsn"))
             .literal(std::to_string(make.to.integer("max_lag_bytes", 67'108'864)))
             .literal(std::to_string(make.to.duration("max_lag", minute_ms / 2).count())));
  ready.needs = {checkpoint.id};
  ready.captures = {{"lag_bytes", "integer"}};
  ready.bound = make.to.duration("catchup_bound", 10 * minute_ms);

  Step hold = make.step(make.to, "hold",
                        fmt::format("Open the session for the promotion at {}", make.to.site));
  hold.probe = on(make.to, "pg_holds");
  hold.apply = on(make.to, "pg_hold", Words{}.literal(std::string(held_life_s)));
  hold.repeatable = true;
  hold.skippable = true;
  return {checkpoint, ready, hold};
}

// In a failover the old side may be beyond reach: then this proves nothing, and fencing must. In
// reprotect it is the side to be rebuilt, whatever state it is in.
std::vector<Step> stop_steps(const Maker& make) {
  const bool planned = make.context.operation == Operation::switchover ||
                       make.context.operation == Operation::failback;
  const Side& side = make.context.operation == Operation::reprotect ? make.to : make.from;
  const std::string mode = planned ? "planned" : "fence";
  const Milliseconds bound = side.duration("stop_bound", minute_ms);
  Step stop = make.step(side, "stop", fmt::format("Stop PostgreSQL at {}, proven", side.site));
  Words expected = Words{}.literal(mode);
  expected = planned ? std::move(expected).capture(make.capture("checkpoint", "system_identifier"))
                     : std::move(expected).literal("-");
  stop.probe = on(side, "pg_stopped", std::move(expected));
  stop.apply = on(side, "pg_stop", Words{}.literal(mode).literal(seconds(bound)));
  stop.captures = position();
  stop.captures.push_back({"clean", "word"});
  stop.bound = bound + margin;
  stop.guarding = Guarding::stop;
  stop.repeatable = true;
  if (planned) {
    stop.undo = on(side, "pg_start_primary",
                   Words{}.literal(seconds(side.duration("start_bound", 5 * minute_ms))));
  }
  if (is_emergency(make.context.operation)) stop.if_unreachable = IfUnreachable::evidence;
  return {stop};
}

std::vector<Step> sync_steps(const Maker& make) {
  Step replayed = make.step(make.to, "replayed",
                            fmt::format("The standby at {} has replayed the last record of {}",
                                        make.to.site, make.from.site));
  replayed.kind = StepKind::wait;
  replayed.guarding = Guarding::read;
  replayed.probe = on(make.to, "pg_replayed",
                      Words{}
                          .capture(make.capture("stop", "lsn"))
                          .capture(make.capture("stop", "timeline"))
                          .capture(make.capture("stop", "system_identifier"))
                          .literal("2"));
  replayed.captures = {{"lsn", "lsn"}};
  replayed.bound = make.to.duration("stop_bound", minute_ms) + margin;
  if (make.context.operation == Operation::failover) {
    // After anything but a clean stop there is no last record that could be waited for.
    replayed.when = {{make.capture("stop", "clean"), "yes"}};
    replayed.if_unreachable = IfUnreachable::evidence;
  }
  return {replayed};
}

std::vector<Step> promote_steps(const Maker& make) {
  const Milliseconds bound = make.to.duration("start_bound", 5 * minute_ms);
  Step promote =
      make.step(make.to, "promote", fmt::format("Promote PostgreSQL at {}", make.to.site));
  promote.probe = on(make.to, "pg_promoted", Words{}.literal(make.known_identifier()));
  promote.apply = on(make.to, "pg_promote", Words{}.literal(seconds(bound)));
  promote.captures = position();
  promote.bound = bound + margin;
  promote.repeatable = true;  // a promoted server is told by the probe, and asking is no effect
  promote.point_of_no_return = true;
  return {promote};
}

// A cold start: whether the side that is left has anything that the other one has not.
std::vector<Step> compare_steps(const Maker& make) {
  Step position = make.step(make.from, "position",
                            fmt::format("Read how far the data at {} reach", make.from.site));
  position.guarding = Guarding::read;
  position.apply = on(make.from, "pg_position");
  position.captures = switchback::postgresql::position();
  position.captures.push_back({"last_commit", "text"});
  position.if_unreachable = IfUnreachable::evidence;
  position.bound = Milliseconds(minute_ms);
  position.repeatable = true;

  Step compare =
      make.step(make.to, "compare", fmt::format("Compare the data at {} with that", make.to.site));
  compare.guarding = Guarding::read;
  compare.apply = on(make.to, "pg_compare",
                     Words{}
                         .capture(make.capture("position", "lsn"))
                         .capture(make.capture("position", "timeline"))
                         .capture(make.capture("position", "system_identifier")));
  compare.captures = {{"ahead", "word"}, {"lsn", "lsn"}, {"timeline", "integer"}};
  compare.when = {{make.capture("position", "outcome"), "done"}};
  compare.needs = {position.id};
  compare.bound = Milliseconds(minute_ms);
  compare.repeatable = true;
  return {position, compare};
}

// A cold start does not know whether the directory is that of a primary or of a standby: what lies
// there says so, and only a standby is promoted.
std::vector<Step> bring_up_steps(const Maker& make) {
  const Milliseconds bound = make.to.duration("start_bound", 5 * minute_ms);
  Step bring_up =
      make.step(make.to, "bring_up", fmt::format("Start PostgreSQL at {}", make.to.site));
  bring_up.probe = on(make.to, "pg_up");
  bring_up.apply = on(make.to, "pg_bring_up", Words{}.literal(seconds(bound)));
  bring_up.bound = bound + margin;
  bring_up.repeatable = true;
  // Where the directory is a primary's, this is what makes the side writable.
  bring_up.point_of_no_return = true;
  std::vector<Step> steps = promote_steps(make);
  steps.front().title =
      fmt::format("PostgreSQL at {} is the primary, promoted if need be", make.to.site);
  steps.front().needs = {bring_up.id};
  steps.insert(steps.begin(), bring_up);
  return steps;
}

std::vector<Step> verify_steps(const Maker& make) {
  Step writable =
      make.step(make.to, "writable", fmt::format("PostgreSQL at {} commits", make.to.site));
  writable.kind = StepKind::wait;
  writable.guarding = Guarding::read;
  writable.probe = on(make.to, "pg_writable");
  return {writable};
}

std::vector<Step> finish_steps(const Maker& make) {
  if (make.context.operation == Operation::reprotect) return {};
  Step release = make.step(make.to, "release",
                           fmt::format("Close the session that was held at {}", make.to.site));
  release.apply = on(make.to, "pg_release");
  release.repeatable = true;
  release.skippable = true;
  return {release};
}

}  // namespace switchback::postgresql
