// Timers: what is to be done when. Owned by whoever turns the loop; not thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/instant.hpp"

namespace gatelet::io {

class Timers {
 public:
  // One timer; made without arguments, none.
  struct Id {
    Deadline at{};
    std::uint64_t number = 0;
    auto operator<=>(const Id&) const = default;
  };
  using Work = std::function<void()>;

  Id add(Deadline at, Work work);
  void remove(const Id& id) noexcept;  // none, and fired ones, are ignored

  std::optional<Deadline> next() const;

  // Runs what is due at `now`, in order; work added meanwhile runs too when it is due.
  void fire(Deadline now);

  void clear() noexcept { entries_.clear(); }

 private:
  using Entries = std::map<Id, Work>;

  void keep(Entries::node_type node) noexcept;

  static constexpr std::size_t max_spare = 256;
  Entries entries_;  // by time, then in the order they were added
  // Most timers are removed before they fire, soon after they were added: nodes for the next ones.
  std::vector<Entries::node_type> spare_;
  std::uint64_t last_ = 0;
};

}  // namespace gatelet::io
