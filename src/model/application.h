// What the configuration says, after every check has passed: one application, its two sites, its
// components and its policies. Values only; nothing here looks at the world.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace switchback {

// Where a value stands in the configuration file; lines and columns count from 1.
struct Mark {
  int line = 0;
  int column = 0;
};

// One server of a site. `key` is its name in plans and journals: "dc/app", with a role that has
// several hosts "dc/app.1", "dc/app.2".
struct Host {
  std::string key;
  std::string site;
  std::string role;
  std::string address;
  std::string user = "root";
  int port = 22;
  bool become = false;  // true: commands run through `sudo -n`
};

struct Site {
  std::string name;
  bool home_primary = false;  // the home role, which never changes
  std::vector<Host> hosts;
};

// One part of the application. `options` holds, for each site's name, an object with every option
// of the type: defaults filled in, durations in milliseconds, absent optional ones null.
struct Component {
  std::string name;
  std::string type;
  std::vector<std::string> needs;    // components that must run before this one
  std::vector<std::string> writers;  // components that write its data, besides its dependants
  Json options;
  Mark mark;
};

// A line of a checklist: ticked by a named person, or by a machine where `check` says how.
struct ChecklistItem {
  std::string text;
  std::string by;                  // the role that answers: "operator", "approver" …
  std::vector<std::string> check;  // a command on the controller; empty: a person answers
};

struct Checklist {
  std::vector<ChecklistItem> before;
  std::vector<ChecklistItem> after;
};

// One rung of the fencing ladder.
struct FencingMethod {
  enum class Kind { stop, command, attestation };
  Kind kind = Kind::stop;
  std::string name;  // "stop", "firewall", "command" or its own, "attestation"; unique
  std::vector<std::string> engage;  // commands run on the controller; "{site}" is the fenced site
  std::vector<std::string> prove;
  std::vector<std::string> lift;
  int people = 1;  // attestation: how many named people
};

struct Notification {
  std::string webhook;               // URL, or a secret reference that holds it
  std::vector<std::string> command;  // run on the controller; the message is its last argument
};

// The age of backups, until backups are driven by Switchback itself.
struct LastBackup {
  std::string host_role;
  std::string glob;
  Milliseconds max_age{0};
  int min_count = 1;
};

struct Application {
  std::string name;
  std::optional<Milliseconds> data_loss_objective;
  std::optional<Milliseconds> recovery_time_objective;
  std::vector<Site> sites;            // exactly two, the home primary first
  std::vector<Component> components;  // needed ones before their dependants
  std::vector<FencingMethod> fencing;
  Checklist switchover_checklist;
  Checklist failover_checklist;
  Checklist reprotect_checklist;
  Checklist failback_checklist;
  Checklist start_checklist;
  int approvals = 0;  // people besides the requester who must approve the plan's hash
  std::optional<Milliseconds> failback_stable_for;
  std::vector<std::string> failback_windows;
  std::string after_reboot = "peer";  // peer, confirm, open
  std::vector<Notification> notify;
  std::optional<LastBackup> last_backup;
  std::string status_file;  // on every host; holds the site's status word and nothing else
  std::string config_hash;  // SHA-256 of the file's bytes

  const Site& home_primary() const { return sites[0]; }
  const Site& home_secondary() const { return sites[1]; }
  const Site& site(std::string_view wanted) const;
  const Site& other_site(std::string_view wanted) const;
  const Component* find_component(std::string_view wanted) const;
  // The host of that site and role; null when the site has none.
  const Host* find_host(std::string_view at_site, std::string_view role) const;
  std::vector<Host> all_hosts() const;
  // Every component that needs `wanted`, directly or through others.
  std::vector<std::string> dependants(std::string_view wanted) const;
};

}  // namespace switchback
