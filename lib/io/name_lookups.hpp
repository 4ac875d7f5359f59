// Looks names up for connections of our own: on threads of its own, since the system's resolver
// blocks. Belongs to whoever turns the loop.
//
// A name that several want is looked up once, and one that nobody wants any more is not. When the
// resolver is slower than whoever asks is patient, the lookup goes on: whoever asks next joins it,
// or has its answer for a few seconds.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "io/socket_wait.hpp"
#include "io/stream_socket.hpp"
#include "io/worker.hpp"

namespace gatelet::io {

using Addresses = std::vector<SocketAddress>;

class NameLookups {
 public:
  using Id = std::uint64_t;
  // Blocks; no address: there is none, or nobody could be asked.
  using Resolve = std::function<Addresses(const std::string& host, std::uint16_t port)>;

  // So many names may wait, and so many are asked for at a time: one that nobody answers for takes
  // the system many seconds. `resolve`, which is called by several threads at a time, is the
  // system's unless a test has its own. `kept_for`: an answer that came when nobody wanted it any
  // more.
  explicit NameLookups(std::size_t max_waiting = 16, Resolve resolve = {},
                       Duration kept_for = std::chrono::seconds(3), std::size_t max_at_a_time = 4);
  // Waits for the lookups under way, as long as the system's resolver takes them.
  ~NameLookups();

  // An address literal is answered at once.
  //   Failure: Status::store_unreachable when too many wait or descriptors ran out.
  Result<Id> start(const std::string& host, std::uint16_t port);
  std::optional<Addresses> take(Id id);  // once
  void forget(Id id);

  // The descriptor becomes readable when take() has something; nothing is added otherwise.
  void add_waits(std::vector<SocketWait>& waits);

 private:
  struct Shared;
  Result<void> look_up(const std::string& host, std::uint16_t port);

  const Resolve resolve_;
  const Duration kept_for_;
  const std::shared_ptr<Shared> shared_;
  Id last_ = 0;
  Worker worker_;  // last: its threads end first
};

}  // namespace gatelet::io
