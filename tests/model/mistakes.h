// A table of mistakes made in the serviceops example, and the first line that an operator sees.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <sstream>

#include "model/local_types.h"
#include "model/reader.h"

namespace switchback {

// The example with its first `old_text` replaced.
struct Mistake {
  std::string_view old_text;
  std::string_view new_text;
  std::string_view first_line;
};

inline std::string example_text() {
  std::ifstream file(SOURCE_DIR "/examples/serviceops/serviceops.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::string first_line_of(std::string_view bytes) {
  const auto lines = read_application(bytes, "f", local_types::all).lines();
  return lines.empty() ? "" : lines.front();
}

inline void expect_first_lines(std::span<const Mistake> mistakes) {
  const std::string right = example_text();
  for (const Mistake& mistake : mistakes) {
    std::string wrong = right;
    const size_t at = wrong.find(mistake.old_text);
    ASSERT_NE(at, std::string::npos) << mistake.old_text;
    wrong.replace(at, mistake.old_text.size(), mistake.new_text);
    EXPECT_EQ(first_line_of(wrong), mistake.first_line) << mistake.new_text;
  }
}

}  // namespace switchback
