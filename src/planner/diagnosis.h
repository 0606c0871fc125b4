// What is wrong with the picture as a whole, in words: who is active, by the store, by the hosts
// and by what runs there. Pure. `resolve`, `ready`, `status` and every operation use the same
// words.
#pragma once

#include <string>
#include <vector>

#include "planner/planner.h"

namespace switchback {

struct Diagnosis {
  enum class Situation {
    split_brain,     // both sides can write
    other_acts,      // only the side that should stand by can write
    store_behind,    // hosts hold a newer claim than this store
    hosts_disagree,  // hosts hold different claims of the newest epoch, or not this store's
    standby_lost,    // the active side runs, and nothing stands by
    waits_for_start  // the active side does not run: its guards wait for a person
  };
  Situation situation = Situation::split_brain;
  std::string text;                   // one sentence
  std::vector<std::string> evidence;  // what was seen, where, how long ago
  std::string next;                   // the command that leads on
  // True: nothing is changed, and nothing synced, before a person has resolved it.
  bool blocks = false;
};

std::string_view situation_text(Diagnosis::Situation situation);

// The hosts contradict the claim of this store: which side is active by it says nothing, and what
// is judged by it would be wrong advice.
bool is_contradicted(const std::vector<Diagnosis>& found);

// The highest epoch that the store or any host is known to hold: a new claim goes beyond it.
int64_t newest_epoch(const Application& application, const Claim& claim, const Snapshot& snapshot);

// An assumption that is not met for everything that forbids this operation. A cold start is the way
// out of a split brain: it stops the side that was not chosen.
void add_diagnoses(const Catalogue& catalogue, const Application& application, const Claim& claim,
                   const Snapshot& snapshot, Plan& plan);

// Everything that is found, what blocks first. Empty: the picture is as it should be.
std::vector<Diagnosis> diagnose(const Catalogue& catalogue, const Application& application,
                                const Claim& claim, const Snapshot& snapshot);

}  // namespace switchback
