// `switchback runs` and `switchback run …`: everything about runs that exist already.
#pragma once

#include <string>

#include "cli/options.h"

namespace switchback {

int list_runs(const Options& options, const std::string& application);
int show_run(const Options& options, int64_t run, bool markdown);
int watch_existing_run(const Options& options, int64_t run);
int resume_run(const Options& options, int64_t run);
int retry_step(const Options& options, int64_t run, const std::string& step);
int skip_step(const Options& options, int64_t run, const std::string& step,
              const std::string& reason);
int abort_run(const Options& options, int64_t run, const std::string& reason);
// `answer` is yes or no. `step` may be empty when exactly one gate is open.
int confirm_gate(const Options& options, int64_t run, const std::string& step,
                 const std::string& answer, const std::string& text);
// Answers the open approval gate; `hash` is what the person was shown (at least 8 digits).
int approve_run(const Options& options, int64_t run, const std::string& hash);
int note_run(const Options& options, int64_t run, const std::string& text);

}  // namespace switchback
