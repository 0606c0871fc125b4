// A whole application in the simulated world: production planner, components, engine and store
// rules, over simulated hosts, with clients that write all the time and an oracle that counts.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "model/application.h"
#include "plan/plan.h"
#include "planner/evaluate.h"
#include "run/decide.h"
#include "store/memory_store.h"
#include "world/sim/world.h"

namespace switchback {

// How a run went, seen from outside.
struct Course {
  bool ended = false;
  std::string result;
  int controllers = 0;  // how many executors it took
  std::string problem;  // why it did not end
};

class Scenario {
 public:
  // The application of examples/serviceops: dc is active, dr stands by, adopted and claimed.
  explicit Scenario(uint64_t seed);

  // Looks at the hosts, as every operation and every resume does.
  Snapshot look();
  // What is no longer true of the run.
  std::vector<FalseAssumption> judge_again(int64_t run);
  // Looks at the hosts and plans; an empty `to` is the obvious site.
  Result<Plan> plan(Operation operation, const std::string& to = "");
  // Plans, and makes a run of it. Fails the test when the plan is not fit to run.
  int64_t begin(Operation operation, const std::string& to = "");
  // Executes the run until it ends: a new controller after every crash, gates answered, what
  // failed retried by a patient person.
  Course drive(int64_t run);
  // begin and drive, with faults only while the run is driven.
  Course perform(Operation operation, const std::string& to = "");
  // Drives the run, and where that was refused or aborted heals everything and begins anew, as a
  // sensible person would: after all faults are gone each operation must come to its end.
  Course carry_through(int64_t run, Operation operation, const std::string& to = "");

  // What must be true now that `site` is active; empty when it is.
  std::string problems(const std::string& active, bool protected_by_other);

  std::string host(const std::string& site, const std::string& role) const {
    return site + "/" + role;
  }
  PgCluster& cluster(const std::string& site);
  std::map<std::string, std::string>& tree(const std::string& site);  // the attachments there
  std::vector<std::string> name_servers() const;
  std::string address(const std::string& site) const;  // that the name shall lead to
  void power_off_site(const std::string& site);
  void power_on_site(const std::string& site);
  bool is_lost(
      const std::string& host) const;  // it belongs to a site that lost its power on purpose
  // Ends every fault that was planted.
  void heal();
  // What a boot kept down at the site is started, where its guard agrees by now.
  void start_by_hand(const std::string& site);
  // Ends every fault, lets hosts boot, and starts by hand what stayed down.
  void tend();
  // A person for whom retries have not helped aborts, where the run still can.
  void ask_to_abort(int64_t run);

  SimulatedWorld world;
  MemoryStore store;
  Application application;
  // How often a person retries before giving up, and after how many rounds all faults are healed.
  int patience = 12;
  int heal_after = 4;
  int give_up_after = 8;
  int64_t predicted_outage_ms = 0;            // of the runs that are begun from here on
  std::function<void()> after_crash = [] {};  // of the controller, before another one takes over
  bool lose_power = false;                    // may the planted faults take a host's power?
  bool with_texts = false;  // plans hold the texts of their scripts, for who runs them for real
  // Writes that clients got acknowledged, and those of them that salvage has saved.
  size_t writes() const { return acknowledged_.size(); }
  int64_t salvaged_writes() const;

 private:
  void build_hosts();
  void build_site(const Site& site, bool active);
  void clients_write();
  Result<Plan> plan(Operation operation, const std::string& to, const Claim& claim,
                    const Snapshot& seen);
  void answer_people(int64_t run);
  std::string retry_what_failed(int64_t run);
  void record(int64_t run, Event event);
  bool salvaged(const std::string& what) const;
  std::string lost_data(const std::string& active, bool protected_by_other);
  std::string wrong_names(const std::string& active);

  int64_t last_write_ = 0;
  std::vector<int64_t> acknowledged_;
  bool driving_ = false;
  std::set<std::string> lost_;  // sites without power on purpose
};

}  // namespace switchback
