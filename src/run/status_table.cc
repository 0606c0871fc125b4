#include "run/status_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace switchback {
namespace {

using enum StatusWord;

constexpr std::array<std::string_view, 6> words = {
    "production",
    "standby",
    "production_alone",
    "down",
    "production_as_standby",
    "standby_as_production",
};

constexpr StatusPair normal{production, standby};
constexpr StatusPair secondary_lost{production_alone, down};
constexpr StatusPair primary_lost{down, production_alone};
constexpr StatusPair reversed{production_as_standby, standby_as_production};
constexpr StatusPair parked{standby, standby};
constexpr StatusPair both_lost{down, down};

constexpr std::array<NamedPair, 6> pairs{{
    {"normal", normal},
    {"secondary lost", secondary_lost},
    {"primary lost", primary_lost},
    {"reversed", reversed},
    {"parked", parked},
    {"both lost", both_lost},
}};

// A parked pair is the inside of a planned move: the same operation leads on from it. A cold start
// leads out of every pair: after a loss of power the words are those of before.
constexpr std::array<StatusRow, 25> rows{{
    {normal, "switchover", reversed, HomeRole::secondary},
    {normal, "failover", primary_lost, HomeRole::secondary},
    {normal, "reprotect", normal, HomeRole::primary},
    {reversed, "failback", normal, HomeRole::primary},
    {reversed, "switchover", normal, HomeRole::primary},
    {reversed, "failover", secondary_lost, HomeRole::primary},
    {reversed, "reprotect", reversed, HomeRole::secondary},
    {secondary_lost, "reprotect", normal, HomeRole::primary},
    {primary_lost, "reprotect", reversed, HomeRole::secondary},
    {parked, "switchover", reversed, HomeRole::secondary},
    {parked, "failback", normal, HomeRole::primary},
    {parked, "failover", primary_lost, HomeRole::secondary},
    {parked, "failover", secondary_lost, HomeRole::primary},
    {normal, "start", secondary_lost, HomeRole::primary},
    {normal, "start", primary_lost, HomeRole::secondary},
    {reversed, "start", secondary_lost, HomeRole::primary},
    {reversed, "start", primary_lost, HomeRole::secondary},
    {secondary_lost, "start", secondary_lost, HomeRole::primary},
    {secondary_lost, "start", primary_lost, HomeRole::secondary},
    {primary_lost, "start", secondary_lost, HomeRole::primary},
    {primary_lost, "start", primary_lost, HomeRole::secondary},
    {parked, "start", secondary_lost, HomeRole::primary},
    {parked, "start", primary_lost, HomeRole::secondary},
    {both_lost, "start", secondary_lost, HomeRole::primary},
    {both_lost, "start", primary_lost, HomeRole::secondary},
}};

std::string pair_cell(StatusPair pair) {
  return fmt::format("`{}` \\| `{}`", status_text(pair.primary), status_text(pair.secondary));
}

}  // namespace

std::string_view status_text(StatusWord word) {
  return words[static_cast<size_t>(word)];
}

std::optional<StatusWord> parse_status(std::string_view text) {
  for (StatusWord word : status_words) {
    if (status_text(word) == text) return word;
  }
  return std::nullopt;
}

bool is_active(StatusWord word) {
  return word == production || word == production_alone || word == standby_as_production;
}

std::span<const NamedPair> named_pairs() {
  return pairs;
}

std::string_view pair_name(StatusPair pair) {
  if (is_active(pair.primary) && is_active(pair.secondary)) return "split brain";
  for (const NamedPair& named : pairs) {
    if (named.pair == pair) return named.name;
  }
  return "contradiction";
}

std::span<const StatusRow> status_rows() {
  return rows;
}

std::vector<std::string_view> exits(StatusPair pair) {
  std::vector<std::string_view> found;
  for (const StatusRow& row : rows) {
    const bool known = std::find(found.begin(), found.end(), row.operation) != found.end();
    if (row.before == pair && !known) found.push_back(row.operation);
  }
  if (found.empty()) found.push_back("resolve");
  return found;
}

const StatusRow* find_row(StatusPair before, std::string_view operation) {
  for (const StatusRow& row : rows) {
    if (row.before == before && row.operation == operation) return &row;
  }
  return nullptr;
}

std::optional<StatusPair> pair_after(std::string_view operation, HomeRole active_after) {
  for (const StatusRow& row : rows) {
    if (row.operation == operation && row.active_after == active_after) return row.after;
  }
  return std::nullopt;
}

std::string status_table_markdown() {
  std::string text =
      "| pair of sites | home primary | home secondary | leads out of it |\n|---|---|---|---|\n";
  for (const NamedPair& named : pairs) {
    const auto ways = exits(named.pair);
    text += fmt::format("| {} | `{}` | `{}` | {} |\n", named.name, status_text(named.pair.primary),
                        status_text(named.pair.secondary), fmt::join(ways, ", "));
  }
  text += "| split brain | any two active | | resolve |\n";
  text += "| contradiction | any other pair | | resolve |\n\n";
  text += "| before | operation | after | active |\n|---|---|---|---|\n";
  for (const StatusRow& row : rows) {
    text += fmt::format("| {} ({}) | {} | {} ({}) | home {} |\n", pair_name(row.before),
                        pair_cell(row.before), row.operation, pair_name(row.after),
                        pair_cell(row.after),
                        row.active_after == HomeRole::primary ? "primary" : "secondary");
  }
  return text;
}

}  // namespace switchback
