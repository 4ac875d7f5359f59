#include "oidc/refresh.hpp"

#include <utility>

#include "http/form.hpp"
#include "oidc/client_auth.hpp"
#include "oidc/error_reply.hpp"
#include "oidc/token.hpp"
#include "oidc/userinfo.hpp"

namespace gatelet::oidc {

HttpCall refresh_request(const Provider& provider, const Secret& refresh_token) {
  http::Form form;
  form.add("grant_type", "refresh_token");
  form.add("refresh_token", refresh_token.reveal());

  auto call = HttpCall::post(provider.endpoints.token, std::move(form));
  call.add_header("Accept", "application/json");
  authenticate_client(provider.client, call);
  call.trust = provider.trust;
  call.is_grant = true;
  return call;
}

Result<TokenSet> read_refresh_reply(const HttpReply& reply) {
  auto tokens = read_grant_reply("refresh", reply);
  if (tokens.ok() || tokens.error().status != Status::provider_refused) return tokens;
  // RFC 6749 section 5.2: the two codes that no repetition will change.
  const auto code = error_code(reply);
  if (code != "invalid_grant" && code != "invalid_client") return tokens;
  return Error{Status::grant_ended, tokens.error().text};
}

HttpCall validate_request(const Provider& provider, const Secret& access_token) {
  return get_with_token(provider, provider.validate_url, access_token);
}

bool refuses_token(const HttpReply& reply) noexcept {
  return reply.status != 200 && reply.status != 429 && reply.status < 500;
}

}  // namespace gatelet::oidc
