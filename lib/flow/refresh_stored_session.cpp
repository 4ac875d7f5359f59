#include "flow/refresh_stored_session.hpp"

#include <chrono>
#include <iterator>
#include <string>
#include <utility>

#include "flow/put_again.hpp"
#include "flow/session_lock.hpp"
#include "flow/stored_record.hpp"
#include "session/cookie_budget.hpp"
#include "session/host_data.hpp"
#include "session/lifetime.hpp"
#include "session/ticket.hpp"

namespace gatelet::flow {
namespace {

using namespace std::chrono_literals;

constexpr Duration pause = 50ms;
constexpr std::size_t max_conflicts = 16;  // with others that change the record meanwhile

bool is_newer(const session::Session& a, const session::Session& b) noexcept {
  return a.created_at.value_or(session::Timestamp{}) > b.created_at.value_or(session::Timestamp{});
}

Error is_gone() { return {Status::grant_ended, "the session is no longer in the store"}; }

// No trouble of the provider's.
Error takes_long() {
  return {Status::store_unreachable, "another process has been renewing the session for long"};
}

Error not_taken(Status why) { return {why, "the session store did not take new tokens"}; }

// With what others have written beside the tokens.
SharedSession with_data_of(const session::Session& stored, const session::Session& renewed) {
  auto out = std::make_shared<session::Session>(renewed);
  out->data = stored.data;
  if (stored.last_used > renewed.created_at) out->last_used = stored.last_used;
  return out;
}

// New tokens on their way into the store, for the record that was read there.
class Putting {
 public:
  std::shared_ptr<const Context> context;
  StoredRecord before;
  SharedSession renewed;
  std::string left_out;  // of the record, which would be too large
  explicit Putting(std::shared_ptr<const Context> c) : context(std::move(c)) {}

  Result<StoreCall> call(Instant now) {
    renewed = with_data_of(*before.session, *renewed);
    auto whole = swap_stored(*context, before, *renewed, now);
    if (whole.ok() || whole.error().status != Status::session_invalid) return whole;
    auto fitted = session::without_spare_tokens(context->session, *renewed);
    renewed = std::make_shared<const session::Session>(std::move(fitted.session));
    left_out = std::move(fitted.left_out);
    return swap_stored(*context, before, *renewed, now);
  }
};

class Put {
 public:
  SharedSession session;  // as the store has it, or another process renewed it later; null: ended
  bool is_there = false;
  std::string left_out;
  Status trouble = Status::store_unreachable;  // where it is not
  Put() = default;
  Put(SharedSession s, bool there, std::string left)
      : session(std::move(s)), is_there(there), left_out(std::move(left)) {}
};

// The provider has given new tokens and taken back the old ones: what is lost here is lost for
// good. For longer than the lock lasts without its owner.
Flow<Put> put(Putting in) {
  constexpr Duration waits[] = {100ms, 200ms, 300ms, 400ms, 500ms, 600ms};
  std::size_t num_failures = 0, num_conflicts = 0;
  const auto begun = co_await now();
  auto call = in.call(begun);
  while (call.ok() && num_conflicts < max_conflicts) {
    auto sent = *call;  // the same bytes each time: one whose reply was lost is no conflict
    const auto reply = co_await attempt(std::move(sent));
    if (reply.ok() && reply->was_there) {
      Put there(in.renewed, true, in.left_out);
      co_return there;
    }
    if (reply.ok()) {
      auto looking = read_stored(in.context, in.renewed->ticket);
      auto current = co_await attempt(std::move(looking));
      if (current.ok()) {
        const bool is_over = !current->session || is_newer(*current->session, *in.renewed);
        Put others(current->session, true, {});
        if (is_over) co_return others;
        ++num_conflicts;
        const auto at = co_await now();
        in.before = std::move(*current);
        call = in.call(at);
        continue;
      }
    }
    if (num_failures == std::size(waits)) break;
    Delay delay(waits[num_failures++]);
    (void)co_await delay;
  }
  Put here(in.renewed, false, in.left_out);
  if (!call.ok()) here.trouble = call.error().status;
  co_return here;
}

// What another process, which has the lock, makes of the session; null: it has ended it.
Flow<SharedSession> result_of_other(RefreshSession in) {
  const auto begun = co_await now();
  for (;;) {
    auto looking = read_stored(in.context, in.session->ticket);
    const auto current = co_await std::move(looking);
    const bool is_done = !current.session || is_newer(*current.session, *in.session);
    if (is_done) co_return current.session;
    const auto at = co_await now();
    if (at.steady - begun.steady >= in.patience) co_return takes_long();
    Delay wait(pause);
    (void)co_await wait;
  }
}

// The provider refuses the refresh token. While this process was held up, another one may have
// taken the lock and used it: its result counts, and the record is its. Null: the session is over.
Flow<SharedSession> end_unless_renewed(RefreshSession in, std::string key, std::string owner) {
  auto looking = read_stored(in.context, in.session->ticket);
  const auto current = co_await std::move(looking);
  if (!current.session) co_return SharedSession();
  const bool is_renewed = is_newer(*current.session, *in.session) ||
                          !(current.session->refresh_token == in.session->refresh_token);
  if (is_renewed) co_return current.session;
  auto keeping = keep_lock(std::move(key), std::move(owner));
  const bool is_ours = co_await std::move(keeping);
  if (!is_ours) {
    auto waiting = result_of_other(std::move(in));
    auto others = co_await std::move(waiting);
    co_return others;
  }
  auto erase = StoreCall::erase(in.session->ticket->id);
  (void)co_await attempt(std::move(erase));
  auto telling = tell_of_end(std::move(in));
  (void)co_await attempt(std::move(telling));
  co_return SharedSession();
}

// With the lock in hand.
Flow<session::Session> renew(RefreshSession in, std::string key, std::string owner) {
  const auto ticket = in.session->ticket;
  auto looking = read_stored(in.context, ticket);
  auto current = co_await std::move(looking);
  if (!current.session) co_return is_gone();
  if (is_newer(*current.session, *in.session)) co_return *current.session;
  const auto at = co_await now();
  if (session::judge(*current.session, in.context->session, at) == session::Freshness::dead)
    co_return Error{Status::grant_ended, "the session is over"};

  auto renewing = renew_tokens(in);
  auto renewed = co_await attempt(std::move(renewing));
  if (!renewed.ok() && renewed.error().status == Status::grant_ended) {
    auto ending = end_unless_renewed(in, std::move(key), std::move(owner));
    const auto others = co_await std::move(ending);
    if (others) co_return *others;
  } else if (!renewed.ok() && ends_session(renewed.error().status)) {
    auto erase = StoreCall::erase(ticket->id);
    (void)co_await attempt(std::move(erase));
  }
  if (!renewed.ok()) co_return std::move(renewed).error();

  Putting putting(in.context);
  putting.before = std::move(current);
  putting.renewed = std::make_shared<const session::Session>(std::move(renewed).value());
  auto going = put(std::move(putting));
  const auto done = co_await std::move(going);
  if (!done.session) co_return is_gone();
  if (!done.is_there) {
    auto handing = hand_over(in, done.session);
    (void)co_await attempt(std::move(handing));
  } else if (in.is_over && in.is_over(in.session, done.session)) {
    auto erasing = erase_stored(ticket);
    const auto erased = co_await attempt(std::move(erasing));
    if (!erased.ok()) {
      auto handing = hand_over(in, done.session);
      (void)co_await attempt(std::move(handing));
    }
  }
  if (!done.left_out.empty() && in.on_left_out) in.on_left_out(done.left_out);
  co_return *done.session;
}

}  // namespace

Flow<bool> put_renewed(std::shared_ptr<const Context> context, SharedSession renewed) {
  auto looking = read_stored(context, renewed->ticket);
  auto current = co_await std::move(looking);
  if (!current.session || !is_newer(*renewed, *current.session)) co_return true;
  Putting putting(context);
  putting.before = std::move(current);
  putting.renewed = std::move(renewed);
  auto going = put(std::move(putting));
  const auto done = co_await std::move(going);
  if (!done.is_there) co_return not_taken(done.trouble);
  co_return true;
}

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
    if (at.steady - begun.steady >= in.patience) co_return takes_long();
  }

  auto renewing = renew(std::move(in), key, owner);
  auto renewed = co_await attempt(std::move(renewing));
  auto release = StoreCall::unlock(key, owner);
  (void)co_await attempt(std::move(release));  // it ends with its lease otherwise
  if (!renewed.ok()) co_return std::move(renewed).error();
  co_return std::move(renewed).value();
}

}  // namespace gatelet::flow
