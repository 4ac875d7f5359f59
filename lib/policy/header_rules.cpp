#include "policy/header_rules.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "session/claim_text.hpp"

namespace gatelet::policy {
namespace {

void add(std::vector<HeaderRule>& rules, std::string_view name, HeaderValue value) {
  auto rule = std::find_if(rules.begin(), rules.end(),
                           [&](const HeaderRule& known) { return known.name == name; });
  if (rule == rules.end()) rule = rules.insert(rule, HeaderRule{std::string(name), {}});
  rule->values.push_back(std::move(value));
}

void add_claim(std::vector<HeaderRule>& rules, std::string_view name, std::string_view claim) {
  add(rules, name, {std::string(claim), {}, {}, {}});
}

void add_basic(std::vector<HeaderRule>& rules, const HeaderSwitches& on) {
  add(rules, "Authorization",
      {on.prefer_email_to_user ? "email" : "user", {}, on.basic_auth_password, {}});
}

void add_bearer(std::vector<HeaderRule>& rules) {
  add(rules, "Authorization", {"id_token", "Bearer ", {}, {}});
}

bool has_token(const HeaderRule& rule) noexcept {
  return std::any_of(rule.values.begin(), rule.values.end(), [](const HeaderValue& value) {
    return !value.text && session::is_token_claim(value.claim);
  });
}

}  // namespace

HeaderRules header_rules(const HeaderSwitches& on) {
  HeaderRules rules;
  auto& request = rules.request;
  if (on.pass_basic_auth) add_basic(request, on);
  if (on.pass_user_headers) {
    add_claim(request, "X-Forwarded-User", on.prefer_email_to_user ? "email" : "user");
    add_claim(request, "X-Forwarded-Groups", "groups");
    if (!on.prefer_email_to_user) add_claim(request, "X-Forwarded-Email", "email");
    add_claim(request, "X-Forwarded-Preferred-Username", "preferred_username");
  }
  if (on.pass_access_token) add_claim(request, "X-Forwarded-Access-Token", "access_token");
  if (on.pass_authorization_header) add_bearer(request);

  auto& response = rules.response;
  if (on.set_xauthrequest) {
    add_claim(response, "X-Auth-Request-User", "user");
    add_claim(response, "X-Auth-Request-Email", "email");
    add_claim(response, "X-Auth-Request-Preferred-Username", "preferred_username");
    add_claim(response, "X-Auth-Request-Groups", "groups");
    if (on.pass_access_token) {
      add_claim(response, "X-Auth-Request-Access-Token", "access_token");
    }
  }
  if (on.set_basic_auth) add_basic(response, on);
  if (on.set_authorization_header) add_bearer(response);
  return rules;
}

bool hands_out_tokens(const HeaderRules& rules) noexcept {
  return std::any_of(rules.request.begin(), rules.request.end(), has_token) ||
         std::any_of(rules.response.begin(), rules.response.end(), has_token);
}

}  // namespace gatelet::policy
