// What the driver's loop does for whoever waits for sockets, for tests that turn one by hand.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "base/instant.hpp"
#include "io/socket_wait.hpp"

namespace gatelet::io::testing {

// Waits until one of the sockets is ready, or for so long, and marks those that are.
inline void poll_waits(std::vector<SocketWait>& waits, Duration at_most) {
  std::vector<pollfd> polled;
  for (const auto& wait : waits) {
    const int events = (wait.for_read ? POLLIN : 0) | (wait.for_write ? POLLOUT : 0);
    polled.push_back({wait.fd, static_cast<short>(events), 0});
  }
  const auto time = std::chrono::ceil<std::chrono::milliseconds>(at_most);
  ::poll(polled.data(), polled.size(), static_cast<int>(time.count()));
  for (std::size_t i = 0; i < waits.size(); ++i) waits[i].is_ready = polled[i].revents != 0;
}

// One round of a store, or of a connection that listens beside one.
template <class Waiting>
void turn_once(Waiting& waiting, Duration at_most) {
  using SteadyClock = std::chrono::steady_clock;
  std::vector<SocketWait> waits;
  waiting.add_waits(waits);
  if (const auto next = waiting.next_deadline()) {
    at_most = std::min(at_most, std::max<Duration>(*next - SteadyClock::now(), Duration::zero()));
  }
  poll_waits(waits, at_most);
  waiting.serve(waits, SteadyClock::now());
}

}  // namespace gatelet::io::testing
