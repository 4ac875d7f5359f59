#include "flow/refresh_shared_session.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flow/put_again.hpp"
#include "flow/session_lock.hpp"
#include "session/lifetime.hpp"
#include "session/refresh_result.hpp"
#include "session/subject.hpp"

namespace gatelet::flow {
namespace {

using namespace std::chrono_literals;
using SharedPlace = std::shared_ptr<const session::RefreshPlace>;
using SharedContext = std::shared_ptr<const Context>;
using SharedSession = std::shared_ptr<const session::Session>;

constexpr int max_hops = 16;  // from one renewed session to the next

// A rotated token says it better than the clocks of two machines do. One that stays may also be of
// another sign-in.
bool replaces(const session::Session& next, const session::Session& session) noexcept {
  if (!(next.refresh_token == session.refresh_token)) return true;
  return session::is_same_sign_in(next, session) && next.created_at > session.created_at;
}

// What stands at the place of a session.
struct Found {
  session::RefreshPlace place;
  std::optional<std::string> record;
  SharedSession next;    // what the session was renewed to; null: nothing that counts
  bool is_over = false;  // the session was ended
};

Flow<Found> find(SharedContext context, SharedSession session) {
  Found found;
  auto named = session::refresh_place(context->session, *session);
  found.place = co_await std::move(named);
  auto call = StoreCall::get(found.place.key);
  auto reply = co_await std::move(call);
  found.record = std::move(reply.record);
  if (!found.record) co_return found;
  auto next =
      session::open_refresh_result(context->session, context->gcm, found.place, *found.record);
  if (!next.ok()) co_return found;  // not ours
  if (next->refresh_token.empty()) {
    found.is_over = session->created_at <= next->created_at;
  } else if (replaces(*next, *session)) {
    found.next = std::make_shared<const session::Session>(std::move(next).value());
  }
  co_return found;
}

// The newest that a session was renewed to: itself where it never was.
struct Seen {
  SharedSession session;
  std::optional<std::string> record;  // at the place of the session that was asked for
};

Flow<Seen> look(SharedContext context, SharedSession asked) {
  Seen seen;
  seen.session = std::move(asked);
  for (int hops = 0; hops < max_hops; ++hops) {
    auto finding = find(context, seen.session);
    auto found = co_await std::move(finding);
    if (hops == 0) seen.record = std::move(found.record);
    if (found.is_over) co_return Error{Status::grant_ended, "the session was ended elsewhere"};
    if (!found.next) break;
    const bool is_same_place = found.next->refresh_token == seen.session->refresh_token;
    seen.session = std::move(found.next);
    if (is_same_place) break;
  }
  co_return seen;
}

// The record that says that the session, and all that began until `until`, is over. A session that
// was made by a clock ahead of this one is meant too.
Result<std::string> end_record(const Context& context, const session::RefreshPlace& place,
                               const session::Session& session,
                               std::optional<session::Timestamp> until) {
  session::Session end;
  end.created_at = std::max(session.created_at, until);
  return session::seal_refresh_result(context.session, context.gcm, place, end, *context.entropy);
}

// Ends the session where nothing was written since `seen`. False: something was.
Flow<bool> end_at(SharedContext context, SharedPlace place, std::optional<std::string> seen,
                  SharedSession session, std::optional<session::Timestamp> until) {
  auto sealing = end_record(*context, *place, *session, until);
  auto record = co_await std::move(sealing);
  auto call = StoreCall::swap(place->key, std::move(seen), std::move(record),
                              session::refresh_result_lifetime);
  const auto reply = co_await std::move(call);
  co_return reply.was_there;
}

// Leaves the result where nothing was written since `seen`: a process that was frozen for longer
// than its lease overwrites nothing, and nobody who signed out meanwhile is brought back. The one
// that counts.
Flow<SharedSession> share(RefreshSession in, SharedPlace place, std::optional<std::string> seen,
                          SharedSession renewed) {
  const auto& context = *in.context;
  auto record = session::seal_refresh_result(context.session, context.gcm, *place, *renewed,
                                             *context.entropy);
  if (!record.ok()) co_return renewed;
  for (Duration wait : {100ms, 300ms, 900ms, 0ms}) {
    if (in.is_over && in.is_over(in.session, renewed)) {
      // Whoever signed out here could not say so to a store that was down. Sessions that began
      // later, perhaps with the same token, are not meant.
      auto ending = end_at(in.context, place, std::move(seen), in.session, {});
      const auto ended = co_await attempt(std::move(ending));
      if (!ended.ok() || !*ended) {
        auto handing = hand_over(in, renewed);
        (void)co_await attempt(std::move(handing));
      }
      co_return Error{Status::grant_ended, "signed out meanwhile"};
    }
    auto call = StoreCall::swap(place->key, seen, *record, session::refresh_result_lifetime);
    const auto reply = co_await attempt(std::move(call));
    if (reply.ok() && reply->was_there) break;
    if (reply.ok()) {
      auto looking = look(in.context, in.session);
      auto found = co_await attempt(std::move(looking));
      if (!found.ok() && found.error().status == Status::grant_ended) co_return found.error();
      if (found.ok() && found->session != in.session) co_return found->session;
      if (found.ok()) seen = found->record;
    }
    if (wait == Duration::zero()) {
      auto handing = hand_over(in, renewed);
      (void)co_await attempt(std::move(handing));
      break;
    }
    Delay delay(wait);
    (void)co_await delay;
  }
  co_return renewed;
}

// What another process, which has the lock, makes of the session. Null: it takes long, or the store
// cannot say.
Flow<SharedSession> result_of_other(RefreshSession in) {
  const auto begun = co_await now();
  for (;;) {
    auto looking = look(in.context, in.session);
    auto seen = co_await attempt(std::move(looking));
    if (!seen.ok() && seen.error().status == Status::grant_ended) co_return seen.error();
    if (!seen.ok()) co_return SharedSession();
    if (seen->session != in.session) co_return seen->session;
    const auto at = co_await now();
    if (at.steady - begun.steady >= in.patience) co_return SharedSession();
    Delay wait(50ms);
    (void)co_await wait;
  }
}

// With the lock in hand. Null: another process may have been faster, and the store cannot say.
Flow<SharedSession> renew(RefreshSession in, SharedPlace place, std::string key,
                          std::string owner) {
  auto looking = look(in.context, in.session);
  auto seen = co_await std::move(looking);
  if (seen.session != in.session) co_return seen.session;

  auto renewing = renew_tokens(in);
  auto renewed = co_await attempt(std::move(renewing));
  if (renewed.ok()) {
    auto session = std::make_shared<const session::Session>(std::move(renewed).value());
    auto sharing = share(in, place, std::move(seen.record), std::move(session));
    auto kept = co_await std::move(sharing);
    co_return kept;
  }
  const auto why = renewed.error().status;
  bool is_over = ends_session(why);
  if (why == Status::grant_ended) {
    // Another process may have been faster, while this one was frozen.
    auto looking_again = look(in.context, in.session);
    auto others = co_await attempt(std::move(looking_again));
    if (others.ok() && others->session != in.session) co_return others->session;
    is_over = others.ok();
    if (!is_over && others.error().status != Status::grant_ended) co_return SharedSession();
    if (is_over) {
      // ... and hold the new tokens, without having left them here yet.
      auto keeping = keep_lock(std::move(key), std::move(owner));
      const auto is_ours = co_await attempt(std::move(keeping));
      if (!is_ours.ok()) co_return SharedSession();
      if (!*is_ours) {
        auto waiting = result_of_other(std::move(in));
        auto result = co_await std::move(waiting);
        co_return result;
      }
      seen.record = std::move(others->record);
    }
  }
  if (is_over) {
    const auto at = co_await now();
    auto ending =
        end_at(in.context, place, std::move(seen.record), in.session, session::to_timestamp(at));
    (void)co_await attempt(std::move(ending));
  }
  if (is_over && why == Status::grant_ended) {
    auto telling = tell_of_end(std::move(in));
    (void)co_await attempt(std::move(telling));
  }
  co_return std::move(renewed).error();
}

// Null: what another process makes of the session is not to be had now.
Flow<SharedSession> refresh_in_turn(RefreshSession in) {
  auto found = session::refresh_place(in.context->session, *in.session);
  auto at_token = co_await std::move(found);
  const auto place = std::make_shared<const session::RefreshPlace>(std::move(at_token));
  auto naming = lock_owner(*in.context->entropy);
  const auto owner = co_await std::move(naming);
  const auto key = session::lock_key(*place);
  const auto begun = co_await now();

  // Once another process was seen to renew it, a store that fails is no reason to go alone: its
  // grant may be under way.
  const auto unless_renewing = [](const Error& why, bool is_others) -> Result<SharedSession> {
    if (is_others && why.status == Status::store_unreachable) return SharedSession();
    return why;
  };
  bool is_others = false;
  for (;;) {
    auto taking = take_lock(key, owner);
    const auto is_ours = co_await attempt(std::move(taking));
    if (!is_ours.ok()) co_return unless_renewing(is_ours.error(), is_others);
    if (*is_ours) break;
    is_others = true;
    const auto at = co_await now();
    if (at.steady - begun.steady >= in.patience) co_return SharedSession();
    auto looking = look(in.context, in.session);
    const auto seen = co_await attempt(std::move(looking));
    if (!seen.ok()) co_return unless_renewing(seen.error(), is_others);
    if (seen->session != in.session) co_return seen->session;
  }

  auto renewing = renew(std::move(in), place, key, owner);
  auto renewed = co_await attempt(std::move(renewing));
  auto release = StoreCall::unlock(key, owner);
  (void)co_await attempt(std::move(release));  // it ends with its lease otherwise
  if (!renewed.ok()) co_return std::move(renewed).error();
  co_return std::move(renewed).value();
}

}  // namespace

Flow<session::Session> refresh_shared_session(RefreshSession in) {
  auto looking = look(in.context, in.session);
  auto seen = co_await attempt(std::move(looking));
  const bool was_found = seen.ok() && seen->session != in.session;
  if (was_found) {
    // It may be as old as an hour. One that is found later was made while this one waited.
    in.session = seen->session;
    const auto at = co_await now();
    const auto freshness = session::judge(*in.session, in.context->session, at);
    if (freshness == session::Freshness::dead) {
      co_return Error{Status::grant_ended, "the session is over"};
    }
    if (freshness != session::Freshness::refresh_now) co_return *in.session;
  }
  auto why = seen.ok() ? Error{} : seen.error();
  bool may_go_alone = !seen.ok() && why.status == Status::store_unreachable;
  if (seen.ok()) {
    auto in_turn = refresh_in_turn(in);
    auto renewed = co_await attempt(std::move(in_turn));
    if (renewed.ok() && *renewed) co_return **renewed;
    // Another process' renewal is no trouble of the provider's, and not to be done twice.
    why = renewed.ok() ? Error{Status::store_unreachable,
                               "what another process makes of the session is not to be had now"}
                       : renewed.error();
    may_go_alone = !renewed.ok() && why.status == Status::store_unreachable;
  }
  const auto at = co_await now();
  const bool goes_on = session::outlives_tokens(*in.session, in.context->session, at);
  const bool holds = was_found && goes_on && !ends_session(why.status);
  if (holds) co_return *in.session;
  if (!may_go_alone || goes_on) co_return why;
  auto refreshing = refresh_session(in);
  auto alone = co_await std::move(refreshing);
  auto handing = hand_over(in, std::make_shared<const session::Session>(alone));
  (void)co_await attempt(std::move(handing));
  co_return alone;
}

Flow<bool> share_renewed(SharedContext context, SharedSession old, SharedSession renewed) {
  auto finding = find(context, old);
  auto found = co_await std::move(finding);
  if (found.is_over) co_return false;
  if (found.next) co_return true;
  auto sealing = session::seal_refresh_result(context->session, context->gcm, found.place, *renewed,
                                              *context->entropy);
  auto record = co_await std::move(sealing);
  auto call = StoreCall::swap(found.place.key, std::move(found.record), std::move(record),
                              session::refresh_result_lifetime);
  const auto reply = co_await std::move(call);
  if (!reply.was_there) {
    co_return Error{Status::store_unreachable, "another process changes the refresh result"};
  }
  co_return true;
}

Flow<bool> end_shared_session(SharedContext context, SharedSession session,
                              std::optional<session::Timestamp> until) {
  const auto at = co_await now();
  if (!until) until = session::to_timestamp(at);
  std::vector<SharedPlace> left;  // the places that lead to the newest
  for (int hops = 0; hops < max_hops; ++hops) {
    auto finding = find(context, session);
    auto found = co_await std::move(finding);
    const auto place = std::make_shared<const session::RefreshPlace>(std::move(found.place));
    const bool is_newest = !found.next || found.next->refresh_token == session->refresh_token;
    if (found.next) session = std::move(found.next);
    if (!is_newest) {
      left.push_back(place);
      continue;
    }
    auto ending = end_at(context, place, std::move(found.record), session, until);
    const bool is_ended = co_await std::move(ending);
    if (is_ended) break;  // else it was renewed meanwhile
  }
  for (const auto& place : left) {
    auto sealing = end_record(*context, *place, *session, until);
    auto record = co_await std::move(sealing);
    auto call = StoreCall::put(place->key, std::move(record), session::refresh_result_lifetime);
    (void)co_await std::move(call);
  }
  co_return true;
}

}  // namespace gatelet::flow
