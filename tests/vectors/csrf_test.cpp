// Login-state cookies: every case that oauth2-proxy answered, in the order of a callback.
#include <doctest/doctest.h>

#include "base/constant_time.hpp"
#include "oauth2_proxy.hpp"
#include "oidc/callback.hpp"
#include "session/login_state.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;
using vectors::Json;

namespace {

// Refused here, and where: the reference goes on.
constexpr vectors::Stricter stricter[] = {
    {"encode_state: padded", "state"},
    {"encode_state: bad character in the redirect part", "state"},
    {"encode_state: form of the state with a line break", "state"},
    {"record: empty map", "no_valid_cookie"},
    {"record: nil", "no_valid_cookie"},
    {"record: state nonce empty", "no_valid_cookie"},
    {"record: trailing bytes", "no_valid_cookie"},
    {"state: only a colon", "state"},
    {"state: padded hash", "state"},
    {"empty state against a record without a nonce", "state"},
};

const Json& cases() {
  static const Json all = Json::parse(vectors::read_file("csrf.json"));
  return all;
}

// The step that ends this callback; empty when it goes through.
std::string outcome(const Json& one) {
  const auto settings = vectors::settings_of(one);
  const auto keys = CookieKeys::make(vectors::secret_of(one)).value();
  const auto state =
      oidc::parse_state(vectors::text_at(one, "callback_state"), settings.encode_state);
  if (!state.ok()) return "state";
  CHECK(state->hashed_state == vectors::text_at(one, "parsed_nonce"));
  CHECK(state->return_to == vectors::text_at(one, "parsed_redirect"));
  CHECK(login_state_name(settings, state->hashed_state) ==
        vectors::text_at(one, "cookie_name_looked_up"));

  const auto headers = vectors::headers_of(one);
  const auto opened =
      open_login_state(settings, *keys, state->hashed_state, headers, vectors::now_of(one));
  if (!opened.ok()) {
    CHECK(opened.error().status == Status::state_missing);
    return "no_valid_cookie";
  }
  const auto hashed = oidc::hashed_nonce(opened->state_nonce);
  REQUIRE(hashed.ok());
  return equal_constant_time(*hashed, state->hashed_state) ? "" : "state_mismatch";
}

oidc::LoginState content_of(const Json& one) {
  oidc::LoginState state;
  state.state_nonce = Secret(vectors::bytes_at(one, "state_nonce_hex"));
  state.oidc_nonce = Secret(vectors::bytes_at(one, "oidc_nonce_hex"));
  state.code_verifier = Secret(vectors::text_at(one, "code_verifier"));
  return state;
}

}  // namespace

TEST_SUITE("vectors/csrf") {
  TEST_CASE("csrf.json: every callback ends as the reference's, or earlier by a rule") {
    int num_through = 0, num_refused = 0, num_stricter = 0;
    for (const auto& one : cases()) {
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto ours = outcome(one);
      const auto theirs = vectors::text_at(one, "expected_error");
      if (const auto* row = vectors::find_stricter(stricter, name); row && theirs != row->rule) {
        CHECK(ours == row->rule);
        ++num_stricter;
      } else {
        CHECK(ours == theirs);
        ++(theirs.empty() ? num_through : num_refused);
      }
    }
    CHECK(cases().size() == 86);
    CHECK(num_through == 52);
    CHECK(num_refused == 24);
    CHECK(num_stricter == std::size(stricter));
  }

  TEST_CASE("csrf.json: the cookie holds both nonces and the verifier") {
    int num_read = 0;
    for (const auto& one : cases()) {
      if (!one.contains("state_nonce_hex") || one.contains("expected_error")) continue;
      if (vectors::find_stricter(stricter, vectors::text_at(one, "name")) != nullptr) continue;
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto settings = vectors::settings_of(one);
      const auto keys = CookieKeys::make(vectors::secret_of(one)).value();
      const auto opened = open_login_state(settings, *keys, vectors::text_at(one, "parsed_nonce"),
                                           vectors::headers_of(one), vectors::now_of(one));
      REQUIRE(opened.ok());
      const auto expected = content_of(one);
      CHECK(opened->state_nonce == expected.state_nonce);
      CHECK(opened->oidc_nonce == expected.oidc_nonce);
      CHECK(opened->code_verifier == expected.code_verifier);
      CHECK(oidc::hashed_nonce(opened->state_nonce).value() ==
            vectors::text_at(one, "hashed_state"));
      CHECK(oidc::hashed_nonce(opened->oidc_nonce).value() ==
            vectors::text_at(one, "hashed_nonce"));
      ++num_read;
    }
    CHECK(num_read == 49);
  }

  TEST_CASE(
      "csrf.json: what we write for the same content has the reference's name, attributes "
      "and state parameter, and reads back") {
    support::SeededEntropy entropy;
    int num_written = 0;
    for (const auto& one : cases()) {
      if (!one.contains("set_cookie") || one.contains("expected_error")) continue;
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto settings = vectors::settings_of(one);
      const auto keys = CookieKeys::make(vectors::secret_of(one)).value();
      const auto now = at_unix(one.at("saved_at").get<std::int64_t>());
      const auto state = content_of(one);
      const auto hashed = vectors::text_at(one, "hashed_state");
      const auto written = write_login_state(settings, *keys, state, hashed, vectors::request_host,
                                             {}, false, now, entropy);
      REQUIRE(written.ok());
      REQUIRE(written->size() == 1);
      const std::string_view ours = written->front();
      const auto theirs = one.at("set_cookie")[0].get<std::string>();
      CHECK(ours.size() == theirs.size());
      CHECK(ours.substr(0, ours.find('=')) == theirs.substr(0, theirs.find('=')));
      CHECK(vectors::attributes_of(ours) == vectors::attributes_of(theirs));
      CHECK(oidc::make_state(hashed, vectors::text_at(one, "redirect"), settings.encode_state) ==
            vectors::text_at(one, "state_parameter"));

      const HeaderView header{"Cookie", ours.substr(0, ours.find(';'))};
      const auto opened = open_login_state(settings, *keys, hashed, {&header, 1}, now);
      REQUIRE(opened.ok());
      CHECK(opened->state_nonce == state.state_nonce);
      ++num_written;
    }
    CHECK(num_written == 52);
  }
}
