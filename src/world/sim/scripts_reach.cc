// How users reach the application: the dns and http scripts (components/dns/*.sh, http/*.sh). Name
// servers are no hosts here: they stand beside the world and answer the controller.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "world/sim/units.h"

namespace switchback {
namespace {

// MODE PORT ZONE RECORD VALUE TTL EPOCH CLAIM_ID COMPONENT UPDATE_SERVER SERVER…
struct DnsCall {
  std::string mode, name, value, claim, component;
  int64_t ttl = 0;
  int64_t epoch = 0;
  std::vector<std::string> servers;
  SimulatedAppState& state;
};

DnsCall dns_call(ScriptCall& call) {
  DnsCall dns{call.argument(0),
              call.argument(3) + "." + call.argument(2),
              call.argument(4),
              call.argument(6) + " " + call.argument(7),
              call.argument(8),
              std::atoll(call.argument(5).c_str()),
              std::atoll(call.argument(6).c_str()),
              {},
              call.host.apps[call.application]};
  for (size_t i = 10; i < call.arguments.size(); ++i) dns.servers.push_back(call.arguments[i]);
  return dns;
}

SimulatedRecord* answer_of(ScriptCall& call, const DnsCall& dns, const std::string& server) {
  return call.world.silent_name_servers.contains(server)
             ? nullptr
             : &call.world.records[server + " " + dns.name];
}

// An update reaches the first server; the others are its secondaries and follow at once.
ScriptResult update(ScriptCall& call, const DnsCall& dns,
                    const std::function<void(SimulatedRecord&)>& change) {
  if (call.world.silent_name_servers.contains(call.argument(9))) {
    return {1, "", "the update server does not answer", {}, ""};
  }
  const SimulatedRecord& present = call.world.records[call.argument(9) + " " + dns.name];
  const int64_t their_epoch = std::atoll(present.claim.c_str());
  if (!present.claim.empty() && their_epoch >= dns.epoch && present.claim != dns.claim) {
    return {1, "", "refused: it holds claim " + present.claim, {}, ""};
  }
  change(call.world.records[call.argument(9) + " " + dns.name]);
  for (const std::string& server : dns.servers) change(call.world.records[server + " " + dns.name]);
  return {};
}

// Holds for every server that answers; a silent one is unknown unless MODE is answering.
ScriptResult everywhere(ScriptCall& call, const DnsCall& dns,
                        const std::function<bool(const SimulatedRecord&)>& holds) {
  int verdict = 0;
  int heard = 0;
  std::string silent;
  for (const std::string& server : dns.servers) {
    const SimulatedRecord* record = answer_of(call, dns, server);
    if (record == nullptr) {
      silent += (silent.empty() ? "" : ",") + server;
      if (dns.mode != "answering") verdict = 2;
    } else {
      ++heard;
      if (!holds(*record) && verdict != 2) verdict = 1;
    }
  }
  if (heard == 0) verdict = 2;
  return {verdict, fact_line("silent", silent.empty() ? "none" : silent), "", {}, ""};
}

ScriptResult point(ScriptCall& call) {
  const DnsCall dns = dns_call(call);
  return update(call, dns, [&](SimulatedRecord& record) {
    record = {dns.value, dns.ttl, dns.claim};
  });
}

ScriptResult points(ScriptCall& call) {
  const DnsCall dns = dns_call(call);
  return everywhere(call, dns, [&](const SimulatedRecord& record) {
    return record.value == dns.value && record.claim == dns.claim;
  });
}

ScriptResult lower(ScriptCall& call) {
  const DnsCall dns = dns_call(call);
  return update(call, dns,
                [&](SimulatedRecord& record) { record.ttl = std::min(record.ttl, dns.ttl); });
}

ScriptResult set_ttl(ScriptCall& call) {
  const DnsCall dns = dns_call(call);
  return update(call, dns, [&](SimulatedRecord& record) { record.ttl = dns.ttl; });
}

ScriptResult ttl_low(ScriptCall& call) {
  const DnsCall dns = dns_call(call);
  return everywhere(call, dns,
                    [&](const SimulatedRecord& record) { return record.ttl <= dns.ttl; });
}

ScriptResult ttl_is(ScriptCall& call) {
  const DnsCall dns = dns_call(call);
  return everywhere(call, dns,
                    [&](const SimulatedRecord& record) { return record.ttl == dns.ttl; });
}

ScriptResult waited(ScriptCall&) {
  return {};
}

ScriptResult observe(ScriptCall& call) {
  const DnsCall dns = dns_call(call);
  std::string out;
  int n = 0;
  for (const std::string& server : dns.servers) {
    const SimulatedRecord* record = answer_of(call, dns, server);
    const std::string prefix = fmt::format("server.{}", ++n);
    out += fact_line(prefix, server) +
           fact_line(prefix + ".answers", record == nullptr ? "does not answer" : "yes");
    if (record == nullptr) continue;
    out += fact_line(prefix + ".value", record->value) +
           fact_line(prefix + ".ttl", std::to_string(record->ttl)) +
           fact_line(prefix + ".claim", record->claim);
  }
  return {0, out + fact_line("servers", std::to_string(n)) + "resolver=\n", "", {}, ""};
}

// The page works where the units run and the database of that site takes writes.
ScriptResult http_check(ScriptCall& call) {
  bool runs = false;
  bool writes = false;
  for (const SimulatedHost* host : call.world.all_hosts()) {
    if (host->site != call.host.site || !host->powered) continue;
    for (const auto& [directory, cluster] : host->clusters) writes |= pg_writable(cluster);
    if (host->key != call.host.key) continue;
    for (const auto& [name, unit] : host->units) runs |= unit.active;
  }
  return {runs && writes ? 0 : 1, fact_line("status", runs ? "200" : "502"), "", {}, ""};
}

ScriptResult http_request(ScriptCall&) {
  return {0, "status=200\n", "", {}, ""};
}

}  // namespace

ScriptTable reach_models() {
  return {{"dns_point", {Milliseconds(30), point}},
          {"dns_points", {Milliseconds(20), points}},
          {"dns_lower", {Milliseconds(30), lower}},
          {"dns_set_ttl", {Milliseconds(30), set_ttl}},
          {"dns_ttl_low", {Milliseconds(20), ttl_low}},
          {"dns_ttl_is", {Milliseconds(20), ttl_is}},
          {"dns_waited", {Milliseconds(5), waited}},
          {"dns_observe", {Milliseconds(30), observe}},
          {"http_check", {Milliseconds(20), http_check}},
          {"http_request", {Milliseconds(20), http_request}}};
}

}  // namespace switchback
