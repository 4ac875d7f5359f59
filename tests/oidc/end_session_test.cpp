#include "oidc/end_session.hpp"

#include <doctest/doctest.h>

#include "base/base64url.hpp"
#include "fixture.hpp"
#include "support/providers.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;

namespace {

const std::string state = base64url::encode(std::string(32, 'x'));

}  // namespace

TEST_SUITE("oidc/end_session") {
  TEST_CASE("end_session_url: oidcc-client-test-rp-init-logout: client, return, state and hint") {
    const auto url = end_session_url(support::provider(), Secret("i.d.t"),
                                     "https://app.example/oauth2/signed_out", "s1");
    REQUIRE(url.ok());
    CHECK(
        *url ==
        "https://idp.example/logout?client_id=c&post_logout_redirect_uri=https%3A%2F%2Fapp.example"
        "%2Foauth2%2Fsigned_out&state=s1&id_token_hint=i.d.t");
  }

  TEST_CASE("end_session_url: the endpoint's own query stays, what is empty is left out") {
    const auto provider =
        support::provider({.end_session_endpoint = "https://idp.example/logout?p=b2c"});
    CHECK(end_session_url(provider, Secret(), "", "").value() ==
          "https://idp.example/logout?p=b2c&client_id=c");
    CHECK(end_session_url(provider, Secret("h"), "", "s1").value() ==
          "https://idp.example/logout?p=b2c&client_id=c&id_token_hint=h");
  }

  TEST_CASE("end_session_url: I-13: values stay inside their parameter") {
    const auto url = end_session_url(support::provider(), Secret("h&client_id=x#"),
                                     "https://app.example/?a=b&state=evil", "s&t");
    REQUIRE(url.ok());
    CHECK(url->find("client_id=x") == std::string::npos);
    CHECK(url->find("state=evil") == std::string::npos);
    CHECK(url->find('#') == std::string::npos);
  }

  TEST_CASE("end_session_url: a hint too long for an address is left out") {
    const auto fits = end_session_url(support::provider(), Secret(std::string(8000, 'h')), "", "");
    CHECK(fits->find("id_token_hint=h") != std::string::npos);
    CHECK(fits->size() <= max_end_session_url_size);
    const auto long_one =
        end_session_url(support::provider(), Secret(std::string(8200, 'h')), "", "");
    CHECK(*long_one == "https://idp.example/logout?client_id=c");
  }

  TEST_CASE("end_session_url: no endpoint, no address") {
    CHECK(status_of(end_session_url(support::provider({.end_session_endpoint = ""}), Secret(), "",
                                    "")) == Status::internal);
  }

  TEST_CASE("is_logout_state: 32 bytes in base64url and nothing else") {
    CHECK(is_logout_state(state));
    CHECK_FALSE(is_logout_state(""));
    CHECK_FALSE(is_logout_state(state + "="));
    CHECK_FALSE(is_logout_state(state.substr(1)));
    CHECK_FALSE(is_logout_state(state.substr(1) + "!"));
    CHECK_FALSE(is_logout_state(state.substr(0, 42) + "B"));  // bits that stand for nothing
    CHECK_FALSE(is_logout_state(base64url::encode(std::string(31, 'x'))));
    CHECK_FALSE(is_logout_state(base64url::encode(std::string(33, 'x'))));
  }

  TEST_CASE("check_end_session_return: the state that was sent, once") {
    CHECK(check_end_session_return({{"state", state}}, state).ok());
    CHECK(check_end_session_return({{"other", "x"}, {"state", state}}, state).ok());
  }

  TEST_CASE(
      "check_end_session_return: I-13, oidcc-client-test-rp-init-logout-other-state, "
      "-no-state: another, none or two") {
    const auto other = base64url::encode(std::string(32, 'y'));
    for (const http::Params& params :
         {http::Params{{"state", other}}, http::Params{}, http::Params{{"state", ""}},
          http::Params{{"state", state}, {"state", state}}, http::Params{{"State", state}},
          http::Params{{"state", state + " "}}}) {
      CHECK(status_of(check_end_session_return(params, state)) == Status::state_mismatch);
    }
  }

  TEST_CASE("check_end_session_return: what we never sent matches nothing") {
    CHECK_FALSE(check_end_session_return({{"state", ""}}, "").ok());
    CHECK_FALSE(check_end_session_return({{"state", "s"}}, "s").ok());
  }
}
