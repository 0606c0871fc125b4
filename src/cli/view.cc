#include "cli/view.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchback {
namespace {

struct Sign {
  const char* sign;
  const char* color;
};

Sign mark_of(const StepState& step) {
  switch (step.status) {
    case StepStatus::pending:
      return {step.gate_open ? "?" : "·", step.gate_open ? "33" : "2"};
    case StepStatus::started:
      return {"▶", "36"};
    case StepStatus::done:
      return {"✔", "32"};
    case StepStatus::failed:
      return {"✘", "31"};
    case StepStatus::unknown:
      return {"?", "35"};
    case StepStatus::passed:
      return {"–", "2"};
    case StepStatus::unproven:
      return {"○", "33"};
    case StepStatus::skipped:
      return {"»", "33"};
    case StepStatus::undone:
      return {"↩", "34"};
  }
  return {" ", "0"};
}

std::string paint(const std::string& text, const char* color_code, bool color) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", color_code, text) : text;
}

// Cuts to `columns` characters, counting UTF-8 sequences as one.
std::string fit(const std::string& text, int columns) {
  int width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts && ++width > columns - 1) return text.substr(0, i) + "…";
  }
  return text;
}

// What a line is worth when there is no room for all of them.
enum class Worth { present, phase, ahead, over };

struct Line {
  std::string text;
  Worth worth = Worth::present;
};

Worth worth_of(const StepState& step) {
  if (step.gate_open && step.status == StepStatus::pending) return Worth::present;
  switch (step.status) {
    case StepStatus::started:
    case StepStatus::failed:
    case StepStatus::unknown:
      return Worth::present;
    case StepStatus::pending:
      return Worth::ahead;
    default:
      return Worth::over;
  }
}

// Leaves lines out until `rows` are left: what is over first, from the top, then what is farthest
// ahead, then phases from the end; what happens now stays.
void drop_lines(std::vector<Line>& lines, size_t rows) {
  for (const Worth worth : {Worth::over, Worth::ahead, Worth::phase}) {
    const auto matches = [&](const Line& line) { return line.worth == worth; };
    while (lines.size() > rows) {
      const auto last = std::find_if(lines.rbegin(), lines.rend(), matches);
      if (last == lines.rend()) break;
      const auto first = std::find_if(lines.begin(), lines.end(), matches);
      lines.erase(worth == Worth::over ? first : std::prev(last.base()));
    }
  }
  if (lines.size() > rows) lines.resize(rows);
}

struct Phase {
  std::string name;
  std::vector<size_t> steps;
};

std::vector<Phase> phases_of(const RunState& state) {
  std::vector<Phase> phases;
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const std::string& name = state.plan->steps[i].phase;
    auto found = std::find_if(phases.begin(), phases.end(),
                              [&](const Phase& phase) { return phase.name == name; });
    if (found == phases.end()) found = phases.insert(phases.end(), Phase{name, {}});
    found->steps.push_back(i);
  }
  // A promoted database is verified while others have not started yet, so that the plan's first
  // "verify" may stand ahead of its first "start". People look for them the other way round.
  const auto named = [&](std::string_view name) {
    return std::find_if(phases.begin(), phases.end(),
                        [&](const Phase& phase) { return phase.name == name; });
  };
  const auto verify = named("verify");
  const auto start = named("start");
  if (verify < start && start != phases.end()) std::rotate(verify, start, start + 1);
  return phases;
}

std::string elapsed_text(const RunState& state, int64_t from_ms, int64_t until_ms) {
  if (state.clock_set_back) return "time unknown";
  return duration_text(Milliseconds(std::max<int64_t>(until_ms - from_ms, 0)));
}

std::string step_line(const RunState& state, size_t i, int64_t now_ms, int columns, bool color) {
  const Step& spec = state.plan->steps[i];
  const StepState& step = state.steps[i];
  // Columns are a luxury of wide terminals.
  std::string line = columns < 80 ? fmt::format("{} @{}", spec.id, spec.where)
                                  : fmt::format("{:<30} {:<11}", spec.id, spec.where);
  if (step.status == StepStatus::started) {
    line += fmt::format(" {}{}", step.undoing ? "undo, " : "",
                        elapsed_text(state, step.started_at_ms, now_ms));
    if (!step.progress.empty()) line += "  " + step.progress;
  } else if (step.gate_open && step.status == StepStatus::pending) {
    line += fmt::format(" waits for {}: {}", spec.gate.by, spec.gate.text);
  } else if (step.status == StepStatus::done && step.message.empty()) {
    line += " " + duration_text(Milliseconds(step.elapsed_ms));
  } else if (step.status != StepStatus::pending) {
    std::string message = step.message;
    std::replace(message.begin(), message.end(), '\n', ' ');
    line += fmt::format(" {}: {}", step_status_text(step.status), message);
  }
  const Sign mark = mark_of(step);
  return "    " + paint(fit(fmt::format("{} {}", mark.sign, line), columns - 5), mark.color, color);
}

std::string phase_line(const RunState& state, const Phase& phase, bool finished, bool color) {
  int64_t first = 0;
  int64_t last = 0;
  for (size_t i : phase.steps) {
    const StepState& step = state.steps[i];
    if (step.started_at_ms != 0 && (first == 0 || step.started_at_ms < first)) {
      first = step.started_at_ms;
    }
    last = std::max(last, step.ended_at_ms);
  }
  if (!finished) return "  " + phase.name;
  return fmt::format("  {} {:<12} {} step{}, {}", paint("✔", "32", color), phase.name,
                     phase.steps.size(), phase.steps.size() == 1 ? "" : "s",
                     elapsed_text(state, first, first == 0 ? 0 : last));
}

std::string heading(const RunState& state, int64_t now_ms, int columns) {
  const int64_t end = state.ended ? state.ended_at_ms : now_ms;
  // A narrow terminal has room for the times only without the application's name.
  std::string line = fmt::format(
      "run {}: {}{} from {} to {}   {}", state.run, operation_text(state.plan->operation),
      columns < 80 ? "" : " of " + state.plan->application, state.plan->from_site,
      state.plan->to_site, elapsed_text(state, state.created_at_ms, end));
  if (state.predicted_ms > 0) {
    line += fmt::format(", predicted {}", duration_text(Milliseconds(state.predicted_ms)));
  }
  return line;
}

}  // namespace

std::vector<std::string> open_gates(const RunState& state) {
  std::vector<std::string> gates;
  for (size_t i = 0; i < state.steps.size(); ++i) {
    if (state.steps[i].gate_open && state.steps[i].status == StepStatus::pending) {
      gates.push_back(state.plan->steps[i].id);
    }
  }
  return gates;
}

std::vector<std::string> run_tree(const RunState& state, int64_t now_ms, int rows, int columns,
                                  bool color) {
  std::vector<Line> lines{{fit(heading(state, now_ms, columns), columns - 1), Worth::present}};
  bool shown_open = false;
  for (const Phase& phase : phases_of(state)) {
    const bool finished = std::all_of(phase.steps.begin(), phase.steps.end(), [&](size_t i) {
      return is_satisfied(state.steps[i].status);
    });
    const bool untouched = std::all_of(phase.steps.begin(), phase.steps.end(), [&](size_t i) {
      return state.steps[i].status == StepStatus::pending && !state.steps[i].gate_open;
    });
    const int invisible = color && finished ? 9 : 0;
    lines.push_back({fit(phase_line(state, phase, finished, color), columns - 1 + invisible),
                     finished ? Worth::over : Worth::phase});
    if (finished || (untouched && shown_open)) continue;
    shown_open = true;
    for (size_t i : phase.steps) {
      lines.push_back({step_line(state, i, now_ms, columns, color), worth_of(state.steps[i])});
    }
  }
  const size_t all = lines.size();
  const auto room = static_cast<size_t>(std::max(rows, 2));
  if (all > room) {
    drop_lines(lines, room - 1);
    lines.push_back({fit(fmt::format("  … {} more lines", all - lines.size()), columns - 1)});
  }
  std::vector<std::string> texts;
  for (Line& line : lines) texts.push_back(std::move(line.text));
  return texts;
}

std::string event_line(const RunState& state, const Event& event) {
  const Json& body = event.body;
  const std::string step = json_text(body, "step");
  const Step* spec = state.plan ? state.plan->find(step) : nullptr;
  const std::string at = spec == nullptr ? "" : " @" + spec->where;
  switch (event.kind) {
    case EventKind::run_created:
      return fmt::format("run {} created by {}: {} of {}, plan {}", event.run,
                         json_text(body, "who"), json_text(body["plan"], "operation"),
                         json_text(body["plan"], "application"),
                         json_text(body, "plan_hash").substr(0, 12));
    case EventKind::run_resumed:
      return "resumed by " + json_text(body, "who");
    case EventKind::step_started:
      return fmt::format("{}{}{} …", step, at, body.value("undo", false) ? " undo" : "");
    case EventKind::step_ended:
      return fmt::format("{}{} {} in {}{}{}", step, at, json_text(body, "outcome"),
                         duration_text(Milliseconds(body.value("elapsed_ms", int64_t{0}))),
                         json_text(body, "message").empty() ? "" : ": ",
                         json_text(body, "message"));
    case EventKind::step_passed:
      return fmt::format("{}{} not needed: {}", step, at, json_text(body, "reason"));
    case EventKind::step_progress:
      return fmt::format("{}{} {}", step, at, json_text(body, "text"));
    case EventKind::step_reopened:
      return fmt::format("{}{} open again: {}", step, at, json_text(body, "reason"));
    case EventKind::gate_opened:
      return spec == nullptr
                 ? ""
                 : fmt::format("{} waits for {}: {}", step, spec->gate.by, spec->gate.text);
    case EventKind::gate_answered:
      return fmt::format("{} answered {} by {}", step, json_text(body, "answer"),
                         json_text(body, "who"));
    case EventKind::claim_taken:
      return fmt::format("claim taken: epoch {}", body["claim"].value("epoch", int64_t{0}));
    case EventKind::retry_asked:
      return fmt::format("{} retried by {}", step, json_text(body, "who"));
    case EventKind::skip_asked:
      return fmt::format("{} skipped by {}: {}", step, json_text(body, "who"),
                         json_text(body, "reason"));
    case EventKind::abort_asked:
      return fmt::format("abort asked by {}: {}", json_text(body, "who"),
                         json_text(body, "reason"));
    case EventKind::noted:
      return fmt::format("note by {}: {}", json_text(body, "who"), json_text(body, "text"));
    case EventKind::announced:
      return "announced: " + json_text(body, "text");
    case EventKind::run_ended:
      return fmt::format("run {} ended: {} ({})", event.run, json_text(body, "result"),
                         json_text(body, "message"));
    case EventKind::assumption_false:
      return "refused: " + json_text(body, "message");
    case EventKind::observed:
      return "";
  }
  return "";
}

}  // namespace switchback
