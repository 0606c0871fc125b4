// What people outside are told of a run: when it is expected to be over, and why it is not.
//
// The value of a run "run:news" is the last part of its first announcement. When the predicted
// outage is exceeded while users still wait, the engine sends the same announcements once more with
// other news; that is no step: it neither delays nor fails the run, and the journal holds it.
#pragma once

#include <optional>
#include <string>

#include "run/decide.h"

namespace switchback {

// True for a step that hands "run:news" to somebody.
bool tells_news(const Step& step);

// "begins; expected to be over by 2026-11-21T14:32:05Z, after 42.0 s": counted from the moment at
// which it is first told. Fit to stand within JSON quotes, as all news.
std::string first_news(const RunState& state);

// Wall time up to which people were told to wait, while they still do; 0: nobody was told a time,
// the users are served again, or the run has ended.
int64_t promised_end_ms(const RunState& state);

// What is to be told now, at wall time `now_ms`, or nothing: it is in time, or exactly this was
// told before. Told anew when what it waits for changes, and not without end.
std::optional<std::string> late_news(const RunState& state, const Decision& decision,
                                     int64_t now_ms);

}  // namespace switchback
