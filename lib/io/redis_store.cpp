#include "io/redis_store.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "io/attempt.hpp"
#include "io/redis_exchange.hpp"

namespace gatelet::io {
namespace {

using SteadyClock = std::chrono::steady_clock;
using End = RedisConnection::End;
using Manner = RedisConnection::Manner;

// What a reply has around a record.
constexpr std::size_t max_record_size = RedisReplyReader::max_reply_size - 64;

// How long a call rests that has no way yet, unless something is found out before.
constexpr Duration rest = std::chrono::milliseconds(50);

Error unreachable_error(std::string text) { return {Status::store_unreachable, std::move(text)}; }

}  // namespace

Result<std::unique_ptr<RedisStore>> RedisStore::create(const RedisSettings& settings,
                                                       Duration timeout) {
  auto plan = RedisPlan::of(settings);
  if (!plan.ok()) return std::move(plan).error();
  RedisPoolLimits limits;
  limits.idle_limit = settings.idle_limit;
  return std::make_unique<RedisStore>(std::move(plan).value(), limits, timeout);
}

RedisStore::RedisStore(RedisPlan plan, RedisPoolLimits limits, Duration timeout,
                       NameLookups::Resolve resolve)
    : timeout_(timeout),
      servers_(limits, std::move(resolve)),
      route_(make_redis_route(std::move(plan), servers_)) {}

RedisStore::~RedisStore() = default;

void RedisStore::tell(RedisTracking::Terms terms, StoreWatcher& watcher) {
  const auto max_staleness = terms.max_staleness;
  tracking_ = std::make_unique<RedisTracking>(std::move(terms), servers_.lookups(), watcher);
  route_->keep_current(max_staleness);
  follow_primaries();
}

void RedisStore::start(Id id, flow::StoreCall call, Done done) {
  const auto now = SteadyClock::now();
  const auto number = ++last_;
  const bool is_too_large = call.value.size() > max_record_size;
  const auto place =
      calls_.emplace(number, Call{id, std::move(call), std::move(done), now + timeout_}).first;
  try {
    numbers_.insert_or_assign(id, number);
  } catch (...) {
    calls_.erase(place);
    throw;
  }
  if (is_too_large) {
    finish(number, Error{Status::session_too_large,
                         "a session of more than 1 MiB cannot be kept in the session store"});
  } else {
    dispatch(number, now);
  }
  tell_finished();
}

void RedisStore::forget(Id id) {
  finished_.remove_if([id](const Finished& one) { return one.id == id; });
  const auto place = numbers_.find(id);
  if (place == numbers_.end()) return;
  const auto call = calls_.find(place->second);
  servers_.withdraw(call->first, call->second.connection);
  calls_.erase(call);
  numbers_.erase(place);
}

void RedisStore::add_waits(std::vector<SocketWait>& waits) {
  const auto num_before = waits.size();
  servers_.add_waits(waits);
  num_server_waits_ = waits.size() - num_before;
  if (tracking_) tracking_->add_waits(waits);
}

std::optional<Deadline> RedisStore::next_deadline() const {
  auto first = servers_.next_deadline();
  const auto add = [&first](Deadline at) { first = std::min(first.value_or(at), at); };
  if (const auto at = route_->next_deadline()) add(*at);
  for (const auto number : waiting_) {
    const auto call = calls_.find(number);
    if (call != calls_.end()) add(std::min(call->second.again_at, call->second.ends));
  }
  if (tracking_) {
    if (const auto at = tracking_->next_deadline()) add(*at);
  }
  return first;
}

void RedisStore::serve(std::span<const SocketWait> waits, Deadline now) {
  const auto of_servers = waits.first(std::min(waits.size(), num_server_waits_));
  // Before any answer is told: what changed meanwhile is known by then.
  if (tracking_) tracking_->serve(waits.subspan(of_servers.size()), now);
  num_server_waits_ = 0;
  for (auto* one : servers_.serve(of_servers, now)) take_answers(*one, now);
  route_->serve(now);
  for (const auto& [pool, connection] : servers_.take_closed(now)) {
    // What cannot be done for one, for want of memory, is done for the others.
    (void)attempt(
        [&, &from = pool, &closed = *connection] { route_->note_closed(from, closed, now); });
    (void)attempt([&, &closed = *connection] { take_over(closed, now); });
  }
  dispatch_waiting(now);
  follow_primaries();
  tell_finished();
}

void RedisStore::follow_primaries() {
  if (!tracking_ || followed_ == route_->generation()) return;
  const auto primaries = route_->primaries();
  tracking_->follow({primaries.begin(), primaries.end()});
  followed_ = route_->generation();
}

void RedisStore::dispatch(Number number, Deadline now) {
  auto& call = calls_.at(number);
  auto way = route_->choose(call.call.key, now, call.lost_at);
  if (!way.ok()) return finish(number, std::move(way).error());
  if (*way) return send(number, **way, now, Manner::plain);
  wait(number, rest, unreachable_error("the session store did not answer in time"), now);
}

void RedisStore::send(Number number, RedisConnection& to, Deadline now, Manner manner) {
  auto& call = calls_.at(number);
  call.connection = &to;
  to.send(number, store_command(call.call), now, timeout_, manner);
}

void RedisStore::wait(Number number, Duration pause, Error why, Deadline now) {
  auto& call = calls_.at(number);
  call.connection = nullptr;
  call.again_at = now + std::max(pause, rest);
  call.problem = std::move(why);
  waiting_.push_back(number);
}

void RedisStore::dispatch_waiting(Deadline now) {
  const bool has_news = num_findings_ != route_->num_findings();
  num_findings_ = route_->num_findings();
  for (const auto number : std::exchange(waiting_, {})) {
    const auto place = calls_.find(number);
    if (place == calls_.end()) continue;
    auto& call = place->second;
    if (now >= call.ends) {
      finish(number, std::move(call.problem));
    } else if (has_news || now >= call.again_at) {
      dispatch(number, now);
    } else {
      waiting_.push_back(number);
    }
  }
}

void RedisStore::take_answers(RedisConnection& connection, Deadline now) {
  while (auto answer = connection.take_answer()) {
    if (RedisRoute::is_own(answer->id)) {
      route_->take_answer(answer->id, connection, answer->reply, now);
    } else {
      take_answer(connection, std::move(*answer), now);
    }
  }
}

void RedisStore::take_answer(RedisConnection& connection, RedisConnection::Answer answer,
                             Deadline now) {
  const auto what = calls_.at(answer.id).call.what;
  if (!can_answer(what, answer.reply)) {
    auto error = unreachable_error("the session store answered another question");
    finish(answer.id, error);
    return connection.disbelieve(std::move(error));
  }
  const bool is_error = answer.reply.type == RedisReply::Type::error;
  if (is_error && !is_final(answer.id, answer.reply, connection, now)) return;
  finish(answer.id, read_store_reply(what, std::move(answer.reply)));
}

bool RedisStore::is_final(Number number, const RedisReply& error, RedisConnection& from,
                          Deadline now) {
  auto& call = calls_.at(number);
  auto advice = route_->heed(error, call.call.key, from, now);
  if (!advice.ok()) {
    finish(number, std::move(advice).error());
    return false;
  }
  using What = RedisAdvice::What;
  if (advice->what == What::take) return true;
  if (advice->what == What::wait) {
    wait(number, advice->pause, refusal(error), now);
  } else if (advice->what == What::disbelieve) {
    auto why = unreachable_error("the session store's cluster redirected a call to nowhere");
    finish(number, why);
    from.disbelieve(std::move(why));
  } else if (++call.num_redirects > max_redirects) {
    finish(number, unreachable_error("the session store's cluster redirects calls in circles"));
  } else if (advice->what == What::ask) {
    send(number, *advice->connection, now, Manner::asking);
  } else {
    dispatch(number, now);
  }
  return false;
}

void RedisStore::take_over(RedisConnection& closed, Deadline now) {
  for (const auto& one : closed.take_unanswered()) {
    const auto problem = attempt([&] { take_back(one, closed, now); });
    if (!problem || !calls_.contains(one.id)) continue;
    (void)attempt([&] { finish(one.id, unreachable_error("memory ran out")); });
  }
}

void RedisStore::take_back(RedisConnection::Unanswered one, const RedisConnection& closed,
                           Deadline now) {
  if (RedisRoute::is_own(one.id)) return route_->take_lost(one.id, closed.why(), now);
  auto& call = calls_.at(one.id);
  call.connection = nullptr;
  // Every connection that ends with a large reply has answered one call with it: that comes to an
  // end.
  const bool is_behind_large = closed.end() == End::too_large;
  const bool is_lost = closed.end() == End::lost || closed.end() == End::replica;
  const bool may_send = is_behind_large || (is_lost && !call.was_sent_twice);
  if (!may_send || now >= call.ends) {
    finish(one.id, closed.why());
  } else {
    if (!is_behind_large) {
      call.was_sent_twice = one.was_sent;
      call.lost_at = now;
    }
    dispatch(one.id, now);
  }
}

// First what needs memory: without it the call still stands.
void RedisStore::finish(Number number, Result<flow::StoreReply> reply) {
  std::list<Finished> last;
  last.push_back({calls_.at(number).id, nullptr, std::move(reply)});
  auto call = calls_.extract(number);
  numbers_.erase(call.mapped().id);
  last.front().done = std::move(call.mapped().done);
  finished_.splice(finished_.end(), last);
}

// Whoever is told may ask, or forget, again.
void RedisStore::tell_finished() {
  while (!finished_.empty()) {
    auto first = std::move(finished_.front());
    finished_.pop_front();
    first.done(std::move(first.reply));
  }
}

}  // namespace gatelet::io
