// Looks names up for connections of our own: on a thread of its own, since the system's resolver
// blocks. Belongs to whoever turns the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

  // So many may wait; `resolve` is the system's unless a test has its own.
  explicit NameLookups(std::size_t max_waiting = 16, Resolve resolve = {});
  // Waits for the lookup under way, as long as the system's resolver takes it.
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
  const Resolve resolve_;
  const std::shared_ptr<Shared> shared_;
  Id last_ = 0;
  Worker worker_;  // last: its thread ends first
};

}  // namespace gatelet::io
