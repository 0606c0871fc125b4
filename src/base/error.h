// What every fallible function of Switchback returns.
//
// An expected failure is a value: `Result<T>` holds the value or an `Error`. The code says what
// the caller may do next; the message reads `doing what: what happened; what to do next` and never
// holds a secret. An effect on a host is not an error: it answers done, not done or unknown
// (plan/step.h).
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace switchback {

enum class ErrorCode {
  invalid_input,  // the caller's words are wrong: correct them
  not_found,      // there is no such thing
  refused,        // a rule forbids it; the message says what would have to be true
  unavailable,    // it cannot be reached now; the same call may go through later
  timed_out,      // the bound was reached; whether it happened is unknown
  corrupt,        // stored data contradicts itself; nothing may be built on it
  internal,       // the program or the machine failed
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace switchback
