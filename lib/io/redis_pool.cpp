#include "io/redis_pool.hpp"

#include <algorithm>
#include <utility>

namespace gatelet::io {

RedisPool::RedisPool(RedisEndpoint endpoint, RedisPoolLimits limits, NameLookups& lookups,
                     std::uint32_t seed)
    : endpoint_(std::move(endpoint)),
      limits_(limits),
      lookups_(lookups),
      back_off_(limits.first_pause, limits.longest_pause, seed) {}

Result<RedisConnection*> RedisPool::choose(Deadline now, std::optional<Deadline> lost_at) {
  auto* best = least_loaded(lost_at);
  auto* beginning = find_beginning();
  const bool wants_another = !best || best->num_waiting() >= limits_.enough_waiting;
  if (wants_another && !beginning && num_open() < limits_.max_connections &&
      back_off_.may_try(now)) {
    beginning = begin(now);
  }
  auto* chosen = best ? best : beginning;
  if (!chosen && lost_at) return choose(now);
  if (!chosen) return last_problem_;
  if (chosen->num_waiting() < limits_.max_waiting) return chosen;
  return Error{Status::store_unreachable, "too many calls wait for the session store"};
}

RedisConnection* RedisPool::least_loaded(std::optional<Deadline> lost_at) const {
  RedisConnection* best = nullptr;
  for (const auto& one : connections_) {
    const bool is_fresh =
        !lost_at || one->began() >= *lost_at || (one->was_heard() && one->last_heard() > *lost_at);
    if (!one->is_ready() || !is_fresh) continue;
    if (!best || one->num_waiting() < best->num_waiting()) best = one.get();
  }
  return best;
}

RedisConnection* RedisPool::find_beginning() const {
  for (const auto& one : connections_) {
    if (!one->is_ready() && !one->is_closed()) return one.get();
  }
  return nullptr;
}

std::size_t RedisPool::num_open() const {
  const auto is_open = [](const auto& one) { return !one->is_closed(); };
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), is_open));
}

// Null: it ended at once.
RedisConnection* RedisPool::begin(Deadline now) {
  auto made =
      std::make_unique<RedisConnection>(endpoint_, lookups_, now, now + limits_.connect_limit);
  if (made->is_closed()) {
    note_failure(now, made->why());
    return nullptr;
  }
  connections_.push_back(std::move(made));
  return connections_.back().get();
}

void RedisPool::close_all(const Error& why) {
  for (const auto& one : connections_) one->close(RedisConnection::End::lost, why);
}

bool RedisPool::has_ready() const {
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const auto& one) { return one->is_ready(); });
}

bool RedisPool::is_idle() const {
  return std::all_of(connections_.begin(), connections_.end(),
                     [](const auto& one) { return one->is_idle(); });
}

void RedisPool::close_idle(Deadline now) {
  if (limits_.idle_limit == Duration::zero()) return;
  for (const auto& one : connections_) {
    if (one->is_ready() && one->is_idle() && now >= idle_at(*one)) {
      one->close(RedisConnection::End::idle, {});
    }
  }
}

std::optional<Deadline> RedisPool::next_deadline() const {
  std::optional<Deadline> first;
  const auto add = [&first](std::optional<Deadline> at) {
    if (at) first = std::min(first.value_or(*at), *at);
  };
  for (const auto& one : connections_) {
    add(one->next_deadline());
    if (limits_.idle_limit != Duration::zero() && one->is_ready() && one->is_idle()) {
      add(idle_at(*one));
    }
  }
  return first;
}

std::vector<std::unique_ptr<RedisConnection>> RedisPool::take_closed(Deadline now) {
  for (auto& one : connections_) {
    if (one->was_heard() && one->began() > failed_at_) back_off_.note_success();
  }
  for (auto& one : connections_) {
    if (!one->is_closed()) continue;
    const bool is_failure = one->end() == RedisConnection::End::nonsense ||
                            one->end() == RedisConnection::End::replica ||
                            (one->end() == RedisConnection::End::lost && !one->was_heard());
    if (is_failure) note_failure(now, one->why());
  }
  // Behind what needs memory: none may leave and get lost.
  std::vector<std::unique_ptr<RedisConnection>> closed;
  closed.reserve(connections_.size());
  for (auto& one : connections_) {
    if (one->is_closed()) closed.push_back(std::move(one));
  }
  std::erase(connections_, nullptr);
  return closed;
}

void RedisPool::note_failure(Deadline now, const Error& why) {
  back_off_.note_failure(now);
  failed_at_ = now;
  last_problem_ = why;
}

}  // namespace gatelet::io
