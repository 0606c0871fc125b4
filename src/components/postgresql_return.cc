// How a side becomes standby: the steps of `follow`, `salvage` and `rebuild` of the component type
// `postgresql`.
#include <fmt/format.h>

#include "components/postgresql_parts.h"

namespace switchback::postgresql {

std::vector<Step> follow_steps(const Maker& make, const Side& active, const Side& standby,
                               std::vector<std::string> needs) {
  const Milliseconds start_bound = standby.duration("start_bound", 5 * minute_ms);
  std::vector<Step> steps;
  const Facts& known = make.context.snapshot.of(make.context.component.name, standby.where);
  if (const auto name = known.get("primary_slot_name")) {
    Step slot = make.step(
        active, "slot",
        fmt::format("The slot {} keeps records at {} for {}", *name, active.site, standby.site));
    slot.probe = on(active, "pg_slot_is", Words{}.literal(*name));
    slot.apply = on(active, "pg_slot", Words{}.literal(*name));
    slot.needs = needs;
    slot.repeatable = true;
    needs = {slot.id};
    steps.push_back(std::move(slot));
  }
  Step start =
      make.step(standby, "start_standby",
                fmt::format("Start PostgreSQL at {} as standby of {}", standby.site, active.site));
  start.probe = on(standby, "pg_stands_by");
  // Only reprotect has compared the records of a side that may have crashed.
  const bool compared = make.context.operation == Operation::reprotect;
  start.apply = on(standby, "pg_start_standby",
                   Words{}.literal(compared ? "compared" : "clean").literal(seconds(start_bound)));
  start.needs = std::move(needs);
  start.bound = start_bound + margin;
  start.repeatable = true;

  Step mark =
      make.step(active, "mark",
                fmt::format("Mark a position at {} that only its standby can reach", active.site));
  mark.apply = on(active, "pg_mark");
  mark.captures = position();
  mark.needs = {start.id};
  mark.repeatable = true;

  Step follows = make.step(
      standby, "follows",
      fmt::format("The standby at {} streams and has replayed that position", standby.site));
  follows.kind = StepKind::wait;
  follows.guarding = Guarding::read;
  follows.probe = on(standby, "pg_follows",
                     Words{}
                         .capture(make.capture("mark", "lsn"))
                         .capture(make.capture("mark", "timeline"))
                         .capture(make.capture("mark", "system_identifier")));
  follows.captures = {{"lsn", "lsn"}};
  follows.needs = {mark.id};
  follows.bound = standby.duration("catchup_bound", 10 * minute_ms);
  steps.insert(steps.end(), {start, mark, follows});
  return steps;
}

// Reprotect: `from` is active, `to` lies stopped. What it has is compared, then saved.
std::vector<Step> salvage_steps(const Maker& make) {
  Step timelines = make.step(make.from, "timelines",
                             fmt::format("Read the history of the active side {}", make.from.site));
  timelines.guarding = Guarding::read;
  timelines.apply = on(make.from, "pg_timelines");
  timelines.captures = position();
  timelines.captures.push_back({"history", "text"});
  timelines.captures.push_back({"data_bytes", "integer"});
  timelines.bound = Milliseconds(10 * minute_ms);
  timelines.repeatable = true;

  Step look =
      make.step(make.to, "look", fmt::format("Compare what lies at {} with it", make.to.site));
  look.guarding = Guarding::read;
  look.apply = on(make.to, "pg_look",
                  Words{}
                      .capture(make.capture("timelines", "system_identifier"))
                      .capture(make.capture("timelines", "timeline"))
                      .capture(make.capture("timelines", "lsn"))
                      .capture(make.capture("timelines", "history")));
  look.captures = {{"relation", "word"},         {"fork_lsn", "lsn"},
                   {"fork_timeline", "integer"}, {"end_lsn", "lsn"},
                   {"end_timeline", "integer"},  {"tail", "text"},
                   {"rewindable", "word"},       {"reason", "text"}};
  look.needs = {timelines.id};
  look.bound = Milliseconds(10 * minute_ms);
  look.repeatable = true;

  Step method =
      make.step(make.from, "method", fmt::format("Decide how {} becomes standby", make.to.site));
  method.guarding = Guarding::read;
  Words found;
  for (const Capture& capture : look.captures) {
    found = std::move(found).capture(make.capture("look", capture.name));
  }
  method.apply = on(make.from, "pg_method",
                    std::move(found).literal(json_text(make.to.options, "method", "auto")));
  method.captures = {{"method", "word"},
                     {"diverged", "word"},
                     {"fork_lsn", "lsn"},
                     {"fork_timeline", "integer"},
                     {"reason", "text"}};
  method.needs = {look.id};
  method.repeatable = true;

  Step salvage = make.step(make.to, "salvage", fmt::format("Save what only {} has", make.to.site));
  const Json keep = make.to.options.value("keep_diverged", Json(true));
  salvage.probe = on(make.to, "pg_salvaged", Words{}.capture("run:name"));
  salvage.apply = on(make.to, "pg_salvage",
                     Words{}
                         .capture("run:name")
                         .capture(make.capture("method", "fork_lsn"))
                         .capture(make.capture("method", "fork_timeline"))
                         .capture(make.capture("method", "method"))
                         .literal(keep.is_boolean() && !keep.get<bool>() ? "drop" : "keep"));
  salvage.captures = {{"transactions", "integer"}, {"first_time", "text"}, {"last_time", "text"},
                      {"relations", "text"},       {"path", "text"},       {"sha256", "word"},
                      {"copied", "word"},          {"copy", "text"},       {"reason", "text"}};
  salvage.when = {{make.capture("method", "diverged"), "yes"}};
  salvage.needs = {method.id};
  salvage.bound = make.to.duration("rebuild_bound", 12 * 60 * minute_ms);
  salvage.repeatable = true;

  Step names = make.step(make.from, "salvage_names", "Name the tables that were touched");
  names.guarding = Guarding::read;
  names.apply = on(make.from, "pg_names", Words{}.capture(make.capture("salvage", "relations")));
  names.captures = {{"names", "text"}};
  names.when = salvage.when;
  names.needs = {salvage.id};
  names.repeatable = true;
  names.skippable = true;
  return {timelines, look, method, salvage, names};
}

std::vector<Step> rebuild_steps(const Maker& make) {
  const Milliseconds bound = make.to.duration("rebuild_bound", 12 * 60 * minute_ms);
  const std::string identifier = make.capture("timelines", "system_identifier");
  const auto only = [&](std::string_view method) {
    return std::vector<Condition>{{make.capture("method", "method"), std::string(method)}};
  };
  // pg_rewind reads the source's control file, which still tells the old timeline until this.
  Step checkpoint =
      make.step(make.from, "source_checkpoint",
                fmt::format("Checkpoint PostgreSQL at {} ahead of the rewind", make.from.site));
  checkpoint.apply = on(make.from, "pg_checkpoint", Words{}.literal("600"));
  checkpoint.when = only("rewind");
  checkpoint.bound = Milliseconds(10 * minute_ms) + margin;
  checkpoint.repeatable = true;

  Step rewind = make.step(make.to, "rewind",
                          fmt::format("Rewind PostgreSQL at {} to the fork", make.to.site));
  rewind.probe = on(make.to, "pg_rewound", Words{}.capture("run:name").capture(identifier));
  rewind.apply = on(make.to, "pg_rewind",
                    Words{}
                        .capture("run:name")
                        .capture(identifier)
                        .capture(make.capture("method", "fork_lsn"))
                        .capture(make.capture("method", "fork_timeline"))
                        .literal(make.from.address)
                        .literal(make.from.port)
                        .literal(make.to.rewind_user));
  rewind.when = only("rewind");
  rewind.needs = {checkpoint.id};
  rewind.bound = bound;
  rewind.destructive = true;

  Step rebuild =
      make.step(make.to, "rebuild",
                fmt::format("Copy PostgreSQL from {} to {}", make.from.site, make.to.site));
  rebuild.probe = on(make.to, "pg_rebuilt", Words{}.capture("run:name").capture(identifier));
  rebuild.apply = on(make.to, "pg_rebuild",
                     Words{}
                         .capture("run:name")
                         .capture(identifier)
                         .capture(make.capture("timelines", "data_bytes"))
                         .literal(make.from.address)
                         .literal(make.from.port)
                         .literal(make.to.replication_user));
  rebuild.when = only("rebuild");
  rebuild.bound = bound;
  rebuild.destructive = true;
  // Only what it made itself is thrown away when it begins again.
  rebuild.repeatable = true;

  std::vector<Step> steps{checkpoint, rewind, rebuild};
  const auto follow = follow_steps(make, make.from, make.to, {rewind.id, rebuild.id});
  steps.insert(steps.end(), follow.begin(), follow.end());
  return steps;
}

}  // namespace switchback::postgresql
