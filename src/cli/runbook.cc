#include "cli/runbook.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "cli/situation.h"
#include "components/site.h"
#include "engine/observe.h"
#include "planner/bundle.h"
#include "world/real_clock.h"
#include "world/real_shell.h"

namespace switchback {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds publish_bound{20'000};

// Whole or not at all: a copy that is read tonight must not be half of two.
Result<void> write_whole(const fs::path& path, const std::string& text, bool executable) {
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  const fs::path part = path.string() + ".new";
  std::ofstream file(part, std::ios::binary);
  file << text;
  file.close();
  if (file && executable) {
    fs::permissions(part, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add, problem);
  }
  if (file && !problem) fs::rename(part, path, problem);
  if (!file || problem) {
    return fail(ErrorCode::unavailable,
                fmt::format("writing {}: it cannot be written; next: make room, or name another "
                            "folder with --out",
                            path.string()));
  }
  return {};
}

std::string stream_file(const Options& options, const Application& application) {
  return fs::absolute(options.state + "/runbook/" + application.name + ".bundle").string();
}

Result<void> write_folder(const Bundle& bundle, const std::string& folder) {
  for (const BundleFile& file : bundle.files) {
    auto written = write_whole(fs::path(folder) / file.name, file.text, file.name.ends_with(".sh"));
    if (!written) return written;
  }
  return write_whole(fs::path(folder) / "manifest", bundle.manifest + "\n", false);
}

ShellRequest storing_request(const Application& application, const Host& host,
                             const std::string& manifest, const std::string& file) {
  const Step step = runbook_step(host, manifest, file);
  const auto bodies = script_bodies();
  const auto ready = [&](const Command& command) {
    return ReadyCommand{
        command.script, bodies.at(command.script), {manifest}, command.secret_stdin};
  };
  ShellRequest request;
  request.host = host.key;
  request.application = application.name;
  request.step = step.id;
  request.guarding = Guarding::read;  // no claim is asked: it changes nothing that runs
  request.probe = ready(step.probe);
  request.apply = ready(step.apply);
  request.bound = publish_bound;
  return request;
}

// Host -> why it has no copy; empty: it has.
std::map<std::string, std::string> send_to_hosts(const Options& options,
                                                 const Application& application,
                                                 const std::string& manifest,
                                                 const std::string& file) {
  RealShell shell(shell_options(options));
  RealClock clock;
  shell.connect(application.all_hosts());
  std::map<RequestId, std::string> waiting;
  std::map<std::string, std::string> missing;
  for (const Host& host : application.all_hosts()) {
    missing[host.key] = "no answer within " + duration_text(publish_bound);
    waiting[shell.start(storing_request(application, host, manifest, file))] = host.key;
  }
  const Instant deadline = clock.now() + publish_bound;
  while (!waiting.empty()) {
    const auto event = shell.next_event(deadline);
    if (!event) break;
    const auto found = waiting.find(event->request);
    if (found == waiting.end() || event->kind != ShellEvent::Kind::answer) continue;
    const Answer& answer = event->answer;
    const bool stored = answer.status == AnswerStatus::ended && answer.exit_code == 0;
    missing[found->second] = stored ? ""
                                    : fmt::format("{}: {}", answer_status_text(answer.status),
                                                  clean(trim(answer.err), 200));
    waiting.erase(found);
  }
  return missing;
}

int publish(const Options& options, const Application& application, const Bundle& bundle) {
  const std::string file = stream_file(options, application);
  if (auto kept = write_whole(file, bundle_stream(bundle), false); !kept) {
    return report_error(options, kept.error());
  }
  Json hosts = Json::array();
  bool everywhere = true;
  for (const auto& [host, why] : send_to_hosts(options, application, bundle.manifest, file)) {
    everywhere = everywhere && why.empty();
    hosts.push_back({{"host", host}, {"stored", why.empty()}, {"why", why}});
    if (!options.json) fmt::print("{:<12} {}\n", host, why.empty() ? "has the runbooks" : why);
  }
  if (options.json) {
    print_json({{"application", application.name},
                {"manifest", bundle.manifest},
                {"folder", Json()},
                {"hosts", hosts}});
  } else if (!everywhere) {
    fmt::print("not every host has them; next: switchback runbook {} --publish\n",
               application.name);
  }
  return everywhere ? exit_done : exit_stopped;
}

}  // namespace

int write_runbook(const Options& options, const std::string& application,
                  const RunbookFlags& flags) {
  auto loaded = load_application(options, application);
  if (!loaded) return report_error(options, loaded.error());
  const auto bundle = make_bundle(catalogue(), *loaded);
  if (!bundle) return report_error(options, bundle.error());
  const std::string folder =
      flags.out.empty() && !flags.publish ? loaded->name + "-runbook" : flags.out;
  if (!folder.empty()) {
    if (auto written = write_folder(*bundle, folder); !written) {
      return report_error(options, written.error());
    }
  }
  if (flags.publish) return publish(options, *loaded, *bundle);
  if (options.json) {
    print_json({{"application", loaded->name},
                {"manifest", bundle->manifest},
                {"folder", folder},
                {"hosts", Json::array()}});
  } else {
    fmt::print(
        "{}: {} runbooks; read {}/README.md. Copies for the hosts: switchback runbook {} "
        "--publish\n",
        folder, bundle->files.size() - 1, folder, loaded->name);
  }
  return exit_done;
}

Result<PlanRequest> with_runbook(const Options& options, const Application& application,
                                 PlanRequest request, bool keep) {
  // A rebuild may put a new host under guard.
  if (request.operation != Operation::adopt && request.operation != Operation::reprotect) {
    return request;
  }
  const auto bundle = make_bundle(catalogue(), application);
  if (!bundle) return std::unexpected(bundle.error());
  request.runbook_manifest = bundle->manifest;
  request.runbook_file = stream_file(options, application);
  if (keep) {
    auto kept = write_whole(request.runbook_file, bundle_stream(*bundle), false);
    if (!kept) return std::unexpected(kept.error());
  }
  return request;
}

std::vector<Event> runbook_notes(const Options& options, const Application& application,
                                 std::set<std::string>& known) {
  RealShell shell(shell_options(options));
  RealClock clock;
  const auto seen = observe(shell, clock, application.name, application.all_hosts(),
                            runbook_log_observations(application), script_bodies(), look_bound);
  std::vector<Event> notes;
  for (const auto& [key, facts] : seen) {
    for (int64_t n = facts.integer("logs").value_or(0); n >= 1; --n) {  // the oldest first
      const std::string log = fmt::format("log.{}", n);
      const std::string name = facts.get(log).value_or("");
      if (name.empty() || !known.insert(name).second) continue;
      for (const auto& [line, words] : facts.values) {
        if (!line.starts_with(log + ".")) continue;
        Event note;
        note.kind = EventKind::noted;
        note.at_ms = clock.wall_ms();
        note.body = {{"who", "runbook " + name}, {"verified", false}, {"text", words}};
        notes.push_back(std::move(note));
      }
    }
  }
  return notes;
}

}  // namespace switchback
