// What the documentation takes from tables must say what the tables say. A page marks the place:
//   <!-- options:files --> … <!-- /options -->
// SWITCHBACK_ACCEPT=1 in the environment rewrites these places; without it a difference fails.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "components/types.h"
#include "model/reference.h"
#include "run/status_table.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

fs::path docs_folder() {
  return fs::path(SOURCE_DIR) / "docs";
}

std::string content_of(const fs::path& page) {
  std::ifstream in(page, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// Compares what stands between the two marks of the page with `expected`.
void expect_section(const std::string& name, const std::string& begin, const std::string& end,
                    const std::string& expected) {
  const fs::path page = docs_folder() / name;
  ASSERT_TRUE(fs::exists(page)) << page << " is missing: write the page, with a line '" << begin
                                << "' and a line '" << end << "'";
  const std::string text = content_of(page);
  const std::string first_mark = begin + "\n";
  const size_t mark = text.find(first_mark);
  ASSERT_NE(mark, std::string::npos) << page << " has no line '" << begin << "'";
  const size_t from = mark + first_mark.size();
  const size_t to = text.find(end, from);
  ASSERT_NE(to, std::string::npos)
      << page << " has no line '" << end << "' behind '" << begin << "'";
  EXPECT_EQ(text.find(first_mark, from), std::string::npos)
      << page << " has two lines '" << begin << "'";
  if (std::getenv("SWITCHBACK_ACCEPT") != nullptr) {
    std::ofstream(page, std::ios::binary) << text.substr(0, from) + expected + text.substr(to);
    return;
  }
  EXPECT_EQ(text.substr(from, to - from), expected)
      << page << ": '" << begin << "' is not what the program says; rewrite it with "
      << "SWITCHBACK_ACCEPT=1 and review the diff";
}

TEST(Docs, every_component_type_has_a_page_with_its_options) {
  for (const ComponentType* type : component_types()) {
    const std::string name(type->schema.name);
    expect_section("components/" + name + ".md", "<!-- options:" + name + " -->",
                   "<!-- /options -->", options_table(type->schema));
  }
}

TEST(Docs, every_page_of_a_component_belongs_to_a_type) {
  std::set<std::string> known;
  for (const ComponentType* type : component_types()) known.emplace(type->schema.name);
  for (const auto& entry : fs::directory_iterator(docs_folder() / "components")) {
    EXPECT_TRUE(known.contains(entry.path().stem().string()))
        << entry.path() << ": there is no such type";
  }
}

TEST(Docs, the_page_of_the_status_words_holds_the_table) {
  expect_section("status.md", "<!-- status-table -->", "<!-- /status-table -->",
                 status_table_markdown());
}

}  // namespace
}  // namespace switchback
