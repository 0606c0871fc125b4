#include "plan/step.h"

#include <fmt/format.h>

namespace switchback {

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::not_done:
      return "not done";
    case Outcome::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view operation_text(Operation operation) {
  switch (operation) {
    case Operation::switchover:
      return "switchover";
    case Operation::failover:
      return "failover";
    case Operation::reprotect:
      return "reprotect";
    case Operation::failback:
      return "failback";
    case Operation::start:
      return "start";
    case Operation::resolve:
      return "resolve";
    case Operation::adopt:
      return "adopt";
    case Operation::release:
      return "release";
    case Operation::sync:
      return "sync";
  }
  return "unknown";
}

Result<Operation> parse_operation(std::string_view text) {
  for (Operation operation : {Operation::switchover, Operation::failover, Operation::reprotect,
                              Operation::failback, Operation::start, Operation::resolve,
                              Operation::adopt, Operation::release, Operation::sync}) {
    if (text == operation_text(operation)) return operation;
  }
  return fail(ErrorCode::invalid_input,
              fmt::format("'{}' is not an operation; there are switchover, failover, reprotect, "
                          "failback, start, resolve, adopt, release and sync",
                          clean(text, 40)));
}

Command script_command(std::string_view script, std::vector<Argument> arguments) {
  return {std::string(script), std::move(arguments), ""};
}

Command argv_command(const std::vector<std::string>& words) {
  Command command;
  for (const auto& word : words) command.arguments.push_back(Argument::literal(word));
  return command;
}

}  // namespace switchback
