#include "flow/refresh_stored_session.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "base/base64url.hpp"
#include "crypto/random.hpp"
#include "flow/load_session.hpp"
#include "session/lifetime.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {
namespace {

using namespace std::chrono_literals;

// As the reference holds it, tries it and gives up, but for the pause: it asks every 10 ms.
constexpr Duration lease = 2s, pause = 50ms, patience = 5s;
constexpr std::size_t owner_size = 16;  // random bytes; the reference's locks hold as many

bool is_newer(const session::Session& a, const session::Session& b) noexcept {
  return a.created_at.value_or(session::Timestamp{}) > b.created_at.value_or(session::Timestamp{});
}

// As the store has it now; null: no more.
Flow<SharedSession> stored(std::shared_ptr<const Context> context, SharedTicket ticket) {
  LoadSession load(std::move(context));
  load.tickets.push_back(std::move(ticket));
  auto loading = load_session(std::move(load));
  auto session = co_await std::move(loading);
  co_return session;
}

// Whether the lock is ours now. When it is another's, some time has passed.
Flow<bool> take_lock(std::string key, std::string owner) {
  auto call = StoreCall::lock(std::move(key), std::move(owner), lease);
  const auto reply = co_await std::move(call);
  if (!reply.is_owner) {
    Delay wait(pause);
    (void)co_await wait;
  }
  co_return reply.is_owner;
}

// The result of another process is on its way: the refresh token it replaced must not be used.
Flow<bool> is_still_ours(std::string key, std::string owner) {
  auto call = StoreCall::extend(std::move(key), std::move(owner), lease);
  const auto reply = co_await attempt(std::move(call));
  co_return !reply.ok() || reply->is_owner;  // a store that is down has no other owner either
}

// The provider has given new tokens and taken back the old ones: what is lost here is lost for
// good. False: there is no record any more, the session was ended meanwhile.
Flow<bool> put(std::shared_ptr<const Context> context, SharedSession session) {
  const auto at = co_await now();
  for (Duration wait : {100ms, 300ms, 900ms, 0ms}) {
    auto record = session::seal_record(context->session, *context->gcm, *session->ticket, *session,
                                       *context->entropy);
    if (!record.ok()) break;
    auto call = StoreCall::replace(session->ticket->id, std::move(record).value(),
                                   session::store_lifetime(*session, context->session, at));
    const auto reply = co_await attempt(std::move(call));
    if (reply.ok()) co_return reply->was_there;
    if (wait == Duration::zero()) break;
    Delay delay(wait);
    (void)co_await delay;
  }
  co_return true;
}

// With the lock in hand.
Flow<session::Session> renew(RefreshSession in, std::string key, std::string owner) {
  const auto ticket = in.session->ticket;
  auto looking = stored(in.context, ticket);
  auto current = co_await std::move(looking);
  if (!current) co_return Error{Status::grant_ended, "the session is no longer in the store"};
  if (is_newer(*current, *in.session)) co_return *current;
  const auto at = co_await now();
  if (session::judge(*current, in.context->session, at) == session::Freshness::dead)
    co_return Error{Status::grant_ended, "the session is over"};

  auto refreshing = refresh_session(in);
  auto renewed = co_await attempt(std::move(refreshing));
  if (!renewed.ok()) {
    if (renewed.error().status == Status::grant_ended) {
      auto erase = StoreCall::erase(ticket->id);
      (void)co_await attempt(std::move(erase));
    }
    co_return std::move(renewed).error();
  }

  auto asking = is_still_ours(key, owner);
  const bool is_ours = co_await std::move(asking);
  if (!is_ours) {  // frozen for longer than the lease
    auto looking_again = stored(in.context, ticket);
    auto others = co_await attempt(std::move(looking_again));
    if (others.ok() && !*others)
      co_return Error{Status::grant_ended, "the session is no longer in the store"};
    if (others.ok() && is_newer(**others, *renewed)) co_return **others;
  }
  auto shared = std::make_shared<const session::Session>(std::move(renewed).value());
  auto putting = put(in.context, shared);
  const bool is_there = co_await std::move(putting);
  if (!is_there) co_return Error{Status::grant_ended, "the session is no longer in the store"};
  co_return *shared;
}

}  // namespace

Flow<session::Session> refresh_stored_session(RefreshSession in) {
  auto random = crypto::random_bytes(*in.context->entropy, owner_size);
  const auto bytes = co_await std::move(random);
  const auto owner = base64url::encode(bytes);
  const auto key = session::lock_key(*in.session->ticket);
  const auto begun = co_await now();

  bool is_ours = false;
  while (!is_ours) {
    auto taking = take_lock(key, owner);
    is_ours = co_await std::move(taking);
    if (is_ours) break;
    auto looking = stored(in.context, in.session->ticket);
    const auto current = co_await std::move(looking);
    if (!current) co_return Error{Status::grant_ended, "the session is no longer in the store"};
    if (is_newer(*current, *in.session)) co_return *current;
    const auto at = co_await now();
    if (at.steady - begun.steady >= patience) {
      co_return Error{Status::timed_out, "another process has been renewing the session for long"};
    }
  }

  auto renewing = renew(std::move(in), key, owner);
  auto renewed = co_await attempt(std::move(renewing));
  auto release = StoreCall::unlock(key, owner);
  (void)co_await attempt(std::move(release));  // it ends with its lease otherwise
  if (!renewed.ok()) co_return std::move(renewed).error();
  co_return std::move(renewed).value();
}

}  // namespace gatelet::flow
