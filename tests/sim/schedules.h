// The operations that the simulator tries, and seeded schedules of faults over them: only safety
// counts while faults are planted; then everything is healed, and the operation must come to its
// end. A failure prints its seed and how to run it again.
//
// SWITCHBACK_SCHEDULES (25) and SWITCHBACK_SEED (1) say how many and from where, SWITCHBACK_STORY
// adds everything that happened.
#pragma once

#include "sim/scenario.h"

namespace switchback {

struct Case {
  std::string name;
  Operation operation;
  std::string active_after;
  bool protected_after = true;
  std::function<void(Scenario&)> prepare = [](Scenario&) {};
  std::string to = "";
};

// Switchover, failover, reprotect and failback.
std::vector<Case> operation_cases();
// Those, and every other way in which a side is started or rebuilt.
std::vector<Case> all_cases();

void perform_well(Scenario& scenario, Operation operation);
void lose_dc(Scenario& scenario);
void fail_over_and_return(Scenario& scenario);
// Both sites lose their power; only dc comes back, and nobody is left to confirm its claim.
void lose_both(Scenario& scenario);
// Both come back, and every guard waits for a person. The last writes never reached dr.
void wait_for_a_person(Scenario& scenario);
// dc was started alone; then dr came back, with everything that it had.
void start_without_dr(Scenario& scenario);
// dr is new: nothing was adopted there, no database, and its slot was never made.
void never_built(Scenario& scenario);

// The last words of a run and the world's story.
std::string told(Scenario& scenario, const Course& course);

int schedules();
uint64_t first_seed();

// One harm at a time, at about one point of thirty, while the run `run` is driven.
using Harm = std::function<void(Scenario&, int64_t run, FaultPoint&)>;
void run_schedules(const Case& tested, const std::string& faults, const Harm& harm);

// Kills, broken connections, cuts that heal, frozen hosts, late requests, hosts that lose their
// power where the scenario allows it.
void harm_links_and_hosts(Scenario& scenario, FaultPoint& point);

}  // namespace switchback
