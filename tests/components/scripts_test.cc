// Every named script is readable by the shells that may have to run it.
#include <gtest/gtest.h>

#include <set>

#include "components/script_runner.h"
#include "components/types.h"

namespace switchback {
namespace {

TEST(Scripts, HaveUniqueNamesAndAText) {
  std::set<std::string_view> names;
  for (const NamedScript& script : all_scripts()) {
    EXPECT_TRUE(names.insert(script.name).second) << script.name << " stands twice";
    EXPECT_TRUE(script.body.ends_with('\n')) << script.name;
    EXPECT_FALSE(script.parameters.empty()) << script.name;
  }
  EXPECT_GT(names.size(), 30u);
}

TEST(Scripts, AreReadByDashAndBash) {
  for (const char* shell : {"dash", "bash"}) {
    for (const NamedScript& script : all_scripts()) {
      TemporaryFolder folder;
      const std::string file = folder.path() + "/script";
      write_file(file, std::string(script.body));
      const ScriptResult result = run_words({shell, "-n", file}, {});
      EXPECT_EQ(result.exit_code, 0) << shell << " " << script.name << ": " << result.err;
    }
  }
}

TEST(Scripts, BeginWithWhatTheyShare) {
  for (const NamedScript& script : all_scripts()) {
    for (std::string_view family : {"files_", "dns_", "systemd_"}) {
      if (!script.name.starts_with(family)) continue;
      EXPECT_TRUE(script.body.starts_with("# What the ")) << script.name;
    }
  }
}

TEST(Types, HaveUniqueNamesAndEveryPart) {
  std::set<std::string_view> names;
  for (const ComponentType* type : component_types()) {
    EXPECT_TRUE(names.insert(type->schema.name).second) << type->schema.name;
    EXPECT_EQ(find_type(type->schema.name), type);
    EXPECT_NE(type->observe, nullptr) << type->schema.name;
    EXPECT_NE(type->steps, nullptr) << type->schema.name;
    EXPECT_NE(type->ready, nullptr) << type->schema.name;
    EXPECT_NE(type->guarded_units, nullptr) << type->schema.name;
  }
  EXPECT_EQ(find_type("no-such-type"), nullptr);
  EXPECT_EQ(component_schemas().size(), component_types().size());
}

}  // namespace
}  // namespace switchback
