#include "model/starting_point.h"

#include <gtest/gtest.h>

#include "model/local_types.h"
#include "model/reader.h"

namespace switchback {
namespace {

TEST(StartingPoint, is_valid_as_it_stands) {
  const auto result = read_application(starting_point(), "init", local_types::all);
  EXPECT_EQ(join(result.lines(), "\n"), "");
}

// The commented lines ("# key: …", "#   …") are examples too; a mistake in them would be copied.
TEST(StartingPoint, is_valid_with_its_commented_examples) {
  std::string text;
  int uncommented = 0;
  for (std::string line : split(starting_point(), '\n')) {
    const size_t hash = line.find("# ");
    const bool leads = hash != std::string::npos && line.find_first_not_of(' ') == hash;
    const std::string rest = leads ? line.substr(hash + 2) : "";
    const std::string_view word = trim(rest);
    const bool key = word.starts_with("- ") || word.find(": ") < word.find(' ') ||
                     (word.ends_with(':') && word.find(' ') == std::string_view::npos);
    if (leads && key) {
      line = line.substr(0, hash) + rest;
      ++uncommented;
    }
    text += line + "\n";
  }
  EXPECT_EQ(uncommented, 17) << text;
  const auto result = read_application(text, "init", local_types::all);
  EXPECT_EQ(join(result.lines(), "\n"), "") << text;
  ASSERT_TRUE(result.application);
  EXPECT_EQ(result.application->fencing.size(), 3u);
  EXPECT_EQ(result.application->failover_checklist.before.size(), 2u);
  EXPECT_EQ(result.application->notify.size(), 2u);
  EXPECT_TRUE(result.application->last_backup);
}

}  // namespace
}  // namespace switchback
