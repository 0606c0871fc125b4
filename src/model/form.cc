#include "model/form.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/diagnostic.h"

namespace switchback {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool has_control(std::string_view text, bool lines) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (lines && (byte == '\n' || byte == '\t')) continue;
    if (byte < 0x20 || byte == 0x7F) return true;
    // U+0080 to U+009F, which some terminals obey like escape sequences.
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

bool is_host_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

bool is_ip(int family, std::string_view text) {
  std::array<unsigned char, 16> binary{};
  return inet_pton(family, std::string(text).c_str(), binary.data()) == 1;
}

}  // namespace

Complaint text_problem(std::string_view text, bool lines) {
  if (!has_control(text, lines)) return std::nullopt;
  return fmt::format("{} holds control characters; write printable text", shown_text(text));
}

Complaint name_problem(std::string_view text, bool dots) {
  const bool right = is_name(text) && (dots || text.find('.') == std::string_view::npos);
  if (right) return std::nullopt;
  return fmt::format(
      "{} is not a name; use letters, digits, {}'_' and '-', beginning with a letter or "
      "digit, at most 64",
      shown_text(text), dots ? "'.', " : "");
}

Complaint option_name_problem(std::string_view text) {
  const bool right =
      !text.empty() && text.size() <= 255 && (is_alphanumeric(text[0]) || text[0] == '_') &&
      std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) || std::string_view("._@-").find(c) != std::string_view::npos;
      });
  if (right) return std::nullopt;
  return fmt::format(
      "{} is not a name; use letters, digits, '.', '_' and '-', beginning with a letter, digit or "
      "'_'",
      shown_text(text));
}

Complaint path_problem(std::string_view text) {
  if (text.empty()) return "the path is empty; write an absolute path such as /srv/files";
  if (auto problem = text_problem(text)) return problem;
  if (text.find_first_not_of('/') == std::string_view::npos) {
    return fmt::format("{} is the whole file system; name a directory below it", shown_text(text));
  }
  if (text[0] != '/') {
    return fmt::format("{} is a relative path; write it from '/' on", shown_text(text));
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  for (const std::string& part : split(text.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") {
      return fmt::format("{} holds '//', '.' or '..'; write the path without them",
                         shown_text(text));
    }
  }
  if (text.size() > 1024) return "the path is longer than 1024 bytes; shorten it";
  return std::nullopt;
}

Complaint address_problem(std::string_view text) {
  const bool numeric = !text.empty() && std::all_of(text.begin(), text.end(),
                                                    [](char c) { return is_digit(c) || c == '.'; });
  if (text.size() <= 253 && text.find('\0') == std::string_view::npos) {
    if (is_ip(AF_INET, text) || is_ip(AF_INET6, text)) return std::nullopt;
    const auto labels = split(text, '.');
    if (!numeric && std::all_of(labels.begin(), labels.end(), is_host_label)) return std::nullopt;
  }
  return fmt::format(
      "{} is not an address; write an IPv4 or IPv6 address or a host name, nothing "
      "else",
      shown_text(text));
}

std::string canonical_address(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::array<unsigned char, 16> binary{};
  std::array<char, INET6_ADDRSTRLEN> shortest{};
  if (inet_pton(AF_INET6, lower.c_str(), binary.data()) == 1 &&
      inet_ntop(AF_INET6, binary.data(), shortest.data(), shortest.size()) != nullptr) {
    return shortest.data();
  }
  return lower;
}

Complaint secret_problem(std::string_view text) {
  constexpr std::string_view right =
      "write file:/path, host-file:/path, env:NAME or command:LINE, never the secret itself";
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (has_control(text, false)) {
    return fmt::format("the secret reference holds control characters; {}", right);
  }
  if (kind == "file" || kind == "host-file") {
    if (const auto problem = path_problem(rest)) {
      return fmt::format("the secret's path is wrong: {}", *problem);
    }
    return std::nullopt;
  }
  const bool variable =
      !rest.empty() && !is_digit(rest[0]) &&
      std::all_of(rest.begin(), rest.end(), [](char c) { return is_alphanumeric(c) || c == '_'; });
  if (kind == "env" && variable) return std::nullopt;
  if (kind == "command" && !trim(rest).empty()) return std::nullopt;
  return fmt::format("this is not a reference to a secret; {}", right);
}

Complaint url_problem(std::string_view text) {
  const size_t scheme = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : 0;
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  const std::string_view rest = text.substr(scheme);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  // user:password@host would put a password into every plan and report.
  if (scheme != 0 && authority.find('@') != std::string_view::npos) {
    return "the URL holds a user or password; use header_file or a reference to a secret";
  }
  if (scheme != 0 && printable && !authority.empty() && authority[0] != ':' &&
      text.size() <= 2048) {
    return std::nullopt;
  }
  return fmt::format("{} is not a URL; write http://host/path or https://host/path, without blanks",
                     shown_text(text));
}

}  // namespace switchback
