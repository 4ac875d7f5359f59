#include "session/login_state.hpp"

#include <doctest/doctest.h>

#include "samples.hpp"
#include "session/msgpack.hpp"
#include "session/signed_value.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;
using samples::Browser;

namespace {

constexpr std::string_view hashed = "U_c-2QlO0od2jzcUyefXUidiXjHxWHDeE0XNuN4ErLY";

SessionSettings named(bool per_request = true) {
  SessionSettings settings;
  settings.cookie_name = "n";
  settings.format = CookieFormat::oauth2_proxy;
  settings.login_state_per_request = per_request;
  return settings;
}

oidc::LoginState state(char fill = 's') {
  oidc::LoginState state;
  state.state_nonce = Secret(std::string(32, fill));
  state.oidc_nonce = Secret(std::string(32, 'n'));
  state.code_verifier = Secret(std::string(128, 'v'));
  return state;
}

std::vector<std::string> write(const SessionSettings& settings, const oidc::LoginState& state,
                               std::string_view hashed_state = hashed, std::int64_t age = 0,
                               const std::vector<HeaderView>& headers = {},
                               bool form_post = false) {
  support::SeededEntropy entropy(static_cast<std::uint64_t>(age + 1000));
  return write_login_state(settings, *samples::keys(), state, hashed_state, samples::host, headers,
                           form_post, at_unix(begin + age), entropy)
      .value();
}

Result<oidc::LoginState> open(const SessionSettings& settings, Browser& browser,
                              std::string_view hashed_state = hashed, std::int64_t age = 60) {
  return open_login_state(settings, *samples::keys(), hashed_state, browser.headers(),
                          at_unix(begin + age));
}

// A cookie of our keys around any record.
std::string pair_around(std::string_view record, std::string_view name = "n_csrf") {
  support::SeededEntropy entropy;
  const auto keys = samples::keys();
  const auto sealed = keys->cipher().encrypt(record, entropy).value();
  return std::string(name) + "=" + write_signed(keys->mac(), name, sealed, begin).value();
}

// The hashed state of the tab of this number.
std::string tab(int number) {
  return "tab-" + std::to_string(1000 + number) + std::string(35, 'x');
}

}  // namespace

TEST_SUITE("session/login_state") {
  TEST_CASE("login_state_name: plain, or with the first eight characters of the hashed state") {
    CHECK(login_state_name(named(false), hashed) == "n_csrf");
    CHECK(login_state_name(named(), hashed) == "n_U_c-2QlO_csrf");
    CHECK(login_state_name(named(), "12345678") == "n_12345678_csrf");
    CHECK(login_state_name(named(), "1234567") == "n_csrf");
    CHECK(login_state_name(named(), "") == "n_csrf");
  }

  TEST_CASE("H-12: a state with bytes no cookie name may have never reaches a name") {
    for (const char* hostile :
         {"a\r\nX: y;zz", "a;b=c; d", "12345 78", "1234567=", "\xff\xff\xff\xff\xff\xff\xff\xff"}) {
      CHECK(login_state_name(named(), hostile) == "n_csrf");
      CHECK(clear_login_state(named(), hostile, samples::host, false) ==
            "n_csrf=; Path=/; Max-Age=0; HttpOnly; Secure");
    }
  }

  TEST_CASE("write_login_state: what is sealed opens again, with its own lifetime") {
    for (const bool per_request : {true, false}) {
      const auto settings = named(per_request);
      auto written = state();
      written.provider_id = "google";
      const auto lines = write(settings, written);
      REQUIRE(lines.size() == 1);
      CHECK(lines.front().ends_with("; Path=/; Max-Age=900; HttpOnly; Secure"));
      Browser browser(lines);
      const auto opened = open(settings, browser).value();
      CHECK(opened.state_nonce == written.state_nonce);
      CHECK(opened.oidc_nonce == written.oidc_nonce);
      CHECK(opened.code_verifier == written.code_verifier);
      CHECK(opened.provider_id == "google");
    }
  }

  TEST_CASE("write_login_state: verifier, nonce and provider are left out when they are empty") {
    oidc::LoginState bare;
    bare.state_nonce = Secret(std::string(32, 's'));
    Browser browser(write(named(), bare));
    const auto opened = open(named(), browser).value();
    CHECK(opened.state_nonce == bare.state_nonce);
    CHECK(opened.oidc_nonce.empty());
    CHECK(opened.code_verifier.empty());
    CHECK(opened.provider_id.empty());
  }

  TEST_CASE("write_login_state: SameSite of its own, of the session, or None for a form post") {
    auto settings = named();
    settings.attributes.secure = false;
    settings.attributes.same_site = http::SameSite::strict;
    CHECK(write(settings, state()).front().ends_with("; HttpOnly; SameSite=Strict"));
    settings.login_state_same_site = http::SameSite::lax;
    CHECK(write(settings, state()).front().ends_with("; HttpOnly; SameSite=Lax"));
    CHECK(write(settings, state(), hashed, 0, {}, true)
              .front()
              .ends_with("; HttpOnly; Secure; SameSite=None"));
    CHECK(clear_login_state(settings, hashed, samples::host, true) ==
          "n_U_c-2QlO_csrf=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None");
    CHECK(clear_login_state(settings, hashed, samples::host, false) ==
          "n_U_c-2QlO_csrf=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  }

  TEST_CASE("write_login_state: without entropy nothing is issued") {
    support::FailingEntropy failing(0);
    const auto result = write_login_state(named(), *samples::keys(), state(), hashed, samples::host,
                                          {}, false, at_unix(begin), failing);
    CHECK(result.error().status == Status::no_entropy);
  }

  TEST_CASE("open_login_state: the first of the name that validates") {
    const auto good = write(named(), state()).front();
    Browser browser;
    browser.add("n_U_c-2QlO_csrf=junk");
    browser.add(good.substr(0, good.find(';')));
    CHECK(open(named(), browser).ok());
  }

  TEST_CASE(
      "open_login_state: a record without a state nonce, or with bytes behind it, is refused") {
    for (const char* hex :
         {"80", "c0", "", "81a173c400", "81a173c0", "81a16ec40101", "81a173c401610102", "81a17301",
          "82a173c40161a2637601", "82a173c40161"}) {
      Browser browser;
      browser.add(pair_around(*from_hex(hex)));
      const auto result = open(named(false), browser);
      CHECK(result.error().status == Status::state_missing);
    }
    Browser browser;
    browser.add(pair_around(*from_hex("83a27a7a01a173a161a16ec40162")));
    CHECK(open(named(false), browser).value().state_nonce == Secret("a"));
  }

  TEST_CASE("OP-01: no cookie, one of another browser and an expired one are all state_missing") {
    Browser none;
    CHECK(open(named(), none).error().status == Status::state_missing);
    CHECK(open(named(), none).error().text ==
          "no login-state cookie came: start the sign-in again");

    Browser other(write(named(), state(), tab(1)));
    CHECK(open(named(), other).error().status == Status::state_missing);
    auto renamed = other.pairs().front();
    renamed.replace(0, renamed.find('='), login_state_name(named(), hashed));
    Browser forged;
    forged.add(renamed);  // the name is under the MAC
    CHECK(open(named(), forged).error().status == Status::state_missing);

    Browser expired(write(named(), state()));
    CHECK(open(named(), expired, hashed, 899).ok());
    CHECK(open(named(), expired, hashed, 900).error().status == Status::state_missing);
  }

  TEST_CASE("OP-15: 20 minutes old is too old, whatever the session's lifetime is") {
    const auto settings = named();
    REQUIRE(settings.cookie_expire == std::chrono::hours(168));
    Browser browser(write(settings, state()));
    CHECK_FALSE(open(settings, browser, hashed, 20 * 60).ok());
  }

  TEST_CASE("I-04: cut, 64 KB, not base64, a null byte and another key are refused") {
    const auto line = write(named(), state()).front();
    const auto pair = line.substr(0, line.find(';'));
    const auto start = pair.find('=') + 1;
    for (std::size_t size = start; size < pair.size(); ++size) {
      Browser browser;
      browser.add(pair.substr(0, size));
      CHECK_FALSE(open(named(), browser).ok());
    }
    for (const auto& value :
         {std::string(65536, 'A'), std::string(65536, '|'),
          std::string("not base64!|1767225600|") + std::string(44, 'A'), std::string("a\0b", 3)}) {
      Browser browser;
      browser.add(pair.substr(0, start) + value);
      CHECK_FALSE(open(named(), browser).ok());
    }
    Browser browser;
    browser.add(pair);
    CHECK_FALSE(open_login_state(named(), *samples::keys("0123456789!bcdeg"), hashed,
                                 browser.headers(), at_unix(begin))
                    .ok());
  }

  TEST_CASE("PX-07: a session's value is no login state, nor the other way round") {
    auto settings = named(false);
    settings.cookie_name = "n_csrf";  // so that even the name's MAC fits
    const auto session = samples::write(settings, samples::session()).front();
    Browser browser;
    browser.add(session.substr(0, session.find(';')));
    CHECK_FALSE(open(named(false), browser).ok());

    const auto login = write(named(false), state()).front();
    Browser other;
    other.add(login.substr(0, login.find(';')));
    CHECK_FALSE(samples::read(settings, other.headers()).ok());
  }

  TEST_CASE("EN-08: N attempts stay, the oldest by its signed time goes first") {
    auto settings = named();
    settings.login_state_limit = 4;
    Browser browser;
    for (int i = 0; i < 20; ++i) {
      browser.take(write(settings, state(), tab(i), i, browser.headers()));
      CHECK(browser.pairs().size() == std::min<std::size_t>(4, static_cast<std::size_t>(i) + 1));
    }
    for (int i = 0; i < 20; ++i) CHECK(open(settings, browser, tab(i), 30).ok() == (i >= 16));
  }

  TEST_CASE("write_login_state: junk is evicted before any attempt, and starting again replaces") {
    auto settings = named();
    settings.login_state_limit = 3;
    Browser browser;
    browser.take(write(settings, state(), tab(1), 1));
    browser.add("n_junkjunk_csrf=x");
    browser.add("n_csrf=plain");
    browser.add("n_toolonggg_csrf=x");
    auto lines = write(settings, state(), tab(2), 2, browser.headers());
    CHECK(lines.size() == 1);
    browser.take(lines);
    lines = write(settings, state(), tab(3), 3, browser.headers());
    REQUIRE(lines.size() == 2);
    CHECK(lines[1] == "n_junkjunk_csrf=; Path=/; Max-Age=0; HttpOnly; Secure");
    browser.take(lines);
    CHECK(write(settings, state(), tab(3), 4, browser.headers()).size() == 1);
  }

  TEST_CASE(
      "write_login_state: without a limit, or without per-request names, nothing is evicted") {
    Browser browser;
    auto settings = named();
    settings.login_state_limit = 0;
    for (int i = 0; i < 12; ++i)
      browser.take(write(settings, state(), tab(i), i, browser.headers()));
    CHECK(browser.pairs().size() == 12);
    settings = named(false);
    settings.login_state_limit = 1;
    CHECK(write(settings, state(), tab(1), 20, browser.headers()).size() == 1);
  }

  TEST_CASE("write_login_state: scans at most 64 attempts, however many cookies come") {
    auto settings = named();
    settings.login_state_limit = 1;
    Browser browser;
    for (int i = 0; i < 1000; ++i) {
      auto pair = login_state_name(settings, tab(i)) + "=x";
      browser.add(pair.replace(2, 4, std::to_string(1000 + i)));
    }
    CHECK(write(settings, state(), hashed, 0, browser.headers()).size() == 65);
  }
}
