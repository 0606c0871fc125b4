#include "cli/loss.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/people.h"
#include "cli/situation.h"
#include "engine/ask.h"
#include "run/report.h"
#include "world/real_clock.h"
#include "world/real_shell.h"

namespace switchback {
namespace {

constexpr Milliseconds page_bound{30'000};
constexpr size_t page_lines = 4000;                  // of salvage_list.sh
constexpr std::string_view index_mark = " (index)";  // of pg_names.sh

// A salvage that reported where it lies.
struct Salvage {
  std::string component;
  std::string host;
  std::string path;
  std::string sha256;
  // By the number that the records have, as far as known.
  std::map<std::string, std::string> tables;
};

// The active side names the relations in the order in which the salvage listed them.
std::map<std::string, std::string> tables_of(const RunState& state, const std::string& component,
                                             const std::string& relations) {
  const auto numbers = split(relations, ',');
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const auto found = state.steps[i].captures.find("names");
    if (state.plan->steps[i].component != component || found == state.steps[i].captures.end()) {
      continue;
    }
    const auto names = split(found->second, ',');
    if (names.size() != numbers.size()) return {};  // a name with a comma: the numbers are plainer
    std::map<std::string, std::string> tables;
    for (size_t n = 0; n < names.size(); ++n) tables[numbers[n]] = trim(names[n]);
    return tables;
  }
  return {};
}

std::vector<Salvage> salvages_of(const RunState& state) {
  std::vector<Salvage> found;
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const Step& spec = state.plan->steps[i];
    const auto& captures = state.steps[i].captures;
    const bool done = state.steps[i].status == StepStatus::done;
    if (!done || !captures.contains("path") || !captures.contains("sha256")) continue;
    const auto relations = captures.find("relations");
    found.push_back({spec.component, spec.where, captures.at("path"), captures.at("sha256"),
                     relations == captures.end()
                         ? std::map<std::string, std::string>()
                         : tables_of(state, spec.component, relations->second)});
  }
  return found;
}

Json item_of(const std::string& line, const std::map<std::string, std::string>& tables) {
  auto fields = split(line, '\t');
  fields.resize(6);
  if (fields[0] == "file") return {{"file", fields[1]}, {"sha256", fields[2]}};
  std::vector<std::string> touched;
  for (const std::string& number : split(fields[5], ',')) {
    const auto known = tables.find(number);
    std::string name = known == tables.end() ? number : known->second;
    if (name.ends_with(index_mark)) name.resize(name.size() - index_mark.size());
    if (std::ranges::find(touched, name) == touched.end()) touched.push_back(std::move(name));
  }
  return {{"transaction", fields[1]}, {"position", fields[2]},  {"committed", fields[3]},
          {"records", fields[4]},     {"relations", fields[5]}, {"tables", join(touched, ", ")}};
}

// Reads one salvage to its end, page by page.
Result<Json> items_of(Shell& shell, Clock& clock, const std::string& application,
                      const Salvage& salvage) {
  Json items = Json::array();
  const std::string body = script_bodies().at("salvage_list");
  size_t lines = page_lines;
  while (lines == page_lines) {
    const std::string from = std::to_string(items.size() + 1);
    const auto request = question(salvage.host, application, "salvage_list", body,
                                  {salvage.path, salvage.sha256, from}, page_bound);
    const Answer answer = ask(shell, clock, {request}, page_bound + page_bound).front();
    if (answer.status != AnswerStatus::ended || answer.exit_code != 0) {
      return fail(ErrorCode::unavailable,
                  fmt::format("reading the salvage {} at {}: {}; next: look at that host and call "
                              "this again",
                              salvage.path, salvage.host, clean(trim(answer.err), 300)));
    }
    lines = 0;
    for (const std::string& line : split(trim(answer.out), '\n')) {
      if (line.empty()) continue;
      ++lines;
      items.push_back(item_of(line, salvage.tables));
    }
  }
  return items;
}

void print_part(const Json& part) {
  fmt::print("{}: {} {}, saved at {} in {}\n", json_text(part, "component"), part["items"].size(),
             part["items"].empty()               ? "items"
             : part["items"][0].contains("file") ? "files"
                                                 : "transactions",
             json_text(part, "where"), json_text(part, "path"));
  for (const Json& item : part["items"]) {
    if (item.contains("file")) {
      fmt::print("  {}\n", json_text(item, "file"));
    } else {
      fmt::print("  transaction {} at {}, committed {}, {} records, in {}\n",
                 json_text(item, "transaction"), json_text(item, "position"),
                 json_text(item, "committed"), json_text(item, "records"),
                 json_text(item, "tables"));
    }
  }
}

}  // namespace

int show_loss(const Options& options, int64_t run) {
  auto store = open_store(options, false);
  if (!store) return report_error(options, store.error());
  auto state = load_run(**store, run);
  if (!state) return report_error(options, state.error());
  auto later = load_later_runs(**store, *state);
  if (!later) return report_error(options, later.error());
  const RunState* by = salvaging_run(*state, *later);
  if (by == nullptr) {
    return report_error(
        options, {ErrorCode::refused,
                  fmt::format("run {}: nothing was salvaged after it, so only an upper bound is "
                              "known (switchback run show {}); next, when the other site answers: "
                              "switchback reprotect {}",
                              run, run, state->plan->application)});
  }
  RealClock clock;
  RealShell shell(shell_options(options));
  shell.connect(by->plan->hosts);
  Json parts = Json::array();
  for (const Salvage& salvage : salvages_of(*by)) {
    const auto items = items_of(shell, clock, by->plan->application, salvage);
    if (!items) return report_error(options, items.error());
    parts.push_back({{"component", salvage.component},
                     {"where", salvage.host},
                     {"path", salvage.path},
                     {"sha256", salvage.sha256},
                     {"items", *items}});
  }
  if (options.json) {
    print_json({{"run", run}, {"salvaged_by", by->run}, {"components", parts}});
    return exit_done;
  }
  fmt::print("run {} ({}) saved what only {} had:\n", by->run, operation_text(by->plan->operation),
             by->plan->to_site);
  for (const Json& part : parts) print_part(part);
  return exit_done;
}

}  // namespace switchback
