// A world of hosts, links and time, simulated in one thread. Everything that happens comes from one
// queue of events and one seed: the same seed, scripts and calls give the same story, word by word.
//
// The world does not die with its controller: a new controller's shell joins the same world, where
// jobs go on, links stay cut and receipts lie on the disks. Whatever the wrapper on a real host
// would promise (world/runner.sh), SimulatedRunner promises here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "world/clock.h"
#include "world/shell.h"
#include "world/sim/host.h"
#include "world/sim/scripts.h"

namespace switchback {

class SimulatedRunner;

// A moment at which a schedule may do harm. Points are numbered through the whole story, so that
// "stop the controller at point 117" says everything.
struct FaultPoint {
  enum class Kind {
    before_dispatch,  // the controller is about to send
    after_dispatch,   // it has sent
    before_effect,    // the host has written the start line; nothing is changed yet
    during_effect,    // between two stages of a script that changes several things
    after_effect,     // changed; no end line and no answer yet
    before_answer,    // the answer is about to leave the host
    before_write,     // the controller's store, see MemoryStore
    after_write,
  };
  Kind kind = Kind::before_dispatch;
  int64_t number = 0;
  std::string host;  // empty for the store
  std::string step;  // or the store's call
  // before_dispatch may set this: the request arrives so much later, whatever becomes of the
  // connection meanwhile.
  Milliseconds delay{0};
  // before_answer may set this: what the host says instead of what its script said.
  enum class Speech { honest, garbage, flood, nothing };
  Speech speech = Speech::honest;
};

std::string_view fault_point_text(FaultPoint::Kind kind);

// Thrown out of the controller's own calls (Shell, Store) to end it at once, as kill -9 would. Not
// a std::exception, so that nobody handles it by accident.
struct ControllerCrash {};

class SimulatedWorld {
 public:
  explicit SimulatedWorld(uint64_t seed, ScriptTable scripts = toggle_scripts());
  ~SimulatedWorld();
  SimulatedWorld(const SimulatedWorld&) = delete;
  SimulatedWorld& operator=(const SimulatedWorld&) = delete;

  // Hosts. "controller" is always there.
  SimulatedHost& add_host(const Host& host);
  SimulatedHost& host(const std::string& key) { return hosts_.at(key).state; }
  const SimulatedHost* find_host(const std::string& key) const;
  SimulatedHost* host_at(const std::string& address);
  std::vector<SimulatedHost*> all_hosts();
  SimulatedRunner& runner(const std::string& key) { return *hosts_.at(key).runner; }

  // Time.
  Instant now() const { return now_; }
  int64_t wall_ms() const {
    return wall_start_ms_ + wall_step_ms_ + now_.time_since_epoch().count();
  }
  void step_wall_clock(Milliseconds by) { wall_step_ms_ += by.count(); }
  // Runs `action` later; on a host: not while it is frozen, never after it lost its power.
  void after(Milliseconds delay, std::function<void()> action);
  void after_on(const std::string& host, Milliseconds delay, std::function<void()> action);
  // Performs the next event if it is due by `deadline`; else moves the time there.
  bool advance(Instant deadline);
  // Lets the world go on without a controller.
  void run_for(Milliseconds time);
  // Seeded; every choice of the story comes from here.
  int64_t random(int64_t below) {
    return below <= 0 ? 0 : static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }

  // Power, freezing, links. Cuts are directed; "controller" is an end like any other.
  void power_off(const std::string& host);
  void power_on(const std::string& host);
  void freeze(const std::string& host);
  void thaw(const std::string& host);
  void cut(const std::string& from, const std::string& to);
  void heal(const std::string& from, const std::string& to);
  void heal_everything();  // links, frozen hosts, full disks; not the power
  bool passes(const std::string& from, const std::string& to) const;
  // Both directions pass, and both ends are alive.
  bool talk(const std::string& one, const std::string& other) const;
  // Breaks every connection between controllers and that host at once.
  void break_connections(const std::string& host);

  // Fault points.
  using PointHook = std::function<void(FaultPoint&)>;
  void on_point(PointHook hook) { point_hook_ = std::move(hook); }
  FaultPoint point(FaultPoint::Kind kind, const std::string& host, const std::string& step);
  int64_t points() const { return points_; }
  // The controller dies at its next own call. The caller of that call unwinds with ControllerCrash.
  void crash_controller() { crash_ = true; }
  void throw_if_crashed();

  // Invariants: checked after every event; the first violation is kept with the story.
  using SiteCheck = std::function<bool(const SimulatedHost&)>;
  // Never true on hosts of two sites at once.
  void forbid_on_two_sites(const std::string& what, SiteCheck check);
  void count_effect(const std::string& application, const std::string& step,
                    const std::string& attempt);
  void violate(const std::string& what);
  const std::vector<std::string>& violations() const { return violations_; }

  // The story, for the message of a failed test.
  void tell(const std::string& what);
  std::string story(size_t last = 80) const;
  uint64_t seed() const { return seed_; }

  const ScriptTable& scripts() const { return scripts_; }
  // Name servers: "SERVER NAME" -> record, and those that do not answer.
  std::map<std::string, SimulatedRecord> records;
  std::set<std::string> silent_name_servers;
  // Called when a host has its power again: what starts at boot is queued here.
  std::function<void(SimulatedHost&)> on_boot;
  // Called before every event: what goes on by itself (replication, clients' writes).
  std::function<void()> background;

  // Shells listen to reachability and to broken connections.
  struct Listener {
    std::function<void(const std::string& host)> reachability_changed;
    std::function<void(const std::string& host)> broken;
  };
  void listen(const std::shared_ptr<Listener>& listener) { listeners_.push_back(listener); }

 private:
  struct Queued {
    Instant at;
    uint64_t order;
    std::string host;  // empty: nobody's
    int boots;
    std::function<void()> action;
    bool operator>(const Queued& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  struct Place {
    SimulatedHost state;
    std::unique_ptr<SimulatedRunner> runner;
    std::vector<Queued> frozen_events;
  };

  void perform(Queued event);
  void check_invariants();
  void notify_reachability(const std::string& host);

  uint64_t seed_;
  std::mt19937_64 random_;
  ScriptTable scripts_;
  std::map<std::string, Place> hosts_;
  std::set<std::pair<std::string, std::string>> cuts_;
  Instant now_{};
  int64_t wall_start_ms_ = 1'800'000'000'000;
  int64_t wall_step_ms_ = 0;
  std::priority_queue<Queued, std::vector<Queued>, std::greater<>> queue_;
  uint64_t order_ = 0;
  PointHook point_hook_;
  int64_t points_ = 0;
  bool crash_ = false;
  std::vector<std::pair<std::string, SiteCheck>> site_checks_;
  std::map<std::string, int> effects_;
  std::vector<std::string> violations_;
  std::vector<std::string> story_;
  std::vector<std::weak_ptr<Listener>> listeners_;
};

// The controller's clock in that world.
class SimulatedClock : public Clock {
 public:
  explicit SimulatedClock(SimulatedWorld& world) : world_(world) {}
  Instant now() override { return world_.now(); }
  int64_t wall_ms() override { return world_.wall_ms(); }

 private:
  SimulatedWorld& world_;
};

}  // namespace switchback
