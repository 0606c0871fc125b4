// Golden files: text that is reviewed as a diff. SWITCHBACK_ACCEPT=1 in the environment rewrites
// them; without it a difference fails the test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace switchback {

// Compares `text` with tests/golden/`name`.
inline void expect_golden(const std::string& name, const std::string& text) {
  const std::filesystem::path file = std::filesystem::path(SOURCE_DIR) / "tests" / "golden" / name;
  if (std::getenv("SWITCHBACK_ACCEPT") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return;
  }
  std::ifstream in(file, std::ios::binary);
  ASSERT_TRUE(in) << file << " is missing: run the tests once with SWITCHBACK_ACCEPT=1";
  std::ostringstream expected;
  expected << in.rdbuf();
  EXPECT_EQ(expected.str(), text) << file << ": if the change is meant, rewrite it with "
                                  << "SWITCHBACK_ACCEPT=1 and review the diff";
}

}  // namespace switchback
