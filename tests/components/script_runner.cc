#include "components/script_runner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "components/types.h"

namespace switchback {

TemporaryFolder::TemporaryFolder() {
  char name[] = "/tmp/switchback-test.XXXXXX";
  path_ = mkdtemp(name);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

ScriptResult run_words(const std::vector<std::string>& words,
                       const std::map<std::string, std::string>& environment,
                       const std::string& input, int bound_s) {
  TemporaryFolder folder;
  write_file(folder.path() + "/in", input);
  std::vector<std::string> all = {"timeout", "-k", "1", std::to_string(bound_s)};
  all.insert(all.end(), words.begin(), words.end());
  std::map<std::string, std::string> values = {{"LC_ALL", "C"}, {"PATH", getenv("PATH")}};
  for (const auto& [name, value] : environment) values[name] = value;
  std::vector<std::string> pairs;
  for (const auto& [name, value] : values) pairs.push_back(name + "=" + value);
  const pid_t child = fork();
  if (child == 0) {
    dup2(open((folder.path() + "/in").c_str(), O_RDONLY), 0);
    dup2(open((folder.path() + "/out").c_str(), O_WRONLY | O_CREAT, 0600), 1);
    dup2(open((folder.path() + "/err").c_str(), O_WRONLY | O_CREAT, 0600), 2);
    std::vector<char*> argv;
    for (auto& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (auto& pair : pairs) envp.push_back(pair.data());
    envp.push_back(nullptr);
    if (chdir("/") == 0) execvpe(argv[0], argv.data(), envp.data());
    _exit(126);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          read_file(folder.path() + "/out"), read_file(folder.path() + "/err")};
}

ScriptResult run_script(const std::string& name, const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment,
                        const std::string& input, const std::string& shell) {
  for (const NamedScript& script : all_scripts()) {
    if (script.name != name) continue;
    std::vector<std::string> words = {shell, "-c", std::string(script.body), name};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_words(words, environment, input);
  }
  ADD_FAILURE() << "there is no script " << name;
  return {};
}

}  // namespace switchback
