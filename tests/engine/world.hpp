// What deciding works with, made by hand: settings, a provider that is known, cookies, a moment.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/instant.hpp"
#include "engine/decide.hpp"
#include "session/cookie_session.hpp"
#include "session/login_state.hpp"
#include "support/field_list.hpp"
#include "support/scripted_entropy.hpp"

namespace gatelet::engine {

constexpr std::int64_t noon = 1'800'000'000;

class World {
 public:
  World() { use_providers({"default"}); }

  policy::Policy policy;
  session::SessionSettings settings;
  std::shared_ptr<const session::CookieKeys> keys =
      *session::CookieKeys::make(Secret("0123456789abcdef0123456789abcdef"));
  std::shared_ptr<Entropy> entropy = std::make_shared<support::SeededEntropy>();
  Instant now = at_unix(noon);
  std::vector<std::shared_ptr<oidc::Provider>> providers;
  bool has_metadata = true;
  std::uint64_t generation = 1;
  SessionCache sessions{1024 * 1024, {1}};
  RefreshBook refreshes{{2}};
  DenyBook denied;
  DroppedCookies dropped{{3}};
  const bool is_denied_known = [this] {
    denied.take(std::make_shared<const session::DenyList>(), 0, Duration::max(), Instant{});
    return true;
  }();
  Notes notes;

  void use_providers(const std::vector<std::string>& ids) {
    providers.clear();
    for (const auto& id : ids) {
      auto provider = std::make_shared<oidc::Provider>();
      provider->id = id;
      provider->display_name = "Provider " + id;
      provider->issuer = "https://" + id + ".idp.example";
      provider->client.id = "c";
      provider->endpoints.authorization = provider->issuer + "/authorize";
      provider->endpoints.token = provider->issuer + "/token";
      providers.push_back(std::move(provider));
    }
  }

  std::shared_ptr<const Snapshot> snapshot() const {
    auto context = std::make_shared<flow::Context>();
    context->policy = policy;
    context->session = settings;
    context->cookie_keys = keys;
    context->entropy = entropy;
    context->several_providers = providers.size() > 1;
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = generation;
    snapshot->context = std::move(context);
    snapshot->attempt_key = std::make_shared<const crypto::HmacKey>(
        crypto::HmacKey::make(crypto::Digest::sha256, Secret("attempts")).value());
    for (const auto& provider : providers) {
      auto state = std::make_shared<oidc::ProviderState>();
      state->provider = provider;
      state->has_metadata = has_metadata;
      state->metadata_at = state->keys_at = now;
      snapshot->providers.push_back(std::move(state));
      snapshot->configured.push_back(provider);
    }
    return snapshot;
  }

  // A session that began a minute ago.
  session::Session person(std::string_view email = "ada@example.com") const {
    session::Session session;
    session.created_at = session::to_timestamp(now - 60s);
    session.user = "ada-1";
    session.email = email;
    session.groups = {"staff"};
    session.access_token = Secret("access-canary");
    session.id_token = Secret("id-canary");
    if (providers.size() > 1) session.provider_id = providers.front()->id;
    return session;
  }

  // The Cookie value with which a browser brings the session back.
  std::string cookie_of(const session::Session& session) const {
    return as_request(
        *session::write_session(settings, *keys, session, "app.example", {}, *entropy));
  }

  // Of Set-Cookie values: what a browser sends of them.
  static std::string as_request(const std::vector<std::string>& set_cookies) {
    std::string header;
    for (const auto& cookie : set_cookies) {
      if (cookie.find("Max-Age=0") != std::string::npos) continue;
      if (!header.empty()) header += "; ";
      header += cookie.substr(0, cookie.find(';'));
    }
    return header;
  }

  struct Request {
    std::string target = "/";
    std::string cookie = {};
    std::string method = "GET";
    std::vector<HeaderView> headers = {};
    std::optional<std::string> body = {};
    std::string scheme = "https";
    std::string host = "app.example";
    std::string peer = "203.0.113.7";
  };

  Memory memory_at(std::shared_ptr<const Snapshot> at, const Loaded* loaded = nullptr) {
    return {std::move(at), sessions, refreshes, denied, dropped, loaded};
  }

  // Asks with `ask`, a function from a Question.
  template <class Ask>
  auto with(const Request& request, Ask&& ask) {
    auto headers = request.headers;
    if (!request.cookie.empty()) headers.push_back({"Cookie", request.cookie});
    RequestView view;
    view.method = request.method;
    view.scheme = request.scheme;
    view.host = request.host;
    view.target = request.target;
    view.peer = request.peer;
    view.headers = headers;
    if (request.body) view.body = *request.body;
    const auto memory = memory_at(snapshot());
    const auto facts = policy::settle_request(view, memory.snapshot->context->policy);
    REQUIRE(facts.ok());
    notes = {};
    return ask(Question{memory, *facts, "req-1", now, notes});
  }

  Verdict verdict(const Request& request) {
    auto result = with(request, [](const Question& question) { return engine::decide(question); });
    REQUIRE(result.ok());
    return std::move(result).value();
  }

  Decision decide(const Request& request) {
    auto result = verdict(request);
    REQUIRE(std::holds_alternative<Decision>(result));
    return std::get<Decision>(std::move(result));
  }
};

inline std::string header(const Decision& decision, std::string_view name) {
  return support::value_of(decision.response(), name);
}

// The answer expires the session cookie.
inline bool clears_session(const Decision& decision) {
  for (const auto& cookie : support::values_of(decision.response(), "Set-Cookie")) {
    if (cookie.starts_with("__Host-gatelet=;") && cookie.find("Max-Age=0") != std::string::npos) {
      return true;
    }
  }
  return false;
}

inline const std::vector<HeaderView> as_person = {{"Accept", "text/html"},
                                                  {"Sec-Fetch-Mode", "navigate"}};
inline const std::vector<HeaderView> as_program = {{"Accept", "application/json"}};

inline bool starts_login(const Decision& decision) {
  return decision.kind() == Decision::Kind::redirect &&
         decision.reason() == Reason::login_started &&
         header(decision, "Location").starts_with("https://default.idp.example/authorize?");
}

inline bool sets_login_state(const Decision& decision) {
  for (const auto& cookie : support::values_of(decision.response(), "Set-Cookie")) {
    if (cookie.find("_csrf=") != std::string::npos &&
        cookie.find("Max-Age=0") == std::string::npos) {
      return true;
    }
  }
  return false;
}

inline session::Session due_for_refresh(const World& world) {
  auto session = world.person();
  session.refresh_token = Secret("r1");
  session.expires_on = session::to_timestamp(world.now + 1s);
  return session;
}

}  // namespace gatelet::engine
