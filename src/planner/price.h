// The price before the button: what a failover now would lose, how long it would take, what waiting
// costs, and what the way back would cost; with the active site dead too, and then from what was
// seen before. Pure. Every figure carries the age of what it rests on; what is not known is said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "planner/planner.h"
#include "planner/predict.h"

namespace switchback {

// What is known of the active site's life, from every place that looks at it.
enum class ActiveState {
  answers,  // every host of it answers the controller
  partly,   // some of its hosts answer
  cut_off,  // none answers the controller, but the other site still reaches it: it is alive
  silent,   // it answered once, and answers nobody now
  unknown,  // nobody ever heard of it
};
std::string_view active_state_text(ActiveState state);

// One look at the active site from one place.
struct Vantage {
  std::string from;
  std::string to;
  bool answers = false;
  Milliseconds age{0};  // of this look
  std::string why;      // it does not answer: what was heard instead
};

// What an emergency now would lose of one component, as an upper bound where one is known.
struct Loss {
  std::string component;
  std::optional<int64_t> bytes;
  std::optional<int64_t> files;      // that only the active side has, when both counted them
  std::optional<Milliseconds> age;   // at most the last … of the active side's life
  std::optional<Milliseconds> seen;  // how old the look behind it is
  bool grows = false;                // with every second that passes
  std::string text;
};

// One component is newer at the standby than another: what lies between does not fit together.
struct Gap {
  std::string newer;
  std::string older;
  Milliseconds length{0};
};

// How long the active side has not answered; `at_most` counts from its last answer.
struct Outage {
  int64_t last_answer_ms = 0;  // 0: it never answered
  int64_t since_ms = 0;        // the first look that failed
  Milliseconds at_least{0};
  std::optional<Milliseconds> at_most;
};

// What it would take to make the lost side a standby again.
struct WayBack {
  std::string component;
  std::string method;            // "rewind" or "rebuild"; "copy" for files: only what differs
  std::optional<int64_t> bytes;  // a rebuild copies them all
  Span time;
  int past_runs = 0;  // 0: `time` is a guess
  std::string text;
};

struct Price {
  ActiveState state = ActiveState::unknown;
  std::string active;
  std::string standby;
  std::vector<Vantage> vantages;
  std::vector<Loss> losses;
  std::optional<Gap> gap;
  std::optional<Outage> outage;      // only while something at the active side does not answer
  std::optional<Span> recovery;      // of a failover, without the people's time
  int guesses = 0;                   // steps of it that never ran
  int gates = 0;                     // people are asked so often, at most
  std::vector<std::string> waiting;  // what waiting costs, in sentences
  std::vector<WayBack> way_back;
};

// `failover` is the prediction of a failover to `active`'s other site, when one can be planned;
// `findings` are what the component types say, for the way back.
Price price_of(const Catalogue& catalogue, const Application& application, const Snapshot& snapshot,
               const std::string& active, const std::optional<Prediction>& failover,
               const std::vector<Finding>& findings, const Durations& history);

// The same for people: a block of lines, indented. As JSON: the fields are always present.
std::string price_text(const Price& price);
Json price_json(const Price& price);
Json losses_json(const std::vector<Loss>& losses);
Json span_json(const std::optional<Span>& span);

// True when any of the newest looks at that host was answered: a slow answer is no silence.
bool host_answers(const Snapshot& snapshot, const std::string& host);

// "database at most 2.5 s, attachments not known", for one line.
std::string short_loss_text(const Price& price);

// Finds the sentences of `waiting` and the texts; for price.cc.
void put_into_words(const Application& application, int64_t now_ms, Price& price);

}  // namespace switchback
