#include "store/bodies.h"

#include <gtest/gtest.h>

#include <random>

#include "base/hash.h"
#include "base/json.h"

namespace switchback {
namespace {

std::string back(const ThinText& thin) {
  return put_bodies_back(thin.text, [&](const std::string& hash) -> std::optional<std::string> {
    const auto found = thin.bodies.find(hash);
    if (found == thin.bodies.end()) return std::nullopt;
    return found->second;
  });
}

TEST(Bodies, short_strings_stay_where_they_are) {
  const std::string text = dump_json({{"plan", {{"a", "b"}, {"c", std::string(900, 'x')}}}});
  const ThinText thin = take_bodies_out(text);
  EXPECT_EQ(thin.text, text);
  EXPECT_TRUE(thin.bodies.empty());
}

TEST(Bodies, equal_long_strings_are_one_body) {
  const std::string body(1'500, 'x');
  const ThinText thin = take_bodies_out(dump_json({{"a", body}, {"b", body}, {"c", body + "y"}}));
  EXPECT_EQ(thin.bodies.size(), 2u);
  EXPECT_LT(thin.text.size(), 250u);
  EXPECT_EQ(thin.bodies.at(sha256_hex(body)), body);
}

// Quotes, backslashes and control characters are where the ends of strings are easily missed.
TEST(Bodies, every_text_comes_back_as_it_was) {
  std::mt19937 random(20261130);
  const std::string letters = "\"\\\x01\n{}[]:,a\xc3\xa4";
  for (int i = 0; i < 300; ++i) {
    Json json = Json::array();
    for (int n = 0; n < 6; ++n) {
      std::string word;
      for (auto length = random() % 2'500; length > 0; --length) {
        word += letters[random() % letters.size()];
      }
      json.push_back({{word, word.substr(0, word.size() / 2)}});
    }
    const std::string text = dump_json(json);
    ASSERT_EQ(back(take_bodies_out(text)), text);
  }
}

TEST(Bodies, a_torn_text_comes_back_as_it_was) {
  const std::string text = dump_json({{"a", std::string(1'500, '\\')}});
  for (size_t length = 0; length <= text.size(); ++length) {
    ASSERT_EQ(back(take_bodies_out(text.substr(0, length))), text.substr(0, length));
  }
}

TEST(Bodies, a_reference_without_its_body_stays) {
  ThinText thin = take_bodies_out(dump_json({{"a", std::string(1'500, 'x')}}));
  thin.bodies.clear();
  EXPECT_EQ(back(thin), thin.text);
  EXPECT_EQ(back({thin.text.substr(0, 20), {}}), thin.text.substr(0, 20));
}

}  // namespace
}  // namespace switchback
