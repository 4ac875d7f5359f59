#include "session/cookie_value.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "samples.hpp"
#include "session/login_state.hpp"
#include "session/record.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;
using samples::Browser;

namespace {

constexpr std::string_view first_secret = "0123456789!bcdef0123456789!bcdef";
constexpr std::string_view second_secret = "another secret, as long as a key";
constexpr std::string_view third_secret = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
constexpr std::string_view hashed = "U_c-2QlO0od2jzcUyefXUidiXjHxWHDeE0XNuN4ErLY";
constexpr std::chrono::seconds hour{3600};
constexpr std::array formats = {CookieFormat::native, CookieFormat::oauth2_proxy};

SessionSettings in(CookieFormat format, std::string name = "n") {
  SessionSettings settings;
  settings.cookie_name = std::move(name);
  settings.format = format;
  return settings;
}

SessionSettings accepting(CookieFormat format) {
  auto settings = in(format);
  settings.accept_other_format = true;
  return settings;
}

std::shared_ptr<const CookieKeys> keys(std::initializer_list<std::string_view> secrets) {
  std::vector<Secret> all;
  for (const auto secret : secrets) all.emplace_back(secret);
  return CookieKeys::make(all.front(), std::span(all).subspan(1)).value();
}

std::vector<std::string> write(const SessionSettings& settings, const CookieKeys& keys,
                               const Session& session,
                               const std::vector<HeaderView>& headers = {}) {
  support::SeededEntropy entropy;
  return write_session(settings, keys, session, samples::host, headers, entropy).value();
}

Result<Session> read(const SessionSettings& settings, const CookieKeys& keys, Browser& browser) {
  const auto found = find_session_cookies(settings, browser.headers());
  if (found.empty()) return Error{Status::session_invalid, "no candidate"};
  return open_session(settings, keys, found.front(), at_unix(begin + 60));
}

std::vector<std::string> write_state(const SessionSettings& settings, const CookieKeys& keys,
                                     std::string_view hashed_state = hashed, std::int64_t age = 0,
                                     const std::vector<HeaderView>& headers = {}) {
  oidc::LoginState state;
  state.state_nonce = Secret(std::string(32, 's'));
  state.code_verifier = Secret(std::string(128, 'v'));
  state.provider_id = "corp";
  support::SeededEntropy entropy(static_cast<std::uint64_t>(age));
  return write_login_state(settings, keys, state, hashed_state, samples::host, headers, false,
                           at_unix(begin + age), entropy)
      .value();
}

bool opens_state(const SessionSettings& settings, const CookieKeys& keys, Browser& browser) {
  const auto state =
      open_login_state(settings, keys, hashed, browser.headers(), at_unix(begin + 60));
  return state.ok() && state->state_nonce == Secret(std::string(32, 's')) &&
         state->code_verifier == Secret(std::string(128, 'v')) && state->provider_id == "corp";
}

// NAME=VALUE of a lone cookie.
std::string pair_of(const std::vector<std::string>& lines) {
  REQUIRE(lines.size() == 1);
  return lines.front().substr(0, lines.front().find(';'));
}

std::string value_of(const std::vector<std::string>& lines) {
  const auto pair = pair_of(lines);
  return pair.substr(pair.find('=') + 1);
}

}  // namespace

TEST_SUITE("session/cookie_value") {
  TEST_CASE("native: a session is written and read whole, with the keys of our own") {
    const auto ring = keys({first_secret});
    auto settings = in(CookieFormat::native);
    settings.write_extra_keys = false;  // what oauth2-proxy need not read is not kept from it
    auto session = samples::session();
    session.provider_id = "corp";
    session.email_verified = true;
    const auto lines = write(settings, *ring, session);
    CHECK(lines.front().ends_with("; Path=/; Max-Age=604800; HttpOnly; Secure"));
    CHECK(value_of(lines).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789-_") == std::string::npos);
    Browser browser(lines);
    const auto again = read(settings, *ring, browser).value();
    CHECK(write_record(again, {}) == write_record(session, {}));
    CHECK(again.ends_at == Timestamp{begin + 604800, 5});
  }

  TEST_CASE("native: large sessions are split and read back; above sixteen parts is an error") {
    const auto ring = keys({first_secret});
    const auto settings = in(CookieFormat::native);
    for (const std::size_t size : {2000u, 5000u, 12000u, 30000u}) {
      const auto session = samples::session("jane", size);
      const auto lines = write(settings, *ring, session);
      CHECK((lines.size() > 1) == (size > 2000));
      Browser browser(lines);
      std::reverse(browser.pairs().begin(), browser.pairs().end());
      CHECK(read(settings, *ring, browser).value().access_token == session.access_token);
      if (lines.size() == 1) continue;
      browser.pairs().pop_back();
      CHECK_FALSE(read(settings, *ring, browser).ok());
    }
    support::SeededEntropy entropy;
    const auto result =
        write_session(settings, *ring, samples::session("jane", 60000), samples::host, {}, entropy);
    CHECK(result.error().status == Status::session_too_large);
    CHECK(result.error().text.find("16 cookies") != std::string::npos);
  }

  TEST_CASE("native: a session above session_limit is neither written nor read") {
    const auto ring = keys({first_secret});
    auto settings = in(CookieFormat::native);
    Browser browser(write(settings, *ring, samples::session("jane", 2000)));
    settings.record_limit = 1000;
    CHECK_FALSE(read(settings, *ring, browser).ok());
    support::SeededEntropy entropy;
    CHECK(write_session(settings, *ring, samples::session("jane", 2000), samples::host, {}, entropy)
              .error()
              .status == Status::session_too_large);
  }

  TEST_CASE("native: of several candidates the one that says it is newest comes first") {
    const auto ring = keys({first_secret});
    const auto settings = in(CookieFormat::native);
    auto newer = samples::session("newer");
    newer.created_at->seconds += 30;
    Browser browser(write(settings, *ring, samples::session("older")));
    browser.add(pair_of(write(settings, *ring, newer)));
    CHECK(read(settings, *ring, browser).value().user == "newer");
    std::swap(browser.pairs()[0], browser.pairs()[1]);
    CHECK(read(settings, *ring, browser).value().user == "newer");
  }

  TEST_CASE("native: a session under another cookie name is refused, as is a lone NAME_0") {
    const auto ring = keys({first_secret});
    const auto value = value_of(write(in(CookieFormat::native), *ring, samples::session()));
    for (const auto* name : {"n", "m", "N", "nn", "__Host-n"}) {
      Browser browser;
      browser.add(std::string(name) + "=" + value);
      CHECK(read(in(CookieFormat::native, name), *ring, browser).ok() ==
            (std::string_view(name) == "n"));
    }
    Browser browser;
    browser.add("n_0=" + value);
    CHECK_FALSE(read(in(CookieFormat::native), *ring, browser).ok());
  }

  TEST_CASE("OP-20: native: a login state is no session, a session no login state") {
    const auto ring = keys({first_secret});
    auto settings = in(CookieFormat::native);
    settings.login_state_per_request = false;
    const auto state = value_of(write_state(settings, *ring));
    const auto session = value_of(write(settings, *ring, samples::session()));

    Browser browser;
    browser.add("n_csrf=" + session);
    CHECK_FALSE(opens_state(settings, *ring, browser));
    browser = {};
    browser.add("n=" + state);
    CHECK_FALSE(read(settings, *ring, browser).ok());
    browser = {};
    browser.add("n_csrf=" + state);
    CHECK(opens_state(settings, *ring, browser));
    // Not even where both have one name.
    CHECK_FALSE(read(in(CookieFormat::native, "n_csrf"), *ring, browser).ok());
  }

  TEST_CASE("native: a login state opens under its own name only") {
    const auto ring = keys({first_secret});
    const auto settings = in(CookieFormat::native);
    const auto lines = write_state(settings, *ring);
    CHECK(lines.front().starts_with("n_U_c-2QlO_csrf="));
    Browser browser(lines);
    CHECK(opens_state(settings, *ring, browser));
    browser = {};
    browser.add("n_U_c-2QlO_csrf=" + value_of(write_state(settings, *ring, "another_state")));
    CHECK_FALSE(opens_state(settings, *ring, browser));
  }

  TEST_CASE("native: above the limit the oldest attempt is expired, what does not open first") {
    const auto ring = keys({first_secret});
    auto settings = in(CookieFormat::native);
    settings.login_state_limit = 2;
    Browser browser;
    browser.add("n_forged00_csrf=" + std::string(120, 'A'));
    browser.take(write_state(settings, *ring, "second_state", 20));
    browser.take(write_state(settings, *ring, "first_state_", 10));
    const auto lines = write_state(settings, *ring, hashed, 30, browser.headers());
    REQUIRE(lines.size() == 3);
    CHECK(lines[1].starts_with("n_forged00_csrf=;"));
    CHECK(lines[2].starts_with("n_first_st_csrf=;"));
  }

  TEST_CASE("H-06: three rotations, and nobody signs in again; a retired key opens nothing") {
    for (const auto format : formats) {
      const auto settings = in(format);
      Browser browser(write(settings, *keys({first_secret}), samples::session()));
      const auto second = keys({second_secret, first_secret});
      const auto third = keys({third_secret, second_secret, first_secret});
      for (const auto& ring : {second, third}) {
        CHECK(read(settings, *ring, browser).value().user == "jane");
        CHECK_FALSE(read(settings, *keys({third_secret}), browser).ok());
      }
      // A refresh writes with the first key: then the older ones are not needed.
      auto renewed = read(settings, *third, browser).value();
      renewed.created_at->seconds += 30;
      browser.take(write(settings, *third, renewed, browser.headers()));
      CHECK(read(settings, *keys({third_secret}), browser).value().user == "jane");
      CHECK_FALSE(read(settings, *second, browser).ok());
    }
  }

  TEST_CASE("H-06: a sign-in that began before a rotation ends after it") {
    for (const auto format : formats) {
      const auto settings = in(format);
      Browser browser(write_state(settings, *keys({first_secret})));
      CHECK(opens_state(settings, *keys({second_secret, first_secret}), browser));
      CHECK_FALSE(opens_state(settings, *keys({second_secret}), browser));
    }
  }

  TEST_CASE("accept_other_format: off, only the format that is written is read; on, both are") {
    const auto ring = keys({first_secret});
    for (const auto written : formats) {
      Browser session(write(in(written), *ring, samples::session()));
      Browser state(write_state(in(written), *ring));
      for (const auto format : formats) {
        CHECK(read(in(format), *ring, session).ok() == (format == written));
        CHECK(opens_state(in(format), *ring, state) == (format == written));
        CHECK(read(accepting(format), *ring, session).value().user == "jane");
        CHECK(opens_state(accepting(format), *ring, state));
      }
    }
  }

  TEST_CASE("accept_other_format: moving to the native format with a new secret loses nobody") {
    const auto ring = keys({second_secret, first_secret});
    Browser browser(
        write(in(CookieFormat::oauth2_proxy), *keys({first_secret}), samples::session()));
    const auto settings = accepting(CookieFormat::native);
    const auto session = read(settings, *ring, browser).value();
    browser.take(write(settings, *ring, session, browser.headers()));
    CHECK(read(in(CookieFormat::native), *keys({second_secret}), browser).value().user == "jane");
  }

  TEST_CASE("accept_other_format: what neither format takes stays refused") {
    const auto ring = keys({first_secret});
    for (const auto format : formats) {
      const auto value = value_of(write(in(format), *ring, samples::session()));
      for (std::size_t i = 0; i < value.size(); ++i) {
        auto changed = value;
        changed[i] = changed[i] == '|' ? 'A' : '|';
        Browser browser;
        browser.add("n=" + changed);
        CHECK_FALSE(read(accepting(CookieFormat::native), *ring, browser).ok());
      }
    }
  }

  TEST_CASE("check_value: the time of a value that is authentic, in either format") {
    const auto ring = keys({first_secret});
    support::SeededEntropy entropy;
    for (const auto format : formats) {
      const auto settings = in(format);
      const Binding binding{Purpose::sign_out_state, "n_sign_out"};
      const auto value =
          seal_value(settings, *ring, binding, "content", begin + 5, entropy).value();
      CHECK(claimed_time(value) == begin + 5);
      CHECK(check_value(settings, *ring, {binding, value, hour}, at_unix(begin)).value() ==
            begin + 5);
      Workspace workspace;
      const auto opened =
          open_value(settings, *ring, {binding, value, hour}, at_unix(begin), workspace);
      CHECK(opened->content == "content");
      CHECK(opened->seconds == begin + 5);
      const CookieValue renamed{{Purpose::sign_out_state, "m_sign_out"}, value, hour};
      CHECK_FALSE(check_value(settings, *ring, renamed, at_unix(begin)).ok());
      CHECK_FALSE(check_value(settings, *ring, {binding, value, hour}, at_unix(begin + 3605)).ok());
    }
    CHECK_FALSE(claimed_time("junk"));
  }
}
