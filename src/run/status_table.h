// The six status words, and the operations as transitions between pairs of them.
//
// Every host of a site publishes the site's word, and nothing else, in a status file. The pair
// (home primary, home secondary) says what the application is doing. The table of plain rows below
// is the only place that says which operation leads from which pair to which; plans, docs and tests
// read it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace switchback {

enum class StatusWord {
  production,             // the home primary is active, the other site stands by
  standby,                // stands by
  production_alone,       // active, and nothing stands by
  down,                   // lost, or not built yet
  production_as_standby,  // the home primary stands by: the roles are reversed
  standby_as_production,  // the home secondary is active: the roles are reversed
};

inline constexpr StatusWord status_words[] = {
    StatusWord::production,
    StatusWord::standby,
    StatusWord::production_alone,
    StatusWord::down,
    StatusWord::production_as_standby,
    StatusWord::standby_as_production,
};

std::string_view status_text(StatusWord word);
std::optional<StatusWord> parse_status(std::string_view text);

// True for the words that say "this site is active".
bool is_active(StatusWord word);

struct StatusPair {
  StatusWord primary = StatusWord::production;  // what the home primary's hosts say
  StatusWord secondary = StatusWord::standby;   // what the home secondary's hosts say
  bool operator==(const StatusPair&) const = default;
};

// A pair that has a name: "normal", "reversed" …
struct NamedPair {
  std::string_view name;
  StatusPair pair;
};
std::span<const NamedPair> named_pairs();

// The pair's name; "split brain" when both words are active, else "contradiction" for a pair that
// no operation leaves behind.
std::string_view pair_name(StatusPair pair);

enum class HomeRole { primary, secondary };

// One transition. `operation` is a word of the command line.
struct StatusRow {
  StatusPair before;
  std::string_view operation;
  StatusPair after;
  HomeRole active_after = HomeRole::primary;
};
std::span<const StatusRow> status_rows();

// The operations that lead out of a pair. A split brain and every contradiction have
// exactly one: `resolve`, where a person decides.
std::vector<std::string_view> exits(StatusPair pair);

// The row of that operation from that pair, or null.
const StatusRow* find_row(StatusPair before, std::string_view operation);

// The pair that the operation leaves behind when it makes (reprotect: leaves) that site active; all
// its rows agree.
std::optional<StatusPair> pair_after(std::string_view operation, HomeRole active_after);

// Both tables as Markdown, for the docs.
std::string status_table_markdown();

}  // namespace switchback
