#include "model/yaml.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "model/mistakes.h"

namespace switchback {
namespace {

using namespace std::string_literals;

TEST(Yaml, keeps_places_kinds_and_quotes) {
  Problems problems;
  const Node root = parse_yaml("a: \"1\"\nb:\n  - x\n  - {c: ~}\nd:\n", problems);
  ASSERT_TRUE(problems.empty()) << problems.sorted()[0].message;
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_TRUE(root.find("a")->quoted);
  EXPECT_EQ(root.find("a")->mark.column, 4);
  const Node& list = *root.find("b");
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_FALSE(list.items[0].quoted);
  EXPECT_EQ(list.items[0].mark.line, 3);
  EXPECT_EQ(list.items[0].mark.column, 5);
  EXPECT_EQ(list.items[1].find("c")->kind, Node::Kind::null);
  EXPECT_EQ(root.find("d")->mark.line, 5);
  EXPECT_EQ(root.find("e"), nullptr);
}

TEST(Yaml, takes_a_byte_order_mark_windows_line_ends_and_tabs_inside_blocks) {
  Problems problems;
  const Node root = parse_yaml(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: |\r\n  x\r\n  \ty\r\nc: 2\r\n \t \r\nd: 3\r\n",
      problems);
  ASSERT_TRUE(problems.empty()) << problems.sorted()[0].message;
  EXPECT_EQ(root.find("a")->text, "1");
  EXPECT_NE(root.find("b")->text.find("\ty"), std::string::npos);
}

TEST(Yaml, says_what_is_wrong_with_a_whole_file) {
  const std::string deep = std::string(60, '[') + std::string(60, ']');
  std::string wide = "a: [";
  for (int i = 0; i <= most_nodes; ++i) wide += "1,";
  const std::string empty =
      "f:1:1: the file is empty; `switchback init` prints a file to start from";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", empty},
      {"  \n\n", empty},
      {"# only words\n", empty},
      {"---\n", empty},
      {"~\n", empty},
      {"\xEF\xBB\xBF", empty},
      {"hello\n",
       "f:1:1: the configuration must be a map (key: value), not text; write its keys "
       "below it, indented by spaces"},
      {"- a\n",
       "f:1:1: the configuration must be a map (key: value), not a list; write its keys "
       "below it, indented by spaces"},
      {"a\0b"s, "f:1:2: the file is binary (it holds a zero byte); a configuration is UTF-8 text"},
      {"\x7f"
       "ELF\x02\x01\x01\0\0"s,
       "f:1:1: control character 0x7f; remove it"},
      {"\xff\xfe"
       "a\0"s,
       "f:1:1: byte 0xff is not UTF-8; save the file as UTF-8 text"},
      {"a: M\xfcnchen\n", "f:1:5: byte 0xfc is not UTF-8; save the file as UTF-8 text"},
      {"a:\n  \xc0\xaf\n", "f:2:3: byte 0xc0 is not UTF-8; save the file as UTF-8 text"},
      {"a: \xed\xa0\x80\n", "f:1:4: byte 0xed is not UTF-8; save the file as UTF-8 text"},
      {"a: \xf4\x90\x80\x80\n", "f:1:4: byte 0xf4 is not UTF-8; save the file as UTF-8 text"},
      {"a: \x1b[2J\n", "f:1:4: control character 0x1b; remove it"},
      {"a: \xc2\x9b\n", "f:1:4: control character 0x9b; remove it"},
      {"a: 1\n\tb: 2\n", "f:2:1: a tab is used for indentation; use spaces"},
      {deep, "f:1:51: nested deeper than 50 levels; a configuration needs about 6"},
      {wide, "f:1:" + std::to_string(5 + 2 * (most_nodes - 3)) +
                 ": more than 100000 values; a configuration has far fewer"},
      {"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\napplication: *c\n",
       "f:1:4: anchors (&name) are not allowed; write the value out"},
      {"a: 1\n---\nb: 1\n",
       "f:2:1: what stands here does not belong to the document above; keep one document, without "
       "a second '---', with all its keys at the same indentation"},
      {"? [a]\n: b\n",
       "f:1:3: a list stands where a key must stand; a key is one word and a colon"},
      {": b\n", "f:1:1: nothing stands where a key must stand; a key is one word and a colon"},
      {"{}\n", "f:1:1: the configuration has no 'application'; add application: main"},
  };
  for (const auto& [bytes, first] : cases) {
    EXPECT_EQ(first_line_of(bytes), first) << bytes.substr(0, 60);
  }
}

// The longest time one read of these bytes may take, with room for a busy machine and sanitizers.
void expect_quick(std::string_view what, const std::string& bytes) {
  const auto start = std::chrono::steady_clock::now();
  const auto result = read_application(bytes, "f", local_types::all);
  const auto took =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start);
  EXPECT_FALSE(result.errors.empty()) << what;
  EXPECT_LT(took.count(), 5000) << what;
  std::printf("  %-28.*s %7zu bytes %5lld ms  %s\n", static_cast<int>(what.size()), what.data(),
              bytes.size(), static_cast<long long>(took.count()),
              result.lines().front().substr(0, 70).c_str());
}

std::string repeated(std::string_view text, size_t bytes) {
  std::string all;
  while (all.size() + text.size() <= bytes) all += text;
  return all;
}

TEST(Yaml, answers_soon_whatever_the_file) {
  constexpr size_t limit = largest_configuration_bytes;
  expect_quick("10 MB", std::string(10'000'000, 'a'));
  expect_quick("one word", std::string(limit, 'a'));
  expect_quick("open lists", std::string(limit, '['));
  expect_quick("open maps", std::string(limit, '{'));
  expect_quick("dashes", repeated("- ", limit));
  expect_quick("dash lines", repeated("-\n", limit));
  expect_quick("question marks", repeated("? ", limit));
  expect_quick("colons", repeated(": ", limit));
  expect_quick("colons in a map", "{" + repeated("a:", limit - 1));
  expect_quick("colons in a list", "[" + repeated("a: b, ", limit - 1));
  expect_quick("anchors", repeated("&a ", limit));
  expect_quick("tags", repeated("!a ", limit));
  expect_quick("keys without values", repeated("a:\n", limit));
  expect_quick("the same key", repeated("key: value\n", limit));
  expect_quick("documents", repeated("--- a\n", limit));
  expect_quick("quotes", std::string(limit, '"'));
  expect_quick("spaces", std::string(limit, ' '));
  expect_quick("line breaks", std::string(limit, '\n'));
  expect_quick("comments", repeated("#\n", limit));
  expect_quick("one comment", "#" + std::string(limit - 1, 'x'));
  expect_quick("block text", "a: |\n" + repeated(" x\n", limit - 5));
  expect_quick("indented steps", [] {
    std::string all;
    for (size_t depth = 0; all.size() + depth + 4 < limit; ++depth) {
      all += std::string(depth, ' ') + "a:\n";
    }
    return all;
  }());
  std::string unknown;
  for (int i = 0; unknown.size() + 20 < limit; ++i)
    unknown += "applicatio" + std::to_string(i) + ": 1\n";
  expect_quick("unknown keys", unknown.substr(0, unknown.rfind('\n') + 1));
}

TEST(Yaml, many_components_that_all_need_each_other_are_answered_soon) {
  std::string text =
      "application: a\nsites:\n  x: {home: primary, hosts: {h: {address: 192.0.2.1}}}\n"
      "  y: {home: secondary, hosts: {h: {address: 192.0.2.2}}}\ncomponents:\n";
  for (int i = 0; i < 190; ++i) {
    text += "  c" + std::to_string(i) + ": {type: systemd, host: h, units: [u], needs: [";
    for (int need = i + 1; need < 190; ++need) text += "c" + std::to_string(need) + ",";
    text += i == 189 ? "c0]}\n" : "]}\n";
  }
  expect_quick("a circle of 190", text);
  text.replace(text.rfind("c0]}"), 4, "]}");
  const auto result = read_application(text, "f", local_types::all);
  ASSERT_TRUE(result.application);
  EXPECT_EQ(result.application->components.front().name, "c189");
}

// yaml-cpp 0.7 reports empty documents without end here; found by fuzzing.
TEST(Yaml, a_stray_comma_ends_the_reading) {
  EXPECT_EQ(first_line_of(", a\n"),
            "f:1:1: what stands here does not belong to the document above; keep one document, "
            "without a second '---', with all its keys at the same indentation");
}

// Bytes of the example changed, removed, doubled or exchanged for pieces that mean something.
std::string mutated(std::string text, std::mt19937& random) {
  static const std::vector<std::string> pieces{"\n",
                                               "  ",
                                               "\t",
                                               ": ",
                                               "- ",
                                               "{",
                                               "}",
                                               "[",
                                               "]",
                                               "\"",
                                               "'",
                                               "&a ",
                                               "*a",
                                               "!!x ",
                                               "---\n",
                                               "|\n",
                                               "~",
                                               "#",
                                               ",",
                                               "? ",
                                               "%",
                                               "\xff",
                                               std::string(1, '\0'),
                                               "\xc3\xa9",
                                               "dc",
                                               "null",
                                               "99999999999"};
  const auto below = [&](size_t bound) { return random() % std::max<size_t>(bound, 1); };
  const size_t changes = 1 + below(6);
  for (size_t i = 0; i < changes; ++i) {
    const size_t at = below(text.size());
    const size_t length = std::min(below(30), text.size() - at);
    switch (below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pieces[below(pieces.size())]);
        break;
      case 2:
        text.replace(at, length, pieces[below(pieces.size())]);
        break;
      case 3:
        text.insert(below(text.size()), text.substr(at, length));
        break;
      default:
        if (!text.empty()) text[at] = static_cast<char>(random());
    }
  }
  return text;
}

// Replay one: SWITCHBACK_SEED=<seed> build/switchback_tests --gtest_filter=Yaml.survives*
TEST(Yaml, survives_thousands_of_mutations_of_the_example) {
  const char* given = std::getenv("SWITCHBACK_SEED");
  const unsigned seed =
      given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  std::printf("  seed %u\n", seed);
  SCOPED_TRACE("replay with SWITCHBACK_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string right = example_text();
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = mutated(right, random);
    const auto result = read_application(text, "f", local_types::all);
    // Either an application or errors, never both and never neither.
    ASSERT_EQ(result.application.has_value(), result.errors.empty()) << text;
    accepted += result.application ? 1 : 0;
    for (const Diagnostic& error : result.errors) {
      ASSERT_GE(error.mark.line, 1) << text;
      ASSERT_GE(error.mark.column, 1) << text;
      ASSERT_EQ(error.message.find('\n'), std::string::npos) << text;
    }
    if (!result.application) continue;
    ASSERT_EQ(result.application->sites.size(), 2u);
    for (const Component& component : result.application->components) {
      ASSERT_EQ(component.options.size(), 2u) << text;
    }
  }
  // Both kinds must occur, or the mutations are too wild or too tame to prove anything.
  EXPECT_GT(accepted, 30);
  EXPECT_LT(accepted, 2000);
}

}  // namespace
}  // namespace switchback
