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

std::vector<Step> steps(Hook hook, const HookContext& context) {
  const Maker make{hook, context, side_of(context.application, context.component, context.from),
                   side_of(context.application, context.component, context.to)};
  const bool emergency = is_emergency(context.operation);
  switch (hook) {
    case Hook::prepare:
      return emergency ? std::vector<Step>{} : prepare_steps(make);
    case Hook::stop:
      return stop_steps(make);
    case Hook::sync:
      return context.operation == Operation::start ? compare_steps(make) : sync_steps(make);
    case Hook::promote:
      return context.operation == Operation::start ? bring_up_steps(make) : promote_steps(make);
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
    case Hook::refresh:
      return {};  // streaming needs none
    case Hook::finish:
      return emergency || context.operation == Operation::resolve ? std::vector<Step>{}
                                                                  : finish_steps(make);
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

std::string describe(const Facts& facts) {
  const auto value = [&](std::string_view name) { return facts.get(name).value_or("unknown"); };
  if (facts.get("present") == "no") return "there is no database";
  const std::string where = fmt::format("timeline {}, at {}", value("timeline"), value("lsn"));
  if (facts.get("running") != "yes") {
    return fmt::format("{}, {}, guard {}",
                       facts.get("running") == "no" ? "stopped" : "does not answer", where,
                       value("guard"));
  }
  if (facts.get("in_recovery") == "no") {
    return fmt::format("accepts writes, {}, standbys: {}", where, value("standbys"));
  }
  if (facts.get("receiver") != "streaming") {
    return fmt::format("standby that does not stream ({}), {}", value("receiver"), where);
  }
  return fmt::format("standby, streams from {}, {} bytes to replay, {}", value("sender"),
                     value("lag_bytes"), where);
}

}  // namespace

Command on(const Side& side, std::string_view script, Words words) {
  std::vector<Argument> arguments;
  for (const std::string& word : side.cluster) arguments.push_back(Argument::literal(word));
  arguments.insert(arguments.end(), words.arguments.begin(), words.arguments.end());
  return script_command(script, std::move(arguments));
}

std::string seconds(Milliseconds duration) {
  return std::to_string(std::max<int64_t>(1, (duration.count() + 999) / 1000));
}

std::string Maker::id(std::string_view name) const {
  return fmt::format("{}.{}", context.component.name, name);
}

std::string Maker::capture(std::string_view step, std::string_view name) const {
  return fmt::format("{}:{}", id(step), name);
}

Step Maker::step(const Side& side, std::string_view name, std::string title) const {
  Step made;
  made.id = id(name);
  made.component = context.component.name;
  made.phase = hook_text(hook);
  made.where = side.where;
  made.title = std::move(title);
  return made;
}

std::string Maker::known_identifier() const {
  for (const Side* side : {&to, &from}) {
    const Facts& facts = context.snapshot.of(context.component.name, side->where);
    if (const auto found = facts.get("system_identifier")) return *found;
  }
  return "-";
}

std::vector<Capture> position() {
  return {{"lsn", "lsn"}, {"timeline", "integer"}, {"system_identifier", "integer"}};
}

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
      .guarded_units = postgresql::guarded_units,
      .describe = postgresql::describe};
  return type;
}

}  // namespace switchback
