#include "world/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/hash.h"

namespace switchback {
namespace {

constexpr std::string_view greeting = "switchback-runner 1 ";
constexpr size_t noise_limit_bytes = 65'536;
constexpr size_t line_limit_bytes = 1'024;

std::string_view guarding_text(Guarding guarding) {
  switch (guarding) {
    case Guarding::effect:
      return "effect";
    case Guarding::stop:
      return "stop";
    case Guarding::read:
      return "read";
    case Guarding::publish:
      return "publish";
  }
  return "read";
}

// The name of a script's file in the runner's folder; what a shell has to say begins with it.
std::string file_name(const ReadyCommand& command) {
  std::string name;
  for (const char c : command.script) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return fmt::format("s_{}.{}", name, sha256_hex(command.body).substr(0, 16));
}

// Appends the command's words, returns how many. A script's text is named, not repeated.
size_t append_words(std::string& line, const ReadyCommand& command) {
  size_t words = command.arguments.size();
  if (!command.script.empty()) {
    line += fmt::format(R"( "$SB_SH" "$d/{}")", file_name(command));
    words += 2;
  }
  for (const auto& argument : command.arguments) line += " " + quote_line_word(argument);
  return words;
}

std::string command_problem(const ReadyCommand& command, std::string_view which) {
  if (!command.script.empty() && command.body.empty()) {
    return fmt::format("the {}'s script {} has no body", which, command.script);
  }
  if (command.script.empty() && !command.arguments.empty() && command.arguments[0].empty()) {
    return fmt::format("the {}'s program is an empty word", which);
  }
  const auto has_nul = [](const std::string& text) { return text.find('\0') != text.npos; };
  if (has_nul(command.script) || has_nul(command.body) ||
      std::any_of(command.arguments.begin(), command.arguments.end(), has_nul)) {
    return fmt::format("the {} holds a NUL byte, which no command line can carry", which);
  }
  return "";
}

template <class Number>
bool read_number(std::string_view word, Number& number) {
  const auto end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, number);
  return error == std::errc() && rest == end;
}

bool read_status(std::string_view word, AnswerStatus& status) {
  for (int i = 0; i <= static_cast<int>(AnswerStatus::refused); ++i) {
    status = static_cast<AnswerStatus>(i);
    if (answer_status_text(status) == word) return true;
  }
  return false;
}

}  // namespace

std::string quote_line_word(std::string_view word) {
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += R"('\'')";
    } else if (c == '\n') {
      quoted += R"('"$n"')";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string request_problem(const ShellRequest& request) {
  if (is_empty(request.probe) && is_empty(request.apply)) return "the request has no command";
  if (request.bound <= Milliseconds(0)) return "the request has no bound";
  if (auto problem = command_problem(request.probe, "probe"); !problem.empty()) return problem;
  if (auto problem = command_problem(request.apply, "apply"); !problem.empty()) return problem;
  for (const auto* text : {&request.application, &request.step, &request.attempt, &request.claim_id,
                           &request.store_id}) {
    if (text->find('\0') != text->npos) return "a name in the request holds a NUL byte";
  }
  return "";
}

std::string script_line(const ReadyCommand& command, std::set<std::string>& known) {
  if (command.script.empty()) return "";
  const auto [name, is_new] = known.insert(file_name(command));
  return is_new ? fmt::format("S {} {}\n", *name, quote_line_word(command.body)) : "";
}

std::string request_lines(RequestId id, const ShellRequest& request, const RequestInputs& inputs,
                          std::set<std::string>& known) {
  std::string lines;
  for (const auto* command : {&request.probe, &request.apply}) {
    lines += script_line(*command, known);
  }
  std::string words;
  const size_t probe_words = append_words(words, request.probe);
  const size_t all_words = probe_words + append_words(words, request.apply);
  lines += fmt::format(
      "J {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}{}\n", id,
      guarding_text(request.guarding), quote_line_word(request.application),
      quote_line_word(request.step), quote_line_word(request.attempt), request.epoch,
      quote_line_word(request.claim_id), quote_line_word(request.store_id), request.run,
      request.bound.count(), request.stall.count(), request.hold.count(), request.once ? 1 : 0,
      quote_line_word(inputs.probe), quote_line_word(inputs.apply), probe_words, all_words, words);
  return lines;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += k <= count ? digits[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

bool RunnerParser::broken(std::string_view how) {
  problem_ = how;
  buffer_.clear();
  return false;
}

bool RunnerParser::feed(std::string_view bytes) {
  if (!problem_.empty()) return false;
  buffer_ += bytes;
  while (problem_.empty() && step()) {
  }
  return problem_.empty();
}

// Takes one thing off the buffer; false when more bytes are needed.
bool RunnerParser::step() {
  if (!greeted_) return greet();
  if (reading_answer_) {
    if (buffer_.size() < out_bytes_ + err_bytes_) return false;
    answer_.answer.out = buffer_.substr(0, out_bytes_);
    answer_.answer.err = buffer_.substr(out_bytes_, err_bytes_);
    if (cut_) answer_.answer.err += "\n(the output was longer than 1 MiB and was cut)";
    buffer_.erase(0, out_bytes_ + err_bytes_);
    reading_answer_ = false;
    messages_.push_back(std::move(answer_));
    return true;
  }
  const size_t end = buffer_.find('\n');
  if (end == buffer_.npos) {
    if (buffer_.size() > line_limit_bytes) broken("an endless line where an answer was due");
    return false;
  }
  const std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return read_line(line);
}

bool RunnerParser::greet() {
  const size_t begin = buffer_.find(greeting);
  const size_t end = begin == buffer_.npos ? begin : buffer_.find('\n', begin);
  if (end == buffer_.npos) {
    if (buffer_.size() > noise_limit_bytes) {
      return broken("the login printed more than 64 KiB and did not start the runner");
    }
    return false;
  }
  RunnerMessage hello;
  hello.kind = RunnerMessage::Kind::hello;
  const auto words = buffer_.substr(begin + greeting.size(), end - begin - greeting.size());
  if (words.starts_with("lacks ")) hello.text = clean(words.substr(6), 400);
  messages_.push_back(std::move(hello));
  buffer_.erase(0, end + 1);
  greeted_ = true;
  return true;
}

bool RunnerParser::read_line(std::string_view line) {
  if (line.size() > line_limit_bytes) return broken("an endless line where an answer was due");
  if (line.starts_with("= ")) return read_answer(line) || broken("an answer without meaning");
  RunnerMessage message;
  if (line.starts_with("! ")) {
    message.kind = RunnerMessage::Kind::alive;
    message.text = clean(line.substr(2), 300);
    messages_.push_back(std::move(message));
    return true;
  }
  const size_t space = line.find(' ', 2);
  if (!line.starts_with("+ ") || space == line.npos ||
      !read_number(line.substr(2, space - 2), message.id)) {
    return broken("words that are no answer");
  }
  message.kind = RunnerMessage::Kind::progress;
  auto text = trim(line.substr(space));
  if (text.starts_with("progress ")) text.remove_prefix(9);
  message.text = clean(text, 300);
  messages_.push_back(std::move(message));
  return true;
}

bool RunnerParser::read_answer(std::string_view line) {
  const auto words = split(line, ' ');
  answer_ = RunnerMessage();
  int64_t elapsed = 0;
  int applied = 0;
  int replayed = 0;
  int cut = 0;
  if (words.size() != 10 || !read_number(words[1], answer_.id) ||
      !read_status(words[2], answer_.answer.status) ||
      !read_number(words[3], answer_.answer.exit_code) || !read_number(words[4], applied) ||
      !read_number(words[5], elapsed) || !read_number(words[6], replayed) ||
      !read_number(words[7], cut) || !read_number(words[8], out_bytes_) ||
      !read_number(words[9], err_bytes_) || out_bytes_ > answer_limit_bytes ||
      err_bytes_ > answer_limit_bytes) {
    return false;
  }
  answer_.answer.applied = applied != 0;
  answer_.answer.elapsed = Milliseconds(elapsed);
  answer_.replayed = replayed != 0;
  cut_ = cut != 0;
  reading_answer_ = true;
  return true;
}

}  // namespace switchback
