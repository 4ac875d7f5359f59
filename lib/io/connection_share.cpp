#include "io/connection_share.hpp"

#include <algorithm>

namespace gatelet::io {

void ConnectionShare::enqueue(Id id, const std::string& origin) {
  origins_[origin].waiting.push_back(id);
}

std::optional<ConnectionShare::Id> ConnectionShare::next() {
  Origin* best = nullptr;
  for (auto& [name, origin] : origins_) {
    if (origin.waiting.empty() || origin.num_active >= num_free_) continue;
    if (!best || origin.num_active < best->num_active) best = &origin;
  }
  if (!best) return std::nullopt;
  const Id id = best->waiting.front();
  best->waiting.pop_front();
  ++best->num_active;
  --num_free_;
  return id;
}

void ConnectionShare::release(const std::string& origin) {
  const auto place = origins_.find(origin);
  --place->second.num_active;
  ++num_free_;
  forget_idle(place);
}

void ConnectionShare::withdraw(Id id, const std::string& origin) {
  const auto place = origins_.find(origin);
  auto& waiting = place->second.waiting;
  waiting.erase(std::find(waiting.begin(), waiting.end(), id));
  forget_idle(place);
}

void ConnectionShare::forget_idle(std::map<std::string, Origin>::iterator origin) {
  if (origin->second.num_active == 0 && origin->second.waiting.empty()) origins_.erase(origin);
}

}  // namespace gatelet::io
