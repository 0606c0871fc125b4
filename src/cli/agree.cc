#include "cli/agree.h"

namespace switchback {

Result<Prepared> agree(const Asking& asking) {
  std::string agreed_to;
  while (true) {
    auto prepared = asking.prepare();
    if (!prepared) return prepared;
    const std::string hash = plan_hash(prepared->plan);
    if (hash == agreed_to) return prepared;
    if (auto asked = asking.ask(*prepared, !agreed_to.empty()); !asked) {
      return std::unexpected(asked.error());
    }
    const Milliseconds age(asking.now_ms() - prepared->situation.snapshot.now_ms);
    if (age <= look_lasts) return prepared;
    agreed_to = hash;
  }
}

}  // namespace switchback
