#include "components/files_ready.h"

#include <fmt/format.h>

#include "components/pieces.h"

namespace switchback {
namespace {

void judge_trees(const HookContext& context, const std::string& where, const Facts& facts,
                 std::vector<Finding>& findings) {
  const int64_t paths = facts.integer("paths").value_or(0);
  for (int64_t n = 1; n <= paths; ++n) {
    const std::string state = facts.get(fmt::format("path.{}.state", n)).value_or("unknown");
    if (state == "present") continue;
    findings.push_back(
        {Finding::Level::blocking, context.component.name,
         fmt::format("{} is {} at {}", facts.get(fmt::format("path.{}", n)).value_or("a path"),
                     state, where),
         fmt::format("mount or create it at {}", where)});
  }
}

// What the receiving side says of its last sync, its access and its room.
void judge_receiver(const HookContext& context, const std::string& where, const Facts& facts,
                    std::vector<Finding>& findings) {
  const std::string& name = context.component.name;
  const auto age_s = facts.integer("last_good_age_s");
  const Milliseconds every =
      option_duration(context.options(context.to), "every", Milliseconds(300'000));
  if (!age_s) {
    findings.push_back(
        {context.operation == Operation::failover ? Finding::Level::blocking
                                                  : Finding::Level::warning,
         name,
         fmt::format("{} was never synced to {}",
                     join(option_list(context.options(context.to), "paths"), ", "), where),
         fmt::format("switchback sync {}", context.application.name)});
  } else {
    const Milliseconds age{*age_s * 1000};
    const bool late = age > 2 * every;
    findings.push_back(
        {late ? Finding::Level::warning : Finding::Level::good, name,
         fmt::format("last good sync to {} was {} ago", where, duration_text(age)),
         late ? fmt::format("switchback sync {}", context.application.name) : std::string()});
  }
  const std::string access = facts.get("access").value_or("unknown");
  if (access != "yes" && context.operation != Operation::failover) {
    findings.push_back({Finding::Level::blocking, name,
                        fmt::format("{} cannot pull from {}: {}", where, context.from, access),
                        fmt::format("let the key of {} log in at {}, and its host key be known",
                                    where, context.from)});
  }
  const auto offset = facts.integer("clock_offset_ms");
  if (offset && (*offset > 2000 || *offset < -2000)) {
    findings.push_back({Finding::Level::warning, name,
                        fmt::format("the clocks of both hosts differ by {} ms", *offset),
                        "set both clocks by NTP"});
  }
}

// Room for what the receiving side lacks.
void judge_room(const HookContext& context, const std::string& where, const Facts& receiver,
                const Facts& source, std::vector<Finding>& findings) {
  const int64_t paths = receiver.integer("paths").value_or(0);
  for (int64_t n = 1; n <= paths; ++n) {
    const auto here = receiver.integer(fmt::format("path.{}.bytes", n));
    const auto there = source.integer(fmt::format("path.{}.bytes", n));
    const auto free_kb = receiver.integer(fmt::format("path.{}.free_kb", n));
    if (!here || !there || !free_kb || *there - *here <= *free_kb * 1024) continue;
    findings.push_back({Finding::Level::blocking, context.component.name,
                        fmt::format("{} lacks {} MiB and has {} MiB free", where,
                                    (*there - *here) >> 20, *free_kb >> 10),
                        fmt::format("make room at {}", where)});
  }
}

}  // namespace

std::vector<Finding> files_ready(const HookContext& context) {
  std::vector<Finding> findings;
  const std::string receiver = context.host(context.to);
  const std::string source = context.host(context.from);
  const Facts& here = context.snapshot.of(context.component.name, receiver);
  const Facts& there = context.snapshot.of(context.component.name, source);
  if (here.observed_at_ms == 0) {
    findings.push_back(not_observed(context.component.name, receiver, here));
  } else {
    judge_trees(context, receiver, here, findings);
    judge_receiver(context, receiver, here, findings);
    judge_room(context, receiver, here, there, findings);
    findings.push_back(
        {Finding::Level::good, context.component.name,
         fmt::format("after a failover only what differs is copied back to {}", context.from), "",
         "copy"});
  }
  if (context.operation == Operation::failover) return findings;
  if (there.observed_at_ms == 0) {
    findings.push_back(not_observed(context.component.name, source, there));
  } else {
    judge_trees(context, source, there, findings);
  }
  return findings;
}

std::string files_describe(const Facts& facts) {
  int64_t files = 0;
  int64_t bytes = 0;
  std::vector<std::string> parts;
  for (int64_t n = 1; n <= facts.integer("paths").value_or(0); ++n) {
    const std::string path = fmt::format("path.{}", n);
    files += facts.integer(path + ".files").value_or(0);
    bytes += facts.integer(path + ".bytes").value_or(0);
    const std::string state = facts.get(path + ".state").value_or("unknown");
    if (state != "present") parts.push_back(facts.get(path).value_or("a path") + " is " + state);
  }
  parts.insert(parts.begin(), fmt::format("{} files, {} MiB", files, bytes >> 20));
  if (const auto age_s = facts.integer("last_good_age_s")) {
    parts.push_back(fmt::format("received {} ago from {}",
                                duration_text(Milliseconds(*age_s * 1000)),
                                facts.get("origin_source").value_or("the other side")));
  }
  if (facts.get("last_result").value_or("done") != "done") {
    parts.push_back("the last sync did not end well: " + facts.get("last_words").value_or("?"));
  }
  return join(parts, "; ");
}

}  // namespace switchback
