// How long a plan is expected to take: values, made by planner/predict.h and shown with the plan.
//
// What people take (gates) is not predicted and counts as nothing; the number of gates is said
// instead. A step that never ran has a guess by its kind, marked as one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/text.h"

namespace switchback {

struct Span {
  Milliseconds least{0};
  Milliseconds expected{0};
  Milliseconds most{0};
};

struct StepPrediction {
  Span duration;
  Milliseconds start{0};  // expected, from the beginning of the run
  Milliseconds end{0};
  bool guessed = false;   // no past: `duration` is a guess
  bool critical = false;  // on the longest path
};

struct Prediction {
  std::map<std::string, StepPrediction> steps;
  std::vector<std::string> critical_path;  // step ids in order
  Span total;
  Span outage;      // first stop (failover: the begin) until everything runs and is verified
  int gates = 0;    // people are asked so often, at most
  int guesses = 0;  // steps without a past
};

// "4.2 s", "4.2 s (2.0 s to 9.0 s)".
std::string span_text(const Span& span);

}  // namespace switchback
