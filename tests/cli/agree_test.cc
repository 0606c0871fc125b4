// Between the plan and "yes" lies a person's thinking; what starts is what was agreed to and is
// still so.
#include "cli/agree.h"

#include <gtest/gtest.h>

namespace switchback {
namespace {

struct Person {
  int64_t now_ms = 1'000'000;
  int64_t thinks_ms = 0;
  std::vector<std::string> worlds = {"a"};  // what each look finds; the last one stays
  size_t looks = 0;
  std::vector<std::string> asked;
  std::string refuses;  // the plan that this person does not want

  Result<Prepared> agree() {
    return switchback::agree({
        [&]() -> Result<Prepared> {
          Prepared prepared;
          prepared.situation.snapshot.now_ms = now_ms;
          prepared.plan.application = worlds[std::min(looks++, worlds.size() - 1)];
          return prepared;
        },
        [&](const Prepared& prepared, bool changed) -> Result<void> {
          asked.push_back(prepared.plan.application + (changed ? " (changed)" : ""));
          now_ms += thinks_ms;
          if (prepared.plan.application == refuses) return fail(ErrorCode::refused, "no");
          return {};
        },
        [&] { return now_ms; },
    });
  }
};

TEST(Agree, a_quick_yes_starts_what_was_shown_without_another_look) {
  Person person;
  person.thinks_ms = 14'000;
  person.worlds = {"a", "b"};
  EXPECT_EQ(person.agree().value().plan.application, "a");
  EXPECT_EQ(person.looks, 1u);
}

TEST(Agree, after_an_hour_the_same_plan_starts_from_a_fresh_look_and_is_not_asked_twice) {
  Person person;
  person.thinks_ms = 3'600'000;
  const auto agreed = person.agree();
  ASSERT_TRUE(agreed);
  EXPECT_EQ(person.asked, std::vector<std::string>{"a"});
  EXPECT_EQ(agreed->situation.snapshot.now_ms, person.now_ms);
}

TEST(Agree, another_plan_is_never_started_but_shown_and_asked_for) {
  Person person;
  person.thinks_ms = 3'600'000;
  person.worlds = {"a", "b"};
  EXPECT_EQ(person.agree().value().plan.application, "b");
  EXPECT_EQ(person.asked, (std::vector<std::string>{"a", "b (changed)"}));
  Person wary;
  wary.thinks_ms = 3'600'000;
  wary.worlds = {"a", "b"};
  wary.refuses = "b";
  EXPECT_FALSE(wary.agree());
}

}  // namespace
}  // namespace switchback
