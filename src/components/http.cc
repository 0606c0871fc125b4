#include "components/http.h"

#include <fmt/format.h>

#include <array>

#include "components/pieces.h"

namespace switchback {
namespace {

constexpr std::array http_options = {
    OptionSpec{"host", OptionType::host_role, "optional",
               "Role of the host that asks; without it the controller does."},
    OptionSpec{"from", OptionType::choice, "optional", "Who asks, when `host` is not to.",
               "controller"},
    OptionSpec{"check", OptionType::http_check, "optional",
               "What must be answered on the active side: url, status, contains."},
    OptionSpec{"request", OptionType::http_request, "optional",
               "A request made when the side becomes active; `check` reads its effect back."},
    OptionSpec{"credentials", OptionType::secret, "optional",
               "A curl configuration with credentials, such as 'user = \"name:password\"'."},
    OptionSpec{"timeout", OptionType::duration, "5s", "Longest time of one request."},
    OptionSpec{"bound", OptionType::duration, "1m", "Longest time until the check holds."},
};

constexpr std::string_view check_body =
#include "shell/http_check.inc"
    ;
constexpr std::string_view request_body =
#include "shell/http_request.inc"
    ;

constexpr std::array http_scripts = {
    NamedScript{"http_check", "URL STATUS CONTAINS MAX_S", check_body},
    NamedScript{"http_request", "METHOD URL BODY STATUS MAX_S HEADER_FILE", request_body},
};

// A map's field as text: a number too, and nothing for null.
std::string field(const Json& map, std::string_view name) {
  const auto found = map.find(std::string(name));
  if (found == map.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

Json map_option(const Json& options, std::string_view name) {
  const auto found = options.find(std::string(name));
  return found == options.end() || !found->is_object() ? Json() : *found;
}

std::string where_of(const Application& application, const Component& component,
                     std::string_view site) {
  const Json& options = component.options.at(std::string(site));
  const Host* host = application.find_host(site, option_text(options, "host"));
  return host == nullptr || option_text(options, "from") == "controller" ? "controller" : host->key;
}

Command check_command(const Json& options) {
  const Json check = map_option(options, "check");
  if (check.is_null()) return {};
  const std::string status = field(check, "status");
  Command command = script_command(
      "http_check",
      literals({field(check, "url"), status.empty() ? "200" : status, field(check, "contains"),
                seconds_text(option_duration(options, "timeout", Milliseconds(5'000)))}));
  command.secret_stdin = option_text(options, "credentials");
  return command;
}

Command request_command(const Json& options) {
  const Json request = map_option(options, "request");
  const std::string method = field(request, "method");
  Command command = script_command(
      "http_request",
      literals({method.empty() ? "POST" : method, field(request, "url"), field(request, "body"),
                field(request, "status"),
                seconds_text(option_duration(options, "timeout", Milliseconds(5'000))),
                field(request, "header_file")}));
  command.secret_stdin = option_text(options, "credentials");
  return command;
}

std::vector<Step> http_steps(Hook hook, const HookContext& context) {
  if (context.operation == Operation::reprotect) return {};
  const Json& options = context.options(context.to);
  const std::string where = where_of(context.application, context.component, context.to);
  const Milliseconds bound = option_duration(options, "bound", Milliseconds(60'000));
  const Command check = check_command(options);
  if (hook == Hook::start && !map_option(options, "request").is_null()) {
    Step step = component_step(hook, context, "request", where,
                               fmt::format("Ask {} at {}", context.component.name, context.to));
    step.probe = check;
    step.apply = request_command(options);
    step.bound = bound;
    step.repeatable = !is_empty(check);
    return {step};
  }
  if (hook == Hook::verify && !is_empty(check)) {
    const Json map = map_option(options, "check");
    Step step = component_step(hook, context, "check", where,
                               fmt::format("{} answers at {}", field(map, "url"), context.to));
    step.kind = StepKind::wait;
    step.probe = check;
    step.bound = bound;
    step.guarding = Guarding::read;
    step.repeatable = true;
    step.skippable = true;
    return {step};
  }
  return {};
}

std::vector<Observation> http_observe(const Application& application, const Component& component) {
  std::vector<Observation> observations;
  std::string before;
  for (const Site& site : application.sites) {
    const Command check = check_command(component.options.at(site.name));
    const std::string where = where_of(application, component, site.name);
    if (is_empty(check) || where == before) continue;
    before = where;
    observations.push_back({component.name, where, check});
  }
  return observations;
}

std::vector<Finding> http_ready(const HookContext& context) {
  // Only the active side is expected to answer; its silence is a reason to look, not to stay.
  const std::string where = where_of(context.application, context.component, context.from);
  const Facts& facts = context.snapshot.of(context.component.name, where);
  const Command check = check_command(context.options(context.from));
  if (is_empty(check) || is_emergency(context.operation)) return {};
  const std::string url = check.arguments[0].text;
  if (facts.reachable && facts.get("status")) {
    return {{Finding::Level::good, context.component.name,
             fmt::format("{} answers {} at {}", url, *facts.get("status"), where), ""}};
  }
  return {{Finding::Level::warning, context.component.name,
           fmt::format("{} does not answer as it should at {}{}{}", url, where,
                       facts.why.empty() ? "" : ": ", facts.why),
           fmt::format("curl -v {} at {}", url, where)}};
}

std::vector<std::string> no_units(const Component&, std::string_view) {
  return {};
}

}  // namespace

const ComponentType http_type = {
    {"http", "A page that must answer on the active side, or a request made there.", http_options,
     false},
    http_scripts,
    http_observe,
    http_steps,
    http_ready,
    no_units,
};

}  // namespace switchback
