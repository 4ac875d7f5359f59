// Timers: what is to be done when. Owned by whoever turns the loop; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/instant.hpp"

namespace gatelet::io {

class Timers {
 public:
  using Id = std::uint64_t;  // never 0
  using Work = std::function<void()>;

  Id add(Deadline at, Work work);
  void remove(Id id);  // unknown, 0 and fired ids are ignored

  std::optional<Deadline> next() const;

  // Runs what is due at `now`, in order; work added meanwhile runs too when it is due.
  void fire(Deadline now);

  void clear() noexcept;

 private:
  std::map<std::pair<Deadline, Id>, Work> entries_;
  std::unordered_map<Id, Deadline> deadlines_;
  Id last_ = 0;
};

}  // namespace gatelet::io
