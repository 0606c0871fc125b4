// One table for two worlds: what the steps of every operation do when they are asked before,
// applied, asked again, applied again and undone. It holds in the simulator and, where
// SWITCHBACK_LAB_CONFIG names a configuration, on the real hosts of the lab
// (tests/lab/conformance.py). A difference between the two is a defect of one of them.
#include "sim/conformance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "components/site.h"
#include "components/types.h"
#include "engine/ask.h"
#include "engine/engine.h"
#include "engine/judge.h"
#include "engine/observe.h"
#include "engine/request.h"
#include "model/reader.h"
#include "planner/planner.h"
#include "planner/readiness.h"
#include "sim/examining_shell.h"
#include "sim/scenario.h"
#include "world/real_shell.h"
#include "world/sim/shell.h"

namespace switchback {
namespace {

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

// Facts that stay as they are while nobody acts; positions, ages and sizes do not.
bool is_steady(const std::string& fact) {
  for (const std::string_view word :
       {"claim", "status", "site", "active.", "guard", "running", "in_recovery", "timeline",
        "system_identifier", "standby_signal", "present", "unit.", "origin_source"}) {
    if (fact.starts_with(word)) return true;
  }
  return fact.starts_with("server.") || (fact.starts_with("path.") && fact.ends_with(".state"));
}

class Rehearsal {
 public:
  Rehearsal(Shell& shell, Clock& clock, Application application, const std::string& store_id)
      : shell_(shell),
        clock_(clock),
        application_(std::move(application)),
        store_(store_id),
        examining_(shell, clock, [this](const std::string& host) { return look_at(host); }) {
    examining_.on_answer = [this](const std::string& step) {
      if (step == abort_after_) record(EventKind::abort_asked, {{"who", "conformance"}});
    };
  }

  Plan plan(Operation operation) {
    Snapshot snapshot;
    snapshot.facts = see(observations(catalogue(), application_));
    snapshot.now_ms = clock_.wall_ms();
    auto made = make_plan(catalogue(), application_, store_.claim(application_.name).value(),
                          snapshot, {operation, ""});
    if (!made) ADD_FAILURE() << made.error().message;
    return made.value_or(Plan{});
  }

  // Performs the operation to its end, with every step examined; `result` must be what comes out.
  void perform(Operation operation, const std::string& result,
               const std::string& abort_after = "") {
    const Plan made = plan(operation);
    for (const Assumption& each : made.assumptions) EXPECT_TRUE(each.met) << each.text;
    const Claim next{made.claim_before.epoch + 1,
                     fmt::format("conformance-{}-{}", store_.store_id().substr(0, 8), ++claims_),
                     store_.store_id(), made.active_after};
    Event created;
    created.kind = EventKind::run_created;
    created.body = {{"plan", plan_to_json(made)},
                    {"plan_hash", plan_hash(made)},
                    {"next_claim", claim_to_json(next)},
                    {"who", "conformance"},
                    {"verified", true},
                    {"ticket", ""},
                    {"reason", "conformance"},
                    {"predicted_ms", 0}};
    const auto run = store_.create_run(application_.name, {created});
    ASSERT_TRUE(run) << run.error().message;
    run_ = *run;
    abort_after_ = abort_after;
    Engine engine(store_, examining_, clock_, {});
    const auto departure = engine.execute(run_);
    ASSERT_TRUE(departure) << departure.error().message;
    const auto ended = store_.runs(application_.name).value().back().result;
    EXPECT_EQ(ended, result) << operation_text(operation) << ": " << departure->reason;
  }

  ExaminingShell& examining() { return examining_; }

  // What the table says of the steps that were examined, one line each.
  std::string table(std::string_view operation) {
    std::string lines;
    for (const auto& [step, seen] : examining_.examinations()) {
      lines += fmt::format("{} {} {} {} {} {} {}{}\n", operation, step, seen.before, seen.answer,
                           seen.after, seen.again, seen.still,
                           seen.undone.empty() ? "" : " undone:" + seen.undone);
      EXPECT_EQ(seen.changed, "") << operation << " " << step << ": applied again";
    }
    examining_.forget();
    return lines;
  }

 private:
  std::map<std::string, Facts> see(const std::vector<Observation>& wanted) {
    return observe(shell_, clock_, application_.name, application_.all_hosts(), wanted,
                   script_bodies(), Milliseconds(20'000));
  }

  std::map<std::string, std::string> look_at(const std::string& host) {
    std::vector<Observation> here = observations(catalogue(), application_);
    std::erase_if(here, [&](const Observation& each) { return each.where != host; });
    std::map<std::string, std::string> steady;
    for (const auto& [key, facts] : see(here)) {
      for (const auto& [name, value] : facts.values) {
        if (is_steady(name)) steady[key + " " + name] = value;
      }
    }
    return steady;
  }

  void record(EventKind kind, Json body) {
    Event event;
    event.kind = kind;
    event.body = std::move(body);
    EXPECT_TRUE(store_.append(run_, store_.last_sequence(run_).value(), {event}));
  }

  Shell& shell_;
  Clock& clock_;
  Application application_;
  MemoryStore store_;
  ExaminingShell examining_;
  int64_t run_ = 0;
  int claims_ = 0;
  std::string abort_after_;
};

// The whole life of an application, from nothing to nothing.
std::string examine_everything(Rehearsal& rehearsal) {
  rehearsal.perform(Operation::adopt, "done");
  std::string seen = rehearsal.table("adopt");
  rehearsal.perform(Operation::switchover, "aborted", "database.replayed");
  seen += rehearsal.table("abort");
  rehearsal.perform(Operation::switchover, "done");
  seen += rehearsal.table("switchover");
  rehearsal.perform(Operation::failback, "done");
  seen += rehearsal.table("failback");
  rehearsal.perform(Operation::release, "done");
  return seen + rehearsal.table("release");
}

void expect_table(const std::string& seen) {
  EXPECT_EQ("\n" + seen, conformance_table) << "seen:\n" << seen;
}

// Whoever cannot be reached has said nothing: neither done nor not done.
void expect_nothing_heard(Shell& shell, Clock& clock, const Plan& plan) {
  RunState state;
  state.plan = std::make_shared<const Plan>(plan);
  state.steps.resize(plan.steps.size());
  std::vector<ShellRequest> requests;
  std::vector<Step> steps;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    if (step.where.empty() || step.where == "controller" || is_empty(step.probe)) continue;
    Dispatch dispatch;
    dispatch.step = i;
    requests.push_back(make_request(state, dispatch));
    steps.push_back(step);
  }
  ASSERT_GT(requests.size(), 10u);
  const auto answers = ask(shell, clock, requests, Milliseconds(60'000));
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_TRUE(answers[i].status == AnswerStatus::unreachable ||
                answers[i].status == AnswerStatus::lost)
        << steps[i].id << " " << answer_status_text(answers[i].status);
    EXPECT_NE(judge(steps[i], answers[i], false).outcome, Outcome::done) << steps[i].id;
    EXPECT_FALSE(answers[i].applied) << steps[i].id;
  }
}

TEST(Conformance, the_table_holds_in_the_simulator) {
  Scenario scenario(1);
  ASSERT_EQ(scenario.perform(Operation::release).result, "done");
  SimulatedShell shell(scenario.world);
  SimulatedClock clock(scenario.world);
  Rehearsal rehearsal(shell, clock, scenario.application, "5709e0000000000000000000000000aa");
  expect_table(examine_everything(rehearsal));
  EXPECT_TRUE(scenario.world.violations().empty()) << scenario.world.violations()[0];
}

TEST(Conformance, simulated_hosts_out_of_reach_have_said_nothing) {
  Scenario scenario(1);
  SimulatedShell shell(scenario.world);
  SimulatedClock clock(scenario.world);
  const auto plan = scenario.plan(Operation::switchover);
  ASSERT_TRUE(plan);
  for (const Host& host : plan->hosts) scenario.world.cut("controller", host.key);
  shell.connect(plan->hosts);
  expect_nothing_heard(shell, clock, *plan);
}

// The lab's half: a configuration on the lab's controller, whose hosts are not adopted.
class OnRealHosts : public testing::Test {
 public:
  explicit OnRealHosts(std::string path) : path_(std::move(path)) {}
  void TestBody() override {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    auto read = read_application(text.str(), path_, component_schemas());
    ASSERT_TRUE(read.application) << join(read.lines(), "\n");
    RealClock clock;
    RealShell shell({});
    Rehearsal rehearsal(shell, clock, *read.application, fmt::format("{:032x}", clock.wall_ms()));
    expect_table(examine_everything(rehearsal));
    Plan plan = rehearsal.plan(Operation::switchover);
    for (Host& host : plan.hosts) host.address = "10.77.0.250";  // nobody's
    RealShell far({});
    far.connect(plan.hosts);
    expect_nothing_heard(far, clock, plan);
  }

 private:
  std::string path_;
};

// Without a lab there is no such test, rather than one that says nothing.
[[maybe_unused]] const bool registered = [] {
  const char* path = std::getenv("SWITCHBACK_LAB_CONFIG");
  if (path == nullptr) return false;
  testing::RegisterTest("Conformance", "the_table_holds_on_real_hosts", nullptr, nullptr, __FILE__,
                        __LINE__, [=]() -> testing::Test* { return new OnRealHosts(path); });
  return true;
}();

}  // namespace
}  // namespace switchback
