#include "engine/work.hpp"

#include <algorithm>
#include <utility>

#include "flow/fetch_metadata.hpp"
#include "oidc/callback.hpp"
#include "policy/answer.hpp"

namespace gatelet::engine {
namespace {

constexpr Duration fresh_for = 1h;
constexpr Duration longest_patience = 15s;

// What is fetched for settings that were replaced meanwhile is nothing for those who came later.
std::string flight_name(std::uint64_t generation, std::string_view provider_id,
                        flow::Refetch::What what) {
  return std::to_string(generation)
      .append(what == flow::Refetch::What::keys ? " keys " : " metadata ")
      .append(provider_id);
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
      last_patience_(settings.http_timeout),
      driver_(std::make_shared<io::Driver>(std::move(settings), clock_, *this)) {}

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
      case flow::SaveNote::not_listed:
        return events_.keep(Event::Level::warning, "session-not-listed",
                            "the session is not among those that are listed, and ends with all of "
                            "its person's: " +
                                text,
                            provider, request);
    }
  };
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
  // An answer is for the browser that has its attempt's cookie: another one with the same state has
  // a redemption of its own, which refuses it.
  auto attempt = oidc::hashed_nonce(*snapshot->context->sha256, login.state.state_nonce);
  if (!attempt.ok()) return waiter(std::move(attempt).error(), now);
  const auto state = login.hashed_state + " " + *attempt;
  if (!redemptions_.join(state, std::move(waiter))) return;
  if (const auto known = callbacks_.find(state, now); known.used) {
    if (known.answer) return redemptions_.finish(state, known.answer, now);
    return as_leader(
        redemptions_, state,
        [&] {
          redemptions_.finish(
              state, Error{Status::state_missing, "this sign-in answer was used before"}, now);
        },
        now);
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
  if (!fetches_.join(name, [](const Result<State>&, Instant) {})) return;
  as_leader(
      fetches_, name, [&] { fetch(name, snapshot, current, what, now); }, now);
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
        if (fetched.ok()) return done(flow::Refetched{*fetched});
        Error why{fetched.error().status, {}};
        (void)io::attempt([&] { why.text = fetched.error().text; });  // told all the same
        done(std::move(why));
      });
  if (!leads) return;
  if (wanted.what == flow::Refetch::What::metadata && current->has_metadata) {
    return fetches_.finish(name, current, now);
  }
  as_leader(
      fetches_, name,
      [&] {
        if (may_fetch(current, wanted.what, now)) {
          return fetch(name, *snapshot, current, wanted.what, now);
        }
        fetches_.finish(name,
                        Error{Status::provider_unreachable,
                              "the provider was asked a moment ago, without success"},
                        now);
      },
      now);
}

void Work::fetch(const std::string& name, const Snapshot& snapshot, const State& current,
                 flow::Refetch::What what, Instant now) {
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
      fetches_, name, begin,
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
