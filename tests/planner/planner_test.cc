#include "planner/planner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "components/site.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

// Status words as they are before the operation: dc's first.
using Words = std::pair<std::string, std::string>;
const Words normal{"production", "standby"};
const Words reversed{"production_as_standby", "standby_as_production"};
const Words primary_lost{"down", "production_alone"};

Snapshot snapshot_with(const Application& application, const Words& words) {
  Snapshot snapshot = recorder_snapshot(application);
  for (const Host& host : application.all_hosts()) {
    auto& facts = snapshot.facts[observation_key("host", host.key)];
    facts.values["status"] = host.site == "dc" ? words.first : words.second;
  }
  return snapshot;
}

Result<Plan> try_plan(const Application& application, Operation operation,
                      const std::string& active, const Words& words, const std::string& to = "") {
  return make_plan(recorder_catalogue(), application, claim_at(application, active),
                   snapshot_with(application, words), {operation, to});
}

Plan plan_of(const Application& application, Operation operation, const std::string& active,
             const Words& words) {
  const auto plan = try_plan(application, operation, active, words);
  EXPECT_TRUE(plan) << plan.error().message;
  if (plan) {
    EXPECT_EQ(plan_problems(*plan), std::vector<std::string>{});
  }
  return plan.value_or(Plan{});
}

Plan switchover() {
  return plan_of(recorder_application(), Operation::switchover, "dc", normal);
}
Plan failover() {
  return plan_of(recorder_application(), Operation::failover, "dc", normal);
}
Plan reprotect() {
  return plan_of(recorder_application(), Operation::reprotect, "dr", primary_lost);
}

// True when `earlier` is done before `later` may begin.
bool stands_before(const Plan& plan, const std::string& earlier, const std::string& later) {
  const Step* step = plan.find(later);
  EXPECT_NE(step, nullptr) << later;
  EXPECT_NE(plan.find(earlier), nullptr) << earlier;
  if (step == nullptr) return false;
  return std::any_of(step->needs.begin(), step->needs.end(), [&](const std::string& need) {
    return need == earlier || stands_before(plan, earlier, need);
  });
}

bool needs(const Plan& plan, const std::string& step, const std::string& need) {
  const auto& all = plan.find(step)->needs;
  return std::find(all.begin(), all.end(), need) != all.end();
}

const Assumption* unmet(const Plan& plan) {
  for (const Assumption& assumption : plan.assumptions) {
    if (!assumption.met) return &assumption;
  }
  return nullptr;
}

TEST(Switchover, dependants_stop_first_and_start_last) {
  const Plan plan = switchover();
  EXPECT_TRUE(stands_before(plan, "services.stop", "database.stop"));
  EXPECT_TRUE(stands_before(plan, "database.stop", "database.sync"));
  EXPECT_TRUE(stands_before(plan, "services.stop", "attachments.sync"));
  EXPECT_TRUE(stands_before(plan, "database.promote", "services.start"));
  EXPECT_TRUE(stands_before(plan, "services.start", "login.verify"));
  EXPECT_TRUE(stands_before(plan, "login.verify", "address.start"));
}

TEST(Switchover, everything_that_can_be_prepared_is_done_before_the_first_stop) {
  Application application = recorder_application();
  application.notify = {{"https://chat.example.test/hook", {}}};
  const Plan plan = plan_of(application, Operation::switchover, "dc", normal);
  for (const char* prepare : {"database.prepare", "attachments.prepare", "address.prepare"}) {
    EXPECT_TRUE(stands_before(plan, prepare, "announce.1"));
    EXPECT_TRUE(stands_before(plan, prepare, "services.stop"));
  }
  EXPECT_TRUE(stands_before(plan, "announce.1", "services.stop"));
}

TEST(Switchover, the_claim_waits_for_every_stop_proven_again_and_every_sync) {
  const Plan plan = switchover();
  for (const char* before : {"fence.again.services.stop", "fence.again.database.stop",
                             "attachments.sync", "database.sync"}) {
    EXPECT_TRUE(stands_before(plan, before, "claim")) << before;
  }
  const Step* again = plan.find("fence.again.database.stop");
  EXPECT_EQ(again->kind, StepKind::wait);
  EXPECT_EQ(again->guarding, Guarding::read);
  EXPECT_EQ(again->probe, plan.find("database.stop")->probe);
}

TEST(Switchover, nothing_is_promoted_without_the_claim_on_its_host_and_on_the_old_side) {
  const Plan plan = switchover();
  EXPECT_TRUE(needs(plan, "database.promote", "claim.publish.dr.db"));
  EXPECT_TRUE(needs(plan, "services.start", "claim.publish.dr.app"));
  EXPECT_TRUE(stands_before(plan, "claim.publish.dc.db", "database.follow"));
  EXPECT_FALSE(stands_before(plan, "claim.publish.dr.app", "database.promote"));
  for (const std::string host : {"dc.app", "dc.db"}) {
    EXPECT_TRUE(needs(plan, "database.promote", "claim.publish." + host));
    const Step* published = plan.find("claim.publish." + host);
    EXPECT_NE(command_text(published->probe).find(" stopped "), std::string::npos);
    EXPECT_EQ(command_text(published->apply).find(" stopped "), std::string::npos);
  }
  EXPECT_EQ(command_text(plan.find("claim.publish.dr.db")->probe).find(" stopped "),
            std::string::npos);
}

TEST(Switchover, promote_names_the_stops_that_it_relies_on) {
  const Plan plan = switchover();
  EXPECT_TRUE(needs(plan, "database.promote", "database.stop"));
  EXPECT_TRUE(needs(plan, "database.promote", "services.stop"));
  EXPECT_TRUE(needs(plan, "database.promote", "database.sync"));
}

TEST(Switchover, a_service_starts_only_behind_its_own_stop_proven) {
  EXPECT_TRUE(needs(switchover(), "services.start", "services.stop"));
}

TEST(Switchover, independent_steps_do_not_wait_for_each_other) {
  const Plan plan = switchover();
  EXPECT_FALSE(stands_before(plan, "attachments.sync", "database.stop"));
  EXPECT_FALSE(stands_before(plan, "database.stop", "attachments.sync"));
  EXPECT_FALSE(stands_before(plan, "database.follow", "address.start"));
  EXPECT_EQ(plan.find("database.stop")->needs, std::vector<std::string>{"services.stop"});
}

TEST(Switchover, words_change_behind_the_claim_and_the_old_side_first) {
  const Plan plan = switchover();
  for (const char* old : {"status.dc.app", "status.dc.db"}) {
    EXPECT_TRUE(stands_before(plan, "claim", old));
    EXPECT_TRUE(stands_before(plan, "database.promote", old)) << "an abort would have to undo it";
    EXPECT_TRUE(stands_before(plan, old, "status.dr.app"));
  }
  EXPECT_EQ(plan.status_after.at("dc"), "production_as_standby");
  EXPECT_EQ(plan.status_after.at("dr"), "standby_as_production");
}

TEST(Switchover, an_extra_writer_stops_before_the_data_is_synced) {
  Application application = recorder_application();
  Component reports = application.components[2];
  reports.name = "reports";
  reports.needs = {};
  application.components.push_back(reports);
  application.components[0].writers = {"reports"};
  const Plan plan = plan_of(application, Operation::switchover, "dc", normal);
  EXPECT_TRUE(stands_before(plan, "reports.stop", "database.sync"));
  EXPECT_TRUE(needs(plan, "database.promote", "reports.stop"));
  EXPECT_FALSE(stands_before(plan, "reports.stop", "attachments.sync"));
}

TEST(Failback, leads_home_with_the_words_of_normal) {
  const Plan plan = plan_of(recorder_application(), Operation::failback, "dr", reversed);
  EXPECT_EQ(plan.to_site, "dc");
  EXPECT_EQ(plan.status_after.at("dc"), "production");
  EXPECT_EQ(plan.find("services.start")->where, "dc/app");
  EXPECT_EQ(unmet(plan), nullptr);
}

TEST(Failover, the_old_side_can_only_tolerate_never_stop_the_run) {
  const Plan plan = failover();
  for (const Step& step : plan.steps) {
    if (!step.where.starts_with("dc/") || step.id.starts_with("fence.again.")) continue;
    EXPECT_NE(step.if_unreachable, IfUnreachable::fail) << step.id;
  }
  EXPECT_EQ(plan.find("claim.publish.dr.db")->if_unreachable, IfUnreachable::fail);
}

TEST(Failover, the_promotion_waits_for_the_claim_on_old_hosts_that_answered_and_on_no_others) {
  const Application application = recorder_application();
  Snapshot snapshot = snapshot_with(application, normal);
  snapshot.facts[observation_key("host", "dc/db")].reachable = false;
  const auto plan = make_plan(recorder_catalogue(), application, claim_at(application, "dc"),
                              snapshot, {Operation::failover, ""});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(stands_before(*plan, "claim.publish.dc.app", "database.promote"));
  EXPECT_FALSE(stands_before(*plan, "claim.publish.dc.db", "database.promote"));
  EXPECT_EQ(command_text(plan->find("claim.publish.dc.app")->probe).find(" stopped "),
            std::string::npos);
}

TEST(Failover, attestation_asks_only_when_stops_are_unproven_and_the_hosts_are_silent) {
  const Plan plan = failover();
  const Step* gate = plan.find("fence.2.attestation");
  ASSERT_NE(gate, nullptr);
  EXPECT_EQ(gate->unless, (std::vector<std::string>{"database.stop", "services.stop"}));
  const Step* silence = plan.find("fence.silence.dc.db.from.controller");
  EXPECT_EQ(silence->if_unreachable, IfUnreachable::fail);
  EXPECT_EQ(silence->unless, std::vector<std::string>{"database.stop"});
  EXPECT_EQ(command_text(silence->probe), "site_silence 10.77.1.20 22,5432");
  for (const char* seen : {"fence.silence.dc.app.from.dr.db", "fence.silence.dc.db.from.dr.db"}) {
    EXPECT_TRUE(stands_before(plan, seen, "fence.2.attestation"));
  }
  EXPECT_TRUE(stands_before(plan, "fence.2.attestation", "claim"));
}

TEST(Failover, what_was_proven_is_proven_again_right_before_the_claim) {
  const Plan plan = failover();
  const Step* again = plan.find("fence.again.database.stop");
  EXPECT_EQ(again->when, (std::vector<Condition>{{"database.stop:outcome", "done"}}));
  EXPECT_EQ(again->if_unreachable, IfUnreachable::fail);
  EXPECT_TRUE(needs(plan, "claim", "fence.again.silence.dc.db.from.controller"));
  EXPECT_TRUE(needs(plan, "database.promote", "fence.again.database.stop"));
}

// The word of a dead site may have been read in the middle of the run that changed it.
TEST(Failover, is_not_held_up_by_a_stale_word_of_the_site_that_is_gone) {
  const Application application = recorder_application();
  const auto unmet_with = [&](const Words& words) {
    Snapshot snapshot = snapshot_with(application, words);
    for (const Host& host : application.site("dr").hosts) {
      snapshot.facts[observation_key("host", host.key)].reachable = false;
    }
    const auto plan = make_plan(recorder_catalogue(), application, claim_at(application, "dr"),
                                snapshot, {Operation::failover, ""});
    const Assumption* found = plan ? unmet(*plan) : nullptr;
    return found ? found->text : "";
  };
  EXPECT_EQ(unmet_with({"production_as_standby", "standby"}), "");
  EXPECT_EQ(unmet_with({"production_as_standby", "standby_as_production"}), "");
  // What the site that answers says is believed: it was lost and is not rebuilt yet.
  EXPECT_NE(unmet_with({"down", "standby"}).find("primary lost"), std::string::npos);
}

TEST(Failover, a_command_stands_between_stop_and_attestation) {
  Application application = recorder_application();
  FencingMethod firewall;
  firewall.kind = FencingMethod::Kind::command;
  firewall.name = "firewall";
  firewall.engage = {"/usr/local/bin/cut", "{site}"};
  firewall.prove = {"/usr/local/bin/is-cut", "{site}"};
  firewall.lift = {"/usr/local/bin/uncut", "{site}"};
  application.fencing.insert(application.fencing.begin() + 1, firewall);
  const Plan plan = plan_of(application, Operation::failover, "dc", normal);
  const Step* cut = plan.find("fence.2.firewall");
  ASSERT_NE(cut, nullptr);
  EXPECT_EQ(command_text(cut->apply), "/usr/local/bin/cut dc");
  EXPECT_EQ(cut->unless.size(), 2u);
  EXPECT_EQ(cut->if_unreachable, IfUnreachable::evidence);
  EXPECT_EQ(plan.find("fence.3.attestation")->when,
            (std::vector<Condition>{{"fence.2.firewall:outcome", "unproven"}}));
  EXPECT_NE(plan.find("fence.again.2.firewall"), nullptr);

  application.fencing.pop_back();
  const Plan strict = plan_of(application, Operation::failover, "dc", normal);
  EXPECT_EQ(strict.find("fence.2.firewall")->if_unreachable, IfUnreachable::fail);

  const Plan back = plan_of(application, Operation::reprotect, "dr", primary_lost);
  EXPECT_TRUE(stands_before(back, "database.caught_up", "fence.lift.2.firewall"));
  EXPECT_EQ(command_text(back.find("fence.lift.2.firewall")->apply), "/usr/local/bin/uncut dc");
}

TEST(Failover, without_a_method_that_can_prove_it_prints_but_does_not_run) {
  for (const bool with_stop : {true, false}) {
    Application application = recorder_application();
    application.fencing.resize(with_stop ? 1 : 0);
    const Plan plan = plan_of(application, Operation::failover, "dc", normal);
    ASSERT_NE(unmet(plan), nullptr);
    EXPECT_EQ(unmet(plan)->name, "fencing");
    const Step* last = plan.find("fence.proven");
    ASSERT_NE(last, nullptr);
    EXPECT_EQ(last->if_unreachable, IfUnreachable::fail);
    EXPECT_TRUE(stands_before(plan, "fence.proven", "claim"));
  }
}

TEST(Reprotect, salvage_then_acceptance_then_what_overwrites) {
  const Plan plan = reprotect();
  EXPECT_EQ(plan.from_site, "dr");
  EXPECT_EQ(plan.to_site, "dc");
  EXPECT_TRUE(stands_before(plan, "claim.publish.dc.db", "database.stop"));
  EXPECT_TRUE(stands_before(plan, "database.stop", "database.salvage"));
  EXPECT_TRUE(stands_before(plan, "database.salvage", "accept.database"));
  EXPECT_TRUE(stands_before(plan, "accept.database", "database.rewind"));
  EXPECT_TRUE(needs(plan, "database.copy", "accept.database.2"));
  EXPECT_EQ(plan.find("accept.database")->when,
            (std::vector<Condition>{{"database.method:method", "rewind"}}));
  EXPECT_TRUE(needs(plan, "attachments.rebuild", "accept.attachments"));
  EXPECT_FALSE(stands_before(plan, "database.salvage", "attachments.rebuild"));
  EXPECT_TRUE(needs(plan, "database.rewind", "database.salvage"));
  EXPECT_TRUE(needs(plan, "database.rewind", "database.stop"));
  EXPECT_EQ(plan.find("claim"), nullptr);
  EXPECT_EQ(plan.active_after.at("database"), "dr");
  EXPECT_EQ(plan.status_after.at("dc"), "production_as_standby");
}

TEST(Reprotect, a_type_that_would_stop_the_active_side_is_refused) {
  Catalogue catalogue = recorder_catalogue();
  ComponentType wrong = *catalogue.find_type("systemd");
  wrong.steps = [](Hook hook, const HookContext& context) -> std::vector<Step> {
    if (hook != Hook::stop) return {};
    Step step;
    step.id = "services.stop";
    step.where = context.host(context.from);
    step.apply = argv_command({"true"});
    return {step};
  };
  for (const ComponentType*& type : catalogue.types) {
    if (type->schema.name == "systemd") type = &wrong;
  }
  const Application application = recorder_application();
  const auto plan = make_plan(catalogue, application, claim_at(application, "dr"),
                              snapshot_with(application, primary_lost), {Operation::reprotect, ""});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message,
            "making a plan: step services.stop would act on dr/app, the wrong side");
}

TEST(MakePlan, refuses_nonsense_with_a_reason) {
  const Application application = recorder_application();
  const auto message = [&](Operation operation, const std::string& active, const Words& words,
                           const std::string& to) {
    const auto plan = try_plan(application, operation, active, words, to);
    EXPECT_FALSE(plan) << operation_text(operation);
    return plan ? "" : plan.error().message;
  };
  EXPECT_EQ(message(Operation::failback, "dc", normal, ""),
            "planning a failback of serviceops: dc is active already and is its home");
  EXPECT_EQ(message(Operation::switchover, "dc", normal, "dc"),
            "planning a switchover of serviceops: dc is the active site already");
  EXPECT_EQ(message(Operation::reprotect, "dr", primary_lost, "dr"),
            "planning a reprotect of serviceops: dr is the active site; only the other one can be "
            "rebuilt");
  EXPECT_EQ(message(Operation::reprotect, "dc", normal, ""),
            "planning a reprotect of serviceops: dr stands by already and nothing is wrong with "
            "it: there is nothing to rebuild");
  EXPECT_EQ(message(Operation::failover, "dc", normal, "mars"),
            "planning a failover: there is no site 'mars'; the sites are dc and dr");
}

TEST(MakePlan, prints_with_an_empty_store_and_takes_the_home_primary_as_active) {
  const Application application = recorder_application();
  for (Operation operation : {Operation::switchover, Operation::failover, Operation::reprotect}) {
    const auto plan =
        make_plan(recorder_catalogue(), application, Claim{}, Snapshot{}, {operation, ""});
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->assumptions[0].name, "claim");
    EXPECT_EQ(plan->assumptions[0].text,
              "Nobody has claimed yet: the home primary dc is taken as active");
    EXPECT_EQ(plan->assumptions[2].value, "unknown");
    EXPECT_EQ(plan->remarks[0], "dc/app was never observed: nothing is known of it");
  }
}

TEST(MakePlan, an_unreachable_host_and_a_bad_finding_print_as_unmet) {
  const Application application = recorder_application();
  Snapshot snapshot = snapshot_with(application, normal);
  auto& gone = snapshot.facts[observation_key("host", "dr/db")];
  gone.reachable = false;
  gone.why = "connection timed out";
  snapshot.facts[observation_key("database", "dr/db")].values["trouble"] = "does not stream";
  const auto plan = make_plan(recorder_catalogue(), application, claim_at(application, "dc"),
                              snapshot, {Operation::switchover, ""});
  ASSERT_TRUE(plan);
  std::vector<std::string> names;
  for (const Assumption& assumption : plan->assumptions) {
    if (!assumption.met) names.push_back(assumption.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"reachable@dr/db", "ready.database.1"}));
}

TEST(MakePlan, in_an_emergency_a_person_goes_on_with_a_standby_that_is_not_as_it_should_be) {
  const Application application = recorder_application();
  Snapshot snapshot = snapshot_with(application, normal);
  snapshot.facts[observation_key("database", "dr/db")].values["trouble"] = "was never synced";
  const auto plan = make_plan(recorder_catalogue(), application, claim_at(application, "dc"),
                              snapshot, {Operation::failover, ""});
  ASSERT_TRUE(plan);
  EXPECT_EQ(unmet(*plan), nullptr);
  const Step* gate = plan->find("gate.go_on");
  ASSERT_NE(gate, nullptr);
  EXPECT_NE(gate->gate.text.find("was never synced"), std::string::npos);
  // Everything of the emergency stands behind that word.
  const Step* claim = plan->find("claim");
  ASSERT_NE(claim, nullptr);
  EXPECT_LT(gate - plan->steps.data(), claim - plan->steps.data());
}

TEST(MakePlan, a_failback_before_the_reprotect_prints_as_unmet) {
  const Plan plan = plan_of(recorder_application(), Operation::failback, "dr", primary_lost);
  ASSERT_NE(unmet(plan), nullptr);
  EXPECT_EQ(unmet(plan)->text,
            "failback leads out of the sites' status (primary lost: dc down, dr "
            "production_alone); what does: reprotect, start");
}

TEST(MakePlan, two_active_words_block_everything) {
  const Plan plan = plan_of(recorder_application(), Operation::switchover, "dc",
                            {"production", "production_alone"});
  ASSERT_NE(unmet(plan), nullptr);
  EXPECT_EQ(unmet(plan)->name, "one_active");
}

TEST(MakePlan, the_same_input_makes_the_same_hash_and_another_claim_another) {
  EXPECT_EQ(plan_hash(switchover()), plan_hash(switchover()));
  const Application application = recorder_application();
  const auto later = make_plan(recorder_catalogue(), application, claim_at(application, "dc", 8),
                               snapshot_with(application, normal), {Operation::switchover, ""});
  EXPECT_NE(plan_hash(switchover()), plan_hash(*later));
}

TEST(MakePlan, gates_stand_before_everything_and_checks_are_done_by_the_machine) {
  Application application = recorder_application();
  application.approvals = 2;
  application.switchover_checklist.before = {{"Users are told", "operator", {}},
                                             {"Backup is fresh", "", {"/bin/check", "backup"}}};
  application.switchover_checklist.after = {{"Restore is announced", "operator", {}}};
  const Plan plan = plan_of(application, Operation::switchover, "dc", normal);
  EXPECT_EQ(plan.find("gate.approval")->gate.people, 2);
  EXPECT_EQ(plan.find("gate.before.2")->kind, StepKind::wait);
  for (const char* gate : {"gate.approval", "gate.before.1", "gate.before.2"}) {
    EXPECT_TRUE(stands_before(plan, gate, "database.prepare"));
  }
  EXPECT_TRUE(stands_before(plan, "address.start", "gate.after.1"));
}

TEST(MakePlan, no_need_follows_from_another_one) {
  for (const Plan& plan : {switchover(), failover(), reprotect()}) {
    for (const Step& step : plan.steps) {
      const bool relies = step.id == "database.promote" || step.id == "services.start" ||
                          step.phase == "rebuild" || step.phase == "follow";
      for (const std::string& need : step.needs) {
        for (const std::string& other : step.needs) {
          EXPECT_TRUE(relies || other == need || !stands_before(plan, need, other))
              << step.id << " needs " << need << " and " << other;
        }
      }
    }
  }
}

// ServiceOps with so many more services, none of which needs another.
Application wide_application(size_t more) {
  Application application = recorder_application();
  Component service = *application.find_component("services");
  for (size_t i = 0; i < more; ++i) {
    service.name = fmt::format("more{}", i);
    application.components.push_back(service);
  }
  return application;
}

// Every step with all that has to be done before it, near or far.
std::map<std::string, std::set<std::string>> ancestors_of(const Plan& plan) {
  std::map<std::string, std::set<std::string>> all;
  for (const Step& step : plan.steps) {
    auto& mine = all[step.id];
    for (const std::string& need : step.needs) {
      mine.insert(need);
      mine.insert(all[need].begin(), all[need].end());
    }
  }
  return all;
}

TEST(LargePlan, has_few_edges_for_each_step) {
  const Application application = wide_application(300);
  for (const auto& [operation, active, words] : {std::tuple{Operation::switchover, "dc", normal},
                                                 {Operation::failover, "dc", normal},
                                                 {Operation::reprotect, "dr", primary_lost}}) {
    const Plan plan = plan_of(application, operation, active, words);
    size_t edges = 0;
    for (const Step& step : plan.steps) edges += step.needs.size();
    EXPECT_GT(plan.steps.size(), 300u);
    EXPECT_LT(edges, 8 * plan.steps.size()) << operation_text(operation);
  }
}

TEST(LargePlan, keeps_the_order_of_a_small_one) {
  const Application application = wide_application(40);
  for (const Operation operation : {Operation::switchover, Operation::failover}) {
    const Plan plan = plan_of(application, operation, "dc", normal);
    const auto before = ancestors_of(plan);
    for (int i = 0; i < 40; ++i) {
      const std::string stop = fmt::format("more{}.stop", i);
      EXPECT_TRUE(before.at("claim").contains(stop)) << stop;
      EXPECT_TRUE(before.at("database.promote").contains("fence.again." + stop)) << stop;
      EXPECT_TRUE(before.at("status.dr.app").contains(fmt::format("more{}.start", i))) << i;
    }
    EXPECT_NE(plan.find("milestone.stopped"), nullptr);
  }
  EXPECT_EQ(switchover().find("milestone.stopped"), nullptr);
}

Catalogue adopting_catalogue() {
  Catalogue catalogue = recorder_catalogue();
  for (const NamedScript& script : site_scripts()) catalogue.scripts.push_back(script);
  return catalogue;
}

// A first adoption with databases that say what they are: "w" accepts writes, "s" stands by.
Result<Plan> first_adoption(const std::string& dc, const std::string& dr, const std::string& to) {
  const Application application = recorder_application();
  Snapshot snapshot = recorder_snapshot(application);
  const auto say = [&](const std::string& host, const std::string& role) {
    auto& values = snapshot.facts[observation_key("database", host)].values;
    values["running"] = role == "-" ? "no" : "yes";
    if (role != "-") values["in_recovery"] = role == "s" ? "yes" : "no";
  };
  say("dc/db", dc);
  say("dr/db", dr);
  return make_plan(adopting_catalogue(), application, Claim{}, snapshot, {Operation::adopt, to});
}

TEST(Adoption, takes_the_site_for_active_whose_database_accepts_writes) {
  struct Row {
    const char* dc;
    const char* dr;
    const char* to;
    const char* active;
    const char* why_not;  // words of what is not met; empty: it runs
  };
  for (const Row& row : {
           Row{"w", "s", "", "dc", ""},
           {"w", "-", "", "dc", ""},
           {"s", "w", "", "dr", ""},
           {"s", "w", "dr", "dr", ""},
           {"s", "w", "dc", "dc",
            "it accepts writes at dr. Next: switchback adopt serviceops --to dr"},
           {"w", "s", "dr", "dr",
            "it accepts writes at dc. Next: switchback adopt serviceops --to dc"},
           {"s", "-", "", "dc", "it is a standby there, and accepts writes nowhere. Next: "},
           {"w", "w", "", "dc", "it does at dc and at dr. Next: stop the one"},
           {"-", "-", "", "dc", ""},
       }) {
    const std::string told = fmt::format("dc {}, dr {}, --to '{}'", row.dc, row.dr, row.to);
    const auto plan = first_adoption(row.dc, row.dr, row.to);
    ASSERT_TRUE(plan) << told << plan.error().message;
    EXPECT_EQ(plan->active_after.at("database"), row.active) << told;
    const bool home = std::string(row.active) == "dc";
    // Where nothing stands by yet, the first build is still to come.
    const bool alone = std::string(row.dc) == "w" && std::string(row.dr) == "-";
    EXPECT_EQ(plan->status_after.at("dc"), alone  ? "production_alone"
                                           : home ? "production"
                                                  : "production_as_standby")
        << told;
    EXPECT_EQ(plan->status_after.at("dr"), alone  ? "down"
                                           : home ? "standby"
                                                  : "standby_as_production")
        << told;
    const Assumption* reason = unmet(*plan);
    EXPECT_EQ(reason == nullptr, std::string(row.why_not).empty()) << told;
    const std::string text = reason == nullptr ? "" : reason->text;
    EXPECT_TRUE(text.contains(row.why_not)) << told << text;
  }
}

TEST(Adoption, of_another_site_than_the_claims_is_refused_with_the_next_command) {
  const Application application = recorder_application();
  const auto plan = make_plan(recorder_catalogue(), application, claim_at(application, "dc"),
                              recorder_snapshot(application), {Operation::adopt, "dr"});
  ASSERT_FALSE(plan);
  EXPECT_TRUE(plan.error().message.contains("next: switchback switchover serviceops --to dr"))
      << plan.error().message;
  EXPECT_FALSE(make_plan(recorder_catalogue(), application, Claim{}, Snapshot{},
                         {Operation::adopt, "mars"}));
}

TEST(Reprotect, puts_a_host_that_knows_nothing_under_guard_and_leaves_the_runbooks_there) {
  const Application application = recorder_application();
  Snapshot snapshot = recorder_snapshot(application);
  for (const Host& host : application.all_hosts()) {
    auto& values = snapshot.facts[observation_key("host", host.key)].values;
    values["status"] = host.site == "dc" ? "production_alone" : "down";
    // The program is there, as for another application; this one's folder is not.
    if (host.key == "dr/db") values.erase("site");
  }
  PlanRequest request{Operation::reprotect, ""};
  request.runbook_manifest = "c0nf1g 1";
  request.runbook_file = "/var/lib/switchback/runbook/serviceops.bundle";
  const auto plan =
      make_plan(adopting_catalogue(), application, claim_at(application, "dc"), snapshot, request);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_NE(plan->find("adopt.dr.db"), nullptr);
  EXPECT_NE(plan->find("runbook.dr.db"), nullptr);
  for (const Step& step : plan->steps) {
    if (step.phase != "adopt") continue;
    EXPECT_EQ(step.where, "dr/db") << step.id;
  }
}

}  // namespace
}  // namespace switchback
