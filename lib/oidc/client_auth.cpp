#include "oidc/client_auth.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/base64url.hpp"
#include "http/form.hpp"

namespace gatelet::oidc {
namespace {

bool announces(const std::vector<std::string>& methods, std::string_view method) noexcept {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

// RFC 6749 section 2.3.1: both are form-encoded first, so that a colon in an id stays in the id.
void add_basic(const Client& client, HttpCall& call) {
  std::string pair;
  pair.reserve(3 * (client.id.size() + client.secret.size()) + 1);  // never moved: nothing to wipe
  http::form_encode(client.id, pair);
  pair += ':';
  http::form_encode(client.secret.reveal(), pair);

  // HTTP wants the other alphabet of RFC 4648. They differ in two characters, which ASCII without
  // > ? ~ and DEL, all form-encoded above, never needs.
  auto encoded = base64url::encode(pair, base64url::Padding::required);
  wipe(pair);
  std::string value = "Basic ";
  value.reserve(value.size() + encoded.size());
  value += encoded;
  wipe(encoded);
  call.fields.push_back({"Authorization", std::move(value)});
}

void add_to_body(std::string_view name, std::string_view value, HttpCall& call) {
  reserve_wiping(call.body, call.body.size() + 3 * (name.size() + value.size()) + 2);
  if (!call.body.empty()) call.body += '&';
  http::form_encode(name, call.body);
  call.body += '=';
  http::form_encode(value, call.body);
}

ClientAuthMethod method_of(const Client& client) noexcept {
  if (client.method != ClientAuthMethod::by_metadata) return client.method;
  return client.secret.empty() ? ClientAuthMethod::none : ClientAuthMethod::client_secret_basic;
}

}  // namespace

Result<ClientAuthMethod> choose_auth_method(
    const Client& client, const std::optional<std::vector<std::string>>& announced) {
  if (client.method != ClientAuthMethod::by_metadata) return client.method;
  if (client.secret.empty()) return ClientAuthMethod::none;
  if (!announced || announced->empty() || announces(*announced, "client_secret_basic")) {
    return ClientAuthMethod::client_secret_basic;
  }
  if (announces(*announced, "client_secret_post")) return ClientAuthMethod::client_secret_post;
  return Error{Status::provider_bad_answer,
               "the provider announces neither client_secret_basic nor client_secret_post; set "
               "client_auth_method to the one it accepts"};
}

void authenticate_client(const Client& client, HttpCall& call) {
  switch (method_of(client)) {
    case ClientAuthMethod::by_metadata:  // method_of has settled it
    case ClientAuthMethod::client_secret_basic: add_basic(client, call); return;
    case ClientAuthMethod::client_secret_post:
      add_to_body("client_id", client.id, call);
      add_to_body("client_secret", client.secret.reveal(), call);
      return;
    case ClientAuthMethod::none: add_to_body("client_id", client.id, call); return;
  }
  unreachable();
}

}  // namespace gatelet::oidc
