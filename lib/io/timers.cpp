#include "io/timers.hpp"

namespace gatelet::io {

Timers::Id Timers::add(Deadline at, Work work) {
  const Id id = ++last_;
  entries_.emplace(std::pair(at, id), std::move(work));
  deadlines_.emplace(id, at);
  return id;
}

void Timers::remove(Id id) {
  const auto deadline = deadlines_.find(id);
  if (deadline == deadlines_.end()) return;
  entries_.erase({deadline->second, id});
  deadlines_.erase(deadline);
}

std::optional<Deadline> Timers::next() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first.first;
}

void Timers::fire(Deadline now) {
  while (!entries_.empty() && entries_.begin()->first.first <= now) {
    auto entry = entries_.extract(entries_.begin());
    deadlines_.erase(entry.key().second);
    entry.mapped()();
  }
}

void Timers::clear() noexcept {
  entries_.clear();
  deadlines_.clear();
}

}  // namespace gatelet::io
