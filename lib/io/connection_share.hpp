// Who gets a connection next, when there are only so many: providers share them so that a dead one
// leaves room for the others.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace gatelet::io {

// An origin takes no more connections than it leaves free for others: of 128, a single busy one
// gets 64, a second one 32, and there always is one left for who comes next.
class ConnectionShare {
 public:
  using Id = std::uint64_t;

  explicit ConnectionShare(long num_connections) noexcept : num_free_(num_connections) {}

  // The call waits for a connection to this origin.
  void enqueue(Id id, const std::string& origin);

  // The call that may be sent now, if any: the oldest of the origin that has the fewest. It holds
  // its connection until release().
  std::optional<Id> next();

  void release(const std::string& origin);          // a call that next() gave out is over
  void withdraw(Id id, const std::string& origin);  // a call that still waits is not wanted

 private:
  struct Origin {
    std::deque<Id> waiting;
    long num_active = 0;
  };

  void forget_idle(std::map<std::string, Origin>::iterator origin);

  std::map<std::string, Origin> origins_;
  long num_free_;
};

}  // namespace gatelet::io
