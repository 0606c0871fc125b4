// The engine, the runner, the journal, plans and looking, each beside its limit measured in the
// same run, as rows of a Markdown table. `pure FOLDER` needs nothing else; `hosts MS NAME=ADDRESS…`
// performs plans over real hosts; MS is what one command over an open ssh connection costs there.
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/hash.h"
#include "components/site.h"
#include "components/types.h"
#include "engine/engine.h"
#include "engine/observe.h"
#include "model/reader.h"
#include "plan/render.h"
#include "planner/predict.h"
#include "planner/readiness.h"
#include "store/sqlite_store.h"
#include "world/real_clock.h"
#include "world/real_shell.h"

using namespace switchback;

namespace {

namespace fs = std::filesystem;
using Watch = std::chrono::steady_clock;

double ms_since(Watch::time_point begin) {
  return std::chrono::duration<double, std::milli>(Watch::now() - begin).count();
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * double(values.size())))];
}

double cpu_ms() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto ms = [](const timeval& t) { return double(t.tv_sec) * 1e3 + double(t.tv_usec) / 1e3; };
  return ms(use.ru_utime) + ms(use.ru_stime);
}

// The most that was resident since `clear_refs`.
double peak_mb() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) / 1e3;
  }
  return 0;
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  file >> size >> resident;
  return resident * double(sysconf(_SC_PAGESIZE)) / 1e6;
}

void row(const std::string& name, const std::string& measured, const std::string& beside,
         bool met) {
  fmt::print("| {} | {} | {} | {} |\n", name, measured, beside, met ? "met" : "MISSED");
  std::fflush(stdout);
}

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench: {}\n", why);
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

// A host that answers every request at once: what is left is the engine's own time.
class InstantShell final : public Shell {
 public:
  explicit InstantShell(std::string out = "") : out_(std::move(out)) {}
  void connect(const std::vector<Host>&) override {}
  RequestId start(const ShellRequest&) override {
    started.push_back(Watch::now());
    waiting_.push_back(++last_);
    return last_;
  }
  std::optional<ShellEvent> next_event(Instant) override {
    if (waiting_.empty()) return std::nullopt;
    ShellEvent event;
    event.request = waiting_.front();
    event.answer.status = AnswerStatus::ended;
    event.answer.exit_code = 0;
    event.answer.out = out_;
    waiting_.pop_front();
    answered.push_back(Watch::now());
    return event;
  }
  void cancel(RequestId) override {}

  std::vector<Watch::time_point> started;
  std::vector<Watch::time_point> answered;

 private:
  std::string out_;
  std::deque<RequestId> waiting_;
  RequestId last_ = 0;
};

Plan chain_of(size_t steps, const std::vector<std::string>& places) {
  Plan plan;
  plan.application = "bench";
  plan.from_site = "dc";
  plan.to_site = "dr";
  plan.claim_before.epoch = 0;
  plan.active_after["c"] = "dr";
  for (const std::string& place : places) {
    if (place == "controller") continue;
    Host host;
    host.key = place;
    host.site = place.substr(0, 2);
    host.role = "app";
    host.address = "192.0.2.1";
    plan.hosts.push_back(host);
  }
  for (size_t i = 0; i < steps; ++i) {
    Step step;
    step.id = fmt::format("c.s{}", i);
    step.component = "c";
    step.phase = "prepare";
    step.where = places[i % places.size()];
    step.title = "a step that is done at once";
    step.probe = argv_command({"true"});
    step.apply = argv_command({"true"});
    step.guarding = Guarding::stop;
    step.repeatable = true;
    if (i > 0) step.needs = {fmt::format("c.s{}", i - 1)};
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

int64_t make_run(Store& store, const Plan& plan) {
  Claim next;
  next.epoch = plan.claim_before.epoch + 1;
  next.claim_id = random_hex(16);
  next.store_id = store.store_id();
  next.active = plan.active_after;
  Event event;
  event.kind = EventKind::run_created;
  event.at_ms = RealClock().wall_ms();
  event.body = {{"plan", plan_to_json(plan)},
                {"plan_hash", plan_hash(plan)},
                {"next_claim", claim_to_json(next)},
                {"who", "bench"},
                {"verified", false},
                {"ticket", ""},
                {"reason", ""},
                {"predicted_ms", 0}};
  return must(store.create_run(plan.application, {event}));
}

void bench_engine(const fs::path& folder) {
  auto store = must(SqliteStore::open((folder / "engine.db").string()));
  InstantShell shell;
  RealClock clock;
  const int64_t run = make_run(*store, chain_of(200, {"dc/app", "dr/app"}));
  Engine engine(*store, shell, clock, {});
  must(engine.execute(run));
  std::vector<double> between;
  for (size_t i = 1; i < shell.started.size() && i - 1 < shell.answered.size(); ++i) {
    between.push_back(
        std::chrono::duration<double, std::milli>(shell.started[i] - shell.answered[i - 1])
            .count());
  }
  if (between.size() < 199) give_up("the engine did not perform its plan");
  const double median = percentile(between, 0.5);
  const double late = percentile(between, 0.99);
  row("engine, per step, 200-step chain: answer heard -> next step sent, durable journal",
      fmt::format("median {:.2f} ms, p99 {:.2f} ms", median, late), "at most 1 ms and 5 ms",
      median <= 1 && late <= 5);
}

// One request after the other, each a step of its own, with a pause as a plan has it.
std::vector<double> runner_times(RealShell& shell, Guarding guarding, int count,
                                 const std::string& run_id) {
  RealClock clock;
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    ShellRequest request;
    request.host = "controller";
    request.application = "bench";
    request.step = fmt::format("step{}", i);
    request.attempt = fmt::format("{}.step{}.1", run_id, i);
    request.guarding = guarding;
    request.epoch = 1;
    request.claim_id = "c1";
    request.store_id = "s1";
    request.run = 1;
    request.apply.arguments = {"true"};
    const auto begin = Watch::now();
    const RequestId id = shell.start(request);
    for (;;) {
      const auto event = shell.next_event(clock.now() + Milliseconds(10'000));
      if (!event) give_up("the runner does not answer");
      if (event->request != id || event->kind != ShellEvent::Kind::answer) continue;
      if (event->answer.status != AnswerStatus::ended) give_up("the runner: " + event->answer.err);
      break;
    }
    if (i > 0) times.push_back(ms_since(begin));  // the first one opens the channel
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return times;
}

void bench_runner(const fs::path& folder) {
  RealShellOptions options;
  options.controller_state_root = (folder / "state").string();
  const fs::path memory = fs::path("/dev/shm") / folder.filename();  // as /run of a host is
  options.controller_run_root = memory.string();
  RealShell shell(options);
  shell.connect({});
  const auto plain = runner_times(shell, Guarding::read, 300, "plain");
  const auto wrapped = runner_times(shell, Guarding::effect, 300, "wrapped");
  fs::remove_all(memory);
  std::vector<double> forks;
  for (int i = 0; i < 100; ++i) {
    const auto begin = Watch::now();
    if (std::system("exec true") != 0) give_up("sh does not run");
    forks.push_back(ms_since(begin));
  }
  const double limit = percentile(forks, 0.5);
  const double p = percentile(plain, 0.5);
  const double w = percentile(wrapped, 0.5);
  row("sh runner, plain command, round trip",
      fmt::format("median {:.1f} ms, p99 {:.1f} ms", p, percentile(plain, 0.99)),
      fmt::format("at most 3 ms; {:.1f} x `sh -c true` ({:.1f} ms)", p / limit, limit), p <= 3);
  row("sh runner, lock, claim check, fsynced receipts",
      fmt::format("median {:.1f} ms, p99 {:.1f} ms", w, percentile(wrapped, 0.99)),
      fmt::format("at most 8 ms; {:.1f} x `sh -c true`", w / limit), w <= 8);
}

// The bare commit loop: one row of the same bytes a commit, WAL, synchronous=FULL, nothing else.
double bare_rate(const std::string& file, const std::string& bytes, double seconds) {
  sqlite3* db = nullptr;
  if (sqlite3_open(file.c_str(), &db) != SQLITE_OK) give_up("sqlite");
  sqlite3_exec(db,
               "pragma journal_mode=wal; pragma synchronous=full; create table if not exists "
               "e(n integer primary key, t text)",
               nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "insert into e(t) values(?)", -1, &insert, nullptr);
  int count = 0;
  const auto begin = Watch::now();
  while (ms_since(begin) < seconds * 1e3) {
    sqlite3_bind_text(insert, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE) give_up("sqlite insert");
    sqlite3_reset(insert);
    ++count;
  }
  const double rate = count / (ms_since(begin) / 1e3);
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return rate;
}

double journal_rate(Store& store, int64_t run, int64_t& sequence, const Event& event,
                    double seconds) {
  int count = 0;
  const auto begin = Watch::now();
  while (ms_since(begin) < seconds * 1e3) {
    must(store.append(run, sequence++, {event}));
    ++count;
  }
  return count / (ms_since(begin) / 1e3);
}

void bench_journal(const fs::path& folder) {
  auto store = must(SqliteStore::open((folder / "journal.db").string()));
  const int64_t run = make_run(*store, chain_of(2, {"dc/app"}));
  int64_t sequence = must(store->last_sequence(run));
  Event event;
  event.kind = EventKind::noted;
  event.at_ms = 1'800'000'000'000;
  event.body = {{"who", "bench"}, {"text", std::string(120, 'x')}};
  event.run = run;
  event.sequence = 100'000;
  const std::string bytes = event_text(event) + std::string(64, '0');
  std::vector<double> bare;
  std::vector<double> ours;
  for (int round = 0; round < 7; ++round) {  // interleaved: the machine's moods hit both
    bare.push_back(bare_rate((folder / "bare.db").string(), bytes, 0.5));
    ours.push_back(journal_rate(*store, run, sequence, event, 0.5));
  }
  const double b = percentile(bare, 0.5);
  const double o = percentile(ours, 0.5);
  row("journal, one chained event a durable append", fmt::format("{:.0f} events/s", o),
      fmt::format("at least 80 % of the bare SQLite commit loop ({:.0f}/s): {:.0f} %", b,
                  100 * o / b),
      o >= 0.8 * b);
}

Catalogue whole_catalogue() {
  Catalogue all;
  for (const ComponentType* type : component_types()) all.types.push_back(type);
  for (const NamedScript& script : site_scripts()) all.scripts.push_back(script);
  return all;
}

// Components of the type `command` with five steps each, every fourth without needs, the others
// needing the one before. More than a configuration file may name, so the first is multiplied.
Application wide_application(int components) {
  std::string text =
      "application: bench\nsites:\n  dc: {home: primary, hosts: {app: {address: 10.1.0.1}}}\n"
      "  dr: {home: secondary, hosts: {app: {address: 10.2.0.1}}}\ncomponents:\n"
      "  c:\n    type: command\n    host: app\n";
  for (const char* hook : {"prepare", "stop", "promote", "start", "follow"}) {
    text += fmt::format("    {}: {{probe: [test, -e, /tmp/x], apply: [touch, /tmp/x]}}\n", hook);
  }
  text += "fencing: [{attestation: {people: 1}}]\n";
  const ReadResult read = read_application(text, "bench.yaml", component_schemas());
  if (!read.application) give_up(read.lines().empty() ? "yaml" : read.lines().front());
  Application application = *read.application;
  const Component one = application.components.front();
  application.components.clear();
  for (int i = 0; i < components; ++i) {
    Component component = one;
    component.name = fmt::format("c{}", i);
    if (i % 4 != 0) component.needs = {fmt::format("c{}", i - 1)};
    application.components.push_back(component);
  }
  return application;
}

struct PlanCost {
  double planned_ms, hashed_ms, rendered_ms, peak_mb, steps;
};

PlanCost plan_cost(const Catalogue& all, const Application& application) {
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const double before = peak_mb();
  const auto begin = Watch::now();
  PlanCost cost{};
  const Plan plan = must(make_plan(all, application, Claim{}, Snapshot{}, PlanRequest{}));
  cost.planned_ms = ms_since(begin);
  const std::string hash = plan_hash(plan);
  cost.hashed_ms = ms_since(begin);
  const std::string text = render_text(plan, predict(plan, {}));
  cost.rendered_ms = ms_since(begin);
  cost.peak_mb = peak_mb() - before;
  cost.steps = double(plan.steps.size());
  return cost;
}

// Each in a process of its own, or it would find the memory that the one before left free.
PlanCost plan_cost_alone(int components) {
  int ends[2];
  if (pipe(ends) != 0) give_up("pipe");
  const pid_t child = fork();
  if (child < 0) give_up("fork");
  PlanCost cost{};
  if (child == 0) {
    cost = plan_cost(whole_catalogue(), wide_application(components));
    _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
  }
  const bool told = read(ends[0], &cost, sizeof cost) == sizeof cost;
  waitpid(child, nullptr, 0);
  if (!told) give_up("a plan could not be measured");
  return cost;
}

void bench_plan() {
  std::optional<PlanCost> first;
  for (const int components : {100, 400, 1666}) {
    const PlanCost cost = plan_cost_alone(components);
    if (!first) first = cost;
    const double grown = cost.peak_mb / first->peak_mb / (cost.steps / first->steps);
    row(fmt::format("plan of {:.0f} steps: planned, hashed and rendered", cost.steps),
        fmt::format("{:.0f} ms ({:.0f} + {:.0f} + {:.0f}), {:.1f} MB at most", cost.rendered_ms,
                    cost.planned_ms, cost.hashed_ms - cost.planned_ms,
                    cost.rendered_ms - cost.hashed_ms, cost.peak_mb),
        fmt::format("under 1 s; memory {:.2f} x linear", grown),
        cost.rendered_ms < 1000 && grown <= 1.1);
  }
}

void bench_observe(const fs::path& folder) {
  const std::string text =
      "application: app\nsites:\n"
      "  dc: {home: primary, hosts: {app: {address: 10.1.0.1}, db: {address: 10.1.0.2}}}\n"
      "  dr: {home: secondary, hosts: {app: {address: 10.2.0.1}, db: {address: 10.2.0.2}}}\n"
      "components:\n  database: {type: postgresql, host: db, replication: streaming}\n"
      "  files: {type: files, host: app, paths: [/srv/x]}\n"
      "  services: {type: systemd, host: app, units: [a, b, c], needs: [database, files]}\n"
      "fencing: [{attestation: {people: 1}}]\n";
  const ReadResult read = read_application(text, "observe.yaml", component_schemas());
  if (!read.application) give_up(read.lines().empty() ? "yaml" : read.lines().front());
  const Catalogue all = whole_catalogue();
  std::map<std::string, std::string> bodies;
  for (const NamedScript& script : all_scripts()) bodies.emplace(script.name, script.body);
  std::string facts;
  for (int i = 0; i < 40; ++i)
    facts += fmt::format("fact.{}=a value of the usual length {}\n", i, i);
  auto store = must(SqliteStore::open((folder / "observe.db").string()));
  RealClock clock;
  constexpr int applications = 100;
  constexpr int cycles = 10;
  std::vector<std::map<std::string, Facts>> known(applications);
  const double memory = resident_mb();
  const double cpu = cpu_ms();
  const auto begin = Watch::now();
  for (int cycle = 0; cycle < cycles; ++cycle) {
    for (int i = 0; i < applications; ++i) {
      InstantShell shell(facts);
      Application application = *read.application;
      application.name = fmt::format("app{}", i);
      const auto seen = observe(shell, clock, application.name, application.all_hosts(),
                                observations(all, application), bodies, Milliseconds(1000));
      auto& kept = known[static_cast<size_t>(i)];
      kept = merge_facts(std::move(kept), seen);
      if (!store->put_facts(application.name, kept)) give_up("facts are not kept");
    }
  }
  row("looking at 100 applications of 4 simulated hosts, facts kept in the store",
      fmt::format("{:.2f} ms CPU and {:.2f} ms a look and application, {:.2f} MB an application",
                  (cpu_ms() - cpu) / applications / cycles, ms_since(begin) / applications / cycles,
                  (resident_mb() - memory) / applications),
      "no limit set", true);
}

// Performs the plan with an open connection and gives its wall time.
double perform_over(Store& store, Shell& shell, const Plan& plan) {
  RealClock clock;
  const int64_t run = make_run(store, plan);
  const auto begin = Watch::now();
  Engine engine(store, shell, clock, {});
  const Departure left = must(engine.execute(run));
  const double wall = ms_since(begin);
  if (left.situation != Decision::Situation::ended) give_up("the run stopped: " + left.reason);
  return wall;
}

// 20 steps of 0.2 s: a chain of 8 beside three chains of 4, over both hosts.
Plan graph_over(std::vector<std::string> places, Guarding guarding) {
  Plan plan = chain_of(20, places);
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    Step& step = plan.steps[i];
    step.probe = {};
    step.apply = argv_command({"sleep", "0.2"});
    step.guarding = guarding;
    if (i == 8 || i == 12 || i == 16) step.needs.clear();
  }
  return plan;
}

void bench_hosts(const fs::path& folder, double ssh_ms, const std::vector<std::string>& words) {
  auto store = must(SqliteStore::open((folder / "hosts.db").string()));
  std::vector<Host> hosts;
  std::vector<std::string> places;
  for (const std::string& word : words) {
    const auto parts = split(word, '=');
    Host host;
    host.key = parts[0];
    host.site = parts[0].substr(0, 2);
    host.role = "app";
    host.address = parts[1];
    places.push_back(host.key);
    hosts.push_back(host);
  }
  RealShellOptions options;
  options.controller_state_root = (folder / "state").string();
  options.controller_run_root = (folder / "run").string();
  RealShell shell(options);
  shell.connect(hosts);
  const auto over = [&](Plan plan) {
    plan.hosts = hosts;
    return plan;
  };
  perform_over(*store, shell, over(chain_of(4, places)));  // opens the connections
  std::vector<double> noop;
  std::vector<double> plain;
  std::vector<double> graph;
  for (int i = 0; i < 5; ++i) {
    noop.push_back(perform_over(*store, shell, over(chain_of(30, places))));
    plain.push_back(perform_over(*store, shell, over(graph_over(places, Guarding::read))));
    graph.push_back(perform_over(*store, shell, over(graph_over(places, Guarding::effect))));
  }
  fmt::print("noop30_ms={:.1f}\n", percentile(noop, 0.5));
  const double limit = 1600 + 8 * ssh_ms;
  const auto said = [&](const std::string& name, double wall) {
    row(name, fmt::format("{:.3f} s", wall / 1e3),
        fmt::format(
            "at most 1.03 x the limit (1.6 s + 8 multiplexed ssh commands = {:.3f} s): {:.3f}",
            limit / 1e3, wall / limit),
        wall <= 1.03 * limit);
  };
  said("20 steps of 0.2 s with a critical path of 8 over two hosts", percentile(plain, 0.5));
  said("the same with locks, claim checks and fsynced receipts", percentile(graph, 0.5));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 2)
    give_up("usage: switchback_bench pure|plan|runner FOLDER | hosts MS NAME=ADDRESS...");
  std::string pattern = (words[0] != "hosts" ? words[1] : "/var/tmp") + "/bench.XXXXXX";
  const fs::path folder = mkdtemp(pattern.data());
  if (words[0] == "hosts") {
    bench_hosts(folder, std::atof(words[1].c_str()), {words.begin() + 2, words.end()});
  } else if (words[0] == "plan") {
    bench_plan();
  } else if (words[0] == "runner") {
    bench_runner(folder);
  } else {
    bench_plan();
    bench_engine(folder);
    bench_runner(folder);
    bench_journal(folder);
    bench_observe(folder);
  }
  fs::remove_all(folder);
}
