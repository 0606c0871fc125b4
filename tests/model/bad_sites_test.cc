// Mistakes in sites, hosts, names and the ties between components.
#include <array>

#include "model/mistakes.h"

namespace switchback {
namespace {

// clang-format off
constexpr auto in_sites = std::to_array<Mistake>({
    {"sites:\n  dc:",
     "sites:\n  controller:",
     "f:8:3: a site cannot be named 'controller', which is where Switchback runs; choose another name"},
    {"sites:\n  dc:",
     "sites:\n  'd;c':",
     "f:8:3: 'd;c' is not a name; use letters, digits, '_' and '-', beginning with a letter or digit, at most 64"},
    {"sites:\n  dc:",
     "site:\n  dc:",
     "f:1:1: the configuration has no 'sites'; `switchback init` prints a file to start from"},
    {"home: secondary",
     "home: primary",
     "f:14:11: both sites are 'home: primary'; one is primary and one secondary"},
    {"home: secondary",
     "home: backup",
     "f:14:11: 'home': 'backup' is not possible; write primary or secondary"},
    {"    home: secondary\n",
     "",
     "f:13:3: site 'dr' has no 'home'; add home: primary"},
    {"  dr:\n    home: secondary\n    hosts:\n      app: {address: 10.77.2.10, user: ops, become: sudo}\n      db: {address: 10.77.2.20}\n",
     "",
     "f:8:3: 'sites' names 1 site; an application has exactly two"},
    {"components:\n  database:",
     "  third: {home: secondary}\n\ncomponents:\n  database:",
     "f:8:3: 'sites' names 3 sites; an application has exactly two"},
    {"db: {address: 10.77.2.20}",
     "db: {address: 10.77.1.20}",
     "f:17:21: address '10.77.1.20' of host 'dr/db' is also the address of host 'dc/db' (line 12); two sites share no host, so correct one"},
    {"db: {address: 10.77.2.20}",
     "db: {}",
     "f:17:7: host 'dr/db' has no 'address'; add address: 192.0.2.10"},
    {"db: {address: 10.77.2.20}",
     "db:",
     "f:17:7: host 'dr/db' must be a map (key: value), not nothing; write its keys below it, indented by spaces"},
    {"db: {address: 10.77.2.20}",
     "db: 10.77.2.20",
     "f:17:11: host 'dr/db' must be a map (key: value), not text; write its keys below it, indented by spaces"},
    {"db: {address: 10.77.2.20}",
     "db: []",
     "f:17:11: host 'db' is an empty list; write one '- ' for each host, or remove it"},
    {"db: {address: 10.77.2.20}",
     "db: {adress: 10.77.2.20}",
     "f:17:7: host 'dr/db' has no 'address'; add address: 192.0.2.10"},
    {"db: {address: 10.77.2.20}",
     "db: {address: -oProxyCommand=x}",
     "f:17:21: 'address': '-oProxyCommand=x' is not an address; write an IPv4 or IPv6 address or a host name, nothing else"},
    {"db: {address: 10.77.2.20}",
     "db: {address: 10.77.2.256}",
     "f:17:21: 'address': '10.77.2.256' is not an address; write an IPv4 or IPv6 address or a host name, nothing else"},
    {"db: {address: 10.77.2.20}",
     "db: {address: \"10.77.2.20:22\"}",
     "f:17:21: 'address': '10.77.2.20:22' is not an address; write an IPv4 or IPv6 address or a host name, nothing else"},
    {"db: {address: 10.77.2.20}",
     "db: {address: [10.77.2.20]}",
     "f:17:21: 'address' must be an address (IPv4, IPv6 or host name), not a list; write for example address: 192.0.2.10"},
    {"db: {address: 10.77.2.20}",
     "db: {address: 10.77.2.20, port: 0}",
     "f:17:39: 'port': 0 is no TCP port; write 1 to 65535"},
    {"db: {address: 10.77.2.20}",
     "db: {address: 10.77.2.20, port: 70000}",
     "f:17:39: 'port': 70000 is no TCP port; write 1 to 65535"},
    {"db: {address: 10.77.2.20}",
     "db: {address: 10.77.2.20, port: ssh}",
     "f:17:39: 'port': 'ssh' is not a whole number; write digits only, without quotes"},
    {"db: {address: 10.77.2.20}",
     "db: {address: 10.77.2.20, user: \"a b\"}",
     "f:17:39: 'user': 'a b' is not a name; use letters, digits, '.', '_' and '-', beginning with a letter, digit or '_'"},
    {"db: {address: 10.77.2.20}",
     "db: {address: 10.77.2.20, become: su}",
     "f:17:41: 'become': 'su' is not possible; write sudo"},
    {"db: {address: 10.77.2.20}",
     "\"d/b\": {address: 10.77.2.20}",
     "f:17:7: 'd/b' is not a name; use letters, digits, '_' and '-', beginning with a letter or digit, at most 64"},
});

constexpr auto in_names = std::to_array<Mistake>({
    {"application: serviceops",
     "application: \"service$(reboot)\"",
     "f:3:14: 'application': 'service$(reboot)' is not a name; use letters, digits, '.', '_' and '-', beginning with a letter, digit or '_'"},
    {"application: serviceops",
     "application: ../serviceops",
     "f:3:14: 'application': '../serviceops' is not a name; use letters, digits, '.', '_' and '-', beginning with a letter, digit or '_'"},
    {"application: serviceops",
     "application: [serviceops]",
     "f:3:14: 'application' must be a name (letters, digits, '.', '_', '-'), not a list; write for example application: main"},
    {"application: serviceops",
     "application:",
     "f:3:1: 'application' has no value; write a name (letters, digits, '.', '_', '-') such as main"},
    {"application: serviceops",
     "aplication: serviceops",
     "f:1:1: the configuration has no 'application'; add application: main"},
    {"  database:\n",
     "  'data`base':\n",
     "f:20:3: 'data`base' is not a name; use letters, digits, '_' and '-', beginning with a letter or digit, at most 64"},
    {"  login:\n",
     "  fencing:\n",
     "f:37:3: a component cannot be named 'fencing', which is a word of Switchback's own; choose another name"},
    {"  login:\n",
     "  log.in:\n",
     "f:37:3: 'log.in' is not a name; use letters, digits, '_' and '-', beginning with a letter or digit, at most 64"},
    {"units: [ft-main-server,",
     "units: [\"ft-main-server; rm -rf /\",",
     "f:34:13: 'units': 'ft-main-server; rm -rf /' is not a name; use letters, digits, '.', '_' and '-', beginning with a letter, digit or '_'"},
    {"zone: example.test",
     "zone: \"example test\"",
     "f:46:11: 'zone': 'example test' is not a name; use letters, digits, '.', '_' and '-', beginning with a letter, digit or '_'"},
});

constexpr auto in_needs = std::to_array<Mistake>({
    {"needs: [database, attachments]",
     "needs: [databse, attachments]",
     "f:35:13: 'needs': there is no component 'databse'; did you mean 'database'?"},
    {"needs: [database, attachments]",
     "needs: [xyzzy]",
     "f:35:13: 'needs': there is no component 'xyzzy'; known here: database, attachments, login, address"},
    {"needs: [database, attachments]",
     "needs: database",
     "f:35:12: 'needs' must be a list of names, not text; write for example needs: [main, worker]"},
    {"needs: [database, attachments]",
     "needs: [database, attachments, database]",
     "f:35:36: 'needs': 'database' stands here twice; remove one"},
    {"needs: [database, attachments]",
     "needs: [services]",
     "f:35:13: a circle: services needs services; remove one of these"},
    {"every: 5m",
     "every: 5m\n    needs: [address]",
     "f:30:13: a circle: attachments needs address, address needs login, login needs services, services needs attachments; remove one of these"},
    {"every: 5m",
     "every: 5m\n    writers: [login, cron]",
     "f:30:22: 'writers': there is no component 'cron'; known here: database, services, login, address"},
    {"every: 5m",
     "every: 5m\n    writers: [database]\n    needs: [database]",
     "f:30:15: a circle: database writes attachments, attachments needs database; remove one of these"},
    {"every: 5m",
     "every: 5m\n    needs: [database]\n  extra: {type: files, host: app, paths: [/x], writers: [database], needs: [login]}",
     "f:31:58: a circle: database writes extra, extra needs login, login needs services, services needs database; remove one of these"},
});
// clang-format on

TEST(Mistakes, in_sites_have_their_sentence) {
  expect_first_lines(in_sites);
}

TEST(Mistakes, in_names_have_their_sentence) {
  expect_first_lines(in_names);
}

TEST(Mistakes, in_needs_have_their_sentence) {
  expect_first_lines(in_needs);
}

}  // namespace
}  // namespace switchback
