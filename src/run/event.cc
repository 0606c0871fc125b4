#include "run/event.h"

#include <array>

#include "base/hash.h"

namespace switchback {
namespace {

constexpr std::array<std::pair<EventKind, std::string_view>, 17> kind_names{{
    {EventKind::run_created, "run_created"},
    {EventKind::run_resumed, "run_resumed"},
    {EventKind::assumption_false, "assumption_false"},
    {EventKind::step_started, "step_started"},
    {EventKind::step_ended, "step_ended"},
    {EventKind::step_passed, "step_passed"},
    {EventKind::step_progress, "step_progress"},
    {EventKind::step_reopened, "step_reopened"},
    {EventKind::gate_opened, "gate_opened"},
    {EventKind::gate_answered, "gate_answered"},
    {EventKind::claim_taken, "claim_taken"},
    {EventKind::retry_asked, "retry_asked"},
    {EventKind::skip_asked, "skip_asked"},
    {EventKind::abort_asked, "abort_asked"},
    {EventKind::noted, "noted"},
    {EventKind::observed, "observed"},
    {EventKind::announced, "announced"},
}};

}  // namespace

std::string_view event_kind_text(EventKind kind) {
  for (const auto& [key, name] : kind_names) {
    if (key == kind) return name;
  }
  return "run_ended";
}

std::string event_text(const Event& event) {
  return dump_json({{"format", journal_format},
                    {"run", event.run},
                    {"sequence", event.sequence},
                    {"at", event.at_ms},
                    {"kind", event_kind_text(event.kind)},
                    {"body", event.body}});
}

std::string chain_hash(std::string_view previous_hash, const Event& event) {
  return sha256_hex(std::string(previous_hash) + "\n" + event_text(event));
}

Json event_to_json(const Event& event) {
  return {{"format", journal_format},
          {"run", event.run},
          {"sequence", event.sequence},
          {"at", event.at_ms},
          {"kind", event_kind_text(event.kind)},
          {"body", event.body},
          {"hash", event.hash}};
}

Result<Event> event_from_json(const Json& value) {
  try {
    if (value.at("format").get<int>() > journal_format) {
      return fail(ErrorCode::refused,
                  "reading the journal: it was written by a newer Switchback; use that version");
    }
    Event event;
    event.run = value.at("run").get<int64_t>();
    event.sequence = value.at("sequence").get<int64_t>();
    event.at_ms = value.at("at").get<int64_t>();
    event.body = value.at("body");
    event.hash = json_text(value, "hash");
    const auto kind = value.at("kind").get<std::string>();
    event.kind = EventKind::run_ended;
    for (const auto& [key, name] : kind_names) {
      if (name == kind) event.kind = key;
    }
    if (event_kind_text(event.kind) != kind) {
      return fail(ErrorCode::corrupt, "reading the journal: unknown event '" + kind + "'");
    }
    return event;
  } catch (const std::exception& problem) {
    return fail(ErrorCode::corrupt, std::string("reading the journal: ") + problem.what());
  }
}

}  // namespace switchback
