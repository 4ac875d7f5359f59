#include "io/redis_tracking.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "io/attempt.hpp"
#include "io/redis_exchange.hpp"

namespace gatelet::io {
namespace {

using End = RedisConnection::End;

// What is asked, in this order; the last of them over and over.
enum Question : RedisConnection::Id { own_number = 1, tracking, subscription, life };

// A connection that is dead is noticed by then, however long what is kept may be believed; and
// however short, a server is not asked over and over.
constexpr Duration longest_wait = std::chrono::seconds(15);
constexpr Duration shortest_wait = std::chrono::milliseconds(50);

std::uint32_t seed_of_now() {
  return static_cast<std::uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

bool is_same(const RedisEndpoint& a, const RedisEndpoint& b) {
  return a.url == b.url && a.tls == b.tls && a.num_renewals == b.num_renewals;
}

// It refuses everybody for a while: loads its data, or runs a long script.
bool is_passing(std::string_view error) {
  return error == "LOADING" || error == "BUSY" || error == "MASTERDOWN";
}

Error nonsense() {
  return {Status::store_unreachable, "the session store answered another question"};
}

}  // namespace

RedisTracking::RedisTracking(Terms terms, NameLookups& lookups, StoreWatcher& watcher)
    : terms_(std::move(terms)),
      answer_limit_(std::clamp<Duration>(terms_.max_staleness / 2, shortest_wait, longest_wait)),
      lookups_(lookups),
      watcher_(watcher),
      seed_(seed_of_now()) {}

void RedisTracking::follow(std::vector<RedisEndpoint> primaries) {
  const auto find_known = [this](const RedisEndpoint& endpoint) {
    return std::find_if(primaries_.begin(), primaries_.end(),
                        [&](const auto& one) { return one && is_same(one->endpoint, endpoint); });
  };
  // First what needs memory: without it those that are followed stay.
  std::vector<std::unique_ptr<Primary>> next;
  next.reserve(primaries.size());
  for (const auto& endpoint : primaries) {
    next.emplace_back();
    if (find_known(endpoint) != primaries_.end()) continue;
    const BackOff back_off(terms_.first_pause, terms_.longest_pause, seed_++);
    next.back() = std::make_unique<Primary>(endpoint, back_off);
  }
  for (std::size_t i = 0; i < next.size(); ++i) {
    const auto known = find_known(primaries[i]);
    if (!next[i] && known != primaries_.end()) next[i] = std::move(*known);
  }
  std::erase(next, nullptr);  // one that was named twice
  waiting_.clear();
  primaries_ = std::move(next);
  report();
  watcher_.changed_all();
}

void RedisTracking::add_waits(std::vector<SocketWait>& waits) {
  waiting_.clear();
  for (const auto& one : primaries_) {
    const auto num_before = waits.size();
    if (one->connection) one->connection->add_waits(waits);
    if (waits.size() > num_before) waiting_.push_back(one->connection.get());
  }
}

std::optional<Deadline> RedisTracking::next_deadline() const {
  std::optional<Deadline> first;
  const auto add = [&first](Deadline at) { first = std::min(first.value_or(at), at); };
  for (const auto& one : primaries_) {
    if (!one->connection) {
      add(one->next_try());
    } else if (one->told_until && !one->is_asked) {
      add(one->asked_at + answer_limit_);
    } else if (const auto of_connection = one->connection->next_deadline()) {
      add(*of_connection);
    }
  }
  return first;
}

void RedisTracking::serve(std::span<const SocketWait> waits, Deadline now) {
  std::vector<const RedisConnection*> ready;
  for (std::size_t i = 0; i < std::min(waits.size(), waiting_.size()); ++i) {
    if (waits[i].is_ready) ready.push_back(waiting_[i]);
  }
  waiting_.clear();

  for (const auto& one : primaries_) {
    const bool is_ready =
        std::find(ready.begin(), ready.end(), one->connection.get()) != ready.end();
    // What was told may be lost with what threw, for want of memory.
    const auto problem = attempt([&] { serve(*one, is_ready, now); });
    if (problem && one->connection) lose(*one, now);
  }
  report();
}

void RedisTracking::serve(Primary& primary, bool is_ready, Deadline now) {
  if (primary.connection) {
    primary.connection->serve(is_ready, now);
    hear(primary, now);
    if (primary.connection->is_closed()) lose(primary, now);
  } else if (now >= primary.next_try()) {
    begin(primary, now);
  }
  const bool is_due =
      primary.told_until && !primary.is_asked && now >= primary.asked_at + answer_limit_;
  if (!is_due) return;
  ask(primary, life, ping_command(), now);
  if (primary.connection->is_closed()) lose(primary, now);
}

void RedisTracking::begin(Primary& primary, Deadline now) {
  primary.connection = std::make_unique<RedisConnection>(
      primary.endpoint, lookups_, now, now + terms_.connect_limit, RedisConnection::Role::listens);
  ask(primary, own_number, client_id_command(), now);
  if (primary.connection->is_closed()) lose(primary, now);
}

void RedisTracking::ask(Primary& primary, RedisConnection::Id id, std::string command,
                        Deadline now) {
  primary.asked_at = now;
  primary.is_asked = true;
  primary.connection->send(id, std::move(command), now, answer_limit_);
  primary.connection->serve(false, now);
}

void RedisTracking::hear(Primary& primary, Deadline now) {
  auto& connection = *primary.connection;
  // Before the answers: what was told up to a sign of life is known when that counts.
  while (auto message = connection.take_message()) {
    const auto changed = read_changed_keys(std::move(*message));
    if (!changed) return connection.close(End::nonsense, nonsense());
    if (changed->all) watcher_.changed_all();
    if (!changed->keys.empty()) watcher_.changed(changed->keys);
  }
  while (const auto answer = connection.take_answer()) take_answer(primary, *answer, now);
}

void RedisTracking::take_answer(Primary& primary, const RedisConnection::Answer& answer,
                                Deadline now) {
  auto& connection = *primary.connection;
  const auto& reply = answer.reply;
  primary.is_asked = false;
  if (reply.type == RedisReply::Type::error) return refuse(primary, reply, now);
  const auto number = read_client_id(reply);
  if (answer.id == own_number && number) {
    ask(primary, tracking, tracking_command(*number, terms_.prefixes), now);
  } else if (answer.id == tracking && is_ok(reply)) {
    ask(primary, subscription, subscribe_command(), now);
  } else if (answer.id == subscription && is_subscribed(reply)) {
    primary.told_until = primary.asked_at;
    watcher_.changed_all();
  } else if (answer.id == life && is_pong(reply)) {
    primary.told_until = primary.asked_at;
    primary.was_refused = false;
    primary.back_off.note_success();
  } else {
    connection.close(End::nonsense, nonsense());
  }
}

void RedisTracking::refuse(Primary& primary, const RedisReply& reply, Deadline now) {
  auto why = refusal(reply);
  if (is_passing(error_word(reply))) return primary.connection->close(End::lost, std::move(why));
  if (!std::exchange(primary.was_refused, true)) watcher_.will_not_tell(why);
  primary.refused_until = now + terms_.pause_when_refused;
  primary.connection->close(End::lost, std::move(why));
}

void RedisTracking::lose(Primary& primary, Deadline now) {
  const bool has_told = primary.told_until.has_value();
  primary.back_off.note_failure(now);
  primary.connection.reset();
  primary.is_asked = false;
  primary.told_until.reset();
  if (!has_told) return;
  report();
  watcher_.changed_all();
}

void RedisTracking::report() {
  auto told = primaries_.empty() ? Deadline::min() : Deadline::max();
  for (const auto& one : primaries_) {
    told = std::min(told, one->told_until.value_or(Deadline::min()));
  }
  if (std::exchange(reported_, told) != told) watcher_.told_until(told);
}

}  // namespace gatelet::io
