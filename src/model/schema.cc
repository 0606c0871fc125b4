#include "model/schema.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "model/grammar.h"
#include "model/yaml.h"

namespace switchback {
namespace {

// YAML reads 200 and true as number and boolean where the reader takes text.
Json any_scalar() {
  return {{"type", {"string", "number", "boolean"}}};
}
constexpr std::string_view name_pattern = "^[A-Za-z0-9_][A-Za-z0-9._@-]*$";
constexpr std::string_view plain_name_pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$";
constexpr std::string_view path_pattern = "^/+[^/]";
constexpr std::string_view secret_pattern = "^((host-)?file:/.|env:[A-Za-z_]|command:.)";

Json text_schema(std::string_view pattern) {
  return {{"type", "string"}, {"pattern", std::string(pattern)}};
}

Json list_schema(Json items, bool filled) {
  Json schema = {{"type", "array"}, {"items", std::move(items)}};
  if (filled) schema["minItems"] = 1;
  return schema;
}

Json rows_schema(std::span<const OptionSpec> rows);

Json choice_schema(std::string_view choices) {
  Json schema = {{"enum", Json::array()}};
  for (const std::string& choice : split(choices, '|')) schema["enum"].push_back(choice);
  return schema;
}

// What one value of the row may be.
Json value_schema(const OptionSpec& row) {
  switch (row.type) {
    case OptionType::text:
      return any_scalar();
    case OptionType::name:
      return text_schema(name_pattern);
    case OptionType::host_role:
      return text_schema(plain_name_pattern);
    case OptionType::choice:
      return choice_schema(row.choices);
    case OptionType::integer:
      return {{"type", "integer"}, {"minimum", 0}};
    case OptionType::percent:
      return text_schema("^[0-9]{1,3}%$");
    case OptionType::boolean:
      return {{"type", "boolean"}};
    case OptionType::duration:
      return text_schema("^[0-9]+(ms|s|m|h|d)$");
    case OptionType::absolute_path:
      return text_schema(path_pattern);
    case OptionType::path_list:
      return list_schema(text_schema(path_pattern), row.required());
    case OptionType::text_list:
      return list_schema(any_scalar(), row.required());
    case OptionType::name_list:
      return list_schema(text_schema(name_pattern), row.required());
    case OptionType::address:
      return text_schema("^[0-9A-Za-z:][0-9A-Za-z_.:-]*$");
    case OptionType::address_list:
      return list_schema(text_schema("^[0-9A-Za-z:][0-9A-Za-z_.:-]*$"), row.required());
    case OptionType::command:
      return list_schema(any_scalar(), true);
    case OptionType::command_list:
      return {
          {"anyOf",
           {list_schema(any_scalar(), true), list_schema(list_schema(any_scalar(), true), true)}}};
    case OptionType::secret:
      return text_schema(secret_pattern);
    case OptionType::http_check:
    case OptionType::http_request:
    case OptionType::step_commands:
      return rows_schema(grammar::rows_inside(row.type));
  }
  SWITCHBACK_CHECK(false, "every option type has a schema");
}

// Notes for people who fill the value in, which editors show.
void describe(const OptionSpec& row, Json& schema) {
  schema["description"] = std::string(row.help);
  if (row.has_default() && !row.default_value.empty()) {
    schema["description"] = std::string(row.help) + " Default: " + std::string(row.default_value);
  }
}

Json object_schema() {
  return {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
}

void require(Json& object, std::string_view name) {
  object["required"].push_back(name);
}

void add_rows(std::span<const OptionSpec> rows, Json& object) {
  for (const OptionSpec& row : rows) {
    Json value = value_schema(row);
    describe(row, value);
    object["properties"][std::string(row.name)] = std::move(value);
    if (row.required()) require(object, row.name);
  }
}

Json rows_schema(std::span<const OptionSpec> rows) {
  Json object = object_schema();
  add_rows(rows, object);
  return object;
}

// A component's option: one value, or one for each site.
Json option_schema(const OptionSpec& row) {
  Json site_value = value_schema(row);
  if (!row.required() && !row.has_default()) {
    site_value = {{"anyOf", {std::move(site_value), {{"type", "null"}}}}};
  }
  const Json per_site = {{"type", "object"},
                         {"minProperties", 2},
                         {"maxProperties", 2},
                         {"propertyNames", text_schema(plain_name_pattern)},
                         {"additionalProperties", std::move(site_value)}};
  Json schema = {{"anyOf", {value_schema(row), per_site}}};
  describe(row, schema);
  return schema;
}

Json component_schema(const ComponentSchema& type) {
  Json object = object_schema();
  object["description"] = std::string(type.summary);
  add_rows(grammar::component_rows, object);
  object["properties"]["type"] = {{"const", std::string(type.name)}};
  for (const OptionSpec& row : type.options) {
    object["properties"][std::string(row.name)] = option_schema(row);
    if (row.required()) require(object, row.name);
  }
  return object;
}

// The type decides which keys a component has; editors follow if/then well.
Json components_schema(std::span<const ComponentSchema> types) {
  Json component = {{"type", "object"},
                    {"required", {"type"}},
                    {"properties", {{"type", {{"enum", Json::array()}}}}},
                    {"allOf", Json::array()}};
  for (const ComponentSchema& type : types) {
    const std::string name(type.name);
    component["properties"]["type"]["enum"].push_back(name);
    component["allOf"].push_back(
        {{"if", {{"properties", {{"type", {{"const", name}}}}}, {"required", {"type"}}}},
         {"then", {{"$ref", "#/$defs/" + name}}}});
  }
  return {{"type", "object"},
          {"minProperties", 1},
          {"propertyNames", text_schema(plain_name_pattern)},
          {"additionalProperties", std::move(component)}};
}

Json sites_schema() {
  const Json host = rows_schema(grammar::host_rows);
  Json site = rows_schema(grammar::site_rows);
  site["properties"]["hosts"] = {
      {"type", "object"},
      {"description", std::string(grammar::site_sections[0].help)},
      {"propertyNames", text_schema(plain_name_pattern)},
      {"additionalProperties", {{"anyOf", {host, list_schema(host, true)}}}}};
  return {{"type", "object"},
          {"minProperties", 2},
          {"maxProperties", 2},
          {"propertyNames", text_schema(plain_name_pattern)},
          {"additionalProperties", std::move(site)}};
}

Json fencing_schema() {
  const auto one_key = [](std::string_view key, Json value) {
    Json object = object_schema();
    object["properties"][std::string(key)] = std::move(value);
    require(object, key);
    return object;
  };
  Json methods = Json::array();
  methods.push_back(one_key("stop", {{"const", "all"}}));
  methods.push_back(one_key("firewall", rows_schema(grammar::command_method_rows)));
  methods.push_back(one_key("command", rows_schema(grammar::own_method_rows)));
  methods.push_back(one_key("attestation", rows_schema(grammar::attestation_rows)));
  SWITCHBACK_CHECK(methods.size() == grammar::fencing_methods.size(),
                   "every fencing method has a schema");
  return list_schema({{"anyOf", std::move(methods)}}, true);
}

Json checklists_schema() {
  const Json items = list_schema(rows_schema(grammar::checklist_item_rows), false);
  Json checklist = object_schema();
  checklist["properties"] = {{"before", items}, {"after", items}};
  Json object = object_schema();
  for (const std::string_view operation : grammar::checklist_operations) {
    object["properties"][std::string(operation)] = checklist;
  }
  return object;
}

Json notify_schema() {
  Json notification = rows_schema(grammar::notification_rows);
  notification["minProperties"] = 1;
  notification["maxProperties"] = 1;
  return list_schema(std::move(notification), false);
}

Json section_schema(std::string_view name, std::span<const ComponentSchema> types) {
  if (name == "objectives") return rows_schema(grammar::objectives_rows);
  if (name == "sites") return sites_schema();
  if (name == "components") return components_schema(types);
  if (name == "fencing") return fencing_schema();
  if (name == "checklists") return checklists_schema();
  if (name == "approvals") return rows_schema(grammar::approvals_rows);
  if (name == "failback") return rows_schema(grammar::failback_rows);
  if (name == "notify") return notify_schema();
  if (name == "last_backup") return rows_schema(grammar::last_backup_rows);
  SWITCHBACK_CHECK(false, "every section has a schema");
}

}  // namespace

Json configuration_schema(std::span<const ComponentSchema> types) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "Configuration of an application of Switchback"}};
  schema.update(object_schema());
  add_rows(grammar::application_rows, schema);
  for (const auto& section : grammar::application_sections) {
    Json value = section_schema(section.name, types);
    value["description"] = std::string(section.help);
    schema["properties"][std::string(section.name)] = std::move(value);
    if (section.required) require(schema, section.name);
  }
  schema["$defs"] = Json::object();
  for (const ComponentSchema& type : types) {
    schema["$defs"][std::string(type.name)] = component_schema(type);
  }
  return schema;
}

}  // namespace switchback
