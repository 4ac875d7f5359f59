// Which fields carry the identity, as rules: a name, and the values that are joined in it.
#pragma once

#include <optional>
#include <string>
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
};

struct HeaderRules {
  std::vector<HeaderRule> request, response;
};

// The switches of the flat options.
struct HeaderSwitches {
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
