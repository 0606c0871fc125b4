#include "run/status_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "golden.h"

namespace switchback {
namespace {

using enum StatusWord;

std::vector<StatusPair> all_pairs() {
  std::vector<StatusPair> pairs;
  for (StatusWord primary : status_words) {
    for (StatusWord secondary : status_words) pairs.push_back({primary, secondary});
  }
  return pairs;
}

TEST(StatusTable, every_pair_has_an_exit_and_split_brain_only_resolve) {
  int split_brains = 0;
  for (StatusPair pair : all_pairs()) {
    const auto ways = exits(pair);
    EXPECT_FALSE(ways.empty());
    if (is_active(pair.primary) && is_active(pair.secondary)) {
      ++split_brains;
      EXPECT_EQ(pair_name(pair), "split brain");
      EXPECT_EQ(ways, std::vector<std::string_view>{"resolve"});
    }
  }
  EXPECT_EQ(split_brains, 9);
}

TEST(StatusTable, no_operation_leads_to_two_active_sites_or_to_none) {
  for (const StatusRow& row : status_rows()) {
    const bool primary = is_active(row.after.primary);
    EXPECT_NE(primary, is_active(row.after.secondary)) << row.operation;
    EXPECT_EQ(primary, row.active_after == HomeRole::primary) << row.operation;
    EXPECT_NE(pair_name(row.before), "contradiction");
    EXPECT_NE(pair_name(row.after), "contradiction");
  }
}

TEST(StatusTable, rows_of_one_operation_and_one_active_site_agree) {
  for (const StatusRow& row : status_rows()) {
    EXPECT_EQ(pair_after(row.operation, row.active_after), row.after);
  }
}

TEST(StatusTable, from_normal_every_working_pair_is_reached_and_normal_is_reached_again) {
  const auto reached_from = [](StatusPair start) {
    std::vector<StatusPair> reached{start};
    for (size_t i = 0; i < reached.size(); ++i) {
      for (const StatusRow& row : status_rows()) {
        if (row.before != reached[i]) continue;
        if (std::find(reached.begin(), reached.end(), row.after) == reached.end()) {
          reached.push_back(row.after);
        }
      }
    }
    return reached;
  };
  const StatusPair normal{production, standby};
  const auto reached = reached_from(normal);
  EXPECT_EQ(reached.size(), 4u);
  for (StatusPair pair : reached) {
    const auto back = reached_from(pair);
    EXPECT_NE(std::find(back.begin(), back.end(), normal), back.end()) << pair_name(pair);
  }
}

TEST(StatusTable, the_documented_transitions) {
  const StatusPair normal{production, standby};
  const StatusPair reversed{production_as_standby, standby_as_production};
  EXPECT_EQ(find_row(normal, "switchover")->after, reversed);
  EXPECT_EQ(find_row(reversed, "failback")->after, normal);
  EXPECT_EQ(find_row(normal, "failover")->after, (StatusPair{down, production_alone}));
  EXPECT_EQ(find_row(reversed, "failover")->after, (StatusPair{production_alone, down}));
  EXPECT_EQ(find_row({down, production_alone}, "reprotect")->after, reversed);
  EXPECT_EQ(find_row({production_alone, down}, "reprotect")->after, normal);
  EXPECT_EQ(find_row(normal, "failback"), nullptr);
  EXPECT_EQ(find_row({production_alone, down}, "switchover"), nullptr);
}

TEST(StatusTable, words_read_back) {
  for (StatusWord word : status_words) EXPECT_EQ(parse_status(status_text(word)), word);
  EXPECT_EQ(parse_status("primary"), std::nullopt);
}

TEST(StatusTable, prints_itself_for_the_docs) {
  expect_golden("status_table.md", status_table_markdown());
}

}  // namespace
}  // namespace switchback
