// Which fields carry the identity, as rules: a name, and the values that are joined in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace gatelet::policy {

// One value: a claim of the session, or a text of the settings.
struct HeaderValue {
  std::string claim = {};   // session/claim_text.hpp; counts unless there is a text
  std::string prefix = {};  // before every text of the claim
  // Each text becomes "Basic base64(text:password)", and no prefix stands before it.
  std::optional<Secret> password = {};
  std::optional<Secret> text = {};  // added with and without a session
};

struct HeaderRule {
  std::string name;
  std::vector<HeaderValue> values = {};  // joined by ","; none: the field is only removed
  bool keeps_client_value = false;       // the client's own value stays, before ours
  bool exact_name = false;               // X_User is another field than X-User
  char separator = ',';                  // between the values
};

struct HeaderRules {
  std::vector<HeaderRule> request, response;
};

// Under whose names pass_user_headers and set_xauthrequest tell who it is: applications that were
// written for one of these need not be changed.
enum class HeaderPreset : std::uint8_t {
  oauth2_proxy,  // X-Forwarded-User and its like; X-Auth-Request-User and its like on the answer
  authelia,      // Remote-User, -Groups, -Name, -Email
  authentik,     // X-authentik-username, -groups (divided by "|"), -email, -name, -uid
  mod_auth_openidc,  // OIDC_CLAIM_<claim>, additional claims included
};

// What begins so, only we may set: nobody may plant a claim that the person has not. Empty: none.
std::string_view prefix_of(HeaderPreset preset) noexcept;

// The switches of the flat options.
struct HeaderSwitches {
  HeaderPreset preset = HeaderPreset::oauth2_proxy;
  std::vector<std::string> additional_claims = {};
  bool pass_user_headers = true;   // X-Forwarded-User, -Groups, -Email, -Preferred-Username
  bool pass_access_token = false;  // X-Forwarded-Access-Token (and X-Auth-Request-Access-Token)
  bool pass_authorization_header = false;  // Authorization: Bearer <id token> to the application
  bool set_authorization_header = false;   // the same to the client
  bool set_xauthrequest = false;           // X-Auth-Request-* on the response
  bool prefer_email_to_user = false;
  bool pass_basic_auth = false;  // Authorization: Basic <user:password> to the application
  bool set_basic_auth = false;   // the same to the client
  Secret basic_auth_password = Secret();
};

// In the order of the reference. Of several values for one name the rules are one.
HeaderRules header_rules(const HeaderSwitches& switches);

// Some rule has a token to hand out.
bool hands_out_tokens(const HeaderRules& rules) noexcept;

}  // namespace gatelet::policy
