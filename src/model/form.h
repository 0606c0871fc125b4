// The forms that texts of a configuration may take. Each function answers what is wrong with the
// text and what would be right ("'x' is not …; write …"), or nothing when the text is right.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchback {

using Complaint = std::optional<std::string>;

// Text that may stand in a message, a plan and a file: no control characters. `lines` allows line
// breaks and tabs, for scripts as arguments.
Complaint text_problem(std::string_view text, bool lines = false);

// Names of applications, sites, roles, components: letters, digits, '.', '_', '-'. `dots` false
// forbids the '.', which joins names in host keys and step ids.
Complaint name_problem(std::string_view text, bool dots);

// Names of things on hosts (units, zones, users): a name that may also hold '@' (instances of a
// unit) and begin with '_'.
Complaint option_name_problem(std::string_view text);

// Absolute, not the root, no empty, "." or ".." part, no control characters.
Complaint path_problem(std::string_view text);

// IPv4, IPv6 (without zone or brackets) or a host name (RFC 1123, also '_').
Complaint address_problem(std::string_view text);

// One spelling of each address: host names in lower case, IPv6 in its shortest form.
std::string canonical_address(std::string_view text);

// file:PATH, host-file:PATH, env:NAME or command:LINE. The message never repeats the text, which
// may be the secret itself.
Complaint secret_problem(std::string_view text);

// http:// or https:// with a host, without blanks.
Complaint url_problem(std::string_view text);

}  // namespace switchback
