#include "policy/api_request.hpp"

#include "http/header.hpp"
#include "policy/own_endpoints.hpp"

namespace gatelet::policy {
namespace {

std::string_view media_type(std::string_view text) noexcept {
  text = text.substr(0, text.find(';'));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Some field of this name has an element that is `token` (ASCII case and parameters aside).
bool names(const RequestFacts& facts, std::string_view name, std::string_view token) noexcept {
  bool found = false;
  for (const auto& field : facts.headers) {
    if (!http::equal_ignoring_case(field.name, name)) continue;
    http::for_each_element(field.value, [&](std::string_view element) {
      found = found || http::equal_ignoring_case(media_type(element), token);
    });
  }
  return found;
}

// The field is there and says something else.
bool says_other(const RequestFacts& facts, std::string_view name, std::string_view token) noexcept {
  const auto* field = http::find_header(facts.headers, name);
  return field != nullptr && !http::equal_ignoring_case(field->value, token);
}

// HTML forms cannot send these, only programs can.
bool has_program_body(const RequestFacts& facts) noexcept {
  const auto* field = http::find_header(facts.headers, "Content-Type");
  if (field == nullptr) return false;
  const auto type = media_type(field->value);
  return http::equal_ignoring_case(type, "application/json") ||
         http::equal_ignoring_case(type.substr(0, 16), "application/grpc");
}

// Only a top-level navigation starts a login: nobody would see the provider's page in a frame, an
// image or a fetch.
bool is_no_navigation(const RequestFacts& facts) noexcept {
  return says_other(facts, "Sec-Fetch-Mode", "navigate") ||
         says_other(facts, "Sec-Fetch-Dest", "document") ||
         names(facts, "X-Requested-With", "XMLHttpRequest") ||
         names(facts, "Upgrade", "websocket") || has_program_body(facts);
}

// Where tokens or passwords are taken, Authorization is what programs send: a browser has a cookie.
bool presents_credential(const Policy& policy, const RequestFacts& facts) noexcept {
  return (policy.bearer.enabled || policy.password.enabled) &&
         http::find_header(facts.headers, "Authorization") != nullptr;
}

bool is_program(const Policy& policy, const RequestFacts& facts) {
  return (policy.api_routes && policy.api_routes->any_matches(facts.target)) ||
         names(facts, "Accept", "application/json") ||
         (policy.detect_api_by_fetch_metadata &&
          (is_no_navigation(facts) || presents_credential(policy, facts)));
}

}  // namespace

bool is_api_request(const Policy& policy, const RequestFacts& facts) {
  return policy.pages.force_json_errors || is_program(policy, facts);
}

bool wants_json(const Policy& policy, const RequestFacts& facts) {
  if (policy.pages.json_own_pages) return is_api_request(policy, facts);
  const auto own = match_endpoint(policy, facts.own_path, true).endpoint;
  return own == Endpoint::none && is_api_request(policy, facts);
}

bool is_cross_site(const RequestFacts& facts) noexcept {
  const auto* site = http::find_header(facts.headers, "Sec-Fetch-Site");
  if (site != nullptr) return names(facts, "Sec-Fetch-Site", "cross-site");

  // Browsers without fetch metadata still name the origin of a form post.
  const auto* origin = http::find_header(facts.headers, "Origin");
  if (origin == nullptr) return false;
  const auto host = origin->value.find("://");
  return host == std::string_view::npos ||
         !http::equal_ignoring_case(origin->value.substr(host + 3), facts.host);
}

}  // namespace gatelet::policy
