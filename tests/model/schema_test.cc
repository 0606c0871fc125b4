#include "model/schema.h"

#include <gtest/gtest.h>

#include "model/local_types.h"
#include "model/reference.h"

namespace switchback {
namespace {

TEST(Schema, has_every_option_of_every_type_and_nothing_else) {
  const Json schema = configuration_schema(local_types::all);
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  for (const ComponentSchema& type : local_types::all) {
    const Json& component = schema.at("$defs").at(std::string(type.name));
    EXPECT_EQ(component.at("additionalProperties"), false);
    EXPECT_EQ(component.at("properties").size(), type.options.size() + 3) << type.name;
    for (const OptionSpec& row : type.options) {
      ASSERT_TRUE(component.at("properties").contains(std::string(row.name))) << row.name;
      const Json& required = component.at("required");
      EXPECT_EQ(std::find(required.begin(), required.end(), row.name) != required.end(),
                row.required())
          << row.name;
    }
  }
}

TEST(Schema, refers_only_to_what_it_defines) {
  const Json schema = configuration_schema(local_types::all);
  const Json& component = schema.at("properties").at("components").at("additionalProperties");
  ASSERT_EQ(component.at("allOf").size(), local_types::all.size());
  for (const Json& branch : component.at("allOf")) {
    const std::string reference = branch.at("then").at("$ref");
    EXPECT_TRUE(schema.contains(Json::json_pointer(reference.substr(1)))) << reference;
  }
}

TEST(Reference, is_one_line_for_each_option) {
  EXPECT_EQ(
      options_table(local_types::all[3]),
      "| option | value | default | meaning |\n"
      "|---|---|---|---|\n"
      "| `host` | host role, e.g. `db` | **required** | Where the request is made. |\n"
      "| `check` | HTTP check, e.g. `{url: \"http://127.0.0.1/\", status: 200}` | "
      "**required** | What must be answered. |\n"
      "| `request` | HTTP request, e.g. `{method: POST, url: \"http://127.0.0.1/\"}` | none | "
      "A request to make first \\| or not. |\n");
  EXPECT_NE(options_table(local_types::all[0]).find("| `streaming` | `streaming` |"),
            std::string::npos);
  EXPECT_NE(options_table(local_types::all[1]).find("| percent | `20%` |"), std::string::npos);
}

}  // namespace
}  // namespace switchback
