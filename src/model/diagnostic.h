// What is wrong in a configuration file, and where: one sentence with its place.
//
// Reading never stops at the first problem: `Problems` collects them, and the reader hands them
// back in the order of the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/application.h"

namespace switchback {

// `message` reads "what is wrong; what would be right".
struct Diagnostic {
  Mark mark;
  std::string message;
};

// "file:line:column: message", as editors and compilers write it.
std::string diagnostic_text(std::string_view file, const Diagnostic& diagnostic);

// Collects problems in any order. `sorted` gives the first ones of the file and says how many more
// there are, so that a file that is no configuration at all does not fill the screen.
class Problems {
 public:
  static constexpr size_t shown = 100;

  void add(Mark mark, std::string message);
  bool empty() const { return found_.empty(); }
  size_t size() const { return found_.size(); }
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> found_;
};

// "did you mean 'x'?" when a known name is near, otherwise "known here: a, b, c".
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

// The text in quotes as a message shows it: shortened, without control characters.
std::string shown_text(std::string_view text);

}  // namespace switchback
