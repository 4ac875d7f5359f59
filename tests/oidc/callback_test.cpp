#include "oidc/callback.hpp"

#include <doctest/doctest.h>

#include "base/base64url.hpp"
#include "fixture.hpp"
#include "support/providers.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;

namespace {

// The good answer to attempt(), changed by `more`; an entry replaces, an empty name adds nothing.
http::Params answer(http::Params more = {}) {
  http::Params params = {{"code", "code1"}, {"state", state_of(attempt())}};
  for (auto& one : more) {
    std::erase_if(params, [&](const auto& old) { return old.name == one.name; });
    params.push_back(one);
  }
  return params;
}

http::Params without(http::Params params, std::string_view name) {
  std::erase_if(params, [&](const auto& one) { return one.name == name; });
  return params;
}

Result<CheckedCallback> judged(const http::Params& params) {
  return check_callback(support::provider(), params, attempt(), false);
}

}  // namespace

TEST_SUITE("oidc/callback") {
  TEST_CASE("check_callback: the answer to the attempt gives its code") {
    const auto checked = judged(answer());
    REQUIRE(checked.ok());
    CHECK(checked->code().reveal() == "code1");
  }

  TEST_CASE("check_callback: unknown parameters are ignored, twice too") {
    CHECK(judged(answer({{"session_state", "x.y"}, {"hint", "1"}})).ok());
    auto params = answer();
    params.push_back({"hint", "1"});
    params.push_back({"hint", "2"});
    CHECK(judged(params).ok());
  }

  TEST_CASE("check_callback: I-04, OP-01: a state of another attempt, or none, is a mismatch") {
    auto other = attempt();
    other.state_nonce = Secret("another nonce, 32 bytes of chance");
    CHECK(status_of(judged(answer({{"state", state_of(other)}}))) == Status::state_mismatch);

    auto state = state_of(attempt());
    for (std::size_t i = 0; i < 43; ++i) {
      auto changed = state;
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      CHECK(status_of(judged(answer({{"state", changed}}))) == Status::state_mismatch);
    }
    CHECK(status_of(judged(answer({{"state", state.substr(1)}}))) == Status::state_mismatch);
    CHECK(status_of(judged(answer({{"state", state.substr(0, 42) + ":/"}}))) ==
          Status::state_mismatch);
  }

  TEST_CASE("check_callback: an attempt without a nonce matches no state, not even its own hash") {
    LoginState empty;
    CHECK(status_of(check_callback(support::provider(), answer({{"state", state_of(empty)}}), empty,
                                   false)) == Status::state_mismatch);
  }

  TEST_CASE("check_callback: MA-40: a state is compared byte by byte") {
    LoginState spaced;
    spaced.state_nonce = Secret("a b");
    LoginState tight;
    tight.state_nonce = Secret("ab");
    CHECK(status_of(check_callback(support::provider(), answer({{"state", state_of(spaced)}}),
                                   tight, false)) == Status::state_mismatch);
  }

  TEST_CASE("check_callback: I-02: an attempt that went to another provider is a mismatch") {
    auto state = attempt();
    state.provider_id = "other";
    CHECK(status_of(check_callback(support::provider(), answer(), state, false)) ==
          Status::state_mismatch);
    state.provider_id = "default";
    CHECK(check_callback(support::provider(), answer(), state, false).ok());
  }

  TEST_CASE(
      "check_callback: I-02, fapi2 invalid-authorization-response-iss: iss must be the "
      "provider's") {
    CHECK(judged(answer({{"iss", "https://idp.example"}})).ok());
    for (const auto* issuer : {"https://evil.example", "https://idp.example/", "/",
                               "https://IDP.example", "HTTPS://idp.example"}) {
      CAPTURE(issuer);
      const auto checked = judged(answer({{"iss", issuer}}));
      CHECK(status_of(checked) == Status::issuer_mismatch);
      CHECK(text_of(checked) == "iss is not https://idp.example");
    }
  }

  TEST_CASE(
      "check_callback: fapi2 remove-authorization-response-iss: announced but absent is "
      "refused") {
    auto provider = support::provider();
    provider.announces_issuer_in_response = true;
    CHECK(status_of(check_callback(provider, answer(), attempt(), false)) ==
          Status::issuer_mismatch);
    CHECK(
        check_callback(provider, answer({{"iss", "https://idp.example"}}), attempt(), false).ok());
    provider.insecure_any_issuer = true;
    CHECK(status_of(check_callback(provider, answer(), attempt(), false)) ==
          Status::issuer_mismatch);
    CHECK(check_callback(provider, answer({{"iss", "https://x"}}), attempt(), false).ok());
  }

  TEST_CASE("check_callback: MA-34: an empty iss is malformed") {
    CHECK(status_of(judged(answer({{"iss", ""}}))) == Status::bad_callback);
  }

  TEST_CASE("check_callback: I-15: an error wins over a code and is named") {
    for (const auto* code : {"login_required", "access_denied", "interaction_required"}) {
      const auto params = answer({{"error", code}, {"error_description", "<b>canary</b>"}});
      const auto checked = judged(params);
      CHECK(status_of(checked) == Status::login_denied);
      CHECK(text_of(checked) == std::string("the provider answered ") + code);
      CHECK(status_of(judged(without(params, "code"))) == Status::login_denied);
    }
    CHECK(text_of(judged(answer({{"error", "<script>"}}))) == "the provider answered an error");
  }

  TEST_CASE("check_callback: an error is believed only from the attempt's own provider") {
    auto other = attempt();
    other.state_nonce = Secret("x");
    CHECK(status_of(judged(answer({{"error", "access_denied"}, {"state", state_of(other)}}))) ==
          Status::state_mismatch);
    CHECK(status_of(judged(answer({{"error", "access_denied"},
                                   {"iss", "https://evil.example"}}))) == Status::issuer_mismatch);
  }

  TEST_CASE("check_callback_shape: MA-18: a protocol parameter twice is refused") {
    for (const auto* name :
         {"code", "state", "error", "error_description", "error_uri", "iss", "session_state",
          "id_token", "access_token", "token_type", "expires_in", "scope", "response"}) {
      CAPTURE(name);
      auto params = without(answer(), name);
      params.push_back({name, "a"});
      params.push_back({name, "a"});
      CHECK(status_of(check_callback_shape(params)) == Status::bad_callback);
      CHECK(status_of(judged(params)) == Status::bad_callback);
    }
  }

  TEST_CASE("check_callback_shape: EN-03: every subset of the parameters, with values and empty") {
    const char* const names[] = {"code", "state", "error", "iss", "session_state"};
    for (unsigned subset = 0; subset < 32; ++subset) {
      http::Params full, empty;
      for (unsigned i = 0; i < 5; ++i) {
        if ((subset >> i & 1) == 0) continue;
        full.push_back({names[i], "x"});
        empty.push_back({names[i], ""});
      }
      CAPTURE(subset);
      const bool has_state = (subset & 2) != 0;
      const bool has_code_or_error = (subset & 5) != 0;
      CHECK(check_callback_shape(full).ok() == (has_state && has_code_or_error));
      CHECK_FALSE(check_callback_shape(empty).ok());
      CHECK_FALSE(judged(full).ok());
      CHECK_FALSE(judged(empty).ok());
    }
  }

  TEST_CASE("check_callback_shape: an empty description says nothing, and harms nothing") {
    CHECK(check_callback_shape({{"error", "x"}, {"state", "s"}, {"error_description", ""}}).ok());
  }

  TEST_CASE("check_callback_shape: I-17: what other flows answer with was not asked for") {
    for (const auto* name : {"id_token", "access_token", "response"}) {
      CAPTURE(name);
      CHECK(status_of(check_callback_shape(answer({{name, "x"}}))) == Status::bad_callback);
      CHECK(status_of(check_callback_shape(without(answer({{name, "x"}}), "code"))) ==
            Status::bad_callback);
    }
  }

  TEST_CASE("check_callback_shape: a code of 8 KiB is one, a longer one is none") {
    CHECK(check_callback_shape(answer({{"code", std::string(8 * 1024, 'c')}})).ok());
    CHECK_FALSE(check_callback_shape(answer({{"code", std::string(8 * 1024 + 1, 'c')}})).ok());
  }

  TEST_CASE("make_state: hash and path, wrapped when asked to") {
    CHECK(make_state("h", "/a:b", false) == "h:/a:b");
    CHECK(make_state("h", "/a:b", true) == base64url::encode("h:/a:b"));
  }

  TEST_CASE("parse_state: gives back what make_state took, split at the first colon") {
    for (const bool encode : {false, true}) {
      for (const auto* path : {"", "/", "/a:b?c=d:e", "https://app.example/x"}) {
        const auto state = parse_state(make_state("h-_9", path, encode), encode);
        REQUIRE(state.ok());
        CHECK(state->hashed_state == "h-_9");
        CHECK(state->return_to == path);
      }
    }
  }

  TEST_CASE("parse_state: I-04: no colon, no hash, foreign bytes, wrong wrapping, 64 KB") {
    for (const std::string& text :
         {std::string(), std::string("h"), std::string(":"), std::string(":/x"),
          std::string("h h:/"), std::string("h\0h:/", 6), std::string("h=:/"),
          std::string("../x:/"), std::string(65, 'a') + ":/", std::string(16 * 1024, 'a') + ":/",
          "h:" + std::string(64 * 1024, 'a')}) {
      CAPTURE(text.substr(0, 80));
      CHECK(status_of(parse_state(text, false)) == Status::bad_callback);
      CHECK(status_of(parse_state(base64url::encode(text), true)) == Status::bad_callback);
    }
    const auto good = make_state("h", "/x", true);
    CHECK(parse_state(good, true).ok());
    CHECK(status_of(parse_state(good, false)) == Status::bad_callback);
    CHECK(status_of(parse_state(good + "=", true)) == Status::bad_callback);
    CHECK(status_of(parse_state("h:/x", true)) == Status::bad_callback);
  }

  TEST_CASE("check_callback: a wrapped state is judged like a plain one") {
    const auto state = attempt();
    const auto hash = hashed_nonce(state.state_nonce).value();
    const http::Params params = {{"code", "c"}, {"state", make_state(hash, "/x", true)}};
    CHECK(check_callback(support::provider(), params, state, true).ok());
    CHECK(status_of(check_callback(support::provider(), params, state, false)) ==
          Status::bad_callback);
  }

  TEST_CASE("hashed_nonce: b64url without padding of SHA-256") {
    CHECK(hashed_nonce(Secret("abc")).value() == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  }
}
