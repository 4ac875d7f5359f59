#include "policy/header_rules.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "http/header.hpp"
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

struct Named {
  std::string_view name, claim;
};
constexpr Named of_authelia[] = {{"Remote-User", "user"},
                                 {"Remote-Groups", "groups"},
                                 {"Remote-Name", "name"},
                                 {"Remote-Email", "email"}};
constexpr Named of_authentik[] = {{"X-authentik-username", "preferred_username"},
                                  {"X-authentik-groups", "groups"},
                                  {"X-authentik-email", "email"},
                                  {"X-authentik-name", "name"},
                                  {"X-authentik-uid", "user"}};
constexpr Named of_mod_auth_openidc[] = {{"OIDC_CLAIM_sub", "user"},
                                         {"OIDC_CLAIM_email", "email"},
                                         {"OIDC_CLAIM_preferred_username", "preferred_username"},
                                         {"OIDC_CLAIM_groups", "groups"}};

// Of another preset than the reference's.
void add_preset(std::vector<HeaderRule>& rules, const HeaderSwitches& on) {
  const auto add_all = [&](std::span<const Named> names) {
    for (const auto& [name, claim] : names) {
      const bool is_email = on.prefer_email_to_user && claim == "user";
      add_claim(rules, name, is_email ? "email" : claim);
    }
  };
  switch (on.preset) {
    case HeaderPreset::oauth2_proxy: return;
    case HeaderPreset::authelia: return add_all(of_authelia);
    case HeaderPreset::authentik:
      add_all(of_authentik);
      for (auto& rule : rules) {
        if (rule.name == "X-authentik-groups") rule.separator = '|';
      }
      return;
    case HeaderPreset::mod_auth_openidc:
      add_all(of_mod_auth_openidc);
      for (const auto& claim : on.additional_claims) {
        if (http::is_token(claim)) add_claim(rules, "OIDC_CLAIM_" + claim, claim);
      }
      return;
  }
}

bool has_token(const HeaderRule& rule) noexcept {
  return std::any_of(rule.values.begin(), rule.values.end(), [](const HeaderValue& value) {
    return !value.text && session::is_token_claim(value.claim);
  });
}

}  // namespace

std::string_view prefix_of(HeaderPreset preset) noexcept {
  if (preset == HeaderPreset::authentik) return "X-authentik-";
  return preset == HeaderPreset::mod_auth_openidc ? "OIDC_CLAIM_" : "";
}

HeaderRules header_rules(const HeaderSwitches& on) {
  HeaderRules rules;
  auto& request = rules.request;
  if (on.pass_basic_auth) add_basic(request, on);
  const bool is_ours = on.preset == HeaderPreset::oauth2_proxy;
  if (on.pass_user_headers) add_preset(request, on);
  if (on.pass_user_headers && is_ours) {
    add_claim(request, "X-Forwarded-User", on.prefer_email_to_user ? "email" : "user");
    add_claim(request, "X-Forwarded-Groups", "groups");
    if (!on.prefer_email_to_user) add_claim(request, "X-Forwarded-Email", "email");
    add_claim(request, "X-Forwarded-Preferred-Username", "preferred_username");
  }
  if (on.pass_access_token) add_claim(request, "X-Forwarded-Access-Token", "access_token");
  if (on.pass_authorization_header) add_bearer(request);

  auto& response = rules.response;
  if (on.set_xauthrequest) add_preset(response, on);
  if (on.set_xauthrequest && is_ours) {
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
