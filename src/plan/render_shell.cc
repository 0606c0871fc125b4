// The plan as a POSIX sh program. The fixed part is runbook_prologue.sh; this file writes what
// differs from plan to plan: hosts, script bodies, and one paragraph for each step.
#include <fmt/format.h>

#include <algorithm>

#include "plan/render.h"

namespace switchback {
namespace {

constexpr std::string_view prologue =
#include "shell/runbook_prologue.inc"
    ;

// Comments hold text from configurations: no line break may end them early.
std::string comment(std::string_view text) {
  std::string line = clean(text, 2000);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return "# " + line + "\n";
}

int64_t whole_seconds(Milliseconds duration) {
  return std::max<int64_t>(1, (duration.count() + 999) / 1000);
}

// A word that ends the here-document and stands in no line of the body.
std::string end_word(const std::string& body) {
  std::string word = "END_OF_SCRIPT";
  while (body.find(word) != std::string::npos) word += "_";
  return word;
}

// The length of the lines that both texts begin with.
size_t common_lines(const std::string& one, const std::string& other) {
  const auto [end, unused] = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
  const size_t newline = one.rfind('\n', static_cast<size_t>(end - one.begin()));
  return end == one.begin() || newline == std::string::npos ? 0 : newline + 1;
}

std::string here_document(const std::string& text) {
  const std::string word = end_word(text);
  return fmt::format("      cat <<'{}'\n{}{}{}\n", word, text, text.ends_with('\n') ? "" : "\n",
                     word);
}

// Most scripts begin with what the scripts of their component type share. A reader sees such a text
// once, under the name "shared.N"; `body` puts it in front again.
std::string scripts_text(const Plan& plan) {
  constexpr size_t worth_sharing = 1'000;
  std::map<std::string, std::string> by_text;  // sorted: bodies that begin alike are neighbours
  for (const auto& [name, body] : plan.scripts) by_text[body + "\n" + name] = name;
  std::vector<std::string> names;
  for (const auto& [text, name] : by_text) names.push_back(name);
  std::string shared;
  std::string cases;
  int count = 0;
  std::string prefix;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& body = plan.scripts.at(names[i]);
    if (prefix.empty() || !body.starts_with(prefix)) {
      const std::string& next = plan.scripts.at(names[std::min(i + 1, names.size() - 1)]);
      const size_t length = i + 1 < names.size() ? common_lines(body, next) : 0;
      prefix = length < worth_sharing ? "" : body.substr(0, length);
      if (!prefix.empty()) {
        shared += fmt::format("    shared.{})\n{}      ;;\n", ++count, here_document(prefix));
      }
    }
    const auto parameters = plan.script_parameters.find(names[i]);
    cases += fmt::format("    {})", quote_shell(names[i]));
    if (parameters != plan.script_parameters.end()) cases += " # " + parameters->second;
    cases += "\n";
    if (!prefix.empty()) cases += fmt::format("      body shared.{}\n", count);
    cases += here_document(body.substr(prefix.size())) + "      ;;\n";
  }
  return "# The scripts of the steps, byte for byte as Switchback runs them.\n"
         "body() {\n  case $1 in\n" +
         shared + cases + "    *) echo \"there is no script $1\" >&2 && return 1 ;;\n  esac\n}\n\n";
}

std::string hosts_text(const Plan& plan) {
  std::string text =
      "# at WHERE: runs the program on standard input there, as root.\nat() {\n  case $1 in\n"
      "    controller) sh ;;\n";
  std::vector<std::string> keys;
  for (const Host& host : plan.hosts) {
    keys.push_back(host.key);
    text += fmt::format("    {}) reach {} {} {} {} ;;\n", quote_shell(host.key),
                        quote_shell(host.address), host.port, quote_shell(host.user),
                        host.become ? "sudo" : "no");
  }
  return text + "    *) echo \"unknown host $1\" >&2 && return 2 ;;\n  esac\n}\nhosts=" +
         quote_shell(join(keys, " ")) + "\n\n";
}

// "$(got database.stop:lsn)" or a quoted word.
std::string argument_text(const Argument& argument) {
  if (argument.kind == Argument::Kind::literal) return quote_shell(argument.text);
  return fmt::format("\"$(got {})\"", quote_shell(argument.text));
}

std::string guarding_word(const Step& step) {
  switch (step.guarding) {
    case Guarding::effect:
      return "effect";
    case Guarding::stop:
      return "stop";
    case Guarding::read:
      return "read";
    case Guarding::publish:
      return "publish";
  }
  return "effect";
}

std::string function_text(const Step& step, const char* name, const Command& command,
                          const std::string& guarding) {
  if (is_empty(command)) return "";
  std::string line =
      fmt::format("{}() {{ run {} {} {} {} {}", name, quote_shell(step.where), guarding,
                  whole_seconds(step.bound), quote_shell(command.secret_stdin),
                  command.script.empty() ? "-" : quote_shell(command.script));
  for (const Argument& argument : command.arguments) {
    line += " " + argument_text(argument);
  }
  return line + "; }\n";
}

std::string needed_values(const Step& step) {
  std::string text;
  for (const Command* command : {&step.probe, &step.apply}) {
    for (const Argument& argument : command->arguments) {
      if (argument.kind == Argument::Kind::literal || argument.text.starts_with("run:")) continue;
      const std::string line = fmt::format("needs_value {}\n", quote_shell(argument.text));
      if (text.find(line) == std::string::npos) text += line;
    }
  }
  return text;
}

std::string tolerance(const Step& step) {
  switch (step.if_unreachable) {
    case IfUnreachable::fail:
      return "fail";
    case IfUnreachable::skip:
      return "skip";
    case IfUnreachable::evidence:
      return "evidence";
  }
  return "fail";
}

std::string gate_text(const Step& step) {
  const char* word = step.gate.kind == Gate::Kind::attestation  ? "I attest"
                     : step.gate.kind == Gate::Kind::acceptance ? "overwrite"
                                                                : "yes";
  const std::string who = step.gate.by.empty() ? "" : " (answered by: " + step.gate.by + ")";
  return fmt::format("ask {} {} {}\n", step.gate.people, quote_shell(word),
                     quote_shell(clean(step.gate.text + who)));
}

std::string step_text(const Step& step, size_t number) {
  std::string text = "\n" + comment(fmt::format("---- {}: {}", number, step.id));
  if (step.kind == StepKind::milestone) return text;  // a script does one step after another anyway
  for (const std::string& note : step_notes(step)) text += comment(note);
  if (step.point_of_no_return) text += comment("From here on there is only forward.");
  if (!is_empty(step.undo)) text += comment("undo: " + command_text(step.undo));
  text += fmt::format("new {} {} {}\n", quote_shell(step.id), quote_shell(step.where),
                      quote_shell(clean(step.title)));
  for (const Condition& condition : step.when) {
    std::string word = quote_shell(condition.equals);
    if (!word.starts_with('\'')) word = "'" + word + "'";  // `done` is a word of the shell
    text += fmt::format("only_if {} {}\n", quote_shell(condition.reference), word);
  }
  if (!step.unless.empty()) {
    text += "unless";
    for (const std::string& id : step.unless) text += " " + quote_shell(id);
    text += "\n";
  }
  if (step.kind == StepKind::gate) return text + gate_text(step);
  if (step.kind == StepKind::claim) return text + "take_claim\n";
  text += needed_values(step);
  if (!step.captures.empty()) {
    std::vector<std::string> captures;
    for (const Capture& capture : step.captures) {
      captures.push_back(capture.name + ":" + capture.type);
    }
    text += "captures=" + quote_shell(join(captures, " ")) + "\n";
  }
  text += function_text(step, "sb_probe", step.probe, "read");
  const bool waits = step.kind == StepKind::wait || is_empty(step.apply);
  if (!waits) text += function_text(step, "sb_apply", step.apply, guarding_word(step));
  return text + fmt::format("{} {} {} {} {}\n", waits ? "wait_for" : "do_step",
                            whole_seconds(step.bound), (step.hold.count() + 999) / 1000,
                            tolerance(step), step.skippable ? "yes" : "no");
}

std::string introduction(const Plan& plan) {
  std::string text = "begin\n";
  for (const Assumption& assumption : plan.assumptions) {
    if (!assumption.met) {
      text += fmt::format("say {}\n", quote_shell("NOT MET: " + clean(assumption.text)));
    }
  }
  return text;
}

// What differs from runbook to runbook, as variables of the fixed part.
std::string variables(const Plan& plan, const std::string& name, const std::string& hash) {
  const bool any = !name.empty();
  const Claim& claim = plan.claim_before;
  return fmt::format(
      "app={} name={} short_hash={} headline={}\nfrom_site={} to_site={} takes_claim={}\n"
      "epoch={} claim_id={} store_id={}\n\n",
      quote_shell(plan.application),
      any ? quote_shell(name) : std::string(operation_text(plan.operation)), hash.substr(0, 12),
      quote_shell(plan_headline(plan)), quote_shell(plan.from_site), quote_shell(plan.to_site),
      plan.operation == Operation::reprotect ? "no" : "yes", any ? 0 : claim.epoch,
      any ? "any" : quote_shell(claim.claim_id.empty() ? "none" : claim.claim_id),
      any || claim.store_id.empty() ? "runbook" : quote_shell(claim.store_id));
}

}  // namespace

std::string render_shell(const Plan& plan, const std::string& name) {
  const std::string hash = plan_hash(plan);
  std::string text = "#!/bin/sh\n" + comment(plan_headline(plan));
  text += comment("A runbook that works without Switchback: it needs ssh to these hosts.");
  text += comment("plan " + hash);
  for (const std::string& remark : plan.remarks) text += comment(remark);
  text += "# Afterwards tell Switchback: switchback resolve " + plan.application + "\n";
  text += "# shellcheck disable=SC2317,SC2329,SC2086,SC2034\n";
  text += variables(plan, name, hash) + std::string(prologue) + "\n" + scripts_text(plan) +
          hosts_text(plan) + introduction(plan);
  for (size_t i = 0; i < plan.steps.size(); ++i) text += step_text(plan.steps[i], i + 1);
  return text + "\nfinish\n";
}

}  // namespace switchback
