#include "components/postgresql.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "components/postgresql_parts.h"

namespace switchback {
namespace postgresql {
namespace {

constexpr std::array options_table = {
    OptionSpec{"host", OptionType::host_role, "required", "Role of the host that runs the server."},
    OptionSpec{"replication", OptionType::name, "streaming",
               "How the standby is fed; `streaming` is the only way so far."},
    OptionSpec{"version", OptionType::integer, "15", "Major version of the server."},
    OptionSpec{"cluster", OptionType::name, "main", "Name of the cluster, as pg_lsclusters says."},
    OptionSpec{"data_directory", OptionType::absolute_path, "optional",
               "Data directory; by default /var/lib/postgresql/VERSION/CLUSTER."},
    OptionSpec{
        "config_file", OptionType::absolute_path, "optional",
        "Main file of settings; by default /etc/postgresql/VERSION/CLUSTER/postgresql.conf."},
    OptionSpec{"bin_directory", OptionType::absolute_path, "optional",
               "The server's own programs; by default /usr/lib/postgresql/VERSION/bin."},
    OptionSpec{"port", OptionType::integer, "5432", "Port of the server."},
    OptionSpec{"socket_directory", OptionType::absolute_path, "/var/run/postgresql",
               "Where the server's unix socket lies; Switchback connects there."},
    OptionSpec{"address", OptionType::address, "optional",
               "Where the other side reaches this server; by default the host's address."},
    OptionSpec{"os_user", OptionType::name, "postgres",
               "Owner of the data directory; it must be a superuser of the server (peer)."},
    OptionSpec{"unit", OptionType::text, "optional",
               "The systemd unit; by default postgresql@VERSION-CLUSTER."},
    OptionSpec{"database", OptionType::name, "postgres",
               "The database that Switchback connects to; it writes no table there."},
    OptionSpec{"replication_user", OptionType::name, "replicator",
               "Role for pg_basebackup; password in the .pgpass of os_user."},
    OptionSpec{"rewind_user", OptionType::name, "rewind",
               "Role for pg_rewind; password in the .pgpass of os_user."},
    OptionSpec{"max_lag", OptionType::duration, "30s",
               "A standby further behind is not ready for a planned move."},
    OptionSpec{"max_lag_bytes", OptionType::integer, "67108864",
               "A standby with more bytes to replay is not ready for a planned move."},
    OptionSpec{"method", OptionType::name, "auto",
               "How reprotect makes a standby: `auto` (rewind where possible) or `rebuild`."},
    OptionSpec{"keep_diverged", OptionType::boolean, "true",
               "Reprotect keeps a copy of the diverged data directory if the disk allows."},
    OptionSpec{"stop_bound", OptionType::duration, "60s", "Longest time for a stop."},
    OptionSpec{"start_bound", OptionType::duration, "5m",
               "Longest time from a start until the server answers."},
    OptionSpec{"catchup_bound", OptionType::duration, "10m",
               "Longest time until a standby has caught up."},
    OptionSpec{"rebuild_bound", OptionType::duration, "12h",
               "Longest time for a salvage, a rewind or a rebuild."},
};

constexpr int64_t minute_ms = 60'000;
// What an exchange may take on top of the waiting that its script bounds itself.
constexpr Milliseconds margin{15'000};
// A held session outlives the longest sensible pause between `prepare` and `promote`.
constexpr std::string_view held_life_s = "900";

std::string seconds(Milliseconds duration) {
  return std::to_string(std::max<int64_t>(1, (duration.count() + 999) / 1000));
}

struct Words {
  std::vector<Argument> arguments;
  Words&& literal(std::string word) && {
    arguments.push_back(Argument::literal(std::move(word)));
    return std::move(*this);
  }
  Words&& capture(std::string reference) && {
    arguments.push_back(Argument::capture(std::move(reference)));
    return std::move(*this);
  }
};

// A command about the cluster of that side; more parameters follow in `words`.
Command on(const Side& side, std::string_view script, Words words = {}) {
  std::vector<Argument> arguments;
  for (const std::string& word : side.cluster) arguments.push_back(Argument::literal(word));
  arguments.insert(arguments.end(), words.arguments.begin(), words.arguments.end());
  return script_command(script, std::move(arguments));
}

// The steps of one hook, with what all of them need.
struct Maker {
  Hook hook;
  const HookContext& context;
  Side from;
  Side to;

  std::string id(std::string_view name) const {
    return fmt::format("{}.{}", context.component.name, name);
  }
  std::string capture(std::string_view step, std::string_view name) const {
    return fmt::format("{}:{}", id(step), name);
  }
  Step step(const Side& side, std::string_view name, std::string title) const {
    Step made;
    made.id = id(name);
    made.component = context.component.name;
    made.phase = hook_text(hook);
    made.where = side.where;
    made.title = std::move(title);
    return made;
  }
  // The database's identity, as far as somebody has looked already; "-" compares with nothing.
  std::string known_identifier() const {
    for (const Side* side : {&to, &from}) {
      const Facts& facts = context.snapshot.of(context.component.name, side->where);
      if (const auto found = facts.get("system_identifier")) return *found;
    }
    return "-";
  }
};

const std::vector<Capture> position = {
    {"lsn", "lsn"}, {"timeline", "integer"}, {"system_identifier", "integer"}};

std::vector<Step> prepare_steps(const Maker& make) {
  Step checkpoint = make.step(
      make.from, "checkpoint",
      fmt::format("Checkpoint PostgreSQL at {}, so that its stop is short", make.from.site));
  checkpoint.apply = on(make.from, "pg_checkpoint", Words{}.literal("600"));
  checkpoint.captures = position;
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
  const std::string mode = planned ? "planned" : "fence";
  const Milliseconds bound = make.from.duration("stop_bound", minute_ms);
  Step stop =
      make.step(make.from, "stop", fmt::format("Stop PostgreSQL at {}, proven", make.from.site));
  Words expected = Words{}.literal(mode);
  expected = planned ? std::move(expected).capture(make.capture("checkpoint", "system_identifier"))
                     : std::move(expected).literal("-");
  stop.probe = on(make.from, "pg_stopped", std::move(expected));
  stop.apply = on(make.from, "pg_stop", Words{}.literal(mode).literal(seconds(bound)));
  stop.captures = position;
  stop.captures.push_back({"clean", "word"});
  stop.bound = bound + margin;
  stop.guarding = Guarding::stop;
  stop.repeatable = true;
  if (planned) {
    stop.undo = on(make.from, "pg_start_primary",
                   Words{}.literal(seconds(make.from.duration("start_bound", 5 * minute_ms))));
  }
  if (make.context.operation == Operation::failover) stop.if_unreachable = IfUnreachable::evidence;
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
  promote.captures = position;
  promote.bound = bound + margin;
  promote.repeatable = true;  // a promoted server is told by the probe, and asking is no effect
  promote.point_of_no_return = true;
  return {promote};
}

std::vector<Step> verify_steps(const Maker& make) {
  Step writable =
      make.step(make.to, "writable", fmt::format("PostgreSQL at {} commits", make.to.site));
  writable.kind = StepKind::wait;
  writable.guarding = Guarding::read;
  writable.probe = on(make.to, "pg_writable");
  return {writable};
}

// `standby` starts and has replayed what `active` wrote after the start.
std::vector<Step> follow_steps(const Maker& make, const Side& active, const Side& standby,
                               std::vector<std::string> needs) {
  const Milliseconds start_bound = standby.duration("start_bound", 5 * minute_ms);
  Step start =
      make.step(standby, "start_standby",
                fmt::format("Start PostgreSQL at {} as standby of {}", standby.site, active.site));
  start.probe = on(standby, "pg_stands_by");
  start.apply = on(standby, "pg_start_standby", Words{}.literal(seconds(start_bound)));
  start.needs = std::move(needs);
  start.bound = start_bound + margin;
  start.repeatable = true;

  Step mark =
      make.step(active, "mark",
                fmt::format("Mark a position at {} that only its standby can reach", active.site));
  mark.apply = on(active, "pg_mark");
  mark.captures = position;
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
  return {start, mark, follows};
}

// Reprotect: `from` is active, `to` lies stopped. What it has is compared, then saved.
std::vector<Step> salvage_steps(const Maker& make) {
  Step timelines = make.step(make.from, "timelines",
                             fmt::format("Read the history of the active side {}", make.from.site));
  timelines.guarding = Guarding::read;
  timelines.apply = on(make.from, "pg_timelines");
  timelines.captures = position;
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
  salvage.probe = on(make.to, "pg_salvaged", Words{}.capture("run:number"));
  salvage.apply = on(make.to, "pg_salvage",
                     Words{}
                         .capture("run:number")
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
  rewind.probe = on(make.to, "pg_rewound", Words{}.capture("run:number").capture(identifier));
  rewind.apply = on(make.to, "pg_rewind",
                    Words{}
                        .capture("run:number")
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
  rebuild.probe = on(make.to, "pg_rebuilt", Words{}.capture("run:number").capture(identifier));
  rebuild.apply = on(make.to, "pg_rebuild",
                     Words{}
                         .capture("run:number")
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

std::vector<Step> finish_steps(const Maker& make) {
  if (make.context.operation == Operation::reprotect) return {};
  Step release = make.step(make.to, "release",
                           fmt::format("Close the session that was held at {}", make.to.site));
  release.apply = on(make.to, "pg_release");
  release.repeatable = true;
  release.skippable = true;
  return {release};
}

std::vector<Step> steps(Hook hook, const HookContext& context) {
  const Maker make{hook, context, side_of(context.application, context.component, context.from),
                   side_of(context.application, context.component, context.to)};
  const bool emergency = context.operation == Operation::failover;
  switch (hook) {
    case Hook::prepare:
      return emergency ? std::vector<Step>{} : prepare_steps(make);
    case Hook::stop:
      return stop_steps(make);
    case Hook::sync:
      return sync_steps(make);
    case Hook::promote:
      return promote_steps(make);
    case Hook::start:
      return {};  // promoted is started
    case Hook::verify:
      return verify_steps(make);
    case Hook::follow:
      return emergency ? std::vector<Step>{} : follow_steps(make, make.to, make.from, {});
    case Hook::salvage:
      return salvage_steps(make);
    case Hook::rebuild:
      return rebuild_steps(make);
    case Hook::finish:
      return emergency ? std::vector<Step>{} : finish_steps(make);
  }
  return {};
}

std::vector<Observation> observe(const Application& application, const Component& component) {
  std::vector<Observation> looks;
  for (const Site& site : application.sites) {
    const Side side = side_of(application, component, site.name);
    const Side peer = side_of(application, component, application.other_site(site.name).name);
    looks.push_back({component.name, side.where,
                     on(side, "pg_observe",
                        Words{}
                            .literal(peer.address)
                            .literal(peer.port)
                            .literal(side.replication_user)
                            .literal(side.rewind_user))});
  }
  return looks;
}

std::vector<std::string> guarded_units(const Component& component, std::string_view site) {
  return {unit_of(component, site)};
}

}  // namespace

int64_t Side::integer(std::string_view name, int64_t otherwise) const {
  const auto found = options.find(std::string(name));
  return found != options.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

Milliseconds Side::duration(std::string_view name, int64_t otherwise_ms) const {
  return Milliseconds(integer(name, otherwise_ms));
}

std::string unit_of(const Component& component, std::string_view site) {
  const Json& options = component.options.at(std::string(site));
  const auto version = options.value("version", int64_t{15});
  const std::string unit =
      json_text(options, "unit",
                fmt::format("postgresql@{}-{}", version, json_text(options, "cluster", "main")));
  return unit.ends_with(".service") ? unit : unit + ".service";
}

Side side_of(const Application& application, const Component& component, std::string_view site) {
  const Json& options = component.options.at(std::string(site));
  const Host* host = application.find_host(site, json_text(options, "host"));
  SWITCHBACK_CHECK(host != nullptr, "the configuration's host roles were checked by its reader");
  Side side;
  side.site = site;
  side.where = host->key;
  side.options = options;
  const std::string version = std::to_string(side.integer("version", 15));
  const std::string cluster = version + "/" + json_text(options, "cluster", "main");
  side.address = json_text(options, "address", host->address);
  side.port = std::to_string(side.integer("port", 5432));
  side.unit = unit_of(component, site);
  side.database = json_text(options, "database", "postgres");
  side.replication_user = json_text(options, "replication_user", "replicator");
  side.rewind_user = json_text(options, "rewind_user", "rewind");
  side.cluster = {
      json_text(options, "bin_directory", "/usr/lib/postgresql/" + version + "/bin"),
      json_text(options, "data_directory", "/var/lib/postgresql/" + cluster),
      json_text(options, "config_file", "/etc/postgresql/" + cluster + "/postgresql.conf"),
      side.port,
      json_text(options, "socket_directory", "/var/run/postgresql"),
      json_text(options, "os_user", "postgres"),
      side.unit,
      side.database};
  return side;
}

}  // namespace postgresql

const ComponentType& postgresql_type() {
  static const ComponentType type{
      .schema = {.name = "postgresql",
                 .summary = "A PostgreSQL server at each site, the standby fed by streaming.",
                 .options = postgresql::options_table,
                 .holds_data = true},
      .scripts = postgresql::scripts(),
      .observe = postgresql::observe,
      .steps = postgresql::steps,
      .ready = postgresql::ready,
      .guarded_units = postgresql::guarded_units};
  return type;
}

}  // namespace switchback
