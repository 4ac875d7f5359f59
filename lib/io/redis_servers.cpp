#include "io/redis_servers.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "io/attempt.hpp"

namespace gatelet::io {
namespace {

constexpr std::size_t max_lookups = 64;

}  // namespace

RedisServers::RedisServers(RedisPoolLimits limits, NameLookups::Resolve resolve)
    : limits_(limits),
      lookups_(max_lookups, std::move(resolve)),
      seed_(
          static_cast<std::uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count())) {
}

RedisPool& RedisServers::add(RedisEndpoint endpoint) {
  servers_.push_back(
      {std::make_unique<RedisPool>(std::move(endpoint), limits_, lookups_, seed_++)});
  return *servers_.back().pool;
}

void RedisServers::drop(const RedisPool& pool, const Error& why) {
  for (auto& one : servers_) {
    if (one.pool.get() != &pool) continue;
    one.is_dropped = true;
    one.pool->close_all(why);
  }
}

std::size_t RedisServers::num_connections() const noexcept {
  std::size_t count = 0;
  for (const auto& one : servers_) count += one.pool->connections().size();
  return count;
}

void RedisServers::add_waits(std::vector<SocketWait>& waits) {
  const auto num_before = waits.size();
  lookups_.add_waits(waits);
  waits_for_name_ = waits.size() > num_before;
  waiting_.clear();
  for (const auto& server : servers_) {
    for (const auto& one : server.pool->connections()) {
      const auto num_waits = waits.size();
      one->add_waits(waits);
      if (waits.size() > num_waits) waiting_.push_back(one.get());
    }
  }
}

std::optional<Deadline> RedisServers::next_deadline() const {
  std::optional<Deadline> first;
  for (const auto& one : servers_) {
    if (const auto at = one.pool->next_deadline()) first = std::min(first.value_or(*at), *at);
  }
  return first;
}

std::vector<RedisConnection*> RedisServers::serve(std::span<const SocketWait> waits, Deadline now) {
  std::erase_if(servers_, [](const Server& one) {
    return one.is_dropped && one.pool->connections().empty();
  });
  if (waits_for_name_ && !waits.empty()) waits = waits.subspan(1);
  std::vector<const RedisConnection*> ready;
  for (std::size_t i = 0; i < std::min(waits.size(), waiting_.size()); ++i) {
    if (waits[i].is_ready) ready.push_back(waiting_[i]);
  }
  waiting_.clear();
  waits_for_name_ = false;

  std::vector<RedisConnection*> served;
  for (const auto& server : servers_) {
    for (const auto& one : server.pool->connections()) {
      const bool is_ready = std::find(ready.begin(), ready.end(), one.get()) != ready.end();
      one->serve(is_ready, now);
      served.push_back(one.get());
    }
    server.pool->close_idle(now);
  }
  return served;
}

std::vector<RedisServers::Closed> RedisServers::take_closed(Deadline now) {
  std::vector<Closed> closed;
  closed.reserve(num_connections());
  for (const auto& server : servers_) {
    (void)attempt([&] {
      for (auto& one : server.pool->take_closed(now)) {
        closed.push_back({server.pool.get(), std::move(one)});
      }
    });
  }
  return closed;
}

void RedisServers::withdraw(RedisConnection::Id id, const RedisConnection* from) {
  for (const auto& server : servers_) {
    for (const auto& one : server.pool->connections()) {
      if (one.get() == from) one->withdraw(id);
    }
  }
}

}  // namespace gatelet::io
