// The controller's Shell in a simulated world: one channel per host, which connects, breaks and
// connects again. A request that was sent may arrive although the controller is told `lost`, and
// may have arrived although its answer never does; as with ssh, never the other way round.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "world/sim/world.h"

namespace switchback {

class SimulatedShell : public Shell {
 public:
  explicit SimulatedShell(SimulatedWorld& world);
  ~SimulatedShell() override;

  void connect(const std::vector<Host>& hosts) override;
  RequestId start(const ShellRequest& request) override;
  std::optional<ShellEvent> next_event(Instant deadline) override;
  void cancel(RequestId request) override;

 private:
  struct Core;  // outlives the shell in the events that are on their way
  std::shared_ptr<Core> core_;
};

}  // namespace switchback
