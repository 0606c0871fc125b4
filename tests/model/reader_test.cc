#include "model/reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/hash.h"
#include "model/local_types.h"

namespace switchback {
namespace {

std::string example() {
  std::ifstream file(SOURCE_DIR "/examples/serviceops/serviceops.yaml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ReadResult read(std::string_view bytes) {
  return read_application(bytes, "app.yaml", local_types::all);
}

std::string all_lines(const ReadResult& result) {
  return join(result.lines(), "\n");
}

// The example with one piece of text replaced by another; the piece must stand in it once.
std::string example_with(std::string_view old_text, std::string_view new_text) {
  std::string text = example();
  const size_t at = text.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  if (at != std::string::npos) text.replace(at, old_text.size(), new_text);
  return text;
}

TEST(Reader, reads_the_serviceops_example) {
  const std::string bytes = example();
  const ReadResult result = read(bytes);
  ASSERT_TRUE(result.application) << all_lines(result);
  EXPECT_EQ(all_lines(result), "");
  const Application& application = *result.application;
  EXPECT_EQ(application.name, "serviceops");
  EXPECT_EQ(application.data_loss_objective, Milliseconds(60'000));
  EXPECT_EQ(application.recovery_time_objective, Milliseconds(600'000));
  EXPECT_EQ(application.config_hash, sha256_hex(bytes));
  EXPECT_EQ(application.status_file, "/var/lib/switchback/serviceops/status");
  EXPECT_EQ(application.after_reboot, "peer");
  ASSERT_EQ(application.sites.size(), 2u);
  EXPECT_EQ(application.home_primary().name, "dc");
  const Host* app = application.find_host("dr", "app");
  ASSERT_NE(app, nullptr);
  EXPECT_EQ(app->key, "dr/app");
  EXPECT_EQ(app->address, "10.77.2.10");
  EXPECT_EQ(app->user, "ops");
  EXPECT_TRUE(app->become);
  EXPECT_EQ(app->port, 22);
  ASSERT_EQ(application.components.size(), 5u);
  EXPECT_EQ(application.dependants("database"),
            (std::vector<std::string>{"services", "login", "address"}));
  ASSERT_EQ(application.fencing.size(), 2u);
  EXPECT_EQ(application.fencing[1].kind, FencingMethod::Kind::attestation);
}

TEST(Reader, gives_every_option_of_every_site_a_value) {
  const ReadResult result = read(example());
  ASSERT_TRUE(result.application) << all_lines(result);
  const Application& application = *result.application;
  EXPECT_EQ(dump_json(application.find_component("address")->options.at("dr")),
            R"({"servers":["10.77.0.53","10.77.0.54"],"zone":"example.test","record":"serviceops",)"
            R"("value":"10.77.2.10","ttl":30000,"key":"file:/etc/switchback/serviceops-dns.key"})");
  EXPECT_EQ(dump_json(application.find_component("database")->options.at("dc")),
            R"({"host":"db","replication":"streaming","port":5432,"max_lag":null,)"
            R"("checksums":true,"password":null})");
  EXPECT_EQ(dump_json(application.find_component("login")->options.at("dr").at("check")),
            R"({"url":"http://127.0.0.1:8080/login","status":200,"contains":"ServiceOps"})");
  EXPECT_EQ(application.find_component("attachments")->options.at("dc").at("largest_shrink"), 20);
}

TEST(Reader, takes_a_value_for_each_site_in_every_option) {
  std::string text = example_with("every: 5m", "every: {dc: 5m, dr: 1h}");
  text.replace(text.find("check: {url"), std::string("check: {url").size(),
               "check: {dc: {url: \"http://dc/\"}, dr: {url: \"https://dr/\", status: 204}}\n"
               "    request: {url");
  text.replace(text.find(", contains: ServiceOps"), 22, "");
  text.replace(text.find("replication: streaming"), 22,
               "replication: streaming\n    max_lag: {dc: 1s, dr: null}");
  const ReadResult result = read(text);
  ASSERT_TRUE(result.application) << all_lines(result);
  const Application& application = *result.application;
  const Json& files = application.find_component("attachments")->options;
  EXPECT_EQ(files.at("dc").at("every"), 300'000);
  EXPECT_EQ(files.at("dr").at("every"), 3'600'000);
  const Json& login = application.find_component("login")->options;
  EXPECT_EQ(login.at("dc").at("check").at("status"), 200);
  EXPECT_EQ(login.at("dr").at("check").at("url"), "https://dr/");
  EXPECT_EQ(login.at("dr").at("request").at("method"), "POST");
  EXPECT_TRUE(application.find_component("database")->options.at("dr").at("max_lag").is_null());
}

TEST(Reader, puts_needed_components_first_and_else_keeps_the_order_of_the_file) {
  const ReadResult result = read(R"(
application: a
sites:
  x: {home: secondary, hosts: {h: {address: 192.0.2.1}}}
  y: {home: primary, hosts: {h: {address: 192.0.2.2}}}
components:
  web: {type: systemd, host: h, units: [web, getty@tty1.service], needs: [second, data]}
  first: {type: systemd, host: h, units: [a]}
  second: {type: systemd, host: h, units: [b], needs: [data]}
  data: {type: postgresql, host: h, writers: [first]}
)");
  ASSERT_TRUE(result.application) << all_lines(result);
  std::vector<std::string> names;
  for (const auto& component : result.application->components) names.push_back(component.name);
  EXPECT_EQ(names, (std::vector<std::string>{"first", "data", "second", "web"}));
  EXPECT_EQ(result.application->home_primary().name, "y");
  EXPECT_EQ(result.application->find_component("data")->writers,
            (std::vector<std::string>{"first"}));
}

TEST(Reader, reads_every_policy) {
  const ReadResult result = read(R"(
application: shop
sites:
  a: {home: primary, hosts: {db: [{address: a1.example}, {address: a2.example, port: 2222}]}}
  b: {home: secondary, hosts: {db: {address: "2001:db8::1"}}}
components:
  services: {type: command, host: db, start: {probe: [systemctl, is-active, x], apply: [sh, -c, "a\nb"]}}
fencing:
  - stop: all
  - firewall: {engage: [fw, "{site}"], prove: [[fw, show], [ping, "{site}"]], lift: [fw, open]}
  - command: {name: power, engage: [off], prove: [check]}
  - attestation: {people: 2}
checklists:
  failover:
    before: [{text: Management agreed, by: approver}, {text: Enough memory, check: [memory, "80"]}]
    after: [{text: Restore announced}]
approvals: {people: 2}
failback: {stable_for: 24h, windows: ["Sat 22:00-02:00 Europe/Berlin", "Mon-Fri,Sun 01:00-03:30 UTC"]}
after_reboot: confirm
notify: [{webhook: "https://chat.example/hook"}, {webhook: "env:HOOK"}, {command: [mail, ops]}]
last_backup: {host: db, glob: "/var/backups/shop/DB_*.zip", max_age: 2d, count: 3}
status_file: /srv/status/
)");
  ASSERT_TRUE(result.application) << all_lines(result);
  const Application& application = *result.application;
  EXPECT_EQ(application.sites[0].hosts[1].key, "a/db.2");
  EXPECT_EQ(application.sites[0].hosts[1].role, "db");
  EXPECT_EQ(application.sites[0].hosts[1].port, 2222);
  EXPECT_EQ(application.find_host("b", "db")->key, "b/db");
  ASSERT_EQ(application.fencing.size(), 4u);
  EXPECT_EQ(application.fencing[1].name, "firewall");
  EXPECT_EQ(application.fencing[1].engage, (std::vector<std::string>{"fw", "{site}"}));
  EXPECT_EQ(application.fencing[1].prove,
            (std::vector<std::string>{"sh", "-ec", R"("${1}" "${2}"; "${3}" "${4}")", "prove", "fw",
                                      "show", "ping", "{site}"}));
  EXPECT_EQ(application.fencing[2].name, "power");
  EXPECT_TRUE(application.fencing[2].lift.empty());
  EXPECT_EQ(application.fencing[3].people, 2);
  const Checklist& checklist = application.failover_checklist;
  ASSERT_EQ(checklist.before.size(), 2u);
  EXPECT_EQ(checklist.before[0].by, "approver");
  EXPECT_EQ(checklist.before[1].by, "");
  EXPECT_EQ(checklist.before[1].check, (std::vector<std::string>{"memory", "80"}));
  EXPECT_EQ(checklist.after.at(0).by, "operator");
  EXPECT_EQ(application.approvals, 2);
  EXPECT_EQ(application.failback_stable_for, Milliseconds(86'400'000));
  EXPECT_EQ(application.failback_windows.size(), 2u);
  EXPECT_EQ(application.after_reboot, "confirm");
  EXPECT_EQ(application.notify.at(1).webhook, "env:HOOK");
  EXPECT_EQ(application.notify.at(2).command.size(), 2u);
  EXPECT_EQ(application.last_backup->min_count, 3);
  EXPECT_EQ(application.status_file, "/srv/status");
}

TEST(Reader, warns_of_data_that_nobody_is_known_to_write) {
  const std::string text = example_with("needs: [database, attachments]", "needs: [database]");
  const ReadResult result = read(text);
  ASSERT_TRUE(result.application);
  EXPECT_EQ(all_lines(result),
            "app.yaml:25:3: warning: component 'attachments' holds data and nothing is known to "
            "write it, so nothing is stopped before its last sync; name its writers with 'writers: "
            "[...]', or let them need it");
}

TEST(Reader, names_all_problems_of_a_file_in_its_order) {
  std::string text = example_with("every: 5m", "every: soon");
  text.replace(text.find("ttl: 30s"), 8, "tll: 30s");
  text.replace(text.find("home: primary"), 13, "home: first");
  EXPECT_EQ(all_lines(read(text)),
            "app.yaml:9:11: 'home': 'first' is not possible; write primary or secondary\n"
            "app.yaml:29:12: 'every': 'soon' is not a duration; write a number and a unit: 500ms, "
            "30s, 5m, 2h or 7d\n"
            "app.yaml:49:5: component 'address' (dns) has no key 'tll'; did you mean 'ttl'?");
}

TEST(Reader, shows_at_most_a_hundred_problems_and_says_how_many_more) {
  std::string text = example();
  for (int i = 0; i < 5000; ++i) text += "wrong_key_" + std::to_string(i) + ": 1\n";
  const ReadResult result = read(text);
  ASSERT_EQ(result.errors.size(), Problems::shown + 1);
  EXPECT_EQ(result.errors.back().message, "and 4900 more problems; correct these first");
}

}  // namespace
}  // namespace switchback
