// The token endpoint (RFC 6749 sections 4.1.3, 5 and 6; OpenID Connect Core 3.1.3 and 12).
#include <algorithm>

#include "encoding.hpp"
#include "provider.hpp"
#include "tokens.hpp"

namespace dev_idp {
namespace {

using nlohmann::json;

// How the client identified itself: the method's name, empty when it could not be told.
std::string auth_method(const Options& options, const httplib::Request& request) {
  const auto header = request.get_header_value("Authorization");
  const auto id = parameter(request, "client_id");
  const auto secret = parameter(request, "client_secret");
  if (!header.empty()) {
    // RFC 6749 section 2.3: one method at a time.
    if (secret || header.rfind("Basic ", 0) != 0 || options.client_secret.empty()) return {};
    const auto expected =
        percent_encode(options.client_id) + ':' + percent_encode(options.client_secret);
    const auto given = decode_base64(header.substr(6));
    if (!given) return {};
    const auto colon = given->find(':');
    if (colon == std::string::npos) return {};
    const auto given_id = form_decode(given->substr(0, colon));
    const auto given_secret = form_decode(given->substr(colon + 1));
    return given_id == options.client_id && given_secret == options.client_secret
               ? "client_secret_basic"
               : "";
  }
  if (id != options.client_id) return {};
  if (secret)
    return *secret == options.client_secret && !secret->empty() ? "client_secret_post" : "";
  return "none";
}

bool is_client(const Options& options, const httplib::Request& request) {
  const auto method = auth_method(options, request);
  return std::count(options.auth_methods.begin(), options.auth_methods.end(), method) == 1;
}

void refuse(httplib::Response& response, int status, const Refusal& refusal) {
  if (status == 401) response.set_header("WWW-Authenticate", "Basic realm=\"dev_idp\"");
  answer_json(response, status,
              {{"error", refusal.error}, {"error_description", refusal.description}});
}

json answer_for(Provider& provider, const Grant& grant, bool is_refresh, bool rotates) {
  auto& faults = provider.faults;
  const auto& options = provider.options;
  const auto* user = options.user(grant.username);
  const auto access_token =
      provider.grants.issue_access_token(grant, now_seconds() + options.token_lifetime);
  json answer{{"access_token", access_token},
              {"token_type", "Bearer"},
              {"expires_in", options.token_lifetime},
              {"scope", grant.scope}};
  if (!(is_refresh && faults.take("token-no-id-token-on-refresh")) &&
      !faults.take("id-token-missing")) {
    answer["id_token"] =
        make_id_token(provider, grant, *user, access_token, is_refresh ? "" : grant.nonce);
  }
  if (options.issues_refresh_tokens && rotates)
    answer["refresh_token"] = provider.grants.issue_refresh_token(grant);
  if (faults.take("token-no-access-token")) answer.erase("access_token");
  if (faults.take("token-wrong-token-type")) answer["token_type"] = "mac";
  if (faults.take("token-no-expires-in")) answer.erase("expires_in");
  if (faults.take("token-text-expires-in"))
    answer["expires_in"] = std::to_string(options.token_lifetime);
  return answer;
}

void token(Provider& provider, const httplib::Request& request, httplib::Response& response) {
  auto& faults = provider.faults;
  if (faults.take("token-invalid-grant"))
    return refuse(response, 400, {"invalid_grant", "as a mode wished"});
  if (faults.take("token-invalid-client"))
    return refuse(response, 401, {"invalid_client", "as a mode wished"});
  if (has_duplicates(request))
    return refuse(response, 400, {"invalid_request", "a parameter stands there twice"});
  if (!is_client(provider.options, request))
    return refuse(response, 401, {"invalid_client", "client authentication failed"});

  const auto type = parameter(request, "grant_type").value_or("");
  if (type == "authorization_code") {
    const auto redeemed = provider.grants.redeem_code(
        parameter(request, "code").value_or(""), parameter(request, "redirect_uri").value_or(""),
        parameter(request, "code_verifier").value_or(""), now_seconds());
    if (const auto* refusal = std::get_if<Refusal>(&redeemed))
      return refuse(response, 400, *refusal);
    provider.journal.count("grants.authorization_code");
    return answer_json(response, 200, answer_for(provider, std::get<Grant>(redeemed), false, true));
  }
  if (type == "refresh_token") {
    const bool rotates = !faults.take("token-no-rotation");
    const auto used = provider.grants.use_refresh_token(
        parameter(request, "refresh_token").value_or(""), rotates);
    if (const auto* refusal = std::get_if<Refusal>(&used)) return refuse(response, 400, *refusal);
    provider.journal.count("grants.refresh_token");
    return answer_json(response, 200, answer_for(provider, std::get<Grant>(used), true, rotates));
  }
  refuse(response, 400, {"unsupported_grant_type", "authorization_code and refresh_token"});
}

}  // namespace

void add_token(httplib::Server& server, Provider& provider) {
  server.Post(route(provider, "/token"),
              endpoint(provider, "token", [&](const auto& request, auto& response) {
                token(provider, request, response);
              }));
}

}  // namespace dev_idp
