// What the tests of oidc/ share.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/reader.hpp"
#include "oidc/callback.hpp"

namespace gatelet::oidc_tests {

template <class T>
Status status_of(const Result<T>& result) {
  return result.ok() ? Status::ok : result.error().status;
}

template <class T>
std::string text_of(const Result<T>& result) {
  return result.ok() ? std::string() : result.error().text;
}

inline json::Value parsed(std::string_view text) {
  auto value = json::parse(text);
  REQUIRE_MESSAGE(value.ok(), text);
  return std::move(*value);
}

// One attempt, as its browser's cookie keeps it.
inline oidc::LoginState attempt() {
  oidc::LoginState state;
  state.state_nonce = Secret("state nonce, 32 bytes of chance.");
  state.oidc_nonce = Secret("oidc nonce, 32 bytes of chance..");
  state.code_verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  return state;
}

// The state parameter that belongs to it.
inline std::string state_of(const oidc::LoginState& state, std::string_view return_to = "/page") {
  return oidc::make_state(oidc::hashed_nonce(state.state_nonce).value(), return_to, false);
}

// What JSON a provider may put where an object belongs (MA-22).
inline const std::vector<std::string> wrong_roots = {"[]",   "\"x\"", "1",   "null", "true",
                                                     "[{}]", "",      "{}x", "{",    "<html>"};

}  // namespace gatelet::oidc_tests
