#include "oidc/callback.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/base64url.hpp"
#include "base/constant_time.hpp"
#include "oidc/error_reply.hpp"

namespace gatelet::oidc {
namespace {

constexpr std::size_t max_state_size = 16 * 1024;
constexpr std::size_t max_hashed_state_size = 64;
constexpr std::size_t max_code_size = 8 * 1024;

// Every parameter an authorization response may carry, of whatever flow.
constexpr std::string_view protocol_parameters[] = {
    "code",       "state",         "error",    "error_description", "error_uri",
    "iss",        "session_state", "id_token", "access_token",      "token_type",
    "expires_in", "scope",         "response"};

// Where an empty value is no value: the code flow gives each of them something to say.
constexpr std::string_view never_empty[] = {"code", "state", "error", "iss", "session_state"};

// What only other flows answer with (hybrid, implicit, JARM). We asked for none of it.
constexpr std::string_view never_asked_for[] = {"id_token", "access_token", "response"};

Error malformed(std::string text) { return {Status::bad_callback, std::move(text)}; }

bool is_hash_text(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_hashed_state_size &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

// The state is this attempt's, and the attempt went to this provider.
Result<void> check_state(const Provider& provider, const http::Params& params,
                         const LoginState& attempt, bool encoded_state) {
  auto state = parse_state(*http::find(params, "state"), encoded_state);
  if (!state.ok()) return std::move(state).error();
  auto expected = hashed_nonce(attempt.state_nonce);
  if (!expected.ok()) return std::move(expected).error();

  // The hash of an absent nonce is no secret (wire-format.md): it matches nothing.
  if (attempt.state_nonce.empty() || !equal_constant_time(state->hashed_state, *expected)) {
    return Error{Status::state_mismatch, "the state belongs to another sign-in attempt"};
  }
  if (!attempt.provider_id.empty() && attempt.provider_id != provider.id) {
    return Error{Status::state_mismatch, "the sign-in attempt went to another provider"};
  }
  return {};
}

// RFC 9207 section 2.4: iss must equal the issuer the request went to.
Result<void> check_issuer(const Provider& provider, const http::Params& params) {
  const auto* issuer = http::find(params, "iss");
  if (issuer == nullptr) {
    if (!provider.announces_issuer_in_response) return {};
    return Error{Status::issuer_mismatch,
                 "the answer lacks iss, which the provider announces; expected " + provider.issuer};
  }
  if (provider.insecure_any_issuer || *issuer == provider.issuer) return {};
  return Error{Status::issuer_mismatch, "iss is not " + provider.issuer};
}

Error denied(const std::string& code) {
  if (is_error_code(code)) return {Status::login_denied, "the provider answered " + code};
  return {Status::login_denied, "the provider answered an error"};
}

}  // namespace

std::string make_state(std::string_view hashed_state, std::string_view return_to, bool encode) {
  std::string state;
  state.reserve(hashed_state.size() + 1 + return_to.size());
  state.append(hashed_state).append(1, ':').append(return_to);
  return encode ? base64url::encode(state) : state;
}

Result<StateParameter> parse_state(std::string_view state, bool encoded) {
  if (state.size() > max_state_size) return malformed("the state is too long");
  std::string decoded;
  if (encoded) {
    auto plain = base64url::decode(state);
    if (!plain) return malformed("the state is not base64url");
    decoded = std::move(*plain);
    state = decoded;
  }
  const auto colon = state.find(':');
  if (colon == std::string_view::npos || !is_hash_text(state.substr(0, colon))) {
    return malformed("the state has not the form hash:path");
  }
  StateParameter out;
  out.hashed_state = state.substr(0, colon);
  out.return_to = state.substr(colon + 1);
  return out;
}

Result<std::string> hashed_nonce(const Secret& nonce) {
  auto digest = crypto::hash(crypto::Digest::sha256, nonce.reveal());
  if (!digest.ok()) return std::move(digest).error();
  return base64url::encode(*digest);
}

Result<std::string> hashed_nonce(const crypto::Sha256& sha256, const Secret& nonce) {
  const auto digest = sha256(nonce.reveal());
  if (!digest.ok()) return digest.error();
  return base64url::encode({digest->data(), digest->size()});
}

Result<void> check_callback_shape(const http::Params& params) {
  for (const auto name : protocol_parameters) {
    if (http::count(params, name) > 1) return malformed(std::string(name) + " stands there twice");
  }
  for (const auto name : never_asked_for) {
    if (http::find(params, name) != nullptr) {
      return malformed(std::string(name) + " was not asked for: only the code flow is used");
    }
  }
  for (const auto name : never_empty) {
    const auto* value = http::find(params, name);
    if (value != nullptr && value->empty()) return malformed(std::string(name) + " is empty");
  }
  if (http::find(params, "state") == nullptr) return malformed("state is missing");
  const auto* code = http::find(params, "code");
  if (code == nullptr && http::find(params, "error") == nullptr) {
    return malformed("neither code nor error is there");
  }
  if (code != nullptr && code->size() > max_code_size) return malformed("the code is too long");
  return {};
}

Result<CheckedCallback> check_callback(const Provider& provider, const http::Params& params,
                                       const LoginState& attempt, bool encoded_state) {
  if (auto shape = check_callback_shape(params); !shape.ok()) return std::move(shape).error();
  if (auto state = check_state(provider, params, attempt, encoded_state); !state.ok()) {
    return std::move(state).error();
  }
  if (auto issuer = check_issuer(provider, params); !issuer.ok()) return std::move(issuer).error();

  // RFC 6749 section 4.1.2.1: an error is an answer of its own; a code beside it is not redeemed.
  if (const auto* error = http::find(params, "error")) return denied(*error);
  return CheckedCallback(Secret(*http::find(params, "code")));
}

}  // namespace gatelet::oidc
