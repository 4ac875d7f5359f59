#include "io/memory_store.hpp"

#include <utility>

namespace gatelet::io {
namespace {

using What = flow::StoreCall::What;

Duration end_of(Duration lifetime, Duration now) {
  return lifetime == Duration::zero() ? Duration::max() : now + lifetime;
}

bool may_swap(const flow::StoreCall& call, const std::optional<std::string>& there) {
  return there == call.expected || there == call.value;
}

}  // namespace

MemoryStore::MemoryStore(std::size_t max_records, std::shared_ptr<const Clock> clock,
                         StoreWatcher* watcher)
    : max_records_(max_records), clock_(std::move(clock)), watcher_(watcher) {
  if (watcher_) watcher_->told_until(Deadline::max());
}

void MemoryStore::start(Id, flow::StoreCall call, Done done) {
  const auto now = clock_->now().steady;
  flow::StoreReply reply;
  switch (call.what) {
    case What::get: reply.record = get(call.key, now); break;
    case What::put: put(std::move(call), sessions_, now); break;
    case What::replace:
      reply.was_there = get(call.key, now).has_value();
      if (reply.was_there) put(std::move(call), sessions_, now);
      break;
    case What::swap:
      reply.was_there = may_swap(call, get(call.key, now));
      if (reply.was_there) put(std::move(call), books_, now);
      break;
    case What::erase: erase(call.key); break;
    case What::lock: reply.is_owner = lock(std::move(call), now); break;
    case What::extend:
      reply.is_owner = is_owner(call, now);
      if (reply.is_owner) locks_.at(call.key).ends = now + call.lifetime;
      break;
    case What::unlock:
      reply.is_owner = is_owner(call, now);
      if (reply.is_owner) locks_.erase(call.key);
      break;
  }
  done(std::move(reply));
}

std::optional<std::string> MemoryStore::get(const std::string& key, Duration now) {
  const auto place = by_key_.find(key);
  if (place == by_key_.end()) return std::nullopt;
  if (place->second->ends <= now) {
    erase(key);
    return std::nullopt;
  }
  auto& shelf = *place->second->shelf;
  shelf.splice(shelf.begin(), shelf, place->second);
  return place->second->value;
}

// What is there already stays on its shelf.
void MemoryStore::put(flow::StoreCall call, Records& wanted, Duration now) {
  const auto known = by_key_.find(call.key);
  auto& shelf = known == by_key_.end() ? wanted : *known->second->shelf;
  tell(call.key);
  if (max_records_ == 0) return;
  // First what needs memory: without it all stays as it was.
  Records made;
  made.push_front({call.key, std::move(call.value), end_of(call.lifetime, now), &shelf});
  const auto [place, is_new] = by_key_.try_emplace(std::move(call.key), made.begin());
  if (!is_new) shelf.erase(std::exchange(place->second, made.begin()));
  shelf.splice(shelf.begin(), made);
  if (shelf.size() > max_records_) sweep(now);
  while (shelf.size() > max_records_) erase(shelf.back().key);
}

void MemoryStore::erase(const std::string& key) {
  const auto place = by_key_.find(key);
  if (place == by_key_.end()) return;
  const auto record = place->second;
  tell(key);
  by_key_.erase(place);  // `key` may be the record's own
  record->shelf->erase(record);
}

void MemoryStore::tell(const std::string& key) {
  if (watcher_) watcher_->changed({&key, 1});
}

bool MemoryStore::lock(flow::StoreCall call, Duration now) {
  if (locks_.size() >= max_records_) sweep(now);
  const auto place = locks_.find(call.key);
  if (place != locks_.end() && place->second.ends > now) return place->second.owner == call.value;
  locks_.insert_or_assign(std::move(call.key), Lock{std::move(call.value), now + call.lifetime});
  return true;
}

bool MemoryStore::is_owner(const flow::StoreCall& call, Duration now) const {
  const auto place = locks_.find(call.key);
  return place != locks_.end() && place->second.ends > now && place->second.owner == call.value;
}

void MemoryStore::sweep(Duration now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + std::chrono::seconds(1);
  for (auto* shelf : {&sessions_, &books_}) {
    for (auto record = shelf->begin(); record != shelf->end();) {
      const auto& one = *record++;
      if (one.ends <= now) erase(one.key);
    }
  }
  std::erase_if(locks_, [now](const auto& lock) { return lock.second.ends <= now; });
}

}  // namespace gatelet::io
