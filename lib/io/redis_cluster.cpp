#include "io/redis_cluster.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "io/redis_exchange.hpp"

namespace gatelet::io {
namespace {

using End = RedisConnection::End;
using What = RedisAdvice::What;

constexpr Duration map_every = std::chrono::milliseconds(100);
// While it is kept current, and what is kept may be believed for long.
constexpr Duration keep_at_most_every = std::chrono::seconds(5);
// Since the last ASK; longer than keep_at_most_every.
constexpr Duration importing_for = std::chrono::seconds(10);
constexpr Duration pause_while_down = std::chrono::milliseconds(100);
constexpr Duration pause_while_moving = std::chrono::milliseconds(20);

RedisInquiry::Limits map_limits() {
  RedisInquiry::Limits limits;
  limits.rest = map_every;
  return limits;
}

std::uint32_t seed_of(const void* place) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(place));
}

}  // namespace

RedisCluster::RedisCluster(RedisPlan plan, RedisServers& servers)
    : servers_(servers),
      terms_(std::move(plan.terms)),
      slots_(num_redis_slots, nullptr),
      inquiry_(
          map_limits(),
          [this](RedisConnection& from, const RedisReply& reply) { return take_map(from, reply); },
          seed_of(this)),
      jitter_(seed_of(this)) {
  for (auto& one : plan.servers) {
    const Name name{one.url.host, one.url.port};
    if (!by_name_.contains(name)) by_name_.emplace(name, Server{&servers_.add(one), true});
  }
}

Result<RedisConnection*> RedisCluster::choose(std::string_view key, Deadline now,
                                              std::optional<Deadline> lost_at) {
  if (auto* pool = slots_[redis_slot(key)]) {
    auto chosen = pool->choose(now, lost_at);
    if (!chosen.ok()) ask_for_map(now);
    return chosen;
  }
  ask_for_map(now);
  const bool may_come = has_map_ && !inquiry_.has_failed();
  if (inquiry_.is_under_way() || may_come) return nullptr;
  return inquiry_.problem();
}

Result<RedisCluster::Server*> RedisCluster::server_at(const RedisAddress& address) {
  const Name name{address.host, address.port};
  if (const auto place = by_name_.find(name); place != by_name_.end()) return &place->second;
  if (by_name_.size() >= max_servers) {
    return Error{Status::store_unreachable, "the session store's cluster names too many servers"};
  }
  auto endpoint = terms_.endpoint(address);
  if (!endpoint.ok()) return std::move(endpoint).error();
  auto* pool = &servers_.add(std::move(endpoint).value());
  return &by_name_.emplace(name, Server{pool, false}).first->second;
}

void RedisCluster::keep_current(Duration max_staleness) {
  is_kept_current_ = true;
  keep_every_ = std::clamp<Duration>(max_staleness / 4, map_every, keep_at_most_every);
}

// Those who have slots before those who were configured: these may long be somebody else's. Not
// always the same one first, and not whose map is the last.
void RedisCluster::ask_for_map(Deadline now) {
  wants_map_ = !inquiry_.may_begin(now);
  if (wants_map_) return;
  std::vector<RedisPool*> owners, others;
  for (const auto& [name, one] : by_name_) {
    if (one.pool == moved_to_) continue;
    if (one.has_slots) owners.push_back(one.pool);
    if (!one.has_slots && one.is_configured) others.push_back(one.pool);
  }
  if (!owners.empty()) {
    const auto by = static_cast<std::ptrdiff_t>(inquiry_.num_rounds() % owners.size());
    std::rotate(owners.begin(), owners.begin() + by, owners.end());
    const bool was_last = &owners.front()->endpoint() == mapped_by_;
    if (was_last) std::rotate(owners.begin(), owners.begin() + 1, owners.end());
  }
  if (moved_to_) owners.insert(owners.begin(), moved_to_);
  owners.insert(owners.end(), others.begin(), others.end());
  inquiry_.begin(std::move(owners), slots_command(), now);
}

Result<void> RedisCluster::take_map(RedisConnection& from, const RedisReply& reply) {
  if (reply.type == RedisReply::Type::error) return refusal(reply);
  const auto ranges = read_slots(reply, from.endpoint().url.host);
  if (!ranges) {
    return Error{Status::malformed, "the session store's cluster answers with no map of its slots"};
  }
  if (ranges->empty()) {
    return Error{Status::store_unreachable,
                 "a server of the session store's cluster knows nothing of the others"};
  }
  Slots slots(num_redis_slots, nullptr);
  for (const auto& range : *ranges) {
    auto server = server_at(range.primary);
    if (!server.ok()) return std::move(server).error();
    std::fill(slots.begin() + range.first, slots.begin() + range.last + 1, (*server)->pool);
  }
  moved_to_ = nullptr;
  has_map_ = true;
  mapped_by_ = &from.endpoint();
  // Some time between the two, so that a fleet does not ask at once.
  std::uniform_int_distribution<Duration::rep> some((keep_every_ / 2).count(), keep_every_.count());
  map_due_ = inquiry_.began() + Duration(some(jitter_));
  const bool is_other = settle(std::move(slots));
  const bool has_ended = end_imports(inquiry_.began());
  if (is_other || has_ended) name_primaries();
  leave_strangers();
  return {};
}

// Whether anything is other than it was.
bool RedisCluster::settle(Slots slots) {
  if (slots == slots_) return false;
  slots_ = std::move(slots);
  std::set<const RedisPool*> owners;
  const RedisPool* last = nullptr;
  for (const auto* pool : slots_) {
    if (pool && pool != last) owners.insert(pool);
    last = pool;
  }
  for (auto& [name, one] : by_name_) {
    const bool had_slots = one.has_slots;
    one.has_slots = owners.contains(one.pool);
    if (!had_slots || one.has_slots) continue;
    one.pool->close_all({Status::store_unreachable,
                         "the session store's cluster replaced a server that was asked"});
  }
  return true;
}

// Whether a server is no primary any more, since nobody was sent there for long.
bool RedisCluster::end_imports(Deadline now) {
  bool has_ended = false;
  for (auto& [name, one] : by_name_) {
    if (!one.importing_until || (!one.has_slots && now < *one.importing_until)) continue;
    one.importing_until.reset();
    has_ended = has_ended || !one.has_slots;
  }
  return has_ended;
}

void RedisCluster::name_primaries() {
  std::vector<RedisEndpoint> primaries;
  for (const auto& [name, one] : by_name_) {
    if (one.is_primary()) primaries.push_back(one.pool->endpoint());
  }
  set_primaries(std::move(primaries));
}

// Who has no slots is left where nobody waits: a slot may just be on its way there.
void RedisCluster::leave_strangers() {
  for (auto place = by_name_.begin(); place != by_name_.end();) {
    const auto& one = place->second;
    const bool goes = !one.is_primary() && one.pool->is_idle();
    if (goes) {
      for (const auto& connection : one.pool->connections()) connection->close(End::idle, {});
    }
    if (!goes || one.is_configured) {
      ++place;
      continue;
    }
    servers_.drop(*one.pool, {});
    place = by_name_.erase(place);
  }
}

Result<RedisAdvice> RedisCluster::heed(const RedisReply& error, std::string_view key,
                                       RedisConnection& from, Deadline now) {
  const auto word = error_word(error);
  if (word == "MOVED" || word == "ASK") {
    const auto redirect = read_redirect(error, from.endpoint().url.host);
    const bool is_about_key = redirect && redirect->slot == redis_slot(key);
    return is_about_key ? follow(*redirect, now) : RedisAdvice{What::disbelieve};
  }
  const bool is_down = word == "CLUSTERDOWN" || word == "READONLY";
  if (is_down) ask_for_map(now);
  if (is_down) return RedisAdvice{What::wait, nullptr, pause_while_down};
  if (word == "TRYAGAIN") return RedisAdvice{What::wait, nullptr, pause_while_moving};
  return RedisAdvice{};
}

Result<RedisAdvice> RedisCluster::follow(const RedisRedirect& redirect, Deadline now) {
  auto server = server_at(redirect.to);
  if (!server.ok()) return std::move(server).error();
  if (!redirect.is_for_good) return ask_at(**server, now);
  auto* pool = (*server)->pool;
  if (slots_[redirect.slot] != pool) {
    auto slots = slots_;
    slots[redirect.slot] = pool;
    settle(std::move(slots));
    name_primaries();
    moved_to_ = pool;
  }
  ask_for_map(now);
  return RedisAdvice{What::again};
}

// What was read from the slot's old server may be changed at the new one from now on.
Result<RedisAdvice> RedisCluster::ask_at(Server& server, Deadline now) {
  const bool was_primary = server.is_primary();
  server.importing_until = now + importing_for;
  if (!was_primary) name_primaries();
  auto chosen = server.pool->choose(now);
  if (!chosen.ok()) return std::move(chosen).error();
  return RedisAdvice{What::ask, *chosen};
}

void RedisCluster::serve(Deadline now) {
  inquiry_.serve(now);
  const bool is_due = is_kept_current_ && has_map_ && now >= map_due_;
  if (wants_map_ || (is_due && !inquiry_.is_under_way())) ask_for_map(now);
  if (!is_due || now < map_due_ + keep_every_) return;
  map_due_ = now;
  name_primaries();
}

std::optional<Deadline> RedisCluster::next_deadline() const {
  if (inquiry_.is_under_way()) return inquiry_.next_deadline();
  if (wants_map_) return inquiry_.may_begin_at();
  if (is_kept_current_ && has_map_) return std::max(map_due_, inquiry_.may_begin_at());
  return std::nullopt;
}

void RedisCluster::note_closed(const RedisPool* pool, const RedisConnection& closed, Deadline now) {
  const auto is_it = [pool](const auto& one) { return one.second.pool == pool; };
  const auto place = std::find_if(by_name_.begin(), by_name_.end(), is_it);
  const bool counts = place != by_name_.end() && place->second.has_slots;
  if (counts && !closed.was_left()) ask_for_map(now);
}

}  // namespace gatelet::io
