// What every plan does on hosts, whatever the components: observe a host, publish claim and status,
// adopt and release, ask whether a dead side is really silent. Not a component type.
//
// Adoption puts each managed unit under a guard: an ExecCondition that lets it start only when a
// start step has opened the guard since the boot, or `after_reboot` allows it. Release takes all
// of it out again. Neither stops or starts anything.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "components/component.h"

namespace switchback {

std::span<const NamedScript> site_scripts();

// A unit under guard, and where it runs. Listed from the component types' `guarded_units`.
struct GuardedUnit {
  std::string host;  // key
  std::string unit;
  std::string component;
};

// Every guarded unit of that site.
std::vector<GuardedUnit> guarded_units(const Application& application, std::string_view site);

// The version of the guard that adoption installs, as hosts name theirs in the fact "guard".
std::string guard_version();

// Names of these observations in a snapshot: "host", "backup".
std::vector<Observation> site_observations(const Application& application);
// `last_backup` at both sites; empty when the configuration has none.
std::vector<Observation> backup_observations(const Application& application);
// What on that host would act beside Switchback: lines "conflict.N=WORDS", "conflicts=N".
Command conflicts_command(const Application& application, const Host& host);
std::vector<Observation> conflict_observations(const Application& application);

// The heads of that store's journal that each host keeps: lines "head.N=RUN SEQUENCE HASH".
std::vector<Observation> journal_head_observations(const Application& application,
                                                   const std::string& store_id);

// What break-glass runbooks wrote down on each host: lines "log.N=NAME", "log.N.M=WORDS".
std::vector<Observation> runbook_log_observations(const Application& application);

// Writes the status word at that host: "status.dc.app".
Step status_step(const Application& application, const Host& host, std::string_view word);

// Publishes the claim that the run works under or takes ("run:…" captures) to that host:
// "claim.publish.dc.app". The wrapper refuses it where the host has seen a newer one.
Step claim_publish_step(const Host& host, const std::map<std::string, std::string>& active);

// Looks from `where` ("controller" or a host of the other site) whether anything of that site still
// answers: ssh and `ports` of every host. Exit 0 silent, 1 something answers (standard error says
// what), else unknown. Positive liveness beats any attestation.
Command silence_command(const Application& application, std::string_view site,
                        const std::vector<int>& ports);

// One step per host of both sites; repeatable, and each is proven by its probe.
std::vector<Step> adopt_steps(const Application& application);
// Stores the break-glass bundle of that manifest on the host; `file` on the controller holds its
// stream (planner/bundle.h).
Step runbook_step(const Host& host, const std::string& manifest, const std::string& file);
std::vector<Step> release_steps(const Application& application);

}  // namespace switchback
