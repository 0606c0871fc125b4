#include "world/sim/world.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "world/sim/runner.h"

namespace switchback {
namespace {

constexpr size_t story_limit = 2'000;

}  // namespace

std::string_view fault_point_text(FaultPoint::Kind kind) {
  switch (kind) {
    case FaultPoint::Kind::before_dispatch:
      return "before dispatch";
    case FaultPoint::Kind::after_dispatch:
      return "after dispatch";
    case FaultPoint::Kind::before_effect:
      return "before effect";
    case FaultPoint::Kind::during_effect:
      return "during effect";
    case FaultPoint::Kind::after_effect:
      return "after effect";
    case FaultPoint::Kind::before_answer:
      return "before answer";
    case FaultPoint::Kind::before_write:
      return "before write";
    case FaultPoint::Kind::after_write:
      return "after write";
  }
  return "?";
}

SimulatedWorld::SimulatedWorld(uint64_t seed, ScriptTable scripts)
    : seed_(seed), random_(seed), scripts_(std::move(scripts)) {
  Host controller;
  controller.key = "controller";
  controller.address = "controller";
  add_host(controller);
}

SimulatedWorld::~SimulatedWorld() = default;

SimulatedHost& SimulatedWorld::add_host(const Host& host) {
  Place& place = hosts_[host.key];
  place.state.key = host.key;
  place.state.site = host.site;
  place.state.role = host.role;
  place.state.address = host.address;
  place.runner = std::make_unique<SimulatedRunner>(*this, place.state);
  return place.state;
}

const SimulatedHost* SimulatedWorld::find_host(const std::string& key) const {
  const auto found = hosts_.find(key);
  return found == hosts_.end() ? nullptr : &found->second.state;
}

SimulatedHost* SimulatedWorld::host_at(const std::string& address) {
  for (auto& [key, place] : hosts_) {
    if (place.state.address == address) return &place.state;
  }
  return nullptr;
}

std::vector<SimulatedHost*> SimulatedWorld::all_hosts() {
  std::vector<SimulatedHost*> all;
  for (auto& [key, place] : hosts_) all.push_back(&place.state);
  return all;
}

void SimulatedWorld::after(Milliseconds delay, std::function<void()> action) {
  queue_.push({now_ + delay, ++order_, "", 0, std::move(action)});
}

void SimulatedWorld::after_on(const std::string& host, Milliseconds delay,
                              std::function<void()> action) {
  queue_.push({now_ + delay, ++order_, host, hosts_.at(host).state.boots, std::move(action)});
}

bool SimulatedWorld::advance(Instant deadline) {
  if (queue_.empty() || queue_.top().at > deadline) {
    now_ = std::max(now_, deadline);
    return false;
  }
  Queued event = queue_.top();
  queue_.pop();
  now_ = std::max(now_, event.at);
  perform(std::move(event));
  return true;
}

void SimulatedWorld::perform(Queued event) {
  if (background) background();
  if (!event.host.empty()) {
    Place& place = hosts_.at(event.host);
    if (!place.state.powered || place.state.boots != event.boots) return;
    if (place.state.frozen) {
      place.frozen_events.push_back(std::move(event));
      return;
    }
  }
  event.action();
  check_invariants();
}

void SimulatedWorld::run_for(Milliseconds time) {
  const Instant end = now_ + time;
  while (advance(end)) {
  }
}

void SimulatedWorld::power_off(const std::string& key) {
  Place& place = hosts_.at(key);
  SimulatedHost& host = place.state;
  if (!host.powered) return;
  tell(key + ": power off");
  host.powered = false;
  host.frozen = false;
  ++host.boots;
  place.frozen_events.clear();
  place.runner->lose_power();
  host.open_guards.clear();
  host.guard_says.clear();
  host.sessions.clear();
  for (auto& [name, unit] : host.units) {
    unit.active = false;
    unit.starting = false;
    unit.processes = 0;
  }
  const bool takes_marks = random(2) == 0;
  for (auto& [name, app] : host.apps) {
    std::erase_if(app.stopped, [&](const auto& mark) { return takes_marks && mark.second > now_; });
  }
  for (auto& [directory, cluster] : host.clusters) {
    if (cluster.running) cluster.clean = false;
    cluster.running = false;
    cluster.in_recovery = false;
  }
  notify_reachability(key);
}

void SimulatedWorld::power_on(const std::string& key) {
  SimulatedHost& host = hosts_.at(key).state;
  if (host.powered) return;
  tell(key + ": power on");
  host.powered = true;
  if (on_boot) on_boot(host);
  notify_reachability(key);
}

void SimulatedWorld::freeze(const std::string& key) {
  SimulatedHost& host = hosts_.at(key).state;
  if (host.frozen || !host.powered) return;
  tell(key + ": frozen");
  host.frozen = true;
  notify_reachability(key);
}

void SimulatedWorld::thaw(const std::string& key) {
  Place& place = hosts_.at(key);
  if (!place.state.frozen) return;
  tell(key + ": thawed");
  place.state.frozen = false;
  // In their old order, and before anything that is due now.
  std::ranges::sort(place.frozen_events, {}, &Queued::order);
  for (Queued& event : place.frozen_events) {
    event.at = now_;
    queue_.push(std::move(event));
  }
  place.frozen_events.clear();
  notify_reachability(key);
}

void SimulatedWorld::cut(const std::string& from, const std::string& to) {
  if (!cuts_.insert({from, to}).second) return;
  tell(fmt::format("link {} -> {} cut", from, to));
  notify_reachability(from == "controller" ? to : from);
}

void SimulatedWorld::heal(const std::string& from, const std::string& to) {
  if (cuts_.erase({from, to}) == 0) return;
  tell(fmt::format("link {} -> {} healed", from, to));
  notify_reachability(from == "controller" ? to : from);
}

void SimulatedWorld::heal_everything() {
  const auto cuts = cuts_;
  for (const auto& [from, to] : cuts) heal(from, to);
  for (auto& [key, place] : hosts_) {
    place.state.disk_full = false;
    thaw(key);
  }
}

bool SimulatedWorld::passes(const std::string& from, const std::string& to) const {
  return !cuts_.contains({from, to});
}

bool SimulatedWorld::talk(const std::string& one, const std::string& other) const {
  for (const std::string& end : {one, other}) {
    const SimulatedHost& host = hosts_.at(end).state;
    if (!host.powered || host.frozen) return false;
  }
  return passes(one, other) && passes(other, one);
}

void SimulatedWorld::notify_reachability(const std::string& host) {
  for (const auto& weak : listeners_) {
    if (const auto listener = weak.lock()) listener->reachability_changed(host);
  }
}

void SimulatedWorld::break_connections(const std::string& host) {
  tell(host + ": connections broken");
  for (const auto& weak : listeners_) {
    if (const auto listener = weak.lock()) listener->broken(host);
  }
}

FaultPoint SimulatedWorld::point(FaultPoint::Kind kind, const std::string& host,
                                 const std::string& step) {
  FaultPoint point{kind, ++points_, host, step, Milliseconds(0)};
  tell(fmt::format("point {}: {} {} {}", point.number, fault_point_text(kind), host, step));
  if (point_hook_) point_hook_(point);
  return point;
}

void SimulatedWorld::throw_if_crashed() {
  if (!crash_) return;
  crash_ = false;
  tell("controller: killed");
  throw ControllerCrash{};
}

void SimulatedWorld::forbid_on_two_sites(const std::string& what, SiteCheck check) {
  site_checks_.emplace_back(what, std::move(check));
}

void SimulatedWorld::check_invariants() {
  for (const auto& [what, check] : site_checks_) {
    std::string seen;
    for (const auto& [key, place] : hosts_) {
      const SimulatedHost& host = place.state;
      // A frozen host does nothing now; when it thaws it counts again.
      if (!host.powered || host.frozen || host.site.empty() || !check(host)) continue;
      if (!seen.empty() && seen != host.site) violate(what + " on two sites at once");
      seen = host.site;
    }
  }
}

void SimulatedWorld::count_effect(const std::string& application, const std::string& step,
                                  const std::string& attempt) {
  if (++effects_[application + "/" + step + "/" + attempt] > 1) {
    violate(fmt::format("the effect of {} happened twice", attempt));
  }
}

void SimulatedWorld::violate(const std::string& what) {
  if (std::ranges::find(violations_, what) != violations_.end()) return;
  violations_.push_back(what);
  tell("VIOLATION: " + what);
}

void SimulatedWorld::tell(const std::string& what) {
  if (story_.size() >= story_limit) story_.erase(story_.begin(), story_.begin() + story_limit / 2);
  story_.push_back(fmt::format("{:>8} ms  {}", now_.time_since_epoch().count(), what));
}

std::string SimulatedWorld::story(size_t last) const {
  std::string text = fmt::format("seed {}, {} points\n", seed_, points_);
  for (size_t i = story_.size() > last ? story_.size() - last : 0; i < story_.size(); ++i) {
    text += story_[i] + "\n";
  }
  return text;
}

}  // namespace switchback
