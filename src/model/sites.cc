#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "model/form.h"
#include "model/grammar.h"
#include "model/reading.h"
#include "model/value.h"

namespace switchback {
namespace {

// Reads 'sites' and remembers what only both sites together can be judged by.
class SitesReader {
 public:
  explicit SitesReader(Reading& reading) : errors_(reading.errors), reading_(reading) {}

  void read(const Node& node) {
    if (!expect_map(node, {"'sites'", node.mark, {}}, errors_)) return;
    if (node.entries.size() != 2) {
      errors_.add(node.mark, fmt::format("'sites' names {} site{}; an application has exactly two",
                                         node.entries.size(), node.entries.size() == 1 ? "" : "s"));
    }
    for (const Entry& entry : node.entries) {
      if (sites_.size() == 2) break;
      read_site(entry);
    }
    check_addresses();
    if (sites_.size() != 2 || node.entries.size() != 2) return;
    check_homes(node.entries);
    if (!sites_[0].home_primary) std::swap(sites_[0], sites_[1]);
    reading_.application.sites = std::move(sites_);
    reading_.sites_known = names_right_;
  }

 private:
  void read_site(const Entry& entry) {
    if (const auto problem = name_problem(entry.key, false)) {
      errors_.add(entry.key_mark, *problem);
      names_right_ = false;
    } else if (entry.key == "controller") {
      errors_.add(entry.key_mark,
                  "a site cannot be named 'controller', which is where Switchback runs; choose "
                  "another name");
      names_right_ = false;
    }
    Site site;
    site.name = entry.key;
    MapPlace place{fmt::format("site {}", shown_text(entry.key)), entry.key_mark, {}};
    for (const auto& section : grammar::site_sections) place.other_keys.emplace_back(section.name);
    const Json values = read_rows(entry.value, place, grammar::site_rows, errors_);
    homes_.push_back(json_text(values, "home"));
    site.home_primary = homes_.back() == "primary";
    if (const Node* hosts = entry.value.find("hosts")) read_hosts(*hosts, site);
    sites_.push_back(std::move(site));
  }

  void read_hosts(const Node& node, Site& site) {
    const std::string what = fmt::format("'hosts' of site {}", shown_text(site.name));
    if (!expect_map(node, {what, node.mark, {}}, errors_)) return;
    for (const Entry& entry : node.entries) {
      if (const auto problem = name_problem(entry.key, false)) {
        errors_.add(entry.key_mark, *problem);
      }
      if (entry.value.kind != Node::Kind::list) {
        read_host(entry.value, entry.key_mark, entry.key, entry.key, site);
        continue;
      }
      if (entry.value.items.empty()) {
        errors_.add(entry.value.mark,
                    fmt::format("host {} is an empty list; write one '- ' for each "
                                "host, or remove it",
                                shown_text(entry.key)));
      }
      for (size_t i = 0; i < entry.value.items.size(); ++i) {
        const Node& item = entry.value.items[i];
        read_host(item, item.mark, entry.key, fmt::format("{}.{}", entry.key, i + 1), site);
      }
    }
  }

  void read_host(const Node& node, Mark mark, const std::string& role, const std::string& name,
                 Site& site) {
    Host host;
    host.key = site.name + "/" + name;
    host.site = site.name;
    host.role = role;
    const Json values = read_rows(node, {fmt::format("host {}", shown_text(host.key)), mark, {}},
                                  grammar::host_rows, errors_);
    host.address = json_text(values, "address");
    host.user = json_text(values, "user", "root");
    host.port = number_of(values, "port", 22);
    host.become = json_text(values, "become") == "sudo";
    if (const Node* port = node.find("port");
        port != nullptr && values.at("port").is_number() && (host.port < 1 || host.port > 65535)) {
      errors_.add(port->mark,
                  fmt::format("'port': {} is no TCP port; write 1 to 65535", host.port));
    }
    if (const Node* address = node.find("address"); !host.address.empty()) {
      addresses_[canonical_address(host.address)].push_back({host.key, host.site, address->mark});
    }
    site.hosts.push_back(std::move(host));
  }

  void check_addresses() {
    for (const auto& [address, uses] : addresses_) {
      const Use& first = uses.front();
      for (const Use& use : uses) {
        if (use.site == first.site) continue;
        errors_.add(use.mark,
                    fmt::format("address {} of host '{}' is also the address of host '{}' "
                                "(line {}); two sites share no host, so correct one",
                                shown_text(address), use.key, first.key, first.mark.line));
      }
    }
  }

  void check_homes(const std::vector<Entry>& entries) {
    if (homes_[0].empty() || homes_[0] != homes_[1]) return;
    errors_.add(
        entries[1].value.find("home")->mark,
        fmt::format("both sites are 'home: {}'; one is primary and one secondary", homes_[0]));
  }

  struct Use {
    std::string key;
    std::string site;
    Mark mark;
  };

  Problems& errors_;
  Reading& reading_;
  std::vector<Site> sites_;
  std::vector<std::string> homes_;
  std::map<std::string, std::vector<Use>> addresses_;
  bool names_right_ = true;
};

}  // namespace

void read_sites(const Node& node, Reading& reading) {
  SitesReader(reading).read(node);
}

}  // namespace switchback
