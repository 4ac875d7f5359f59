#include "oidc/authorize.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/base64url.hpp"
#include "crypto/hash.hpp"
#include "http/url.hpp"

namespace gatelet::oidc {
namespace {

constexpr std::string_view reserved_parameters[] = {
    "client_id",   "redirect_uri", "response_type",  "response_mode",
    "scope",       "state",        "nonce",          "resource",
    "request",     "request_uri",  "code_challenge", "code_challenge_method",
    "registration"};

// Sets each name of `later` anew: values that stood there under it go.
void replace_by(const http::Params& later, http::Params& params) {
  std::erase_if(params, [&](const http::Param& one) { return http::find(later, one.name); });
  std::copy_if(later.begin(), later.end(), std::back_inserter(params),
               [](const http::Param& one) { return !is_reserved_parameter(one.name); });
}

void add_protocol(const Provider& provider, const AuthorizationRequest& request,
                  http::Params& params) {
  params.push_back({"client_id", provider.client.id});
  params.push_back({"redirect_uri", request.redirect_uri});
  params.push_back({"response_type", "code"});
  params.push_back({"scope", provider.scope});
  params.push_back({"state", request.state});
  if (provider.use_nonce && !request.hashed_nonce.empty()) {
    params.push_back({"nonce", request.hashed_nonce});
  }
  if (provider.pkce != Pkce::off && !request.code_challenge.empty()) {
    params.push_back({"code_challenge", request.code_challenge});
    params.push_back({"code_challenge_method", provider.pkce == Pkce::s256 ? "S256" : "plain"});
  }
  if (provider.send_response_mode || provider.response_mode == ResponseMode::form_post) {
    params.push_back({"response_mode",
                      provider.response_mode == ResponseMode::form_post ? "form_post" : "query"});
  }
  for (const auto& resource : provider.resource) params.push_back({"resource", resource});
}

}  // namespace

Result<std::string> pkce_challenge(Pkce method, const Secret& verifier) {
  switch (method) {
    case Pkce::off: return std::string();
    case Pkce::plain: return std::string(verifier.reveal());
    case Pkce::s256: break;
  }
  auto digest = crypto::hash(crypto::Digest::sha256, verifier.reveal());
  if (!digest.ok()) return std::move(digest).error();
  return base64url::encode(*digest);
}

bool is_reserved_parameter(std::string_view name) noexcept {
  return std::find(std::begin(reserved_parameters), std::end(reserved_parameters), name) !=
         std::end(reserved_parameters);
}

Result<std::string> authorization_url(const Provider& provider,
                                      const AuthorizationRequest& request) {
  auto url = http::parse_url(provider.endpoints.authorization);
  if (!url.ok()) return Error{Status::internal, "the authorization endpoint is no URL"};
  auto params = http::parse_form(url->query);
  if (!params.ok()) return Error{Status::internal, "the authorization endpoint has a broken query"};

  std::erase_if(*params, [](const http::Param& one) { return is_reserved_parameter(one.name); });
  auto extra = provider.login_params;
  replace_by(request.extra, extra);
  replace_by(extra, *params);
  add_protocol(provider, request, *params);
  std::stable_sort(params->begin(), params->end(),
                   [](const http::Param& a, const http::Param& b) { return a.name < b.name; });

  http::Form form;
  for (const auto& one : *params) form.add(one.name, one.value);
  url->query = std::move(form).text();
  url->has_query = true;
  return url->text();
}

}  // namespace gatelet::oidc
