// Events as the store's tests write them.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/hash.h"
#include "store/store.h"

namespace switchback {

inline Event created_event(std::string_view operation = "switchover") {
  Event event;
  event.kind = EventKind::run_created;
  event.at_ms = 1'000;
  event.body = {{"plan", {{"operation", operation}}}, {"who", "anna"}};
  return event;
}

inline Event note(const std::string& text) {
  Event event;
  event.kind = EventKind::noted;
  event.at_ms = 2'000;
  event.body = {{"who", "anna"}, {"text", text}};
  return event;
}

inline Event ended_event(const std::string& result = "done") {
  Event event;
  event.kind = EventKind::run_ended;
  event.at_ms = 3'000;
  event.body = {{"result", result}};
  return event;
}

inline std::vector<std::string> note_texts(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) {
    if (event.kind == EventKind::noted) texts.push_back(json_text(event.body, "text"));
  }
  return texts;
}

// A directory that goes away with the test; in memory where thousands of files are written.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(bool in_memory = false)
      : path_((in_memory && std::filesystem::is_directory("/dev/shm")
                   ? std::filesystem::path("/dev/shm")
                   : std::filesystem::temp_directory_path()) /
              ("sb-" + random_hex(8))) {
    std::filesystem::create_directory(path_);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace switchback
