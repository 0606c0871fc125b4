// A word to systemd through NOTIFY_SOCKET, without its library (sd_notify(3) describes the socket).
#pragma once

#include <optional>
#include <string_view>

#include "base/text.h"

namespace switchback {

// "READY=1", "WATCHDOG=1", "STOPPING=1"; nothing happens when nobody listens.
void notify_systemd(std::string_view state);

// How often systemd wants to hear WATCHDOG=1: half of WATCHDOG_USEC.
std::optional<Milliseconds> watchdog_interval();

}  // namespace switchback
