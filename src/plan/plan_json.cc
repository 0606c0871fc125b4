// Plan to JSON and back. The journal keeps the whole plan, so a run never depends on the
// configuration still being what it was.
#include <array>

#include "base/hash.h"
#include "plan/plan.h"

namespace switchback {
namespace {

template <class E, size_t N>
struct EnumNames {
  std::array<std::pair<E, const char*>, N> rows;
  const char* name(E value) const {
    for (const auto& [key, text] : rows) {
      if (key == value) return text;
    }
    return "";
  }
  E value(const std::string& text) const {
    for (const auto& [key, name] : rows) {
      if (text == name) return key;
    }
    throw std::invalid_argument("unknown word '" + text + "'");
  }
};

constexpr EnumNames<StepKind, 5> step_kinds{{{{StepKind::command, "command"},
                                              {StepKind::wait, "wait"},
                                              {StepKind::gate, "gate"},
                                              {StepKind::claim, "claim"},
                                              {StepKind::milestone, "milestone"}}}};
constexpr EnumNames<Guarding, 4> guardings{{{{Guarding::effect, "effect"},
                                             {Guarding::stop, "stop"},
                                             {Guarding::read, "read"},
                                             {Guarding::publish, "publish"}}}};
constexpr EnumNames<IfUnreachable, 3> unreachables{{{{IfUnreachable::fail, "fail"},
                                                     {IfUnreachable::skip, "skip"},
                                                     {IfUnreachable::evidence, "evidence"}}}};
constexpr EnumNames<Gate::Kind, 4> gate_kinds{{{{Gate::Kind::checklist, "checklist"},
                                                {Gate::Kind::approval, "approval"},
                                                {Gate::Kind::attestation, "attestation"},
                                                {Gate::Kind::acceptance, "acceptance"}}}};

Json command_to_json(const Command& command) {
  if (is_empty(command)) return nullptr;
  Json arguments = Json::array();
  for (const Argument& argument : command.arguments) {
    if (argument.kind == Argument::Kind::literal) {
      arguments.push_back(argument.text);
    } else {
      arguments.push_back(Json{{"capture", argument.text}});
    }
  }
  Json value{{"script", command.script.empty() ? Json() : Json(command.script)},
             {"arguments", std::move(arguments)}};
  if (!command.secret_stdin.empty()) value["secret_stdin"] = command.secret_stdin;
  return value;
}

Command command_from_json(const Json& value) {
  Command command;
  if (value.is_null()) return command;
  if (!value.at("script").is_null()) command.script = value.at("script").get<std::string>();
  for (const Json& argument : value.at("arguments")) {
    command.arguments.push_back(argument.is_string()
                                    ? Argument::literal(argument.get<std::string>())
                                    : Argument::capture(argument.at("capture").get<std::string>()));
  }
  command.secret_stdin = json_text(value, "secret_stdin");
  return command;
}

Json step_to_json(const Step& step) {
  Json captures = Json::array();
  for (const auto& capture : step.captures) {
    captures.push_back({{"name", capture.name}, {"type", capture.type}});
  }
  Json when = Json::array();
  for (const auto& condition : step.when) {
    when.push_back({{"reference", condition.reference}, {"equals", condition.equals}});
  }
  Json gate;
  if (step.kind == StepKind::gate) {
    gate = {{"kind", gate_kinds.name(step.gate.kind)},
            {"by", step.gate.by},
            {"text", step.gate.text},
            {"people", step.gate.people}};
  }
  Json json{{"id", step.id},
            {"kind", step_kinds.name(step.kind)},
            {"component", step.component},
            {"phase", step.phase},
            {"where", step.where},
            {"title", step.title},
            {"probe", command_to_json(step.probe)},
            {"apply", command_to_json(step.apply)},
            {"undo", command_to_json(step.undo)},
            {"captures", std::move(captures)},
            {"when", std::move(when)},
            {"unless", step.unless},
            {"needs", step.needs},
            {"bound_ms", step.bound.count()},
            {"stall_ms", step.stall.count()},
            {"hold_ms", step.hold.count()},
            {"guarding", guardings.name(step.guarding)},
            {"if_unreachable", unreachables.name(step.if_unreachable)},
            {"repeatable", step.repeatable},
            {"skippable", step.skippable},
            {"destructive", step.destructive},
            {"point_of_no_return", step.point_of_no_return},
            {"gate", std::move(gate)}};
  // Only where there is one: the plans of older journals keep their hash.
  if (!step.proves_again.empty()) json["proves_again"] = step.proves_again;
  return json;
}

Step step_from_json(const Json& value) {
  Step step;
  step.id = value.at("id").get<std::string>();
  step.kind = step_kinds.value(value.at("kind").get<std::string>());
  step.component = value.at("component").get<std::string>();
  step.phase = value.at("phase").get<std::string>();
  step.where = value.at("where").get<std::string>();
  step.title = value.at("title").get<std::string>();
  step.probe = command_from_json(value.at("probe"));
  step.apply = command_from_json(value.at("apply"));
  step.undo = command_from_json(value.at("undo"));
  for (const Json& capture : value.at("captures")) {
    step.captures.push_back(
        {capture.at("name").get<std::string>(), capture.at("type").get<std::string>()});
  }
  for (const Json& condition : value.at("when")) {
    step.when.push_back(
        {condition.at("reference").get<std::string>(), condition.at("equals").get<std::string>()});
  }
  step.unless = value.at("unless").get<std::vector<std::string>>();
  step.proves_again = json_text(value, "proves_again");
  step.needs = value.at("needs").get<std::vector<std::string>>();
  step.bound = Milliseconds(value.at("bound_ms").get<int64_t>());
  step.stall = Milliseconds(value.at("stall_ms").get<int64_t>());
  step.hold = Milliseconds(value.at("hold_ms").get<int64_t>());
  step.guarding = guardings.value(value.at("guarding").get<std::string>());
  step.if_unreachable = unreachables.value(value.at("if_unreachable").get<std::string>());
  step.repeatable = value.at("repeatable").get<bool>();
  step.skippable = value.at("skippable").get<bool>();
  step.destructive = value.at("destructive").get<bool>();
  step.point_of_no_return = value.at("point_of_no_return").get<bool>();
  const Json& gate = value.at("gate");
  if (!gate.is_null()) {
    step.gate = {gate_kinds.value(gate.at("kind").get<std::string>()),
                 gate.at("by").get<std::string>(), gate.at("text").get<std::string>(),
                 gate.at("people").get<int>()};
  }
  return step;
}

Json host_to_json(const Host& host) {
  return {{"key", host.key},         {"site", host.site}, {"role", host.role},
          {"address", host.address}, {"user", host.user}, {"port", host.port},
          {"become", host.become}};
}

Host host_from_json(const Json& value) {
  return {value.at("key").get<std::string>(),  value.at("site").get<std::string>(),
          value.at("role").get<std::string>(), value.at("address").get<std::string>(),
          value.at("user").get<std::string>(), value.at("port").get<int>(),
          value.at("become").get<bool>()};
}

Plan read_plan(const Json& value) {
  Plan plan;
  plan.application = value.at("application").get<std::string>();
  const auto operation = parse_operation(value.at("operation").get<std::string>());
  if (!operation) throw std::invalid_argument(operation.error().message);
  plan.operation = *operation;
  plan.from_site = value.at("from_site").get<std::string>();
  plan.to_site = value.at("to_site").get<std::string>();
  const auto claim = claim_from_json(value.at("claim_before"));
  if (!claim) throw std::invalid_argument(claim.error().message);
  plan.claim_before = *claim;
  plan.active_after = value.at("active_after").get<std::map<std::string, std::string>>();
  plan.status_after = value.at("status_after").get<std::map<std::string, std::string>>();
  for (const Json& host : value.at("hosts")) plan.hosts.push_back(host_from_json(host));
  for (const Json& step : value.at("steps")) plan.steps.push_back(step_from_json(step));
  plan.scripts = value.at("scripts").get<std::map<std::string, std::string>>();
  plan.script_parameters = value.at("script_parameters").get<std::map<std::string, std::string>>();
  for (const Json& assumption : value.at("assumptions")) {
    plan.assumptions.push_back(
        {assumption.at("name").get<std::string>(), assumption.at("value").get<std::string>(),
         assumption.at("text").get<std::string>(), assumption.at("met").get<bool>()});
  }
  plan.remarks = value.at("remarks").get<std::vector<std::string>>();
  plan.config_hash = value.at("config_hash").get<std::string>();
  return plan;
}

}  // namespace

Json claim_to_json(const Claim& claim) {
  return {{"epoch", claim.epoch},
          {"claim_id", claim.claim_id},
          {"store_id", claim.store_id},
          {"active", claim.active}};
}

Result<Claim> claim_from_json(const Json& value) {
  try {
    return Claim{value.at("epoch").get<int64_t>(), value.at("claim_id").get<std::string>(),
                 value.at("store_id").get<std::string>(),
                 value.at("active").get<std::map<std::string, std::string>>()};
  } catch (const std::exception& problem) {
    return fail(ErrorCode::corrupt, std::string("reading a claim: ") + problem.what());
  }
}

Json plan_to_json(const Plan& plan) {
  Json hosts = Json::array();
  for (const Host& host : plan.hosts) hosts.push_back(host_to_json(host));
  Json steps = Json::array();
  for (const Step& step : plan.steps) steps.push_back(step_to_json(step));
  Json assumptions = Json::array();
  for (const Assumption& assumption : plan.assumptions) {
    assumptions.push_back({{"name", assumption.name},
                           {"value", assumption.value},
                           {"text", assumption.text},
                           {"met", assumption.met}});
  }
  return {{"application", plan.application},
          {"operation", operation_text(plan.operation)},
          {"from_site", plan.from_site},
          {"to_site", plan.to_site},
          {"claim_before", claim_to_json(plan.claim_before)},
          {"active_after", plan.active_after},
          {"status_after", plan.status_after},
          {"hosts", std::move(hosts)},
          {"steps", std::move(steps)},
          {"scripts", plan.scripts},
          {"script_parameters", plan.script_parameters},
          {"assumptions", std::move(assumptions)},
          {"remarks", plan.remarks},
          {"config_hash", plan.config_hash}};
}

Result<Plan> plan_from_json(const Json& value) {
  try {
    return read_plan(value);
  } catch (const std::exception& problem) {
    return fail(ErrorCode::corrupt, std::string("reading a plan: ") + problem.what());
  }
}

std::string plan_hash(const Plan& plan) {
  Json value = plan_to_json(plan);
  value.erase("remarks");
  return sha256_hex(dump_json(value));
}

}  // namespace switchback
