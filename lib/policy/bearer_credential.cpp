#include "policy/bearer_credential.hpp"

#include <algorithm>
#include <utility>

#include "http/ascii.hpp"
#include "http/basic_credentials.hpp"
#include "http/header.hpp"

namespace gatelet::policy {
namespace {

using Kind = BearerCredential::Kind;
constexpr auto npos = std::string_view::npos;
constexpr std::size_t max_token_size = 16 * 1024;

bool is_base64url(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' ||
           c == '_';
  });
}

// `{"` is `ey` in base64url.
bool is_token(std::string_view text) noexcept {
  if (text.size() > max_token_size || !text.starts_with("ey")) return false;
  const auto first = text.find('.');
  const auto second = first == npos ? npos : text.find('.', first + 1);
  if (second == npos) return false;
  const auto payload = text.substr(first + 1, second - first - 1);
  return is_base64url(text.substr(0, first)) && payload.starts_with("ey") &&
         is_base64url(payload) && is_base64url(text.substr(second + 1));
}

// The token in user or password; empty when there is none.
std::string_view token_in(const http::BasicCredentials& basic) noexcept {
  const auto user = basic.user(), password = basic.password();
  if (!is_token(user)) return is_token(password) ? password : std::string_view();
  return password.empty() || password == "x-oauth-basic" ? user : std::string_view();
}

BearerCredential in_basic(std::string_view value) {
  const auto basic = http::BasicCredentials::parse(value);
  const auto token = basic ? token_in(*basic) : std::string_view();
  return {token.empty() ? Kind::none : Kind::token, {}, Secret(token)};
}

}  // namespace

BearerCredential bearer_credential(const RequestFacts& facts) {
  const auto* field = http::find_header(facts.headers, "Authorization");
  if (field == nullptr) return {};
  const auto blank = field->value.find(' ');
  const auto scheme = field->value.substr(0, blank);
  const auto value = blank == npos ? std::string_view() : field->value.substr(blank + 1);
  if (http::equal_ignoring_case(scheme, "Basic")) return in_basic(value);
  // A scheme that only begins so is one that somebody wrote wrongly.
  if (!http::equal_ignoring_case(field->value.substr(0, 6), "Bearer")) return {};
  const bool is_well_formed = scheme.size() == 6 && is_token(value);
  return {is_well_formed ? Kind::token : Kind::unusable, is_well_formed ? value : "", Secret()};
}

}  // namespace gatelet::policy
