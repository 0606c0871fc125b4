// A plan as people and other programs read it. Pure: the same plan gives the same bytes.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/prediction.h"

namespace switchback {

// For a terminal: steps in waves (those of one wave can run at the same time), who runs them, how
// long they take, what they wait for, the point of no return as a line. With `commands` also what
// each step runs.
std::string render_text(const Plan& plan, const Prediction& prediction, bool commands = false);

// The runbook for reading and for approvals: all of render_text, every command and every script.
std::string render_markdown(const Plan& plan, const Prediction& prediction);

// A self-contained POSIX sh program for the day on which Switchback itself is down: it needs ssh
// and nothing else, asks at every gate, probes before it applies, and keeps its own log. The
// environment variable RUNBOOK_SSH replaces `ssh`. It works under the plan's claim; with a `name`
// (that of its file in a bundle) under the newest one that it finds on the hosts.
std::string render_shell(const Plan& plan, const std::string& name = "");

// plan_to_json() with "hash" and "prediction".
Json render_json(const Plan& plan, const Prediction& prediction);

// For the renderers ------------------------------------------------------------------------------

// The wave of each step, from 1, in the plan's order: one more than the latest step it needs.
std::vector<int> waves(const Plan& plan);

// "switchover of serviceops: dc -> dr".
std::string plan_headline(const Plan& plan);

// What is special about a step, in words: conditions, what happens when its host is gone …
std::vector<std::string> step_notes(const Step& step);

}  // namespace switchback
