// Signing out at the provider (OpenID Connect RP-Initiated Logout 1.0).
#include <algorithm>

#include "encoding.hpp"
#include "pages.hpp"
#include "provider.hpp"

namespace dev_idp {
namespace {

bool is_allowed_return(const Options& options, const std::string& uri) {
  if (options.post_logout_redirect_uris.empty()) return is_loopback_uri(uri);
  const auto& allowed = options.post_logout_redirect_uris;
  return std::count(allowed.begin(), allowed.end(), uri) == 1;
}

void end_session(Provider& provider, const httplib::Request& request, httplib::Response& response) {
  if (has_duplicates(request)) {
    return answer_page(response, 400,
                       notice_page("This cannot work", "A parameter stands there twice."));
  }
  const auto hint = parameter(request, "id_token_hint").value_or("");
  const auto grant = provider.grants.find_id_token(hint);
  const bool is_confirmed = request.method == "POST" && parameter(request, "confirmed") == "yes";
  if (!grant && !is_confirmed) {
    // Section 2: without a hint that proves who asks, the person is asked.
    Fields fields;
    for (const auto& [name, value] : request.params) fields.emplace_back(name, value);
    return answer_page(response, 200, sign_out_page(provider.base_path + "/end_session", fields));
  }

  provider.journal.count("sign_outs");
  if (grant) {
    provider.logins.close_sessions_of(grant->username);
    provider.grants.revoke_family(grant->family);
  }
  response.set_header("Set-Cookie", "dev_idp_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  const auto target = parameter(request, "post_logout_redirect_uri").value_or("");
  if (!grant || !is_allowed_return(provider.options, target)) {
    return answer_page(response, 200, notice_page("Signed out", "Your session here has ended."));
  }
  const auto state = parameter(request, "state");
  redirect_to(response, state ? with_query(target, {{"state", *state}}) : target);
}

}  // namespace

void add_end_session(httplib::Server& server, Provider& provider) {
  const auto handler = endpoint(provider, "", [&](const auto& request, auto& response) {
    end_session(provider, request, response);
  });
  server.Get(route(provider, "/end_session"), handler);
  server.Post(route(provider, "/end_session"), handler);
}

}  // namespace dev_idp
