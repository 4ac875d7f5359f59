#include "engine/work.hpp"

#include <algorithm>
#include <utility>

#include "crypto/hash.hpp"
#include "flow/fetch_metadata.hpp"
#include "flow/refresh_session.hpp"
#include "flow/refresh_shared_session.hpp"
#include "flow/refresh_stored_session.hpp"
#include "flow/stored_record.hpp"
#include "policy/answer.hpp"
#include "session/bounded_record.hpp"
#include "session/cookie_budget.hpp"
#include "session/lifetime.hpp"
#include "session/refresh_result.hpp"
#include "session/ticket.hpp"

namespace gatelet::engine {
namespace {

constexpr Duration fresh_for = 1h;
constexpr Duration first_pause = 1s;  // before a store that took no new tokens is tried again
constexpr Duration longest_patience = 15s;

// What is fetched for settings that were replaced meanwhile is nothing for those who came later.
std::string flight_name(std::uint64_t generation, std::string_view provider_id,
                        flow::Refetch::What what) {
  return std::to_string(generation)
      .append(what == flow::Refetch::What::keys ? " keys " : " metadata ")
      .append(provider_id);
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

Decision copy_of(const Decision& answer) {
  const bool is_own = answer.kind() != Decision::Kind::allow;
  auto copy = is_own ? policy::Answer::own(answer.http_status(), answer.reason())
                     : policy::Answer::own(500, Reason::internal_error);
  if (!is_own) return std::move(copy).finish();
  for (const auto& field : answer.response()) copy.response(field.name, field.value);
  copy.body(answer.body());
  copy.behind(answer);
  return std::move(copy).finish();
}

Work::Work(SnapshotBox& snapshots, RefreshBook& refreshes, DenyBook& denied, RecordChanges& changes,
           Metrics& metrics, Events& events, std::shared_ptr<const Clock> clock,
           io::DriverSettings settings)
    : snapshots_(snapshots),
      refreshes_(refreshes),
      denied_(denied),
      changes_(changes),
      metrics_(metrics),
      events_(events),
      clock_(std::move(clock)),
      patience_(std::min<Duration>(longest_patience, settings.operation_timeout * 5 / 6)),
      driver_(std::make_shared<io::Driver>(std::move(settings), clock_, *this)) {}

flow::RefreshSession Work::refresh_of(const std::shared_ptr<const Snapshot>& snapshot,
                                      NeedRefresh need, const std::shared_ptr<bool>& is_put,
                                      Instant now) {
  flow::RefreshSession in(snapshot->context);
  in.provider = without_old_keys(std::move(need.provider), now);
  in.session = std::move(need.session);
  in.request = std::move(need.request);
  in.patience = patience_;
  in.on_not_put = [this, snapshot, is_put](const Session& old, const Session& not_put) {
    *is_put = false;
    events_.keep(Event::Level::warning, "store-unavailable",
                 "the session store took no new tokens; they are put there again until it does",
                 not_put->provider_id);
    const auto steady = clock_->now().steady;
    const auto until =
        not_put->ticket ? Duration::max() : steady + session::refresh_result_lifetime;
    put_later(std::make_shared<const NotPut>(NotPut{snapshot, old, not_put, until}), first_pause);
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
  if (!renewals_.join(*name, std::move(waiter))) return;

  // Between the look into the book and this moment another request's refresh may have ended.
  auto known = refreshes_.look_up(*need.session, now);
  if (known.is_over) return renewals_.finish(*name, Error{Status::grant_ended, {}}, now);
  if (known.newer) return renewals_.finish(*name, std::move(known.newer), now);

  const auto old = need.session;
  const auto is_put = std::make_shared<bool>(true);
  lead<session::Session>(
      renewals_, *name,
      [&] { return refreshing(refresh_of(snapshot, std::move(need), is_put, now)); },
      [this, snapshot, is_put, old](const std::string& flight, Result<session::Session> renewed,
                                    Instant at) {
        if (renewed.ok() && *is_put) refreshes_.note_success(store_beside);
        if (renewed.ok()) renewed = as_kept(*snapshot, std::move(renewed).value());
        if (renewed.ok() && old->ticket) {
          index(snapshot, std::make_shared<const session::Session>(*renewed), at);
        }
        if (!renewed.ok() || !may_escape(*old, snapshot->context->session)) {
          return keep_renewed(flight, old, std::move(renewed), at);
        }
        auto kept = std::make_shared<Result<session::Session>>(std::move(renewed));
        load_deny_list(
            snapshot,
            [this, flight, old, kept](const Result<flow::SharedDenyList>&, Instant later) {
              if (old->ticket && denied_.covers(*old)) {
                run<bool>(
                    flow::erase_stored(old->ticket), [](const Result<bool>&, Instant) {}, later);
              }
              keep_renewed(flight, old, std::move(*kept), later);
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
  }
  renewed.ends_at = session::ends_at(renewed, context.session);
  return renewed;
}

flow::OnSaveNote Work::on_save_note(std::string provider_id, std::string request_id) {
  return [this, provider = std::move(provider_id), request = std::move(request_id)](
             flow::SaveNote note, const std::string& text) {
    metrics_.count_saved(note);
    switch (note) {
      case flow::SaveNote::fell_back_to_cookie:
        return events_.keep(Event::Level::warning, "session-fallback",
                            "the session is in cookies until it ends: " + text, provider, request);
      case flow::SaveNote::moved_to_store:
        return events_.keep(Event::Level::info, "session-moved-to-store",
                            "the session is in the store: " + text, provider, request);
      case flow::SaveNote::tokens_left_out:
        return events_.keep(Event::Level::warning, "tokens-left-out",
                            "the session is above cookie_budget; left out of it: " + text, provider,
                            request);
    }
  };
}

void Work::keep_renewed(const std::string& flight, const Session& old,
                        Result<session::Session> renewed, Instant at) {
  metrics_.count_refresh(renewed.ok());
  if (!renewed.ok()) {
    auto error = std::move(renewed).error();
    const bool is_vetoed = error.status == Status::vetoed;
    events_.keep(Event::Level::warning, is_vetoed ? "refresh-vetoed" : "refresh-failed", error.text,
                 old->provider_id);
    if (flow::ends_session(error.status)) {
      refreshes_.record_end(*old, at);
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
  shared = refreshes_.record(*old, std::move(shared), at);
  if (!shared) {
    return renewals_.finish(flight, Error{Status::grant_ended, "signed out meanwhile"}, at);
  }
  renewals_.finish(flight, std::move(shared), at);
}

void Work::check_password(const std::string& attempt, flow::CheckPassword check,
                          SingleFlight<bool>::Waiter waiter, Instant now) {
  if (!attempts_.join(attempt, std::move(waiter))) return;
  lead<bool>(
      attempts_, attempt, [&] { return flow::check_password(std::move(check)); },
      [this](const std::string& flight, const Result<bool>& matches, Instant at) {
        attempts_.finish(flight, matches, at);
      },
      now);
}

void Work::redeem(const std::shared_ptr<const Snapshot>& snapshot, flow::FinishLogin login,
                  SingleFlight<Answer>::Waiter waiter, Instant now) {
  const std::string state = login.hashed_state;
  if (!redemptions_.join(state, std::move(waiter))) return;
  if (const auto known = callbacks_.find(state, now); known.used) {
    if (known.answer) return redemptions_.finish(state, known.answer, now);
    return redemptions_.finish(
        state, Error{Status::state_missing, "this sign-in answer was used before"}, now);
  }

  const Duration kept_for = snapshot->context->session.login_state_expire;
  const auto begin = [&] {
    login.provider = without_old_keys(std::move(login.provider), now);
    login.on_refused = [this, id = login.provider->provider->id,
                        request_id = login.request_id](const Error& why) {
      events_.keep(Event::Level::warning, "login-refused", why.text, id, request_id);
    };
    login.on_note = on_save_note(login.provider->provider->id, login.request_id);
    return flow::finish_login(std::move(login));
  };
  lead<Decision>(
      redemptions_, state, begin,
      [this, kept_for](const std::string& flight, Result<Decision> answer, Instant at) {
        if (!answer.ok()) return redemptions_.finish(flight, std::move(answer).error(), at);
        auto shared = std::make_shared<const Decision>(std::move(answer).value());
        callbacks_.record(flight, shared, kept_for, at);
        redemptions_.finish(flight, std::move(shared), at);
      },
      now);
}

void Work::freshen(const Snapshot& snapshot, std::string_view provider_id, Instant now) {
  const auto current = snapshot.signer(provider_id);
  if (!current || !current->has_metadata) return;
  auto what = flow::Refetch::What::metadata;
  auto fetched_at = current->metadata_at;
  if (!current->provider->discover) {
    if (!current->has_keys || current->provider->endpoints.jwks.empty()) return;
    what = flow::Refetch::What::keys;
    fetched_at = current->keys_at;
  }
  if (now.steady - fetched_at.steady < fresh_for) return;
  if (!budget_.may_fetch(current->provider->id, now)) return;
  const auto name = flight_name(snapshot.generation, current->provider->id, what);
  if (fetches_.join(name, [](const Result<State>&, Instant) {})) {
    fetch(snapshot, current, what, now);
  }
}

bool Work::may_fetch(const State& current, flow::Refetch::What what, Instant now) {
  const auto& id = current->provider->id;
  if (!budget_.may_fetch(id, now)) return false;
  // What was never there is wanted by everybody; fetching keys again because of an unknown one is
  // what strangers can cause.
  return what == flow::Refetch::What::metadata || !current->has_keys || budget_.take_keys(id, now);
}

void Work::refetch(const flow::Refetch& wanted, std::function<void(Result<flow::Refetched>)> done) {
  const auto now = clock_->now();
  const auto snapshot = snapshots_.load();
  const auto current = snapshot->signer(wanted.provider_id);
  if (!current) return done(Error{Status::internal, "the provider is no longer configured"});

  const auto name = flight_name(snapshot->generation, current->provider->id, wanted.what);
  const bool leads =
      fetches_.join(name, [done = std::move(done)](const Result<State>& fetched, Instant) {
        if (!fetched.ok()) return done(fetched.error());
        done(flow::Refetched{*fetched});
      });
  if (!leads) return;
  if (wanted.what == flow::Refetch::What::metadata && current->has_metadata) {
    return fetches_.finish(name, current, now);
  }
  if (!may_fetch(current, wanted.what, now)) {
    return fetches_.finish(
        name,
        Error{Status::provider_unreachable, "the provider was asked a moment ago, without success"},
        now);
  }
  fetch(*snapshot, current, wanted.what, now);
}

void Work::fetch(const Snapshot& snapshot, const State& current, flow::Refetch::What what,
                 Instant now) {
  const auto id = current->provider->id;
  const auto begin = [&] {
    flow::FetchMetadata in(current);
    in.configured = snapshot.configured_provider(id);
    if (!in.configured) in.configured = current->provider;
    in.entropy = snapshot.context->entropy;
    in.keys_only = what == flow::Refetch::What::keys && current->has_metadata;
    return flow::fetch_metadata(std::move(in));
  };
  lead<oidc::ProviderState>(
      fetches_, flight_name(snapshot.generation, id, what), begin,
      [this, id, generation = snapshot.generation](
          const std::string& flight, Result<oidc::ProviderState> fetched, Instant at) {
        keep_fetched(flight, id, generation, std::move(fetched), at);
      },
      now);
}

void Work::keep_fetched(const std::string& flight, const std::string& provider_id,
                        std::uint64_t generation, Result<oidc::ProviderState> fetched, Instant at) {
  metrics_.count_fetch(fetched.ok());
  if (!fetched.ok()) {
    budget_.note_failure(provider_id, at);
    events_.keep(Event::Level::warning, "provider-fetch-failed", fetched.error().text, provider_id);
    return fetches_.finish(flight, std::move(fetched).error(), at);
  }
  auto shared = std::make_shared<const oidc::ProviderState>(std::move(fetched).value());
  snapshots_.update_provider(generation, shared);
  fetches_.finish(flight, std::move(shared), at);
}

}  // namespace gatelet::engine
