#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/form.h"
#include "model/grammar.h"
#include "model/reading.h"
#include "model/value.h"

namespace switchback {
namespace {

constexpr size_t most_components = 200;

// First words of step ids that are not a component's; a component of that name would be mistaken.
constexpr std::array<std::string_view, 13> reserved_names{
    "announce", "claim", "controller", "evidence", "fence",  "fenced", "fencing",
    "gate",     "gates", "notify",     "report",   "status", "verify"};

class ComponentsReader {
 public:
  explicit ComponentsReader(Reading& reading) : reading_(reading), errors_(reading.errors) {}

  void read(const Node& node) {
    if (!expect_map(node, {"'components'", node.mark, {}}, errors_)) return;
    if (node.entries.empty() || node.entries.size() > most_components) {
      errors_.add(node.mark, fmt::format("'components' names {}; an application has 1 to {}",
                                         node.entries.size(), most_components));
      return;
    }
    for (const Entry& entry : node.entries) names_.push_back(entry.key);
    for (const Entry& entry : node.entries) read_component(entry);
    order_components(links_, reading_);
    if (errors_.empty()) warn_of_missing_writers();
  }

 private:
  void read_component(const Entry& entry) {
    if (const auto problem = name_problem(entry.key, false)) {
      errors_.add(entry.key_mark, *problem);
    } else if (std::find(reserved_names.begin(), reserved_names.end(), entry.key) !=
               reserved_names.end()) {
      errors_.add(entry.key_mark,
                  fmt::format("a component cannot be named '{}', which is a word of "
                              "Switchback's own; choose another name",
                              entry.key));
    }
    Component component;
    component.name = entry.key;
    component.mark = entry.key_mark;
    MapPlace place{fmt::format("component {}", shown_text(entry.key)), entry.key_mark, {}};
    if (!expect_map(entry.value, place, errors_)) return;
    const ComponentSchema* type = read_type(entry.value, place);
    if (type != nullptr) {
      component.type = type->name;
      place.what += fmt::format(" ({})", type->name);
      place.other_keys = row_names(type->options);
      check_keys(entry.value, place, row_names(grammar::component_rows), errors_);
      for (const OptionSpec& row : type->options) read_option(entry.value, row, place, component);
    }
    for (const OptionSpec& row : grammar::component_rows) {
      const Node* list = entry.value.find(row.name);
      if (list == nullptr || row.name == "type") continue;
      auto& target = row.name == "needs" ? component.needs : component.writers;
      target = read_links(*list, row, component.name);
    }
    reading_.application.components.push_back(std::move(component));
  }

  const ComponentSchema* read_type(const Node& node, const MapPlace& place) {
    std::vector<std::string> known;
    for (const ComponentSchema& type : reading_.types) known.emplace_back(type.name);
    const Node* named = node.find("type");
    if (named == nullptr || named->kind != Node::Kind::scalar) {
      const std::string one = join(known, ", ");
      errors_.add(named == nullptr ? place.mark : named->mark,
                  named == nullptr ? fmt::format("{} has no 'type'; add one of {}", place.what, one)
                                   : fmt::format("'type' must be one of {}, not {}", one,
                                                 kind_text(named->kind)));
      return nullptr;
    }
    for (const ComponentSchema& type : reading_.types) {
      if (type.name == named->text) return &type;
    }
    errors_.add(named->mark, fmt::format("there is no component type {}; {}",
                                         shown_text(named->text), suggestion(named->text, known)));
    return nullptr;
  }

  std::vector<std::string> read_links(const Node& node, const OptionSpec& row,
                                      const std::string& component) {
    const std::vector<std::string> read =
        texts_of(Json{{"list", read_value(node, row, nullptr, errors_)}}, "list");
    for (const Node& item : node.items) {
      if (std::find(read.begin(), read.end(), item.text) == read.end()) continue;
      if (std::find(names_.begin(), names_.end(), item.text) == names_.end()) {
        std::vector<std::string> others = names_;
        std::erase(others, component);
        errors_.add(item.mark, fmt::format("'{}': there is no component {}; {}", row.name,
                                           shown_text(item.text), suggestion(item.text, others)));
        continue;
      }
      links_.push_back(row.name == "needs" ? Link{component, item.text, item.mark, false}
                                           : Link{item.text, component, item.mark, true});
    }
    return read;
  }

  // Without two known sites, only what is the same for every site can be judged.
  void read_option(const Node& node, const OptionSpec& row, const MapPlace& place,
                   Component& component) {
    const Node* value = node.find(row.name);
    if (!reading_.sites_known) {
      const bool judged = value == nullptr ? row.required() : value->kind != Node::Kind::map;
      if (judged && value == nullptr) read_default(row, place, nullptr, errors_);
      if (judged && value != nullptr) read_value(*value, row, nullptr, errors_);
      return;
    }
    const auto& sites = reading_.application.sites;
    const bool per_site = value != nullptr && is_per_site(*value, row);
    if (per_site && !check_site_names(*value, row)) return;
    for (const Site& site : sites) {
      Json& options = component.options[site.name];
      const std::string key(row.name);
      const bool same = !per_site && &site != &sites.front() && row.type != OptionType::host_role;
      if (same) {
        options[key] = component.options[sites.front().name][key];
      } else if (value == nullptr) {
        options[key] = read_default(row, place, &site, errors_);
      } else if (per_site) {
        options[key] = read_for_site(*value->find(site.name), row, site);
      } else {
        options[key] = read_value(*value, row, &site, errors_);
      }
    }
  }

  // "dr: null" says that this site has none of an optional thing.
  Json read_for_site(const Node& node, const OptionSpec& row, const Site& site) {
    if (node.kind == Node::Kind::null && !row.required() && !row.has_default()) return nullptr;
    return read_value(node, row, &site, errors_);
  }

  bool is_site(std::string_view name) const {
    const auto& sites = reading_.application.sites;
    return sites[0].name == name || sites[1].name == name;
  }

  // A map is one value for each site, except where the type's own value is a map whose keys it has.
  bool is_per_site(const Node& value, const OptionSpec& row) const {
    if (value.kind != Node::Kind::map) return false;
    const auto inside = row_names(grammar::rows_inside(row.type));
    if (inside.empty()) return true;
    bool any_site = false;
    bool only_sites = true;
    for (const Entry& entry : value.entries) {
      const bool own = std::find(inside.begin(), inside.end(), entry.key) != inside.end();
      any_site = any_site || (is_site(entry.key) && !own);
      only_sites = only_sites && is_site(entry.key);
    }
    return any_site || (only_sites && value.entries.size() == 2);
  }

  bool check_site_names(const Node& value, const OptionSpec& row) {
    const auto& sites = reading_.application.sites;
    const std::vector<std::string> names{sites[0].name, sites[1].name};
    bool right = true;
    for (const Entry& entry : value.entries) {
      if (is_site(entry.key)) continue;
      right = false;
      errors_.add(entry.key_mark,
                  fmt::format("'{}' has values by site, and {} is no site; {}", row.name,
                              shown_text(entry.key), suggestion(entry.key, names)));
    }
    for (const std::string& name : names) {
      if (!right || value.find(name) != nullptr) continue;
      right = false;
      errors_.add(value.mark,
                  fmt::format("'{}' has no value for site '{}'; add {}: …", row.name, name, name));
    }
    return right;
  }

  void warn_of_missing_writers() {
    const Application& application = reading_.application;
    for (const Component& component : application.components) {
      const auto type =
          std::find_if(reading_.types.begin(), reading_.types.end(),
                       [&](const ComponentSchema& each) { return each.name == component.type; });
      if (type == reading_.types.end() || !type->holds_data) continue;
      if (!component.writers.empty() || !application.dependants(component.name).empty()) continue;
      reading_.warnings.add(
          component.mark,
          fmt::format(
              "component '{}' holds data and nothing is known to write it, so nothing is "
              "stopped before its last sync; name its writers with 'writers: [...]', or let "
              "them need it",
              component.name));
    }
  }

  Reading& reading_;
  Problems& errors_;
  std::vector<std::string> names_;
  std::vector<Link> links_;
};

}  // namespace

void read_components(const Node& node, Reading& reading) {
  ComponentsReader(reading).read(node);
}

}  // namespace switchback
