// The userinfo endpoint (OpenID Connect Core 5.3).
#include "provider.hpp"
#include "tokens.hpp"

namespace dev_idp {
namespace {

void userinfo(Provider& provider, const httplib::Request& request, httplib::Response& response) {
  const auto header = request.get_header_value("Authorization");
  const auto grant = header.rfind("Bearer ", 0) == 0
                         ? provider.grants.find_access_token(header.substr(7), now_seconds())
                         : std::nullopt;
  if (!grant) {
    response.set_header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    return answer_json(response, 401, {{"error", "invalid_token"}});
  }
  const auto* user = provider.options.user(grant->username);
  auto claims = claims_of(*user, grant->scope);
  claims["sub"] = user->subject;
  if (provider.faults.take("userinfo-other-sub")) claims["sub"] = "u-9999";
  if (provider.faults.take("userinfo-no-sub")) claims.erase("sub");
  provider.journal.count("userinfo_answered");
  answer_json(response, 200, claims);
}

}  // namespace

void add_userinfo(httplib::Server& server, Provider& provider) {
  const auto handler = endpoint(provider, "userinfo", [&](const auto& request, auto& response) {
    userinfo(provider, request, response);
  });
  server.Get(route(provider, "/userinfo"), handler);
  server.Post(route(provider, "/userinfo"), handler);
}

}  // namespace dev_idp
