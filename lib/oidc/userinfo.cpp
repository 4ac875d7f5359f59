#include "oidc/userinfo.hpp"

#include <string>
#include <utility>

#include "http/header.hpp"
#include "oidc/error_reply.hpp"

namespace gatelet::oidc {
namespace {

// "application/jwt; charset=utf-8" too.
bool is_jwt(std::string_view content_type) noexcept {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return http::equal_ignoring_case(type, "application/jwt");
}

Error unusable(std::string text) {
  return prefixed("userinfo", {Status::provider_bad_answer, std::move(text)});
}

}  // namespace

HttpCall get_with_token(const Provider& provider, std::string url, const Secret& access_token) {
  auto call = HttpCall::get(std::move(url));
  call.add_header("Accept", "application/json");
  std::string value = "Bearer ";
  value.reserve(value.size() + access_token.size());
  value += access_token.reveal();
  call.fields.push_back({"Authorization", std::move(value)});
  call.trust = provider.trust;
  return call;
}

HttpCall userinfo_request(const Provider& provider, const Secret& access_token) {
  return get_with_token(provider, provider.endpoints.userinfo, access_token);
}

Result<json::Value> read_userinfo_reply(const HttpReply& reply, std::string_view subject) {
  if (reply.status != 200) return refusal("userinfo", reply);
  if (is_jwt(reply.header("Content-Type"))) {
    return unusable(
        "the answer is a signed token (application/jwt), which is not supported; register this "
        "client without userinfo_signed_response_alg");
  }
  auto claims = json::parse_object(reply.body);
  if (!claims.ok()) return unusable("the answer cannot be read: " + claims.error().text);

  // OpenID Connect Core section 5.3.2: sub must be there and be the ID token's.
  const auto* named = claims->find_string("sub");
  if (named == nullptr || subject.empty() || *named != subject) {
    return prefixed("userinfo", {Status::token_rejected, "sub is not the ID token's"});
  }
  return claims;
}

}  // namespace gatelet::oidc
