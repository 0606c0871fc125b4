// What every store decides in the same way, as pure functions: who wins a compare-and-set, how
// events are sealed into the chain and how they are read back. A store only keeps the rows.
//
// The chain: hash = SHA-256(previous hash, newline, event's text). The first event of an
// application chains from a hash over the store id and the application's name; the first event of
// every later run from the last event of the application's previous run, so that neither an event
// nor a whole run can vanish unseen.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace switchback {

// The hash from which the first event of an application chains.
std::string first_link(const std::string& store_id, const std::string& application);

// Fills in run, sequence and hash of `events` and returns the rows to store. Bodies become what a
// later read will give (invalid UTF-8 replaced), so that memory and journal never differ.
std::vector<StoredEvent> seal_events(int64_t run, const JournalHead& head,
                                     std::vector<Event>& events);

// Reads one stored event; `corrupt` unless it is number `sequence` of `run` and continues
// `previous_hash`.
Result<Event> open_event(const StoredEvent& row, int64_t run, int64_t sequence,
                         const std::string& previous_hash);

// Reads the rows of a run behind `last` and checks their chain. For a whole run `last` has sequence
// 0 and the hash from which its first event chains; `head` is the application's newest event, which
// this run must reach when it is the newest one.
Result<std::vector<Event>> open_events(const JournalHead& last,
                                       const std::vector<StoredEvent>& rows,
                                       const JournalHead& head);

// `corrupt` unless the newest run that is listed is the one with the newest event: a run that fell
// out of the list could be open.
Result<void> check_newest(const std::string& application, int64_t newest_run,
                          const JournalHead& head);

// The row of a new run; `invalid_input` unless the first event is run_created with a plan.
Result<StoredRun> new_run(const std::string& application, const std::vector<Event>& first_events);

// May events follow `last_sequence` in that run? `refused` says who was faster.
Result<void> may_append(int64_t run, int64_t last_sequence, const JournalHead& head);

// May `next` replace `current`? `refused` when `expected` is no longer true.
Result<void> may_claim(const std::string& application, const Claim& current, const Claim& expected,
                       const Claim& next);

Error open_run_exists(const std::string& application, int64_t run);
Error value_changed(const std::string& key);
Error run_missing(int64_t run);
Error run_row_missing(int64_t run);  // its events are there

// The result that the events give to their run; nothing while it stays open.
std::optional<std::string> result_of(const std::vector<Event>& events);

// The lines of `switchback runs`, and how long a step took, from the stored rows.
std::vector<RunRecord> run_records(const std::vector<StoredRun>& rows);
std::optional<PastDuration> duration_of(const std::string& operation, const std::string& text);

// What is kept when `seen` arrives and `stored` was known: the newer one wins, and a failed look
// never wipes out what was known of a host that is gone.
Facts newer_facts(const Facts& stored, const Facts& seen);

// The history of looks
// -----------------------------------------------------------------------------

// What the history keeps of `seen`, when it is newer than what was `stored`: the facts that change
// or matter later, bounded in number and length.
std::optional<Facts> new_look(const Facts& stored, const Facts& seen);

// The history is thinned when a look falls into another slot of the second row than the one before.
bool opens_a_slot(int64_t newest_ms, int64_t at_ms);

// Which of the looks (ascending times) are dropped: one stays per 10 s for an hour, per 5 minutes
// for a day, per hour for 30 days. The first of each slot stays, so that thinning again changes
// nothing. At most looks_limit stay, whatever the interval is.
std::vector<int64_t> looks_to_drop(const std::vector<int64_t>& at_ms, int64_t now_ms);
inline constexpr size_t looks_limit = 360 + 288 + 720 + 3;

Json facts_to_json(const Facts& facts);
Result<Facts> facts_from_json(const Json& value);

}  // namespace switchback
