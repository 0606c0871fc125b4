// Runs named scripts on this machine as the runner would: `sh -c BODY NAME ARGUMENTS`, with state
// and run directories of their own, and an optional secret on standard input.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace switchback {

struct ScriptResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// A directory that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// `words` run with this environment on top of a plain one; bounded by `bound_s`.
ScriptResult run_words(const std::vector<std::string>& words,
                       const std::map<std::string, std::string>& environment,
                       const std::string& input = "", int bound_s = 60);

// The named script from all_scripts(), under `shell`.
ScriptResult run_script(const std::string& name, const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment,
                        const std::string& input = "", const std::string& shell = "/bin/sh");

// What the script said stands beside a wrong exit code. For tests, which include gtest.
#define EXPECT_SCRIPT(result, code) \
  EXPECT_EQ((result).exit_code, code) << (result).out << (result).err

void write_file(const std::string& path, const std::string& text);
std::string read_file(const std::string& path);

}  // namespace switchback
