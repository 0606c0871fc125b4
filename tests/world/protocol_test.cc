// The two directions of the channel: quoting, which every shell has to read back, and the parser of
// answers, which has to survive whatever a host sends.
#include "world/protocol.h"

#include <sys/wait.h>

#include <random>

#include "base/text.h"
#include "world/fixture.h"

namespace switchback {
namespace {

constexpr unsigned fuzz_seed = 20260;

std::string random_word(std::mt19937& random) {
  // Half of the bytes are those that mean something to a shell.
  constexpr std::string_view special = "'\"\\$`\n\r\t ;&|<>(){}[]*?~#!=%-\x81\x82\x88\xff\x01\x7f";
  std::string word;
  for (auto i = random() % 24; i > 0; --i) {
    word +=
        random() % 2 ? special[random() % special.size()] : static_cast<char>(1 + random() % 255);
  }
  return word;
}

class Quoting : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Shells, Quoting, testing::Values("dash", "bash", "busybox sh"));

TEST_P(Quoting, gives_every_shell_the_same_words_back) {
  SCOPED_TRACE("seed " + std::to_string(fuzz_seed));
  std::mt19937 random(fuzz_seed);
  ScratchFolder scratch;
  std::string lines;
  std::string expected;
  for (int i = 0; i < 4'000; ++i) {
    lines += "w";
    const auto count = random() % 5;
    expected += std::to_string(count) + "\n";
    for (size_t k = 0; k < count; ++k) {
      const auto word = random_word(random);
      const auto quoted = quote_line_word(word);
      ASSERT_EQ(quoted.find('\n'), std::string::npos);
      lines += " " + quoted;
      expected += "<" + word + ">\n";
    }
    lines += "\n";
  }
  write_text(scratch / "lines", lines);
  write_text(scratch / "reader",
             "LC_ALL=C; n='\n'\nw() { echo $#; for x do printf '<%s>\\n' \"$x\"; done; }\n"
             "while IFS= read -r line; do eval \"$line\"; done\n");
  const auto command = GetParam() + " " + (scratch / "reader") + " <" + (scratch / "lines") + " >" +
                       (scratch / "out");
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(read_text(scratch / "out") == expected);
}

TEST(Base64, is_what_base64_reads) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("a"), "YQ==");
  EXPECT_EQ(base64("ab"), "YWI=");
  EXPECT_EQ(base64("abc"), "YWJj");
  EXPECT_EQ(base64(std::string("\0\xff\xfe\xfd", 4)), "AP/+/Q==");
}

constexpr std::string_view stream =
    "Welcome to host\nno line end switchback-runner 1 77\n= 12 ended 3 1 40 0 0 3 2\na\nbxy+ 13 "
    "progress 5 "
    "percent  \n! x\n= 13 stale -1 0 0 0 0 0 0\n";

TEST(RunnerParser, reads_the_same_however_the_bytes_arrive) {
  for (size_t first = 0; first <= stream.size(); ++first) {
    RunnerParser parser;
    ASSERT_TRUE(parser.feed(stream.substr(0, first)));
    ASSERT_TRUE(parser.feed(stream.substr(first)));
    auto& messages = parser.messages();
    ASSERT_EQ(messages.size(), 5u);
    EXPECT_EQ(messages[0].kind, RunnerMessage::Kind::hello);
    EXPECT_EQ(messages[1].id, 12u);
    EXPECT_EQ(messages[1].answer.status, AnswerStatus::ended);
    EXPECT_EQ(messages[1].answer.exit_code, 3);
    EXPECT_TRUE(messages[1].answer.applied);
    EXPECT_EQ(messages[1].answer.out, "a\nb");
    EXPECT_EQ(messages[1].answer.err, "xy");
    EXPECT_EQ(messages[2].text, "5 percent");
    EXPECT_EQ(messages[3].kind, RunnerMessage::Kind::alive);
    EXPECT_EQ(messages[4].answer.status, AnswerStatus::stale);
  }
}

TEST(RunnerParser, gives_up_on_what_no_runner_would_say) {
  const std::string hello = "switchback-runner 1 77\n";
  for (const std::string& bytes :
       {hello + "hello\n", hello + "= 1 ended 0 1 0 0 0 0\n", hello + "= 1 fine 0 1 0 0 0 0 0\n",
        hello + "= 1 ended 0 1 0 0 0 99999999999 0\n", hello + "= 1 ended 0 1 0 0 0 2097152 0\n",
        hello + "= 1 ended 0 1 0 0 0 -1 0\n", hello + "+ x progress 1\n", hello + "\n",
        hello + std::string(5'000, 'x'), std::string(100'000, '\n')}) {
    RunnerParser parser;
    EXPECT_FALSE(parser.feed(bytes)) << bytes.substr(0, 80);
    EXPECT_FALSE(parser.problem().empty());
    EXPECT_FALSE(parser.feed("= 1 ended 0 1 0 0 0 0 0\n")) << "it stays given up";
  }
}

TEST(RunnerParser, survives_random_damage) {
  std::mt19937 random(fuzz_seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(stream);
    for (auto k = random() % 4 + 1; k > 0; --k) {
      bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    }
    RunnerParser parser;
    for (size_t at = 0; at < bytes.size(); at += 7)
      parser.feed(std::string_view(bytes).substr(at, 7));
    EXPECT_LE(parser.messages().size(), 10u);
  }
}

}  // namespace
}  // namespace switchback
