// The command line: which words there are, and what each is for. What they do is in src/cli/.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "cli/executor.h"
#include "cli/inspect.h"
#include "cli/loss.h"
#include "cli/operate.h"
#include "cli/run_commands.h"
#include "cli/runbook.h"
#include "cli/serve.h"
#include "cli/setup.h"

namespace {

using namespace switchback;  // the one place: main is the program

struct Words {
  std::string application;
  std::optional<std::string> connect;
  std::string file;
  std::string operation;
  std::string step;
  std::string text;
  std::string answer = "yes";
  int64_t run = 0;
  bool markdown = false;
  bool hosts = false;
  bool brief = false;
  std::string every = "30s";
  OperateFlags flags;
  RunbookFlags runbook;
};

constexpr const char* exit_codes =
    "Exit status: 0 done (ready: go); 1 refused or failed before any effect (ready: no-go);\n"
    "2 usage or configuration; 3 waits for a person; 4 stopped after effects, or unknown.";

class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.footer(exit_codes);
    app_.set_version_flag("--version", "switchback " SWITCHBACK_VERSION);
    app_.add_option("--config", options_.config,
                    "Configuration: a file, or a folder of *.yaml files")
        ->capture_default_str();
    app_.add_option("--state", options_.state, "Folder of the store")->capture_default_str();
    app_.add_flag("--json", options_.json, "Write records as JSON");
    app_.add_option("--as", options_.as, "Name the person who answers (recorded as unverified)");
    app_.fallthrough();
    add_setup();
    add_looking();
    add_operations();
    add_runs();
    add_serving();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app_.exit(error);
      return code == 0 ? exit_done : exit_usage;
    }
    return chosen_ ? chosen_() : static_cast<int>(exit_usage);
  }

 private:
  CLI::App* add(CLI::App& parent, const char* name, const char* help, std::function<int()> action) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->footer(exit_codes);
    command->fallthrough();
    command->callback([this, action = std::move(action)] { chosen_ = action; });
    return command;
  }

  void name_application(CLI::App* command, bool required = false) {
    command
        ->add_option("APP", words_.application,
                     "The application; may be left out when there is only one")
        ->required(required);
  }

  void add_setup() {
    add(app_, "init", "Print a commented configuration to start from", print_starting_point);
    add(app_, "schema", "Print the JSON Schema of the configuration, for editors", print_schema);
    auto* check = add(app_, "check", "Check a configuration file; says everything that is wrong",
                      [this] { return check_file(options_, words_.file); });
    check->add_option("FILE", words_.file, "The file; default: --config");
  }

  void add_looking() {
    auto* ready =
        add(app_, "ready", "Would a failover work now, what would it lose, what to fix (read-only)",
            [this] { return show_ready(options_, words_.application, words_.brief); });
    name_application(ready);
    ready->add_flag("--brief", words_.brief, "One line, for a monitoring check");
    auto* status = add(app_, "status", "Who is active, what runs where, which run is open",
                       [this] { return show_status(options_, words_.application); });
    name_application(status);
    auto* runbook = add(app_, "runbook", "Write the scripts that work without Switchback", [this] {
      return write_runbook(options_, words_.application, words_.runbook);
    });
    name_application(runbook);
    runbook->add_option("--out", words_.runbook.out, "The folder; default: ./APP-runbook");
    runbook->add_flag("--publish", words_.runbook.publish,
                      "Store them on every host of the application");
    auto* resolve =
        add(app_, "resolve",
            "Split brain or disagreement: what was seen and the way out (read-only); with "
            "--to, take the application over from another claim",
            [this] { return resolve_words(); });
    name_application(resolve);
    resolve->add_option("--to", words_.flags.to,
                        "The site that is active: a new claim says so on every host");
    add_run_flags(resolve);
    auto* audit = app_.add_subcommand("audit", "Prove that the journal is what was written");
    audit->require_subcommand(1);
    auto* verify = add(*audit, "verify", "Find any edit, deletion, reorder or truncation", [this] {
      return audit_verify(options_, words_.application, words_.text, words_.hosts);
    });
    name_application(verify);
    verify->add_option("--head", words_.text, "A head kept elsewhere, as status prints it");
    verify->add_flag("--hosts", words_.hosts, "Compare with the heads that the hosts keep");
    name_application(add(*audit, "export", "Write the journal as JSON lines",
                         [this] { return audit_export(options_, words_.application); }));
  }

  void add_plan_flags(CLI::App* command) {
    command->add_option("--to", words_.flags.to, "The site that becomes active");
  }

  void add_anyway(CLI::App* command) {
    command
        ->add_option("--anyway", words_.flags.anyway,
                     "Go home outside of failback: stable_for and windows, and why; is announced")
        ->check([](const std::string& reason) {
          return trim(reason).empty() ? std::string("the reason is empty") : std::string();
        });
  }

  void add_operation(const char* name, const char* help, Operation operation) {
    auto* command = add(app_, name, help, [this, operation] {
      return operate(options_, operation, words_.application, words_.flags);
    });
    name_application(command);
    add_plan_flags(command);
    const bool may_go_home = operation == Operation::switchover || operation == Operation::failback;
    if (may_go_home) add_anyway(command);
    add_run_flags(command);
  }

  void add_run_flags(CLI::App* command) {
    command->add_option("--ticket", words_.flags.ticket, "Incident or change number");
    command->add_option("--reason", words_.flags.reason, "Why, for journal and report");
    command->add_flag("--yes", words_.flags.yes,
                      "Do not ask \"proceed?\"; gates and attestations are asked all the same");
    command->add_flag("--dry-run", words_.flags.dry_run, "Show the plan and stop");
  }

  // Looking is what one does first, and what one does without knowing more.
  int resolve_words() {
    if (words_.flags.to.empty()) return show_resolve(options_, words_.application);
    return operate(options_, Operation::resolve, words_.application, words_.flags);
  }

  void add_operations() {
    auto* plan = add(app_, "plan", "Show exactly what an operation would do, and its hash",
                     [this] { return plan_words(); });
    plan->add_option("OPERATION", words_.operation,
                     "switchover, failover, reprotect, failback, start, resolve, adopt or release")
        ->required();
    name_application(plan);
    add_plan_flags(plan);
    add_anyway(plan);
    plan->add_flag("--no-look", words_.flags.no_look, "Use stored facts; ask no host");
    plan->add_flag("--commands", words_.flags.commands, "Name the command of every step");
    plan->add_flag("--markdown{markdown},--shell{shell}", words_.flags.form,
                   "As a document, or as a runbook for sh that works without Switchback");
    add_operation("adopt", "Put the application under guard: guards, status files, first claim",
                  Operation::adopt);
    add_operation("release", "Take everything out again; the application keeps running",
                  Operation::release);
    add_operation("sync", "Bring files at the standby near the active side now", Operation::sync);
    add_operation("switchover", "Planned move to the other site; nothing is lost",
                  Operation::switchover);
    add_operation("failover", "Emergency: the active site is lost; data loss is possible",
                  Operation::failover);
    add_operation("start", "Cold start: both sides are down, or the active one waits for a person",
                  Operation::start);
    add_operation("reprotect", "Rebuild the other side as standby of the active one",
                  Operation::reprotect);
    add_operation("failback", "Planned move back to the home primary", Operation::failback);
  }

  int plan_words() {
    const auto operation = parse_operation(words_.operation);
    if (!operation) return report_error(options_, operation.error());
    if (options_.json) words_.flags.form = "json";
    return print_plan(options_, *operation, words_.application, words_.flags);
  }

  void add_serving() {
    auto* command =
        add(app_, "serve", "Look at every application regularly, and run the syncs that are due",
            [this] { return serve_words(); });
    command->add_option("--every", words_.every, "Time between two looks")->capture_default_str();
  }

  int serve_words() {
    const auto every = parse_duration(words_.every);
    if (!every) return report_error(options_, every.error());
    return serve(options_, *every);
  }

  CLI::App* add_run_command(CLI::App& run, const char* name, const char* help,
                            std::function<int()> action) {
    auto* command = add(run, name, help, std::move(action));
    command->add_option("RUN", words_.run, "The run's number (see: switchback runs)")->required();
    return command;
  }

  void add_runs() {
    name_application(add(app_, "runs", "List the runs",
                         [this] { return list_runs(options_, words_.application); }));
    auto* run = app_.add_subcommand("run", "Look at a run, answer it, or change its course");
    run->require_subcommand(1);
    auto* show = add_run_command(*run, "show", "The run's report", [this] {
      return show_run(options_, words_.run, words_.markdown);
    });
    show->add_flag("--markdown", words_.markdown, "Only the report, as Markdown");
    add_run_command(*run, "loss", "Every transaction and file that an emergency lost, one by one",
                    [this] { return show_loss(options_, words_.run); });
    add_run_command(*run, "watch", "Follow the run until it ends",
                    [this] { return watch_existing_run(options_, words_.run); });
    add_run_command(*run, "resume", "Go on after a crash or an interruption",
                    [this] { return resume_run(options_, words_.run); });
    auto* retry = add_run_command(*run, "retry", "Try a failed or unknown step again",
                                  [this] { return retry_step(options_, words_.run, words_.step); });
    retry->add_option("STEP", words_.step)->required();
    auto* skip = add_run_command(*run, "skip", "Go on without a step, with a reason", [this] {
      return skip_step(options_, words_.run, words_.step, words_.text);
    });
    skip->add_option("STEP", words_.step)->required();
    skip->add_option("--reason", words_.text, "Why; stands in the report")->required();
    auto* abort = add_run_command(*run, "abort", "Undo what was done, while that is possible",
                                  [this] { return abort_run(options_, words_.run, words_.text); });
    abort->add_option("--reason", words_.text, "Why; stands in the report");
    auto* approve =
        add_run_command(*run, "approve", "Approve the plan of a run by its hash",
                        [this] { return approve_run(options_, words_.run, words_.text); });
    approve->add_option("HASH", words_.text, "The plan's hash, at least 8 digits")->required();
    auto* confirm = add_run_command(*run, "confirm", "Answer a gate", [this] {
      return confirm_gate(options_, words_.run, words_.step, words_.answer, words_.text);
    });
    confirm->add_option("GATE", words_.step, "May be left out when one gate is open");
    confirm->add_flag("--no{no}", words_.answer, "Answer no");
    confirm->add_option("--text", words_.text, "Words for the report");
    auto* note = add_run_command(*run, "note", "Add a line to the run's incident log",
                                 [this] { return note_run(options_, words_.run, words_.text); });
    note->add_option("TEXT", words_.text)->required();
    // Internal: the executor process of a run (cli/executor.h).
    auto* execute = add(app_, "execute-run", "",
                        [this] { return execute_run(options_, words_.connect, words_.text); });
    execute->add_option("--who", words_.text);
    execute->add_option("--connect", words_.connect);
    execute->group("");
  }

  CLI::App app_{
      "Switchback moves an application between two sites, and never lets both be active."};
  Options options_;
  Words words_;
  std::function<int()> chosen_;
};

}  // namespace

int main(int argc, char** argv) {
  return CommandLine().run(argc, argv);
}
