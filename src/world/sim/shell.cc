#include "world/sim/shell.h"

#include <fmt/format.h>

#include "world/sim/runner.h"

namespace switchback {
namespace {

constexpr Milliseconds latency{1};
constexpr Milliseconds connect_time{200};
constexpr Milliseconds connect_bound{3'000};
constexpr Milliseconds silence_bound{3'400};  // how long a silent cut stays unnoticed
constexpr Milliseconds progress_pause{1'000};

}  // namespace

struct SimulatedShell::Core : std::enable_shared_from_this<SimulatedShell::Core> {
  struct Pending {
    RequestId id = 0;
    ShellRequest request;
    Milliseconds delay{0};
    int64_t channel = 0;  // by which it was sent, as the host counts them
  };
  struct Channel {
    enum class State { down, connecting, up };
    State state = State::down;
    int generation = 0;             // one per connection: what belongs to an older one is dropped
    int reachability = 0;           // one per change of links or power
    int boots = 0;                  // of the host, when the connection was made
    int64_t number = 0;             // as the host counts its channels
    std::deque<Pending> waiting;    // not sent: no connection yet
    std::deque<Pending> held;       // sent, held up by a cut link
    std::deque<ShellEvent> coming;  // answers held up by a cut link
    std::map<RequestId, SimulatedRunner::JobId> outstanding;  // 0: has not arrived yet
  };

  explicit Core(SimulatedWorld& w) : world(w) {}

  SimulatedWorld& world;
  std::map<std::string, Channel> channels;
  std::map<RequestId, std::string> host_of;
  std::deque<ShellEvent> inbox;
  RequestId last_id = 0;
  std::shared_ptr<SimulatedWorld::Listener> listener;

  // An event of this shell: forgotten when the shell is gone.
  void after(Milliseconds delay, std::function<void(Core&)> action) {
    world.after(delay, [weak = weak_from_this(), action = std::move(action)] {
      if (const auto core = weak.lock()) action(*core);
    });
  }

  void give(RequestId id, AnswerStatus status, const std::string& words) {
    ShellEvent event;
    event.request = id;
    event.answer.status = status;
    event.answer.err = words;
    inbox.push_back(std::move(event));
  }

  bool reachable(const std::string& host) const {
    return world.find_host(host) != nullptr && world.talk("controller", host);
  }

  void begin_connecting(const std::string& host) {
    Channel& channel = channels[host];
    if (channel.state != Channel::State::down) return;
    channel.state = Channel::State::connecting;
    const int generation = ++channel.generation;
    after(connect_time, [host, generation](Core& core) { core.try_connected(host, generation); });
    after(connect_bound, [host, generation](Core& core) {
      Channel& late = core.channels[host];
      if (late.generation != generation || late.state != Channel::State::connecting) return;
      core.try_connected(host, generation);
      if (late.state == Channel::State::connecting) core.give_up(late);
    });
  }

  void give_up(Channel& channel) {
    channel.state = Channel::State::down;
    for (const Pending& pending : channel.waiting) {
      give(pending.id, AnswerStatus::unreachable, "no connection");
    }
    channel.waiting.clear();
  }

  void try_connected(const std::string& host, int generation) {
    Channel& channel = channels[host];
    if (channel.generation != generation || channel.state != Channel::State::connecting) return;
    if (!reachable(host)) return;
    channel.state = Channel::State::up;
    channel.boots = world.host(host).boots;
    channel.number = world.runner(host).open_channel();
    auto waiting = std::move(channel.waiting);
    channel.waiting.clear();
    for (Pending& pending : waiting) send(host, std::move(pending));
  }

  void send(const std::string& host, Pending pending) {
    Channel& channel = channels[host];
    channel.outstanding[pending.id] = 0;
    pending.channel = channel.number;
    if (pending.delay.count() > 0) {
      // It lies in a buffer behind every cut; nothing the controller learns takes it back.
      world.after(pending.delay, [weak = weak_from_this(), &w = world, host, pending,
                                  generation = channel.generation] {
        arrive(weak, w, host, pending, generation);
      });
      return;
    }
    if (!world.passes("controller", host)) {
      channel.held.push_back(std::move(pending));
      return;
    }
    world.after(latency,
                [weak = weak_from_this(), &w = world, host, pending,
                 generation = channel.generation] { arrive(weak, w, host, pending, generation); });
  }

  // On its way no controller is needed: what was sent arrives.
  static void arrive(const std::weak_ptr<Core>& weak, SimulatedWorld& world,
                     const std::string& host, const Pending& pending, int generation) {
    if (!world.host(host).powered) return;
    const SimulatedHost& there = world.host(host);
    if (there.frozen) {
      // In the socket of a host that does not run: read when it thaws.
      world.after_on(host, Milliseconds(0), [weak, &world, host, pending, generation] {
        arrive(weak, world, host, pending, generation);
      });
      return;
    }
    const auto job =
        world.runner(host).accept(pending.channel, pending.request,
                                  [weak, host, id = pending.id, generation](const Answer& answer) {
                                    const auto core = weak.lock();
                                    if (core) core->answered(host, id, generation, answer);
                                  });
    const auto core = weak.lock();
    if (!core) return;
    Channel& channel = core->channels[host];
    if (channel.generation != generation || !channel.outstanding.contains(pending.id)) return;
    channel.outstanding[pending.id] = job;
    core->ask_progress(host, pending.id, generation, "");
  }

  void answered(const std::string& host, RequestId id, int generation, const Answer& answer) {
    Channel& channel = channels[host];
    if (channel.generation != generation) return;  // its connection is gone
    ShellEvent event;
    event.request = id;
    event.answer = answer;
    if (!world.passes(host, "controller")) {
      channel.coming.push_back(std::move(event));
      return;
    }
    after(latency,
          [host, generation, event](Core& core) { core.deliver(host, generation, event); });
  }

  void deliver(const std::string& host, int generation, const ShellEvent& event) {
    Channel& channel = channels[host];
    if (channel.generation != generation || channel.outstanding.erase(event.request) == 0) return;
    inbox.push_back(event);
  }

  void ask_progress(const std::string& host, RequestId id, int generation, std::string last) {
    after(progress_pause, [host, id, generation, last = std::move(last)](Core& core) {
      Channel& channel = core.channels[host];
      const auto found = channel.outstanding.find(id);
      if (channel.generation != generation || found == channel.outstanding.end()) return;
      std::string text = last;
      if (core.reachable(host)) text = core.world.runner(host).progress(found->second);
      if (!text.empty() && text != last) {
        ShellEvent event;
        event.kind = ShellEvent::Kind::progress;
        event.request = id;
        event.progress = text;
        core.inbox.push_back(std::move(event));
      }
      core.ask_progress(host, id, generation, text);
    });
  }

  void reachability_changed(const std::string& host) {
    const auto found = channels.find(host);
    if (found == channels.end()) return;
    Channel& channel = found->second;
    const int change = ++channel.reachability;
    if (channel.state == Channel::State::connecting) {
      after(connect_time, [host, generation = channel.generation](Core& core) {
        core.try_connected(host, generation);
      });
      return;
    }
    if (channel.state != Channel::State::up) return;
    if (reachable(host) && world.host(host).boots != channel.boots) {
      // It has booted since, and answers the next packet with a reset.
      return after(latency, [host, generation = channel.generation](Core& core) {
        if (core.channels[host].generation == generation) core.broken(host);
      });
    }
    if (world.passes("controller", host)) {
      auto held = std::move(channel.held);
      channel.held.clear();
      for (Pending& pending : held) send(host, std::move(pending));
    }
    if (world.passes(host, "controller")) {
      auto coming = std::move(channel.coming);
      channel.coming.clear();
      for (const ShellEvent& event : coming) deliver(host, channel.generation, event);
    }
    if (reachable(host)) return;
    after(silence_bound, [host, change](Core& core) {
      if (core.channels[host].reachability == change) core.broken(host);
    });
  }

  void broken(const std::string& host) {
    const auto found = channels.find(host);
    if (found == channels.end() || found->second.state != Channel::State::up) return;
    Channel& channel = found->second;
    channel.state = Channel::State::down;
    ++channel.generation;
    channel.held.clear();
    channel.coming.clear();
    for (const auto& [id, job] : channel.outstanding) {
      give(id, AnswerStatus::lost, "the connection broke");
    }
    channel.outstanding.clear();
  }
};

SimulatedShell::SimulatedShell(SimulatedWorld& world) : core_(std::make_shared<Core>(world)) {
  core_->listener = std::make_shared<SimulatedWorld::Listener>();
  core_->listener->reachability_changed = [core = core_.get()](const std::string& host) {
    core->reachability_changed(host);
  };
  core_->listener->broken = [core = core_.get()](const std::string& host) { core->broken(host); };
  world.listen(core_->listener);
  // No connection is needed to the machine we run on.
  Core::Channel& own = core_->channels["controller"];
  own.state = Core::Channel::State::up;
  own.number = world.runner("controller").open_channel();
}

SimulatedShell::~SimulatedShell() = default;

void SimulatedShell::connect(const std::vector<Host>& hosts) {
  for (const Host& host : hosts) core_->begin_connecting(host.key);
}

RequestId SimulatedShell::start(const ShellRequest& request) {
  SimulatedWorld& world = core_->world;
  world.throw_if_crashed();
  const FaultPoint point =
      world.point(FaultPoint::Kind::before_dispatch, request.host, request.step);
  world.throw_if_crashed();
  const RequestId id = ++core_->last_id;
  core_->host_of[id] = request.host;
  if (world.find_host(request.host) == nullptr || !core_->channels.contains(request.host)) {
    core_->give(id, AnswerStatus::refused, "no such host is connected");
    return id;
  }
  Core::Channel& channel = core_->channels[request.host];
  if (channel.state == Core::Channel::State::up) {
    core_->send(request.host, {id, request, point.delay});
  } else {
    channel.waiting.push_back({id, request, point.delay});
    core_->begin_connecting(request.host);
  }
  world.point(FaultPoint::Kind::after_dispatch, request.host, request.step);
  world.throw_if_crashed();
  return id;
}

std::optional<ShellEvent> SimulatedShell::next_event(Instant deadline) {
  SimulatedWorld& world = core_->world;
  while (true) {
    world.throw_if_crashed();
    if (!core_->inbox.empty()) {
      ShellEvent event = std::move(core_->inbox.front());
      core_->inbox.pop_front();
      return event;
    }
    if (!world.advance(deadline)) return std::nullopt;
  }
}

void SimulatedShell::cancel(RequestId request) {
  const auto host = core_->host_of.find(request);
  if (host == core_->host_of.end()) return;
  Core::Channel& channel = core_->channels[host->second];
  std::erase_if(channel.waiting, [&](const Core::Pending& pending) {
    if (pending.id != request) return false;
    core_->give(request, AnswerStatus::unreachable, "ended on request before it was sent");
    return true;
  });
  const auto found = channel.outstanding.find(request);
  if (found == channel.outstanding.end() || found->second == 0) return;
  core_->world.after_on(host->second, latency,
                        [&world = core_->world, key = host->second, job = found->second] {
                          world.runner(key).cancel(job);
                        });
}

}  // namespace switchback
