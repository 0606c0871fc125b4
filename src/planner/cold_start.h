// Before a cold start: what each side holds (its claim, how far its data reach), which side is
// higher, and what choosing the other one would lose. Pure, from what was observed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "planner/planner.h"

namespace switchback {

// How far one data component reaches at one side.
struct DataPosition {
  std::string component;
  bool seen_now = false;  // the last look succeeded; otherwise this is what it was before
  bool is_standby = false;
  bool runs = false;
  std::optional<int64_t> timeline;
  std::optional<int64_t> lsn;  // as a number, to compare
  std::string lsn_text;
  std::string last_commit;
  int64_t age_ms = 0;
};

struct SideStanding {
  std::string site;
  int64_t epoch = 0;  // the highest that a host of it holds
  std::string claim_id;
  bool seen_now = false;  // every host of it answered the last look
  std::vector<DataPosition> data;
};

struct Standings {
  std::vector<SideStanding> sides;  // home primary first
  std::string highest;              // by (epoch, data position); what is not known: by the claim
  std::string reason;               // why that one, in words

  const SideStanding& of(const std::string& site) const;
  const SideStanding& other(const std::string& site) const;
};

Standings standings_of(const Catalogue& catalogue, const Application& application,
                       const std::string& active, const Snapshot& snapshot);

// One line per side, then which is higher.
std::vector<std::string> standing_words(const Standings& standings);

// What would be missing when `site` is started although the other one is higher; empty when `site`
// is the highest.
std::string loss_by_starting(const Standings& standings, const std::string& site);

}  // namespace switchback
