#include "planner/bundle.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "plan/render.h"
#include "planner/parts.h"

namespace switchback {
namespace {

struct Row {
  Operation operation;
  std::string active;  // the site that is active before
  std::string to;
  std::string name;
  std::string when;  // for people: in which situation this is the one
};

std::vector<Row> rows_of(const Application& application) {
  const std::string& home = application.home_primary().name;
  const std::string& away = application.home_secondary().name;
  std::vector<Row> rows;
  rows.push_back({Operation::switchover, home, away, "switchover-to-" + away,
                  fmt::format("both sites live, {} is active, and is to be left", home)});
  rows.push_back({Operation::failback, away, home, "failback-to-" + home,
                  fmt::format("both sites live, {} is active, {} stands by", away, home)});
  for (const auto& [from, to] : {std::pair{home, away}, std::pair{away, home}}) {
    rows.push_back({Operation::failover, from, to, "failover-to-" + to,
                    fmt::format("{} is active and lost", from)});
  }
  for (const auto& [from, to] : {std::pair{away, home}, std::pair{home, away}}) {
    rows.push_back({Operation::reprotect, from, to, "reprotect-" + to,
                    fmt::format("{} is active, {} is back and has to stand by again", from, to)});
  }
  return rows;
}

// "ssh ops@10.77.1.10" for each host.
std::string hosts_table(const Application& application) {
  std::string text = "| host | reached by |\n|---|---|\n";
  for (const Host& host : application.all_hosts()) {
    text += fmt::format("| {} | `ssh -p {} {}@{}`{} |\n", host.key, host.port, host.user,
                        host.address, host.become ? ", then `sudo -n`" : "");
  }
  return text;
}

std::string secrets_text(const std::vector<std::string>& references) {
  if (references.empty()) return "These runbooks need no secret.\n";
  std::string text =
      "No secret is in these files, only where it lies. What is not there is asked for:\n\n";
  for (const std::string& reference : references) text += "- `" + clean(reference) + "`\n";
  return text;
}

std::string page(const Application& application, const std::vector<Row>& rows,
                 const std::vector<std::string>& secrets) {
  std::string text = fmt::format(
      "# {0} without Switchback\n\n"
      "For the day on which Switchback itself is gone. Each script is whole: it needs `sh`, `ssh` "
      "to the hosts\nand, on the hosts, what runs there anyway. Copies lie on every host in "
      "`/var/lib/switchback/{0}/runbook`.\n\n"
      "**Is Switchback really gone? If `switchback status {0}` answers, use Switchback.**\n\n"
      "| situation | script |\n|---|---|\n",
      application.name);
  for (const Row& row : rows) text += fmt::format("| {} | `sh {}.sh` |\n", row.when, row.name);
  text += fmt::format(
      "\n## How\n\n"
      "1. `sh SCRIPT --dry-run` prints every step and runs nothing.\n"
      "2. `sh SCRIPT` asks the hosts who is active, shows it, and begins when you type `{0}`.\n"
      "3. Where a person is needed it asks for a name and a word. An attestation is your word "
      "that the other\n   site cannot write any more: it is asked for only when nothing there "
      "answers.\n"
      "4. Where a step fails: `r` tries it again, `q` stops. `s` goes on without it, where that "
      "harms no data.\n"
      "5. Stopped, by you or by a broken connection? Start the same script again on the same "
      "machine: it goes on\n   where it was. On another machine it finds the claim on the hosts "
      "and asks whether to go on under it.\n\n"
      "Memory and log lie in `~/switchback-runbook/`. The log is copied to "
      "`/var/lib/switchback/{0}/runbook-log/`\non every host that answers.\n\n"
      "## From where\n\n{1}\n"
      "From a third place whose key these hosts know. When the controller is lost, from one of "
      "the hosts:\nlog in with your own key and your agent, `ssh -A`, copy the folder to your "
      "home, run the script there.\nIt runs the steps of that host itself (`RUNBOOK_HERE` says "
      "which address it has, when it does not see it).\nThe hosts' own keys reach only their "
      "twin at the other site: without your agent the other hosts of\nthe site refuse. The user "
      "must be root or have `sudo -n`. The machine needs `bash` for the proof that a\nlost site "
      "is silent, and `dig` and `nsupdate` where addresses are moved by DNS.\n\n"
      "## Secrets\n\n{2}\n"
      "## Afterwards\n\n"
      "Hosts hold a newer claim, taken by the store `runbook`. An older Switchback, or one "
      "restored from a\nbackup, refuses to act until it is told: `switchback resolve {0}`.\n"
      "After a failover nothing stands by until the reprotect is done.\n",
      application.name, hosts_table(application), secrets_text(secrets));
  return text;
}

void note_secrets(const Plan& plan, std::vector<std::string>& references) {
  for (const Step& step : plan.steps) {
    for (const Command* command : {&step.probe, &step.apply}) {
      const std::string& reference = command->secret_stdin;
      if (reference.empty() || std::ranges::find(references, reference) != references.end()) {
        continue;
      }
      references.push_back(reference);
    }
  }
}

}  // namespace

Result<Bundle> make_bundle(const Catalogue& catalogue, const Application& application) {
  const std::vector<Row> rows = rows_of(application);
  std::vector<std::string> secrets;
  Bundle bundle;
  for (const Row& row : rows) {
    Claim claim;
    claim.epoch = 1;  // which one, the hosts say on that day
    for (const Component& component : application.components) {
      claim.active[component.name] = row.active;
    }
    // Without any fact: what the method depends on is found out on that day, by the plan's own
    // branches.
    auto plan = make_plan(catalogue, application, claim, Snapshot{}, {row.operation, row.to});
    if (!plan) return std::unexpected(plan.error());
    plan->remarks.clear();
    note_secrets(*plan, secrets);
    bundle.files.push_back({row.name + ".sh", render_shell(*plan, row.name)});
  }
  bundle.files.push_back({"README.md", page(application, rows, secrets)});
  std::string all;
  for (const BundleFile& file : bundle.files) all += sha256_hex(file.text) + " " + file.name + "\n";
  bundle.manifest =
      fmt::format("{} {} {}", application.config_hash, SWITCHBACK_VERSION, sha256_hex(all));
  return bundle;
}

std::vector<ReadyFinding> runbook_findings(const Catalogue& catalogue,
                                           const Application& application,
                                           const Snapshot& snapshot) {
  std::vector<ReadyFinding> findings;
  const auto bundle = make_bundle(catalogue, application);
  if (!bundle) return findings;
  for (const Host& host : application.all_hosts()) {
    const Facts& facts = snapshot.of("host", host.key);
    // Before the adoption nothing of ours lies there, and that is said once.
    if (!facts.reachable || !is_adopted(facts)) continue;
    const std::string found = facts.get("runbook").value_or("");
    if (found == bundle->manifest) continue;
    const bool other = !found.starts_with(application.config_hash + " ");
    findings.push_back({{Finding::Level::blocking, host.key,
                         found.empty() ? "has no break-glass runbooks"
                         : other       ? "holds break-glass runbooks of another configuration"
                                       : "holds break-glass runbooks of another program version",
                         "switchback runbook " + application.name + " --publish"},
                        true,
                        true});
  }
  return findings;
}

std::string bundle_stream(const Bundle& bundle) {
  std::string stream;
  for (const BundleFile& file : bundle.files) {
    stream += fmt::format("{} {}\n{}", file.name, file.text.size(), file.text);
  }
  const std::string manifest = bundle.manifest + "\n";
  return stream + fmt::format("manifest {}\n{}", manifest.size(), manifest);
}

}  // namespace switchback
