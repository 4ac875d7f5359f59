#include "io/redis_store.hpp"

#include <algorithm>
#include <chrono>

#include "io/redis_exchange.hpp"

namespace gatelet::io {
namespace {

using SteadyClock = std::chrono::steady_clock;
using End = RedisConnection::End;

// What a reply has around a record.
constexpr std::size_t max_record_size = RedisReplyReader::max_reply_size - 64;

Result<std::shared_ptr<const TlsServer>> tls_for(const RedisSettings& settings) {
  if (!settings.url.is_tls) return std::shared_ptr<const TlsServer>();
  if (!settings.url.path.empty()) {
    return Error{Status::invalid_configuration, "a Redis server behind a socket's path has no TLS"};
  }
  TlsServer::Terms terms;
  terms.host = settings.url.host;
  terms.ca_pem = settings.ca_pem;
  terms.insecure_skip_verify = settings.insecure_skip_verify || settings.url.skip_verify;
  terms.ca_option = "redis_ca_path";
  return TlsServer::create(std::move(terms));
}

}  // namespace

Result<std::unique_ptr<RedisStore>> RedisStore::create(const RedisSettings& settings,
                                                       Duration timeout) {
  auto tls = tls_for(settings);
  if (!tls.ok()) return std::move(tls).error();
  RedisPoolLimits limits;
  limits.idle_limit = settings.idle_limit;
  return std::make_unique<RedisStore>(RedisEndpoint{settings.url, std::move(tls).value()}, limits,
                                      timeout);
}

RedisStore::RedisStore(RedisEndpoint endpoint, RedisPoolLimits limits, Duration timeout,
                       NameLookups::Resolve resolve)
    : timeout_(timeout),
      lookups_(16, std::move(resolve)),
      pool_(std::move(endpoint), limits, lookups_,
            static_cast<std::uint32_t>(SteadyClock::now().time_since_epoch().count())) {}

RedisStore::~RedisStore() = default;

void RedisStore::tell(RedisTracking::Terms terms, StoreWatcher& watcher) {
  tracking_ = std::make_unique<RedisTracking>(std::move(terms), lookups_, watcher);
  tracking_->follow({pool_.endpoint()});
}

void RedisStore::start(Id id, flow::StoreCall call, Done done) {
  const auto now = SteadyClock::now();
  const auto number = ++last_;
  const bool is_too_large = call.value.size() > max_record_size;
  numbers_[id] = number;
  calls_.emplace(number, Call{id, std::move(call), std::move(done), now + timeout_});
  if (is_too_large) {
    finish(number, Error{Status::store_unreachable,
                         "a session of more than 1 MiB cannot be kept in the session store"});
  } else {
    dispatch(number, now);
  }
  tell_finished();
}

void RedisStore::forget(Id id) {
  std::erase_if(finished_, [id](const Finished& one) { return one.id == id; });
  const auto place = numbers_.find(id);
  if (place == numbers_.end()) return;
  const auto call = calls_.find(place->second);
  if (call->second.connection) call->second.connection->withdraw(call->first);
  calls_.erase(call);
  numbers_.erase(place);
}

void RedisStore::add_waits(std::vector<SocketWait>& waits) {
  const auto num_before = waits.size();
  lookups_.add_waits(waits);
  waits_for_name_ = waits.size() > num_before;
  waiting_.clear();
  for (const auto& one : pool_.connections()) {
    const auto num_waits = waits.size();
    one->add_waits(waits);
    if (waits.size() > num_waits) waiting_.push_back(one.get());
  }
  if (tracking_) tracking_->add_waits(waits);
}

std::optional<Deadline> RedisStore::next_deadline() const {
  const auto of_pool = pool_.next_deadline();
  const auto of_tracking = tracking_ ? tracking_->next_deadline() : std::nullopt;
  if (!of_pool || !of_tracking) return of_pool ? of_pool : of_tracking;
  return std::min(*of_pool, *of_tracking);
}

void RedisStore::serve(std::span<const SocketWait> waits, Deadline now) {
  if (waits_for_name_ && !waits.empty()) waits = waits.subspan(1);
  std::vector<const RedisConnection*> ready;
  for (std::size_t i = 0; i < std::min(waits.size(), waiting_.size()); ++i) {
    if (waits[i].is_ready) ready.push_back(waiting_[i]);
  }
  const auto of_tracking = waits.subspan(std::min(waits.size(), waiting_.size()));
  waiting_.clear();
  waits_for_name_ = false;

  // Before any answer is told: what changed meanwhile is known by then.
  if (tracking_) tracking_->serve(of_tracking, now);
  for (const auto& one : pool_.connections()) {
    const bool is_ready = std::find(ready.begin(), ready.end(), one.get()) != ready.end();
    one->serve(is_ready, now);
    take_answers(*one);
  }
  pool_.close_idle(now);
  for (const auto& closed : pool_.take_closed(now)) take_over(*closed, now);
  tell_finished();
}

void RedisStore::dispatch(Number number, Deadline now, std::optional<Deadline> lost_at) {
  auto& call = calls_.at(number);
  auto chosen = pool_.choose(now, lost_at);
  if (!chosen.ok()) return finish(number, std::move(chosen).error());
  call.connection = *chosen;
  call.connection->send(number, store_command(call.call), now, call.ends);
}

void RedisStore::take_answers(RedisConnection& connection) {
  while (auto answer = connection.take_answer()) take_answer(connection, std::move(*answer));
}

void RedisStore::take_answer(RedisConnection& connection, RedisConnection::Answer answer) {
  const auto what = calls_.at(answer.id).call.what;
  if (!can_answer(what, answer.reply)) {
    Error error{Status::store_unreachable, "the session store answered another question"};
    finish(answer.id, error);
    return connection.disbelieve(std::move(error));
  }
  // A primary that became a replica: whoever has its name now is found by connecting anew.
  const bool was_replaced = error_word(answer.reply) == "READONLY";
  auto error = refusal(answer.reply);
  finish(answer.id, read_store_reply(what, std::move(answer.reply)));
  if (was_replaced) connection.close(End::lost, std::move(error));
}

void RedisStore::take_over(RedisConnection& closed, Deadline now) {
  for (const auto& [number, was_sent] : closed.take_unanswered()) {
    auto& call = calls_.at(number);
    call.connection = nullptr;
    const bool may_go_again = closed.end() == End::lost && !call.was_sent_twice && now < call.ends;
    if (!may_go_again) {
      finish(number, closed.why());
    } else {
      call.was_sent_twice = was_sent;
      dispatch(number, now, now);
    }
  }
}

void RedisStore::finish(Number number, Result<flow::StoreReply> reply) {
  auto call = calls_.extract(number);
  numbers_.erase(call.mapped().id);
  finished_.push_back({call.mapped().id, std::move(call.mapped().done), std::move(reply)});
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
