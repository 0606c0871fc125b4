#include <fmt/format.h>

#include <algorithm>

#include "model/form.h"
#include "model/grammar.h"
#include "model/reading.h"
#include "model/value.h"
#include "model/window.h"

namespace switchback {
namespace {

constexpr int most_people = 10;

// The commands of a field as one argument vector. Several become one shell that runs them in order
// and ends with the first one that fails, whose exit code stays the answer; their words reach it as
// positional parameters, so that none of them can become code.
std::vector<std::string> one_command(const Json& values, std::string_view field) {
  const auto found = values.find(std::string(field));
  if (found == values.end() || !found->is_array()) return {};
  const auto commands = found->get<std::vector<std::vector<std::string>>>();
  if (commands.size() == 1) return commands[0];
  std::string body;
  std::vector<std::string> all;
  for (const auto& command : commands) {
    if (!body.empty()) body += "; ";
    for (size_t i = 0; i < command.size(); ++i) {
      all.push_back(command[i]);
      body += fmt::format("{}\"${{{}}}\"", i == 0 ? "" : " ", all.size());
    }
  }
  std::vector<std::string> shell{"sh", "-ec", body, std::string(field)};
  shell.insert(shell.end(), all.begin(), all.end());
  return shell;
}

int read_people(const Node& node, const Json& values, Problems& errors) {
  const int people = number_of(values, "people", 1);
  const Node* written = node.find("people");
  if (written != nullptr && (people < 1 || people > most_people)) {
    errors.add(written->mark,
               fmt::format("'people': {} is not possible; write 1 to {}", people, most_people));
  }
  return people;
}

// The single key of a list's entry ("- stop: all"), or null with a problem.
const Entry* only_key(const Node& item, std::string_view what,
                      const std::vector<std::string>& known, Problems& errors) {
  if (item.kind == Node::Kind::map && item.entries.size() == 1) return &item.entries[0];
  errors.add(item.mark, fmt::format("{} has one key, one of {}", what, join(known, ", ")));
  return nullptr;
}

class FencingReader {
 public:
  explicit FencingReader(Reading& reading) : reading_(reading), errors_(reading.errors) {
    for (const auto& section : grammar::fencing_methods) known_.emplace_back(section.name);
  }

  void read(const Node& node) {
    const auto items = expect_list(node, "'fencing'", errors_);
    if (node.kind == Node::Kind::list && items.empty()) {
      errors_.add(node.mark,
                  "'fencing' is empty; write at least '- stop: all', or remove the line");
    }
    for (const Node& item : items) read_method(item);
  }

 private:
  void read_method(const Node& item) {
    const Entry* entry = only_key(item, "a fencing method", known_, errors_);
    if (entry == nullptr) return;
    if (ended_) {
      errors_.add(entry->key_mark,
                  "a method stands behind the attestation, which is the last resort; move the "
                  "attestation to the end");
    }
    FencingMethod method;
    method.name = entry->key;
    const MapPlace place{fmt::format("fencing method '{}'", entry->key), entry->key_mark, {}};
    if (entry->key == "stop") {
      read_stop(entry->value);
    } else if (entry->key == "attestation") {
      method.kind = FencingMethod::Kind::attestation;
      const Json values = read_rows(entry->value, place, grammar::attestation_rows, errors_);
      method.people = read_people(entry->value, values, errors_);
      ended_ = true;
    } else if (entry->key == "firewall" || entry->key == "command") {
      read_commands(entry->value, place, entry->key == "firewall", method);
    } else {
      errors_.add(entry->key_mark,
                  fmt::format("there is no fencing method {}; {}", shown_text(entry->key),
                              suggestion(entry->key, known_)));
      return;
    }
    add(std::move(method), entry->key_mark);
  }

  void read_stop(const Node& value) {
    if (value.kind == Node::Kind::scalar && value.text == "all") return;
    errors_.add(value.mark, "'stop' knows only one value; write 'stop: all'");
  }

  void read_commands(const Node& value, const MapPlace& place, bool firewall,
                     FencingMethod& method) {
    const std::span<const OptionSpec> rows =
        firewall ? std::span<const OptionSpec>(grammar::command_method_rows)
                 : std::span<const OptionSpec>(grammar::own_method_rows);
    const Json values = read_rows(value, place, rows, errors_);
    method.kind = FencingMethod::Kind::command;
    method.name = json_text(values, "name", method.name);
    method.engage = one_command(values, "engage");
    method.prove = one_command(values, "prove");
    method.lift = one_command(values, "lift");
    if (const auto problem = name_problem(method.name, false)) errors_.add(place.mark, *problem);
  }

  void add(FencingMethod method, Mark mark) {
    auto& methods = reading_.application.fencing;
    const bool taken = std::any_of(methods.begin(), methods.end(), [&](const FencingMethod& each) {
      return each.name == method.name;
    });
    if (taken) {
      errors_.add(mark, fmt::format("there are two fencing methods '{}'; {}", method.name,
                                    method.kind == FencingMethod::Kind::command
                                        ? "give each command its own 'name'"
                                        : "remove one"));
    }
    methods.push_back(std::move(method));
  }

  Reading& reading_;
  Problems& errors_;
  std::vector<std::string> known_;
  bool ended_ = false;
};

std::vector<ChecklistItem> read_items(const Node& node, std::string_view what, Problems& errors) {
  std::vector<ChecklistItem> items;
  for (const Node& each : expect_list(node, what, errors)) {
    const Json values = read_rows(each, {"an item of the checklist", each.mark, {}},
                                  grammar::checklist_item_rows, errors);
    ChecklistItem item;
    item.text = json_text(values, "text");
    item.check = texts_of(values, "check");
    item.by = json_text(values, "by", item.check.empty() ? "operator" : "");
    if (each.find("by") != nullptr && each.find("check") != nullptr) {
      errors.add(each.find("check")->mark,
                 "an item has 'by' and 'check'; a person or a command answers, so remove one");
    }
    items.push_back(std::move(item));
  }
  return items;
}

void read_checklists(const Node& node, Reading& reading) {
  if (!expect_map(node, {"'checklists'", node.mark, {}}, reading.errors)) return;
  const auto& operations = grammar::checklist_operations;
  check_keys(node, {"'checklists'", node.mark, {}}, {operations.begin(), operations.end()},
             reading.errors);
  Application& application = reading.application;
  const std::array<Checklist*, 5> lists{
      &application.switchover_checklist, &application.failover_checklist,
      &application.reprotect_checklist, &application.failback_checklist,
      &application.start_checklist};
  for (size_t i = 0; i < operations.size(); ++i) {
    const Node* list = node.find(operations[i]);
    const MapPlace place{fmt::format("checklist '{}'", operations[i]), node.mark, {}};
    if (list == nullptr || !expect_map(*list, place, reading.errors)) continue;
    check_keys(*list, place, {"before", "after"}, reading.errors);
    if (const Node* items = list->find("before")) {
      lists[i]->before = read_items(*items, "'before'", reading.errors);
    }
    if (const Node* items = list->find("after")) {
      lists[i]->after = read_items(*items, "'after'", reading.errors);
    }
  }
}

void read_failback(const Node& node, Reading& reading) {
  const Json values =
      read_rows(node, {"'failback'", node.mark, {}}, grammar::failback_rows, reading.errors);
  reading.application.failback_stable_for = duration_of(values, "stable_for");
  reading.application.failback_windows = texts_of(values, "windows");
  const Node* windows = node.find("windows");
  if (windows == nullptr) return;
  for (const Node& window : windows->items) {
    if (window.kind != Node::Kind::scalar) continue;
    const auto parsed = parse_window(window.text);
    if (!parsed) reading.errors.add(window.mark, parsed.error().message);
  }
}

void read_notifications(const Node& node, Reading& reading) {
  const auto known = row_names(grammar::notification_rows);
  for (const Node& item : expect_list(node, "'notify'", reading.errors)) {
    if (only_key(item, "a notification", known, reading.errors) == nullptr) continue;
    const Json values = read_rows(item, {"a notification", item.mark, {}},
                                  grammar::notification_rows, reading.errors);
    const Notification notification{json_text(values, "webhook"), texts_of(values, "command")};
    const bool url =
        notification.webhook.starts_with("http://") || notification.webhook.starts_with("https://");
    const auto problem = notification.webhook.empty() ? Complaint()
                         : url                        ? url_problem(notification.webhook)
                                                      : secret_problem(notification.webhook);
    if (problem) {
      reading.errors.add(item.find("webhook")->mark,
                         fmt::format("'webhook': {}{}", *problem,
                                     url ? "" : " (or a URL that begins with https://)"));
    }
    reading.application.notify.push_back(notification);
  }
}

void read_last_backup(const Node& node, Reading& reading) {
  Problems& errors = reading.errors;
  const Json values =
      read_rows(node, {"'last_backup'", node.mark, {}}, grammar::last_backup_rows, errors);
  LastBackup backup;
  backup.host_role = json_text(values, "host");
  backup.glob = json_text(values, "glob");
  backup.max_age = duration_of(values, "max_age").value_or(Milliseconds(0));
  backup.min_count = number_of(values, "count", 1);
  if (reading.sites_known && !backup.host_role.empty()) {
    std::vector<std::string> roles;
    for (const Host& host : reading.application.all_hosts()) {
      if (std::find(roles.begin(), roles.end(), host.role) == roles.end()) {
        roles.push_back(host.role);
      }
    }
    if (std::find(roles.begin(), roles.end(), backup.host_role) == roles.end()) {
      errors.add(node.find("host")->mark,
                 fmt::format("'host': no site has a host {}; {}", shown_text(backup.host_role),
                             suggestion(backup.host_role, roles)));
    }
  }
  if (const Node* count = node.find("count"); count != nullptr && backup.min_count < 1) {
    errors.add(count->mark, "'count': 0 asks for nothing; write 1 or more");
  }
  reading.application.last_backup = std::move(backup);
}

// What an operator expects who wrote nothing: stop what can be stopped, else ask one person.
std::vector<FencingMethod> default_fencing() {
  FencingMethod stop;
  stop.name = "stop";
  FencingMethod attestation;
  attestation.kind = FencingMethod::Kind::attestation;
  attestation.name = "attestation";
  return {stop, attestation};
}

}  // namespace

void read_policies(const Node& root, Reading& reading) {
  if (const Node* node = root.find("fencing")) {
    FencingReader(reading).read(*node);
  } else {
    reading.application.fencing = default_fencing();
  }
  if (const Node* node = root.find("checklists")) read_checklists(*node, reading);
  if (const Node* node = root.find("approvals")) {
    const Json values =
        read_rows(*node, {"'approvals'", node->mark, {}}, grammar::approvals_rows, reading.errors);
    reading.application.approvals = read_people(*node, values, reading.errors);
  }
  if (const Node* node = root.find("failback")) read_failback(*node, reading);
  if (const Node* node = root.find("notify")) read_notifications(*node, reading);
  if (const Node* node = root.find("last_backup")) read_last_backup(*node, reading);
}

}  // namespace switchback
