#include "flow/refresh_stored_session.hpp"

#include <chrono>
#include <iterator>
#include <string>
#include <utility>

#include "flow/session_lock.hpp"
#include "flow/stored_record.hpp"
#include "session/host_data.hpp"
#include "session/lifetime.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {
namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 5s;  // as the reference's

constexpr std::size_t max_conflicts = 16;  // with others that change the record meanwhile

bool is_newer(const session::Session& a, const session::Session& b) noexcept {
  return a.created_at.value_or(session::Timestamp{}) > b.created_at.value_or(session::Timestamp{});
}

Error is_gone() { return {Status::grant_ended, "the session is no longer in the store"}; }

// With what others have written beside the tokens.
SharedSession with_data_of(const session::Session& stored, const session::Session& renewed) {
  auto out = std::make_shared<session::Session>(renewed);
  out->data = stored.data;
  return out;
}

// The provider has given new tokens and taken back the old ones: what is lost here is lost for
// good. The session as the store has it then, or as another process renewed it later; one that the
// store does not take counts in this process. Null: it was ended meanwhile.
Flow<SharedSession> put(std::shared_ptr<const Context> context, StoredRecord before,
                        SharedSession renewed) {
  constexpr Duration waits[] = {100ms, 300ms, 900ms};
  std::size_t num_failures = 0, num_conflicts = 0;
  const auto begun = co_await now();
  renewed = with_data_of(*before.session, *renewed);
  auto call = swap_stored(*context, before, *renewed, begun);
  while (call.ok() && num_conflicts < max_conflicts) {
    auto sent = *call;  // the same bytes each time: one whose reply was lost is no conflict
    const auto reply = co_await attempt(std::move(sent));
    if (reply.ok() && reply->was_there) co_return renewed;
    if (reply.ok()) {
      auto looking = read_stored(context, renewed->ticket);
      auto current = co_await attempt(std::move(looking));
      if (current.ok()) {
        if (!current->session) co_return SharedSession();
        if (is_newer(*current->session, *renewed)) co_return current->session;
        ++num_conflicts;
        const auto at = co_await now();
        before = std::move(*current);
        renewed = with_data_of(*before.session, *renewed);
        call = swap_stored(*context, before, *renewed, at);
        continue;
      }
    }
    if (num_failures == std::size(waits)) break;
    Delay delay(waits[num_failures++]);
    (void)co_await delay;
  }
  co_return renewed;
}

// With the lock in hand.
Flow<session::Session> renew(RefreshSession in) {
  const auto ticket = in.session->ticket;
  auto looking = read_stored(in.context, ticket);
  auto current = co_await std::move(looking);
  if (!current.session) co_return is_gone();
  if (is_newer(*current.session, *in.session)) co_return *current.session;
  const auto at = co_await now();
  if (session::judge(*current.session, in.context->session, at) == session::Freshness::dead)
    co_return Error{Status::grant_ended, "the session is over"};

  auto refreshing = refresh_session(in);
  auto renewed = co_await attempt(std::move(refreshing));
  if (!renewed.ok()) {
    if (ends_session(renewed.error().status)) {
      auto erase = StoreCall::erase(ticket->id);
      (void)co_await attempt(std::move(erase));
    }
    co_return std::move(renewed).error();
  }

  auto shared = std::make_shared<const session::Session>(std::move(renewed).value());
  auto putting = put(in.context, std::move(current), std::move(shared));
  const auto put_there = co_await std::move(putting);
  if (!put_there) co_return is_gone();
  co_return *put_there;
}

}  // namespace

Flow<session::Session> refresh_stored_session(RefreshSession in) {
  auto naming = lock_owner(*in.context->entropy);
  const auto owner = co_await std::move(naming);
  const auto key = session::lock_key(*in.session->ticket);
  const auto begun = co_await now();

  bool is_ours = false;
  while (!is_ours) {
    auto taking = take_lock(key, owner);
    is_ours = co_await std::move(taking);
    if (is_ours) break;
    auto looking = read_stored(in.context, in.session->ticket);
    const auto current = co_await std::move(looking);
    if (!current.session) co_return is_gone();
    if (is_newer(*current.session, *in.session)) co_return *current.session;
    const auto at = co_await now();
    if (at.steady - begun.steady >= patience) {
      co_return Error{Status::timed_out, "another process has been renewing the session for long"};
    }
  }

  auto renewing = renew(std::move(in));
  auto renewed = co_await attempt(std::move(renewing));
  auto release = StoreCall::unlock(key, owner);
  (void)co_await attempt(std::move(release));  // it ends with its lease otherwise
  if (!renewed.ok()) co_return std::move(renewed).error();
  co_return std::move(renewed).value();
}

}  // namespace gatelet::flow
