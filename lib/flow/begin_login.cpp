#include "flow/begin_login.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "base/base64url.hpp"
#include "base/secret.hpp"
#include "crypto/cfb.hpp"
#include "crypto/random.hpp"
#include "crypto/seal.hpp"
#include "oidc/authorize.hpp"
#include "oidc/callback.hpp"
#include "policy/answer.hpp"
#include "policy/own_endpoints.hpp"
#include "policy/return_to.hpp"
#include "session/cookie_session.hpp"
#include "session/login_state.hpp"

namespace gatelet::flow {
namespace {

constexpr std::size_t nonce_size = 32;
constexpr std::size_t seal_size = crypto::SealKey::nonce_size;  // oauth2-proxy's format draws less
static_assert(seal_size >= crypto::CfbKey::iv_size);
constexpr std::size_t verifier_size = 96;  // 128 characters of base64url, the most RFC 7636 allows

Result<Secret> random_secret(Entropy& entropy, std::size_t size) {
  auto bytes = crypto::random_bytes(entropy, size);
  if (!bytes.ok()) return std::move(bytes).error();
  Secret secret(*bytes);
  wipe(*bytes);
  return secret;
}

Result<Secret> random_verifier(Entropy& entropy) {
  auto bytes = random_secret(entropy, verifier_size);
  if (!bytes.ok()) return bytes;
  auto text = base64url::encode(bytes->reveal());
  Secret verifier(text);
  wipe(text);
  return verifier;
}

// A new attempt at this provider: everything in it is drawn before anything is issued.
Result<oidc::LoginState> draw_attempt(const Context& context, const oidc::Provider& provider,
                                      Entropy& entropy) {
  oidc::LoginState attempt;
  auto state_nonce = random_secret(entropy, nonce_size);
  if (!state_nonce.ok()) return std::move(state_nonce).error();
  attempt.state_nonce = std::move(state_nonce).value();
  if (provider.use_nonce) {
    auto nonce = random_secret(entropy, nonce_size);
    if (!nonce.ok()) return std::move(nonce).error();
    attempt.oidc_nonce = std::move(nonce).value();
  }
  if (provider.pkce != oidc::Pkce::off) {
    auto verifier = random_verifier(entropy);
    if (!verifier.ok()) return std::move(verifier).error();
    attempt.code_verifier = std::move(verifier).value();
  }
  if (context.several_providers) attempt.provider_id = provider.id;
  return attempt;
}

void add_wish(std::string_view name, const std::string& value, http::Params& out) {
  if (!value.empty()) out.push_back({std::string(name), value});
}

// What of an attempt travels: hashes of its nonces, the challenge of its verifier.
Result<oidc::AuthorizationRequest> request_of(const Context& context,
                                              const oidc::Provider& provider,
                                              const oidc::LoginState& attempt,
                                              const LoginWish& wish) {
  oidc::AuthorizationRequest request;
  if (provider.use_nonce) {
    auto nonce = oidc::hashed_nonce(*context.sha256, attempt.oidc_nonce);
    if (!nonce.ok()) return std::move(nonce).error();
    request.hashed_nonce = std::move(nonce).value();
  }
  auto challenge = oidc::pkce_challenge(*context.sha256, provider.pkce, attempt.code_verifier);
  if (!challenge.ok()) return std::move(challenge).error();
  request.code_challenge = std::move(challenge).value();
  add_wish("prompt", wish.prompt, request.extra);
  add_wish("login_hint", wish.login_hint, request.extra);
  add_wish("acr_values", wish.acr_values, request.extra);
  const auto own = request.extra;
  for (const auto& param : wish.params) {
    if (http::find(own, param.name) == nullptr) request.extra.push_back(param);
  }
  return request;
}

}  // namespace

Result<Decision> begin_login(const Context& context, const oidc::ProviderState& state,
                             const policy::RequestFacts& facts, const LoginWish& wish,
                             Instant now) {
  const auto& provider = *state.provider;
  // One draw: the generator takes a lock and several hundred nanoseconds each time.
  crypto::DrawnEntropy entropy(*context.entropy, 2 * nonce_size + verifier_size + seal_size);
  const auto attempt = draw_attempt(context, provider, entropy);
  if (!attempt.ok()) return attempt.error();
  const auto hashed_state = oidc::hashed_nonce(*context.sha256, attempt->state_nonce);
  if (!hashed_state.ok()) return hashed_state.error();

  auto request = request_of(context, provider, *attempt, wish);
  if (!request.ok()) return std::move(request).error();
  request->redirect_uri =
      policy::redirect_uri(context.policy, facts, provider.id, context.several_providers);
  const auto target = policy::wished_return(context.policy, facts, wish.return_to);
  request->state = oidc::make_state(*hashed_state, target.text(), context.session.encode_state);
  const auto url = oidc::authorization_url(provider, *request);
  if (!url.ok()) return url.error();

  auto cookies = session::write_login_state(
      context.session, *context.cookie_keys, *attempt, *hashed_state, facts.host, facts.headers,
      provider.response_mode == oidc::ResponseMode::form_post, now, entropy);
  if (!cookies.ok()) return std::move(cookies).error();
  if (wish.clears_session && wish.clears_session(*hashed_state, now)) {
    for (auto& cookie : session::clear_session(context.session, facts.host, facts.headers)) {
      cookies->push_back(std::move(cookie));
    }
  }
  return policy::redirect_to(*url, *cookies, Reason::login_started);
}

Flow<Decision> begin_login_with_metadata(BeginLogin in) {
  auto fetched = co_await Refetch(in.provider_id, Refetch::What::metadata);
  const auto at = co_await now();
  co_return begin_login(*in.context, *fetched.state, in.request->facts(), in.wish, at);
}

}  // namespace gatelet::flow
