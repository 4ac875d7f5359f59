#include "session/cookie_budget.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "samples.hpp"
#include "session/login_state.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;
using samples::Browser;

namespace {

SessionSettings within(std::size_t budget, CookieFormat format = CookieFormat::native) {
  SessionSettings settings;
  settings.cookie_budget = budget;
  settings.format = format;
  return settings;
}

Session large(std::size_t access, std::size_t id, std::size_t refresh = 300) {
  auto session = samples::session();
  session.access_token = samples::token(access, 11);
  session.id_token = samples::token(id, 12);
  session.refresh_token = samples::token(refresh, 13);
  return session;
}

Result<Fitted> fit(const SessionSettings& settings, const Session& session) {
  support::SeededEntropy entropy;
  return fit_into_cookies(settings, *samples::keys(), session, entropy);
}

std::size_t size_of(Browser& browser) {
  std::size_t size = 0;
  for (const auto& pair : browser.pairs()) size += pair.size() + 2;
  return size;
}

// A sign-in attempt of this browser, with a state of its own.
void begin_login(Browser& browser, const SessionSettings& settings, std::int64_t at,
                 std::mt19937& random) {
  support::SeededEntropy entropy(random());
  oidc::LoginState state;
  state.state_nonce = samples::token(32, random());
  state.oidc_nonce = samples::token(32, random());
  state.code_verifier = samples::token(43, random());
  const auto hashed = std::string(samples::token(43, random()).reveal());
  const auto lines = write_login_state(settings, *samples::keys(), state, hashed, samples::host,
                                       browser.headers(), false, at_unix(at), entropy);
  REQUIRE(lines.ok());
  browser.take(*lines);
  CHECK(open_login_state(settings, *samples::keys(), hashed, browser.headers(), at_unix(at)).ok());
}

std::size_t num_attempts(Browser& browser) {
  return static_cast<std::size_t>(
      std::count_if(browser.pairs().begin(), browser.pairs().end(),
                    [](const auto& pair) { return pair.find("_csrf=") != std::string::npos; }));
}

}  // namespace

TEST_SUITE("session/cookie_budget") {
  TEST_CASE("F-412: what fits stays whole; without a budget everything stays") {
    const auto session = large(1500, 1000);
    for (const std::size_t budget : {std::size_t{0}, std::size_t{7168}}) {
      const auto fitted = fit(within(budget), session);
      REQUIRE(fitted.ok());
      CHECK(fitted->left_out.empty());
      CHECK(fitted->session.access_token == session.access_token);
      CHECK(fitted->session.id_token == session.id_token);
    }
    CHECK(fit(within(0), large(9000, 9000))->left_out.empty());
  }

  TEST_CASE("F-412: the access token goes first, then the ID token; the refresh token never") {
    const auto one = fit(within(7168), large(5000, 1000));
    REQUIRE(one.ok());
    CHECK(one->left_out == "access token");
    CHECK(one->session.access_token.empty());
    CHECK_FALSE(one->session.id_token.empty());
    CHECK(one->session.user == "jane");

    const auto both = fit(within(7168), large(5000, 5000));
    REQUIRE(both.ok());
    CHECK(both->left_out == "access token and ID token");
    CHECK(both->session.id_token.empty());
    CHECK_FALSE(both->session.refresh_token.empty());

    const auto none = fit(within(7168), large(10, 10, 9000));
    REQUIRE_FALSE(none.ok());
    CHECK(none.error().status == Status::session_too_large);
    CHECK(none.error().text.find("may take 5888") != std::string::npos);
    CHECK(none.error().text.find("cookie_budget") != std::string::npos);
  }

  TEST_CASE("F-412: where only the access token is handed on, the ID token goes first") {
    auto settings = within(7168);
    settings.access_token_goes_last = true;
    const auto fitted = fit(settings, large(3000, 3000));
    REQUIRE(fitted.ok());
    CHECK(fitted->left_out == "ID token");
    CHECK_FALSE(fitted->session.access_token.empty());
  }

  TEST_CASE("F-412: an ID token that a refresh is judged by stays with the refresh token") {
    auto settings = within(7168);
    settings.needs_id_token = true;
    CHECK(fit(settings, large(100, 9000)).error().status == Status::session_too_large);
    auto session = large(100, 9000);
    session.refresh_token = Secret();
    const auto fitted = fit(settings, session);
    REQUIRE(fitted.ok());
    CHECK(fitted->session.id_token.empty());
  }

  TEST_CASE("F-412: a session above the budget is never written") {
    support::SeededEntropy entropy;
    const auto written = write_session(within(7168), *samples::keys(), large(5000, 1000),
                                       samples::host, {}, entropy);
    REQUIRE_FALSE(written.ok());
    CHECK(written.error().status == Status::session_too_large);
  }

  TEST_CASE("F-412: attempts give way, the oldest first, and the newest always stands") {
    std::mt19937 random(4);
    auto settings = within(2048);
    settings.login_state_limit = 0;
    Browser browser;
    for (int i = 0; i < 20; ++i) begin_login(browser, settings, begin + i, random);
    CHECK(size_of(browser) <= 2048);
    CHECK(num_attempts(browser) > 3);
    const auto before = num_attempts(browser);
    support::SeededEntropy entropy;
    auto session = samples::session("jane", 40);
    session.created_at = Timestamp{begin + 30, 0};
    const auto lines = write_session(settings, *samples::keys(), session, samples::host,
                                     browser.headers(), entropy);
    REQUIRE(lines.ok());
    browser.take(*lines);
    CHECK(size_of(browser) <= 2048);
    CHECK(num_attempts(browser) < before);
    CHECK(num_attempts(browser) > 0);
    CHECK(samples::read(settings, browser.headers()).value().user == "jane");
  }

  TEST_CASE("F-412: a session that goes on takes a sign-in's room, and attempts give way to it") {
    std::mt19937 random(5);
    auto settings = within(3072);
    settings.login_state_limit = 0;
    Browser browser;
    for (int i = 0; i < 20; ++i) begin_login(browser, settings, begin + i, random);
    CHECK(size_of(browser) > 2048);
    support::SeededEntropy entropy;
    auto session = large(0, 0, 1500);
    session.created_at = Timestamp{begin + 30, 0};
    CHECK(write_session(settings, *samples::keys(), session, samples::host, {}, entropy)
              .error()
              .status == Status::session_too_large);
    const auto written = write_going_on(settings, *samples::keys(), session, samples::host,
                                        browser.headers(), entropy, at_unix(begin + 30));
    REQUIRE(written.ok());
    browser.take(written->cookies);
    CHECK(size_of(browser) <= 3072);
    CHECK(samples::read(settings, browser.headers()).value().refresh_token ==
          session.refresh_token);
  }

  TEST_CASE("without_spare_tokens: all that may go, and no more") {
    SessionSettings settings;
    const auto session = samples::session();
    const auto none = without_spare_tokens(settings, session);
    CHECK(none.session.access_token.empty());
    CHECK(none.session.id_token.empty());
    CHECK(none.session.refresh_token == session.refresh_token);
    CHECK(none.left_out == "access token and ID token");
    settings.needs_id_token = true;
    const auto needed = without_spare_tokens(settings, session);
    CHECK(needed.session.id_token == session.id_token);
    CHECK(needed.left_out == "access token");
    CHECK(without_spare_tokens(settings, needed.session).left_out.empty());
  }

  TEST_CASE("F-412: any claims up to 64 KiB, any attempts: never above the budget") {
    std::mt19937 random(2026);
    const auto pick = [&](std::size_t below) { return random() % below; };
    std::size_t num_kept = 0, num_refused = 0, num_cut = 0;
    for (int round = 0; round < 300; ++round) {
      const auto settings = within(2048 + pick(9000), round % 2 == 0 || GATELET_HAVE_LZ4 == 0
                                                          ? CookieFormat::native
                                                          : CookieFormat::oauth2_proxy);
      auto session = large(pick(6000), pick(4000), 20 + pick(600));
      const auto claims = round % 3 == 0 ? pick(65536) : pick(3000);
      for (std::size_t size = 0; size < claims; size += 40) {
        session.groups.emplace_back(samples::token(40, random()).reveal());
      }
      session.created_at = Timestamp{begin + 100, 0};
      Browser browser;
      for (auto i = pick(12); i > 0; --i) begin_login(browser, settings, begin, random);
      CHECK(size_of(browser) <= settings.cookie_budget);

      const auto fitted = fit(settings, session);
      if (!fitted.ok()) {
        CHECK(fitted.error().status == Status::session_too_large);
        ++num_refused;
        continue;
      }
      num_cut += !fitted->left_out.empty();
      support::SeededEntropy entropy(random());
      const auto lines = write_session(settings, *samples::keys(), fitted->session, samples::host,
                                       browser.headers(), entropy);
      REQUIRE(lines.ok());
      browser.take(*lines);
      CHECK(size_of(browser) <= settings.cookie_budget);
      CHECK(samples::read(settings, browser.headers())->groups == session.groups);
      begin_login(browser, settings, begin + 101, random);  // there is always room for one
      CHECK(size_of(browser) <= settings.cookie_budget);
      CHECK(samples::read(settings, browser.headers()).ok());
      ++num_kept;
    }
    CHECK(num_kept > 50);
    CHECK(num_refused > 50);
    CHECK(num_cut > 20);
  }
}
