#include "sim/scenario.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "components/site.h"
#include "components/types.h"
#include "engine/engine.h"
#include "engine/observe.h"
#include "model/reader.h"
#include "planner/diagnosis.h"
#include "planner/planner.h"
#include "planner/readiness.h"
#include "planner/resolution.h"
#include "run/refusals.h"
#include "store/audit.h"
#include "world/sim/shell.h"
#include "world/sim/units.h"

namespace switchback {
namespace {

constexpr std::string_view data_directory = "/var/lib/postgresql/15/main";

constexpr std::string_view attachments = "/opt/flotomate/filestore";
constexpr std::string_view name = "serviceops.example.test";

Catalogue catalogue() {
  Catalogue all;
  for (const ComponentType* type : component_types()) all.types.push_back(type);
  for (const NamedScript& script : site_scripts()) all.scripts.push_back(script);
  return all;
}

std::map<std::string, std::string> script_bodies() {
  std::map<std::string, std::string> bodies;
  for (const NamedScript& script : all_scripts()) bodies.emplace(script.name, script.body);
  return bodies;
}

bool is_service(const SimulatedHost& host, const std::string& unit) {
  return std::ranges::none_of(host.clusters,
                              [&](const auto& entry) { return entry.second.unit == unit; });
}

bool runs_services(const SimulatedHost& host) {
  return std::ranges::any_of(host.units, [&](const auto& entry) {
    return is_service(host, entry.first) && (entry.second.active || entry.second.processes > 0);
  });
}

bool is_writable(const SimulatedHost& host) {
  return std::ranges::any_of(host.clusters,
                             [](const auto& entry) { return pg_writable(entry.second); });
}

Event person(EventKind kind, Json body) {
  Event event;
  event.kind = kind;
  event.body = std::move(body);
  return event;
}

}  // namespace

Scenario::Scenario(uint64_t seed) : world(seed, all_models()) {
  const std::string path = std::string(SOURCE_DIR) + "/examples/serviceops/serviceops.yaml";
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  auto read = read_application(text.str(), path, component_schemas());
  if (!read.application) ADD_FAILURE() << join(read.lines(), "\n");
  application = read.application.value_or(Application{});
  build_hosts();
  world.on_boot = [this](SimulatedHost& booted) { boot_units(world, booted); };
  world.background = [this] {
    pg_replicate(world);
    clients_write();
  };
  world.forbid_on_two_sites("a writable database", is_writable);
  world.forbid_on_two_sites("running services", runs_services);
  store.on_write([this](const MemoryStore::Write& write) {
    if (!driving_) return;
    world.point(write.before ? FaultPoint::Kind::before_write : FaultPoint::Kind::after_write, "",
                write.what);
    world.throw_if_crashed();
  });
}

void Scenario::build_hosts() {
  for (const Host& configured : application.all_hosts()) world.add_host(configured);
  for (const Site& site : application.sites) build_site(site, site.home_primary);
  // The standby is a copy of the active side.
  PgCluster& standby = cluster("dr");
  standby.log = cluster("dc").log;
  standby.replayed = standby.log.size();
  for (const std::string& server : name_servers()) {
    world.records[fmt::format("{} {}", server, name)] = {address("dc"), 30, "1 claim-one"};
  }
  Claim claim{1, "claim-one", store.store_id(), {}};
  for (const Component& component : application.components) claim.active[component.name] = "dc";
  EXPECT_TRUE(store.set_claim(application.name, {}, claim));
  for (const Host& configured : application.all_hosts()) {
    world.host(configured.key).apps[application.name].claim =
        SimulatedClaimFile{1, claim.claim_id, claim.store_id, 0, claim.active};
  }
}

void Scenario::build_site(const Site& site, bool active) {
  const Site& other = application.other_site(site.name);
  for (const Host& configured : site.hosts) {
    SimulatedHost& there = world.host(configured.key);
    there.status_files[application.status_file] = active ? "production" : "standby";
    SimulatedAdoption adoption{
        site.name, application.after_reboot, application.status_file, {}, {}};
    for (const Host& peer : other.hosts) adoption.peers.push_back(peer.address);
    for (const GuardedUnit& guarded : guarded_units(application, site.name)) {
      if (guarded.host != configured.key) continue;
      const std::string unit = full_unit(guarded.unit);
      adoption.units.push_back({unit, guarded.component});
      there.units[unit] = {};
      if (configured.role == "db") {
        PgCluster& c = there.clusters[std::string(data_directory)];
        c.present = true;
        c.system_identifier = "7000000000000000001";
        c.unit = unit;
        for (int i = 0; i < 5; ++i) pg_append(c);
        c.writer = active ? 1 : 2;  // from here on they write their own
        c.follows = other.name + "/db";
        c.standby_signal = !active;
        EXPECT_TRUE(pg_start(c));
      }
      if (active || configured.role == "db") {
        there.units[unit].active = true;
        there.units[unit].processes = 1;
        open_guard(there, application.name, unit);
      } else {
        there.apps[application.name].stopped[unit] = {};
      }
    }
    there.apps[application.name].adoption = adoption;
  }
}

std::vector<std::string> Scenario::name_servers() const {
  return {"10.77.0.53", "10.77.0.54"};
}

std::string Scenario::address(const std::string& site) const {
  return world.find_host(host(site, "app"))->address;
}

std::map<std::string, std::string>& Scenario::tree(const std::string& site) {
  return world.host(host(site, "app")).trees[std::string(attachments)];
}

PgCluster& Scenario::cluster(const std::string& site) {
  return world.host(host(site, "db")).clusters.at(std::string(data_directory));
}

void Scenario::power_off_site(const std::string& site) {
  lost_.insert(site);
  for (const Host& each : application.site(site).hosts) world.power_off(each.key);
}

void Scenario::power_on_site(const std::string& site) {
  lost_.erase(site);
  for (const Host& each : application.site(site).hosts) world.power_on(each.key);
}

bool Scenario::is_lost(const std::string& key) const {
  const SimulatedHost* there = world.find_host(key);
  return there != nullptr && lost_.contains(there->site);
}

void Scenario::heal() {
  world.on_point({});
  store.fail_no_more();
  world.heal_everything();
  for (const Host& each : application.all_hosts()) {
    if (!is_lost(each.key)) world.power_on(each.key);
  }
}

// A client commits wherever the application runs and its database takes it.
void Scenario::clients_write() {
  if (world.random(6) != 0) return;
  for (const Site& site : application.sites) {
    const std::string app = host(site.name, "app");
    const std::string db = host(site.name, "db");
    const SimulatedHost& server = world.host(db);
    if (!runs_services(world.host(app)) || !is_writable(server) || !world.talk(app, db)) continue;
    PgCluster& c = cluster(site.name);
    pg_append(c, ++last_write_);
    acknowledged_.push_back(last_write_);
    tree(site.name)[fmt::format("a{}", last_write_)] = "text";  // each ticket has an attachment
  }
}

Snapshot Scenario::look() {
  SimulatedShell shell(world);
  SimulatedClock clock(world);
  Snapshot snapshot;
  auto known = store.facts(application.name);
  if (known) snapshot.facts = *known;
  const auto seen =
      observe(shell, clock, application.name, application.all_hosts(),
              observations(catalogue(), application), script_bodies(), Milliseconds(8'000));
  snapshot.facts = merge_facts(std::move(snapshot.facts), seen);
  EXPECT_TRUE(store.put_facts(application.name, snapshot.facts));
  snapshot.now_ms = clock.wall_ms();
  return snapshot;
}

Result<Plan> Scenario::plan(Operation operation, const std::string& to) {
  return plan(operation, to, store.claim(application.name).value(), look());
}

// Simulated hosts know a script by its name; written, hashed and read again, its text is five
// sixths of a plan.
Result<Plan> Scenario::plan(Operation operation, const std::string& to, const Claim& claim,
                            const Snapshot& seen) {
  auto made = make_plan(catalogue(), application, claim, seen, {operation, to});
  if (!made || with_texts) return made;
  for (auto& [script, text] : made->scripts) text = "# " + script;
  return made;
}

std::vector<FalseAssumption> Scenario::judge_again(int64_t run) {
  const auto state = fold(store.read(run).value());
  EXPECT_TRUE(state);
  return false_assumptions(application, *state, store.claim(application.name).value(), look());
}

int64_t Scenario::begin(Operation operation, const std::string& to) {
  const Snapshot seen = look();
  const Claim claim = store.claim(application.name).value();
  const auto made = plan(operation, to, claim, seen);
  if (!made) {
    ADD_FAILURE() << made.error().message << world.story();
    return 0;
  }
  for (const Assumption& assumption : made->assumptions) {
    EXPECT_TRUE(assumption.met) << assumption.text << "\n" << world.story(20);
  }
  const int64_t epoch = newest_epoch(application, claim, seen) + 1;
  Claim next{epoch, fmt::format("claim-{}", epoch), store.store_id(), made->active_after};
  const int64_t beyond = operation == Operation::resolve ? newest_run_seen(application, seen) : 0;
  const auto run = store.create_run(
      application.name,
      {person(EventKind::run_created, {{"plan", plan_to_json(*made)},
                                       {"plan_hash", plan_hash(*made)},
                                       {"next_claim", claim_to_json(next)},
                                       {"who", "anna"},
                                       {"verified", true},
                                       {"ticket", ""},
                                       {"reason", "simulation"},
                                       {"predicted_ms", 0},
                                       {"predicted_outage_ms", predicted_outage_ms}})},
      beyond);
  EXPECT_TRUE(run) << run.error().message;
  return run.value_or(0);
}

// Everybody who is asked says yes.
void Scenario::answer_people(int64_t run) {
  const auto state = fold(store.read(run).value());
  ASSERT_TRUE(state);
  for (size_t i = 0; i < state->steps.size(); ++i) {
    if (!state->steps[i].gate_open || is_satisfied(state->steps[i].status)) continue;
    const auto last = store.last_sequence(run).value();
    record(run, person(EventKind::gate_answered, {{"step", state->plan->steps[i].id},
                                                  {"who", fmt::format("person-{}", last)},
                                                  {"verified", true},
                                                  {"answer", "yes"},
                                                  {"text", ""}}));
  }
}

// A person asks for a retry of everything that failed; answers what is wrong with it.
std::string Scenario::retry_what_failed(int64_t run) {
  const auto state = fold(store.read(run).value());
  std::string wrong;
  for (size_t i = 0; i < state->steps.size(); ++i) {
    const StepState& step = state->steps[i];
    if (step.status != StepStatus::failed && step.status != StepStatus::unknown) continue;
    const std::string& id = state->plan->steps[i].id;
    wrong += fmt::format("{} {}: {}; ", id, step_status_text(step.status), step.message);
    if (!retry_refusal(*state, id).empty()) continue;
    record(run, person(EventKind::retry_asked, {{"step", id}, {"who", "anna"}}));
  }
  return wrong;
}

void Scenario::ask_to_abort(int64_t run) {
  const auto state = fold(store.read(run).value());
  if (!abort_refusal(*state).empty()) return;
  record(run, person(EventKind::abort_asked, {{"who", "anna"}}));
}

// A person's own command fails where the store cannot be written, and is given again later.
void Scenario::record(int64_t run, Event event) {
  const auto written = store.append(run, store.last_sequence(run).value(), {std::move(event)});
  EXPECT_TRUE(written || written.error().code == ErrorCode::unavailable) << written.error().message;
}

void Scenario::tend() {
  heal();
  world.run_for(Milliseconds(10'000));
  for (const Site& site : application.sites) start_by_hand(site.name);
}

void Scenario::start_by_hand(const std::string& site) {
  for (SimulatedHost* each : world.all_hosts()) {
    if (each->powered && each->site == site) boot_units(world, *each);
  }
  world.run_for(Milliseconds(10'000));
}

Course Scenario::carry_through(int64_t run, Operation operation, const std::string& to) {
  Course course = drive(run);
  for (int i = 0; i < 2 && course.ended && course.result != "done"; ++i) {
    tend();
    // A reprotect that was aborted as the last word was written has left nothing to begin anew.
    const std::string active = store.claim(application.name).value().active.at("database");
    if (operation == Operation::reprotect && problems(active, true).empty()) {
      course.result = "done";
      break;
    }
    const int64_t next = begin(operation, to);
    if (next == 0) break;
    course = drive(next);
  }
  return course;
}

Course Scenario::drive(int64_t run) {
  Course course;
  for (int round = 0; round < patience; ++round) {
    if (round == heal_after) heal();
    if (round == heal_after + 2) tend();
    if (round == give_up_after) ask_to_abort(run);
    ++course.controllers;
    SimulatedShell shell(world);
    SimulatedClock clock(world);
    EngineOptions options;
    options.who = "anna";
    Engine engine(store, shell, clock, options);
    driving_ = true;
    try {
      const auto departure = engine.execute(run);
      driving_ = false;
      if (!departure) {
        course.problem = departure.error().message;
      } else if (departure->situation == Decision::Situation::ended) {
        course.ended = true;
        course.result = store.runs(application.name).value().back().result;
        course.problem = course.result + ": " + departure->reason;
        return course;
      } else if (departure->situation == Decision::Situation::waiting) {
        answer_people(run);
        --round;  // an answered gate is progress, not impatience
        course.problem = departure->reason;
        if (course.controllers > 40) return course;
      } else {
        course.problem = retry_what_failed(run) + departure->reason;
        world.run_for(Milliseconds(2'000));
      }
    } catch (const ControllerCrash&) {
      driving_ = false;
      after_crash();
      world.run_for(Milliseconds(world.random(3'000)));
    }
  }
  return course;
}

Course Scenario::perform(Operation operation, const std::string& to) {
  const int64_t run = begin(operation, to);
  return run == 0 ? Course{} : drive(run);
}

bool Scenario::salvaged(const std::string& what) const {
  const std::string word = fmt::format(" {} ", what);
  for (const Host& each : application.all_hosts()) {
    const SimulatedHost* there = world.find_host(each.key);
    const auto app = there->apps.find(application.name);
    if (app == there->apps.end()) continue;
    for (const auto& [name, text] : app->second.files) {
      if (name.starts_with("salvage.") && (text + " ").find(word) != std::string::npos) return true;
    }
  }
  return false;
}

int64_t Scenario::salvaged_writes() const {
  return std::ranges::count_if(acknowledged_,
                               [this](int64_t write) { return salvaged(std::to_string(write)); });
}

// What clients were promised and nobody has.
std::string Scenario::lost_data(const std::string& active, bool protected_by_other) {
  const std::string other = application.other_site(active).name;
  std::set<int64_t> kept;
  for (const PgRecord& record : cluster(active).log) kept.insert(record.write);
  std::map<std::string, std::string> files = tree(active);
  if (!protected_by_other) {  // not lost yet: to be salvaged
    for (const PgRecord& record : cluster(other).log) kept.insert(record.write);
    files.insert(tree(other).begin(), tree(other).end());
  }
  for (const int64_t write : acknowledged_) {
    const std::string file = fmt::format("a{}", write);
    if (!kept.contains(write) && !salvaged(std::to_string(write))) {
      return fmt::format("; write {} is lost", write);
    }
    if (!files.contains(file) && !salvaged(file)) {
      return fmt::format("; attachment {} is lost", file);
    }
  }
  return "";
}

// The name leads to the active site, under the claim, and clients look it up as often as before.
std::string Scenario::wrong_names(const std::string& active) {
  const Claim claim = store.claim(application.name).value();
  const std::string expected = fmt::format("{} {}", claim.epoch, claim.claim_id);
  std::string wrong;
  for (const std::string& server : name_servers()) {
    const SimulatedRecord& record = world.records[fmt::format("{} {}", server, name)];
    if (record.value != address(active) || record.claim != expected || record.ttl != 30) {
      wrong += fmt::format("; {} says {} for {} s under claim '{}'", server, record.value,
                           record.ttl, record.claim);
    }
  }
  return wrong;
}

std::string Scenario::problems(const std::string& active, bool protected_by_other) {
  // What still runs has time to end, what lost its power to boot, replication to catch up.
  heal();
  for (int i = 0; i < 50; ++i) world.after(Milliseconds(1'000 + i * 20), [] {});
  world.run_for(Milliseconds(20'000));
  std::string wrong = join(world.violations(), "; ");
  const std::string other = application.other_site(active).name;
  const PgCluster& here = cluster(active);
  // A host that rebooted while the other site is gone stays closed until a person opens it: safe.
  const auto waits = [&](const std::string& role) {
    const SimulatedHost& there = world.host(host(active, role));
    return std::ranges::any_of(there.guard_says, [&](const auto& said) {
      if (there.open_guards.contains(said.first)) return false;
      return (lost_.contains(other) && said.second.starts_with("no host of the other site")) ||
             said.second.starts_with("after a boot a person confirms");
    });
  };
  if (!pg_writable(here) && !waits("db")) {
    wrong += "; the database of " + active + " is not writable";
  }
  if (!runs_services(world.host(host(active, "app"))) && !waits("app")) {
    wrong += "; no services at " + active;
  }
  if (runs_services(world.host(host(other, "app")))) wrong += "; services at " + other;
  if (protected_by_other &&
      pg_upstream(world, world.host(host(other, "db")), cluster(other)) != &here) {
    wrong += "; " + other + " does not stream";
  }
  const Claim claim = store.claim(application.name).value();
  for (const auto& [component, site] : claim.active) {
    if (site != active) wrong += fmt::format("; the claim says {} for {}", site, component);
  }
  wrong += lost_data(active, protected_by_other) + wrong_names(active);
  const auto report = verify(store, application.name);
  if (!report || !report->intact()) wrong += "; the journal does not pass its audit";
  return wrong;
}

}  // namespace switchback
