// What Work has to do with renewals: each is made once, and its new tokens are kept.
#include <algorithm>
#include <utility>

#include "crypto/hash.hpp"
#include "engine/work.hpp"
#include "flow/put_again.hpp"
#include "flow/refresh_session.hpp"
#include "flow/refresh_shared_session.hpp"
#include "flow/refresh_stored_session.hpp"
#include "flow/stored_record.hpp"
#include "io/attempt.hpp"
#include "session/bounded_record.hpp"
#include "session/cookie_budget.hpp"
#include "session/lifetime.hpp"
#include "session/refresh_result.hpp"

namespace gatelet::engine {
namespace {

// New tokens that the store did not take are put there again after so long. In a store any process
// may find the old ones, once it is back, and use them; while it is down no others are renewed.
// Those of sessions in cookies may be many: each waits twice as long as before, up to so long.
constexpr Duration first_pause = 1s;
constexpr Duration longest_pause = 10s;

Duration next_pause(const session::Session& renewed, Duration pause) noexcept {
  return renewed.ticket ? first_pause : std::min(2 * pause, longest_pause);
}

// Sessions are the same when their ticket is, else when their refresh token and sign-in are: a
// digest names them without keeping the token around.
Result<std::string> renewal_name(const session::Session& session) {
  if (session.ticket) return "ticket " + session.ticket->id;
  auto text = std::string(session.provider_id).append("\n");
  if (const auto& at = session.signed_in_at) {
    text.append(std::to_string(at->seconds)).append(".").append(std::to_string(at->nanos));
  }
  text.append("\n").append(session.refresh_token.reveal());  // last: nothing grows out of it
  auto name = crypto::hash(crypto::Digest::sha256, text);
  wipe(text);
  return name;
}

// Whether one who is denied while the session is renewed, perhaps elsewhere, could stay in: no
// index ends what is in cookies, or what oauth2-proxy wrote, whose only time is that of its
// renewal.
bool may_escape(const session::Session& old, const session::SessionSettings& settings) noexcept {
  return old.ticket ? !old.signed_in_at : settings.keeps_both();
}

// By where it is kept, and what processes share.
flow::Flow<session::Session> refreshing(flow::RefreshSession in) {
  if (in.session->ticket) return flow::refresh_stored_session(std::move(in));
  if (in.context->session.keeps_both()) return flow::refresh_shared_session(std::move(in));
  return flow::refresh_session(std::move(in));
}

}  // namespace

flow::RefreshSession Work::refresh_of(const std::shared_ptr<const Snapshot>& snapshot,
                                      NeedRefresh need, const std::shared_ptr<bool>& is_put,
                                      Instant now) {
  flow::RefreshSession in(snapshot->context);
  in.provider = without_old_keys(std::move(need.provider), now);
  in.session = std::move(need.session);
  in.request = std::move(need.request);
  in.patience = patience_;
  in.last_patience = last_patience_;
  in.is_over = [this, snapshot, asked = in.session](const Session& old, const Session& renewed) {
    return is_over(*snapshot, {asked, old, renewed});
  };
  in.on_not_put = [this, snapshot, is_put, asked = in.session](const Session& old,
                                                               const Session& not_put) {
    *is_put = false;
    const auto steady = clock_->now().steady;
    const auto until =
        not_put->ticket ? Duration::max() : steady + session::refresh_result_lifetime;
    const bool is_taken_over =
        put_later(std::make_shared<const NotPut>(NotPut{snapshot, {asked, old, not_put}, until}),
                  first_pause);
    events_.keep(Event::Level::warning, "store-unavailable",
                 "the session store took no new tokens; they are put there again until it does",
                 not_put->provider_id);
    return is_taken_over;
  };
  in.on_left_out = [this, id = in.session->provider_id](const std::string& left_out) {
    on_save_note(id, {})(flow::SaveNote::tokens_left_out, left_out);
  };
  return in;
}

void Work::refresh(const std::shared_ptr<const Snapshot>& snapshot, NeedRefresh need,
                   SingleFlight<Session>::Waiter waiter, Instant now) {
  auto name = renewal_name(*need.session);
  if (!name.ok()) return waiter(std::move(name).error(), now);
  const auto is_put = std::make_shared<bool>(true);  // memory is taken before the flight begins
  if (!renewals_.join(*name, std::move(waiter))) return;

  // Between the look into the book and this moment another request's refresh may have ended.
  auto known = refreshes_.look_up(*need.session, now);
  if (known.is_over) return renewals_.finish(*name, Error{Status::grant_ended, {}}, now);
  if (known.newer) return renewals_.finish(*name, std::move(known.newer), now);

  const auto old = need.session;
  lead<session::Session>(
      renewals_, *name,
      [&] { return refreshing(refresh_of(snapshot, std::move(need), is_put, now)); },
      [this, snapshot, is_put, old](const std::string& flight, Result<session::Session> renewed,
                                    Instant at) {
        if (renewed.ok() && *is_put) refreshes_.note_success(store_beside);
        if (renewed.ok()) {
          auto whole = std::make_shared<const session::Session>(std::move(renewed).value());
          renewed = as_kept(*snapshot, *whole);
          if (!renewed.ok() && flow::ends_session(renewed.error().status)) {
            end_unkept(snapshot, old, std::move(whole), at);
          }
        }
        if (renewed.ok() && old->ticket) {
          index(snapshot, std::make_shared<const session::Session>(*renewed), at);
        }
        if (!renewed.ok() || !may_escape(*old, snapshot->context->session)) {
          return keep_renewed(flight, old, std::move(renewed), *is_put, at);
        }
        auto kept = std::make_shared<Result<session::Session>>(std::move(renewed));
        load_deny_list(
            snapshot,
            [this, snapshot, flight, old, kept, is_put](const Result<flow::SharedDenyList>& list,
                                                        Instant later) {
              const auto thrown = io::attempt([&] {
                if (old->ticket && denied_.covers(*old)) {
                  return end_denied(snapshot, flight, old, std::move(**kept), later);
                }
                if (old->ticket && !list.ok()) {
                  auto renewed_one = std::make_shared<const session::Session>(**kept);
                  judge_later(
                      std::make_shared<const NotPut>(NotPut{
                          snapshot, {old, old, std::move(renewed_one)}, Duration::max(), true}),
                      first_pause);
                }
                keep_renewed(flight, old, std::move(*kept), *is_put, later);
              });
              if (thrown) renewals_.finish(flight, *thrown, later);
            },
            at);
      },
      now);
}

// What a cookie will hold of it, so that no request sees more than the next one.
Result<session::Session> Work::as_kept(const Snapshot& snapshot, session::Session renewed) {
  const auto& context = *snapshot.context;
  if (!renewed.ticket) {
    auto fitted =
        session::fit_going_on(context.session, *context.cookie_keys, renewed, *context.entropy);
    // Its refresh token is used, and the next has no place: as well signed out, which a new sign-in
    // explains.
    if (!fitted.ok() && fitted.error().status == Status::session_too_large) {
      return Error{Status::grant_ended, "renewed, and then too large: " + fitted.error().text};
    }
    if (!fitted.ok()) return std::move(fitted).error();
    if (!fitted->left_out.empty()) {
      on_save_note(renewed.provider_id, {})(flow::SaveNote::tokens_left_out, fitted->left_out);
    }
    renewed = std::move(fitted->session);
    // As the next request will find it.
    if (!session::keeps_sign_in(context.session, renewed)) renewed.signed_in_at.reset();
    if (!session::has_extra_keys(context.session)) renewed.provider_id.clear();
  }
  renewed.ends_at = session::ends_at(renewed, context.session);
  return renewed;
}

// Renewed, and then too large for cookies: over, for the host and wherever else it was told of.
void Work::end_unkept(const std::shared_ptr<const Snapshot>& snapshot, const Session& old,
                      Session whole, Instant now) {
  flow::RefreshSession ended(snapshot->context);
  ended.session = old;
  const auto done = [](const Result<bool>&, Instant) {};
  run<bool>(flow::tell_of_end(std::move(ended)), done, now);
  refreshes_.record_end(*whole, now);  // where it is still to be put into the store beside
  if (!snapshot->context->session.keeps_both()) return;
  run<bool>(flow::end_shared_session(snapshot->context, std::move(whole)), done, now);
}

void Work::keep_renewed(const std::string& flight, const Session& old,
                        Result<session::Session> renewed, bool is_put, Instant at) {
  metrics_.count_refresh(renewed.ok());
  if (!renewed.ok()) {
    auto error = std::move(renewed).error();
    const bool is_vetoed = error.status == Status::vetoed;
    events_.keep(Event::Level::warning, is_vetoed ? "refresh-vetoed" : "refresh-failed", error.text,
                 old->provider_id);
    if (flow::ends_session(error.status)) {
      // One that was ended here before stays so, and sessions that began since are not meant.
      if (!refreshes_.is_over(*old, at)) refreshes_.record_end(*old, at);
    } else if (error.status == Status::store_unreachable && !old->ticket) {
      refreshes_.note_trouble(store_beside, at);
    } else if (flow::is_provider_trouble(error.status)) {
      refreshes_.note_trouble(old->provider_id, at);
    }
    return renewals_.finish(flight, std::move(error), at);
  }
  refreshes_.note_success(old->provider_id);
  auto shared = std::make_shared<const session::Session>(std::move(renewed).value());
  // Recorded before the flight ends, so that nobody finds neither.
  const auto current = snapshots_.load();
  const bool has_idle_timeout = current->context->session.idle_timeout != std::chrono::seconds(0);
  // What stands nowhere else is told to the old cookie for as long as that may be.
  const bool comes_back = (has_idle_timeout || !is_put) && !old->ticket;
  shared = refreshes_.record(*old, std::move(shared), at, comes_back);
  if (!shared) {
    return renewals_.finish(flight, Error{Status::grant_ended, "signed out meanwhile"}, at);
  }
  renewals_.finish(flight, std::move(shared), at);
}

// Its new time would take it out of the denial for good, wherever it is read: it is answered when
// it is gone, or when this process has it in hand, the engine's end included.
void Work::end_denied(const std::shared_ptr<const Snapshot>& snapshot, const std::string& flight,
                      const Session& old, session::Session renewed, Instant now) {
  auto denied = std::make_shared<const session::Session>(std::move(renewed));
  const auto one = std::make_shared<const NotPut>(
      NotPut{snapshot, {old, old, std::move(denied)}, Duration::max(), true});
  (void)keep_in_hand(one);
  refreshes_.record_end(*one->renewal.renewed, now);
  const auto then = [this, flight, one](const Result<bool>& erased, Instant at) {
    if (erased.ok()) {
      settle(one);
    } else {
      events_.keep(Event::Level::warning, "store-unavailable",
                   "the session store did not erase the session of somebody who was denied; it is "
                   "erased once it does",
                   one->renewal.renewed->provider_id);
      if (!put_later(one, first_pause)) put_again(one, first_pause, last_patience_, at);
    }
    metrics_.count_refresh(true);
    renewals_.finish(flight, one->renewal.renewed, at);
  };
  const auto thrown = io::attempt([&] { run<bool>(flow::erase_stored(old->ticket), then, now); });
  if (thrown) then(*thrown, now);
}

// Whether it was denied could not be read when it was renewed: nobody else can tell later.
void Work::judge_later(const std::shared_ptr<const NotPut>& one, Duration pause) {
  driver_->after(pause, [this, one, pause](Instant now) {
    const auto end = session::ends_at(*one->renewal.renewed, one->snapshot->context->session);
    if (end && *end <= session::to_timestamp(now)) return;
    const auto judge = [this, one, pause](const Result<flow::SharedDenyList>& list, Instant later) {
      if (denied_.covers(*one->renewal.old)) {
        if (!put_later(one, Duration::zero())) put_again(one, first_pause, last_patience_, later);
        return;
      }
      if (!list.ok()) judge_later(one, std::min(2 * pause, longest_pause));
    };
    (void)io::attempt([&] { load_deny_list(one->snapshot, judge, now); });
  });
}

// A living process loses no new tokens: a store that did not take them is tried again until it
// does, the session has ended, or another process has renewed it. Else the next process would use
// the old refresh token, which ends the session.
bool Work::put_later(const std::shared_ptr<const NotPut>& one, Duration pause) {
  if (!keep_in_hand(one)) return false;
  return driver_->after(pause, [this, one, pause](Instant now) {
    const auto& settings = one->snapshot->context->session;
    const auto end = session::ends_at(*one->renewal.renewed, settings);
    const bool is_over = end && *end <= session::to_timestamp(now);
    if (is_over || now.steady >= one->tried_until) return settle(one);
    const auto next = next_pause(*one->renewal.renewed, pause);
    if (io::attempt([&] { put_again(one, next, Duration::zero(), now); })) put_later(one, next);
  });
}

// Whether the session was ended here meanwhile, under whichever of its tokens, or its person
// denied.
bool Work::is_over(const Snapshot& snapshot, const Renewal& renewal) const {
  const auto& [asked, old, renewed] = renewal;
  const bool has_escaped =
      renewed->ticket && denied_.covers(*old) && may_escape(*old, snapshot.context->session);
  const auto at = clock_->now();
  return has_escaped || refreshes_.is_over(*asked, at) || refreshes_.is_over(*old, at) ||
         refreshes_.is_over(*renewed, at);
}

void Work::put_again(const std::shared_ptr<const NotPut>& one, Duration pause, Duration patience,
                     Instant now) {
  flow::PutAgain in(one->snapshot->context);
  in.old = one->renewal.old;
  in.renewed = one->renewal.renewed;
  in.is_over = one->is_denied || is_over(*one->snapshot, one->renewal);
  in.patience = patience;
  run<bool>(
      flow::put_again(std::move(in)),
      [this, one, pause](const Result<bool>& put, Instant at) {
        if (!put.ok() && flow::may_be_taken_later(put.error().status)) {
          // Where there is no memory for a timer the flow itself waits.
          if (io::attempt([&] { put_later(one, pause); })) put_again(one, pause, pause, at);
          return;
        }
        // A sign-out meanwhile, which could not say so to the store itself.
        if (put.ok() && *put && !one->is_denied && is_over(*one->snapshot, one->renewal)) {
          return put_again(one, pause, Duration::zero(), at);
        }
        settle(one);
        const auto& renewed = *one->renewal.renewed;
        if (put.ok() && !*put && !refreshes_.is_over(renewed, at)) {
          refreshes_.record_end(renewed, at);
        }
      },
      now);
}

bool Work::keep_in_hand(const std::shared_ptr<const NotPut>& one) noexcept {
  const std::scoped_lock lock(not_put_mutex_);
  return !is_ending_ && !io::attempt([&] { not_put_.insert(one); });
}

void Work::settle(const std::shared_ptr<const NotPut>& one) {
  const std::scoped_lock lock(not_put_mutex_);
  not_put_.erase(one);
}

// Those under way as well: the driver may have begun to refuse what its loop submits. It is put
// once all the same.
void Work::put_all_now() noexcept {
  if (driver_->forked()) return;  // they are the parent's
  std::set<std::shared_ptr<const NotPut>> left;
  {
    const std::scoped_lock lock(not_put_mutex_);
    left.swap(not_put_);
    is_ending_ = true;
  }
  for (const auto& one : left) {
    (void)io::attempt([&] { put_again(one, longest_pause, last_patience_, clock_->now()); });
  }
}

}  // namespace gatelet::engine
