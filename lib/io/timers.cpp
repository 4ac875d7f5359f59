#include "io/timers.hpp"

#include <utility>

namespace gatelet::io {

Timers::Id Timers::add(Deadline at, Work work) {
  const Id id{at, ++last_};
  entries_.emplace(id, std::move(work));
  return id;
}

void Timers::remove(const Id& id) { entries_.erase(id); }

std::optional<Deadline> Timers::next() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first.at;
}

void Timers::fire(Deadline now) {
  while (!entries_.empty() && entries_.begin()->first.at <= now) {
    auto entry = entries_.extract(entries_.begin());
    entry.mapped()();
  }
}

}  // namespace gatelet::io
