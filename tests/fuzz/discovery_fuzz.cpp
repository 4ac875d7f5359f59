// Provider metadata and key sets: a document that is accepted names the configured issuer, usable
// endpoints and algorithms, and leaves alone what only the operator settles.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "http/url.hpp"
#include "oidc/authorize.hpp"
#include "oidc/discovery.hpp"
#include "require.hpp"
#include "support/providers.hpp"
#include "support/replies.hpp"

using namespace gatelet;
using namespace gatelet::oidc;

namespace {

void check_endpoint(const std::string& text, bool needed) {
  require(!needed || !text.empty());
  if (text.empty()) return;
  const auto url = http::parse_url(text);
  require(url.ok() && url->scheme == "https");
}

void check(const Provider& before, const Metadata& metadata) {
  const auto after = apply_metadata(before, metadata);
  if (!after.ok()) {
    require(after.error().status == Status::provider_bad_answer);
    return;
  }
  require(before.insecure_any_issuer || metadata.issuer == before.issuer);
  require(after->issuer == before.issuer && after->validate_url == before.validate_url);
  require(after->client.id == before.client.id && after->client.secret == before.client.secret);
  require(after->client.method != ClientAuthMethod::by_metadata);
  require(after->pkce == before.pkce && after->use_nonce == before.use_nonce);

  check_endpoint(after->endpoints.authorization, true);
  check_endpoint(after->endpoints.token, true);
  check_endpoint(after->endpoints.jwks, true);
  check_endpoint(after->endpoints.userinfo, false);
  check_endpoint(after->endpoints.end_session, false);
  check_endpoint(after->endpoints.revocation, false);
  check_endpoint(after->endpoints.introspection, false);

  require(!after->algorithms.empty());
  for (const auto algorithm : after->algorithms) {
    const auto& enabled = before.enabled_algorithms;
    require(enabled.empty() ||
            std::find(enabled.begin(), enabled.end(), algorithm) != enabled.end());
  }

  // Whatever endpoint was accepted, the redirect to it is a URL with one state, ours.
  AuthorizationRequest request;
  request.redirect_uri = "https://app.example/oauth2/callback";
  request.state = "h:/";
  const auto url = authorization_url(*after, request);
  require(url.ok());
  const auto query = url->substr(url->find('?') + 1);
  const auto params = http::parse_form(query);
  // 256 pairs are parse_form's limit; the endpoint may come close to it.
  if (!params.ok()) return;
  require(http::count(*params, "state") == 1 && *http::find(*params, "state") == "h:/");
  require(http::count(*params, "client_id") == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto metadata = read_discovery_reply(support::json_reply(200, body));
  if (metadata.ok()) {
    auto configured = support::provider({.userinfo_endpoint = "", .end_session_endpoint = ""});
    configured.client.method = ClientAuthMethod::by_metadata;
    check(configured, *metadata);
    configured.enabled_algorithms = {jose::Algorithm::es256};
    configured.insecure_any_issuer = true;
    check(configured, *metadata);
  } else {
    require(metadata.error().status == Status::provider_bad_answer);
  }
  const auto keys = read_jwks_reply(support::json_reply(200, body));
  require(keys.ok() ? !keys->empty() : keys.error().status == Status::provider_bad_answer);
  return 0;
}
