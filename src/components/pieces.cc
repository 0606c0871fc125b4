#include "components/pieces.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {

std::string option_text(const Json& options, std::string_view name) {
  return json_text(options, name);
}

std::vector<std::string> option_list(const Json& options, std::string_view name) {
  std::vector<std::string> words;
  const auto found = options.find(std::string(name));
  if (found == options.end() || !found->is_array()) return words;
  for (const Json& each : *found) {
    if (each.is_string()) words.push_back(each.get<std::string>());
  }
  return words;
}

Milliseconds option_duration(const Json& options, std::string_view name, Milliseconds otherwise) {
  return Milliseconds(option_integer(options, name, otherwise.count()));
}

int64_t option_integer(const Json& options, std::string_view name, int64_t otherwise) {
  const auto found = options.find(std::string(name));
  if (found == options.end() || !found->is_number_integer()) return otherwise;
  return found->get<int64_t>();
}

std::string seconds_text(Milliseconds duration) {
  return std::to_string(std::max<int64_t>(1, (duration.count() + 999) / 1000));
}

std::vector<Host> component_hosts(const Application& application, const Component& component,
                                  std::string_view site) {
  std::vector<Host> hosts;
  const std::string role = option_text(component.options.at(std::string(site)), "host");
  if (role.empty()) return hosts;
  for (const Host& host : application.site(site).hosts) {
    if (host.role == role) hosts.push_back(host);
  }
  return hosts;
}

Step component_step(Hook hook, const HookContext& context, std::string_view name, std::string where,
                    std::string title) {
  Step step;
  step.id = fmt::format("{}.{}", context.component.name, name);
  step.component = context.component.name;
  step.phase = hook_text(hook);
  step.where = std::move(where);
  step.title = std::move(title);
  return step;
}

std::vector<Argument> literals(const std::vector<std::string>& words) {
  std::vector<Argument> arguments;
  append(arguments, words);
  return arguments;
}

void append(std::vector<Argument>& arguments, const std::vector<std::string>& words) {
  for (const std::string& word : words) arguments.push_back(Argument::literal(word));
}

Finding not_observed(const std::string& component, const std::string& where, const Facts& facts) {
  return {Finding::Level::unknown, component,
          fmt::format("nothing is known of it at {}: {}", where,
                      facts.why.empty() ? "it was not looked at" : facts.why),
          fmt::format("make {} reachable by ssh from the controller", where)};
}

}  // namespace switchback
