#include "oidc/token.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "http/form.hpp"
#include "json/reader.hpp"
#include "oidc/client_auth.hpp"
#include "oidc/error_reply.hpp"

namespace gatelet::oidc {
namespace {

constexpr std::int64_t max_expires_in = 10LL * 366 * 24 * 60 * 60;  // seconds
constexpr std::string_view bearer = "bearer";

// RFC 6749 appendix A.12, A.17: visible ASCII and space. Anything else could not stand in a header.
bool is_token_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_bearer(std::string_view text) noexcept {
  return std::equal(text.begin(), text.end(), bearer.begin(), bearer.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

Error bad_answer(std::string_view exchange, std::string text) {
  return prefixed(exchange, {Status::provider_bad_answer, std::move(text)});
}

// What one exchange's success says, member by member. null says no more than silence does.
class TokenObject {
 public:
  TokenObject(std::string_view exchange, const json::Value& object)
      : exchange_(exchange), object_(object) {}

  Error unusable(std::string text) const { return bad_answer(exchange_, std::move(text)); }

  bool says_error() const noexcept { return member("error") != nullptr; }

  Result<void> read_token(std::string_view name, Secret& out) const {
    const auto* value = member(name);
    if (value == nullptr) return {};
    if (value->string() == nullptr) return unusable(std::string(name) + " is no text");
    if (!is_token_text(*value->string())) {
      return unusable(std::string(name) + " holds bytes no token has");
    }
    out = Secret(*value->string());
    return {};
  }

  Result<void> check_type() const {
    const auto* value = member("token_type");
    if (value == nullptr) return {};
    if (value->string() != nullptr && is_bearer(*value->string())) return {};
    return unusable("token_type is not Bearer");
  }

  Result<void> read_expiry(std::optional<std::chrono::seconds>& out) const {
    const auto* value = member("expires_in");
    if (value == nullptr) return {};
    const auto seconds = seconds_of(*value);
    if (!seconds || *seconds < 0) return unusable("expires_in is no number of seconds");
    out = std::chrono::seconds(std::min(*seconds, max_expires_in));
    return {};
  }

 private:
  const json::Value* member(std::string_view name) const noexcept {
    const auto* value = object_.find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  static std::optional<std::int64_t> seconds_of(const json::Value& value) {
    if (const auto* number = value.number()) return json::to_seconds(*number);
    const auto* text = value.string();
    if (text == nullptr) return std::nullopt;
    std::int64_t seconds = 0;
    const auto* end = text->data() + text->size();
    const auto [stop, failure] = std::from_chars(text->data(), end, seconds);
    if (failure != std::errc() || stop != end) return std::nullopt;
    return seconds;
  }

  std::string_view exchange_;
  const json::Value& object_;
};

}  // namespace

HttpCall token_request(const Provider& provider, const CheckedCallback& checked,
                       const Secret& code_verifier, std::string_view redirect_uri) {
  http::Form form;
  form.add("grant_type", "authorization_code");
  form.add("code", checked.code().reveal());
  form.add("redirect_uri", redirect_uri);
  if (!code_verifier.empty()) form.add("code_verifier", code_verifier.reveal());
  for (const auto& resource : provider.resource) form.add("resource", resource);

  auto call = HttpCall::post(provider.endpoints.token, std::move(form));
  call.add_header("Accept", "application/json");
  authenticate_client(provider.client, call);
  call.trust = provider.trust;
  call.is_grant = true;
  return call;
}

Result<TokenSet> read_grant_reply(std::string_view exchange, const HttpReply& reply) {
  if (reply.status < 200 || reply.status > 299) return refusal(exchange, reply);
  const auto root = json::parse_object(reply.body);
  if (!root.ok()) return bad_answer(exchange, "the answer cannot be read: " + root.error().text);
  const TokenObject object(exchange, *root);
  if (object.says_error()) return refusal(exchange, reply);  // some say no with 200 (GitHub)

  TokenSet tokens;
  auto read = object.read_token("access_token", tokens.access_token);
  if (read.ok()) read = object.read_token("id_token", tokens.id_token);
  if (read.ok()) read = object.read_token("refresh_token", tokens.refresh_token);
  if (read.ok()) read = object.check_type();
  if (read.ok()) read = object.read_expiry(tokens.expires_in);
  if (!read.ok()) return std::move(read).error();
  if (tokens.access_token.empty()) return object.unusable("it holds no access_token");
  return tokens;
}

Result<TokenSet> read_token_reply(const HttpReply& reply) {
  auto tokens = read_grant_reply("token", reply);
  if (tokens.ok() && tokens->id_token.empty()) {
    return Error{Status::provider_bad_answer,
                 "token: it holds no id_token; the scope must contain openid"};
  }
  return tokens;
}

}  // namespace gatelet::oidc
