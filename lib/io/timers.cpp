#include "io/timers.hpp"

#include <utility>

namespace gatelet::io {

Timers::Id Timers::add(Deadline at, Work work) {
  const Id id{at, ++last_};
  spare_.reserve(max_spare);  // here, so that remove() needs no memory
  if (spare_.empty()) {
    entries_.emplace(id, std::move(work));
  } else {
    auto node = std::move(spare_.back());
    spare_.pop_back();
    node.key() = id;
    node.mapped() = std::move(work);
    entries_.insert(std::move(node));
  }
  return id;
}

void Timers::remove(const Id& id) noexcept {
  if (id.number == 0) return;
  if (auto node = entries_.extract(id)) keep(std::move(node));
}

void Timers::keep(Entries::node_type node) noexcept {
  node.mapped() = nullptr;
  if (spare_.size() < max_spare) spare_.push_back(std::move(node));
}

std::optional<Deadline> Timers::next() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first.at;
}

void Timers::fire(Deadline now) {
  while (!entries_.empty() && entries_.begin()->first.at <= now) {
    auto entry = entries_.extract(entries_.begin());
    entry.mapped()();
    keep(std::move(entry));
  }
}

}  // namespace gatelet::io
