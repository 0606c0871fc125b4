// Golden texts: tests/golden/NAME is compared byte for byte. `SWITCHBACK_ACCEPT=1` rewrites the
// files; review them as a diff.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace switchback {

inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(SOURCE_DIR) + "/tests/golden/" + name;
  if (std::getenv("SWITCHBACK_ACCEPT") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  std::stringstream wanted;
  wanted << file.rdbuf();
  EXPECT_EQ(text, wanted.str()) << path << " differs; SWITCHBACK_ACCEPT=1 rewrites it";
}

}  // namespace switchback
