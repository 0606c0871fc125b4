#include "engine/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/snapshot.h"

namespace switchback {
namespace {

// The last words of a command, in one line: what an operator reads first. That a shell's child was
// ended at the bound is said in other words already.
std::string last_words(const Answer& answer) {
  std::string_view text = trim(answer.err);
  if (text.empty()) text = trim(answer.out);
  if (text.size() > 600) text = text.substr(text.size() - 600);
  std::vector<std::string> lines = split(text, '\n');
  std::erase_if(lines, [](const std::string& line) {
    return trim(line).empty() || trim(line) == "Terminated";
  });
  return clean(join(lines, "; "), 600);
}

Outcome by_exit_code(int exit_code, bool probed) {
  if (exit_code == 0) return Outcome::done;
  // Without a probe the command's own word counts: it ended, and it did not succeed.
  if (exit_code == 1 || !probed) return Outcome::not_done;
  return Outcome::unknown;
}

std::string sentence(std::string_view what, const Answer& answer) {
  const std::string words = last_words(answer);
  return words.empty() ? std::string(what) : fmt::format("{}: {}", what, words);
}

// What was going on at the bound: a command that hangs is another matter than one that did not
// help.
std::string_view still(const Answer& answer) {
  return answer.applied && answer.exit_code < 0 ? ", its command was still running" : "";
}

void read_captures(const Step& step, const Answer& answer, Verdict& verdict) {
  const auto values = parse_facts(answer.out);
  for (const Capture& capture : step.captures) {
    const auto found = values.find(capture.name);
    if (found != values.end() && is_of_type(found->second, capture.type)) {
      verdict.captures[capture.name] = found->second;
      continue;
    }
    verdict.outcome = Outcome::unknown;
    verdict.message = fmt::format("the host did not say {} ({}): '{}'", capture.name, capture.type,
                                  found == values.end() ? "" : clean(found->second, 60));
  }
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

bool is_of_type(std::string_view value, std::string_view type) {
  constexpr std::string_view digits = "0123456789";
  constexpr std::string_view hexadecimal = "0123456789ABCDEFabcdef";
  if (value.size() > 1024) return false;
  if (type == "integer") return all_of(value, digits) && value.size() <= 20;
  if (type == "lsn") {
    const size_t slash = value.find('/');
    return slash != std::string_view::npos && all_of(value.substr(0, slash), hexadecimal) &&
           all_of(value.substr(slash + 1), hexadecimal) && value.size() <= 17;
  }
  if (type == "word") {
    return !value.empty() && value.find_first_of(" \t\n") == std::string_view::npos;
  }
  return true;
}

Verdict judge(const Step& step, const Answer& answer, bool undo) {
  const bool probed = !undo && !is_empty(step.probe);
  Verdict verdict;
  verdict.applied = answer.applied;
  switch (answer.status) {
    case AnswerStatus::ended:
      verdict.outcome = by_exit_code(answer.exit_code, probed);
      if (verdict.outcome != Outcome::done) {
        verdict.message = sentence(fmt::format("exit code {}", answer.exit_code), answer);
      }
      break;
    case AnswerStatus::timed_out:
    case AnswerStatus::stalled: {
      const bool bound = answer.status == AnswerStatus::timed_out;
      verdict.outcome = probed && answer.exit_code == 1 ? Outcome::not_done : Outcome::unknown;
      verdict.message = sentence(
          bound ? fmt::format("not done within {}{}", duration_text(step.bound), still(answer))
                : fmt::format("no progress for {}", duration_text(step.stall)),
          answer);
      break;
    }
    case AnswerStatus::interrupted:
      verdict.outcome = probed ? by_exit_code(answer.exit_code, true) : Outcome::unknown;
      verdict.again = verdict.outcome != Outcome::done && step.repeatable;
      if (verdict.again) verdict.outcome = Outcome::not_done;
      verdict.message = sentence("an earlier attempt was interrupted on the host", answer);
      break;
    case AnswerStatus::busy:
      verdict.message = sentence("another attempt still runs on the host", answer);
      break;
    case AnswerStatus::stale:
      verdict.outcome = Outcome::not_done;
      verdict.message = sentence("the host has seen a newer claim or run and refused", answer);
      break;
    case AnswerStatus::no_receipt:
    case AnswerStatus::unreachable:
    case AnswerStatus::refused:
      verdict.outcome = Outcome::not_done;
      verdict.applied = false;
      verdict.message = sentence(answer_status_text(answer.status), answer);
      break;
    case AnswerStatus::lost:
      verdict.message = sentence("the connection was lost", answer);
      break;
  }
  if (verdict.outcome == Outcome::done && !undo) read_captures(step, answer, verdict);
  return verdict;
}

}  // namespace switchback
