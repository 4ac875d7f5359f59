#include "policy/login_trouble.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/base64url.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using namespace gatelet::policy;

namespace {

constexpr std::string_view name = "_gatelet_AbCdEfGh_csrf";

struct Case {
  Policy policy;
  session::SessionSettings session;
  support::RequestOf request = support::request_to("/oauth2/callback?code=c&state=s");
  LostAttempt attempt{name, "/reports", false, false};
  std::string cookies = "theme=dark";

  LoginTrouble trouble() {
    request.headers.clear();
    if (!cookies.empty()) request.headers.push_back({"Cookie", cookies});
    return login_trouble(policy, session, request.facts(), attempt, at_unix(1'000'000));
  }
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("policy/login_trouble") {
  TEST_CASE("F-425: duplicate cookie: told as such, with where to look") {
    Case one;
    one.cookies = std::string(name) + "=a; x=y; " + std::string(name) + "=b";
    const auto said = one.trouble();
    CHECK(holds(said.message, "cookie 2 times"));
    CHECK(holds(said.detail, "came 2 times"));
    CHECK(holds(said.detail, "cookie_domains"));
    one.cookies = std::string(name) + "=a; x=y; " + std::string(name) + "x=b";
    CHECK_FALSE(holds(one.trouble().detail, "times"));
  }

  TEST_CASE("F-425: the same for an attempt in the native format") {
    Case one;
    const auto at = [](unsigned char high, unsigned char low) {
      std::string bytes("\1\0key id  \0\0\0\0\0\x0f\0\0", 18);
      bytes[16] = static_cast<char>(high);
      bytes[17] = static_cast<char>(low);
      return std::string(name) + "=" + base64url::encode(bytes + std::string(40, 'x'));
    };
    one.cookies = at(0x3e, 0xbc);  // 999100: 900 seconds ago
    CHECK(one.trouble().message == "It took longer than the 15 minutes a sign-in may take.");
    one.cookies = at(0x3e, 0xbd);
    CHECK_FALSE(holds(one.trouble().message, "longer"));
  }

  TEST_CASE("F-425: expired attempt: told with the limit; a younger one is not called expired") {
    Case one;
    one.cookies = std::string(name) + "=payload|999100|mac";  // 900 seconds: the limit
    CHECK(one.trouble().message == "It took longer than the 15 minutes a sign-in may take.");
    CHECK(holds(one.trouble().detail, "cookie_csrf_expire (15 minutes)"));
    one.session.login_state_expire = std::chrono::seconds(90);
    CHECK(holds(one.trouble().message, "the 90 seconds a"));
    one.session.login_state_expire = std::chrono::seconds(60);
    CHECK(holds(one.trouble().message, "the 1 minute a"));
    one.session.login_state_expire = std::chrono::seconds(901);
    CHECK(holds(one.trouble().detail, "another cookie_secret"));
    for (const auto* value : {"=", "=x", "=a|b|c", "=a|", "=a|99999999999999999999|c"}) {
      one.cookies = std::string(name) + value;
      CHECK(holds(one.trouble().detail, "another cookie_secret"));
    }
  }

  TEST_CASE("F-425: plain http with Secure cookies: told as such") {
    Case one;
    one.request.scheme = "http";
    CHECK(holds(one.trouble().message, "without https"));
    CHECK(holds(one.trouble().detail, "cookie_secure"));
    one.session.attributes.secure = false;
    CHECK_FALSE(holds(one.trouble().detail, "plain http"));
    one.attempt.form_post = true;  // its cookie is Secure whatever cookie_secure says
    CHECK(holds(one.trouble().detail, "plain http"));
  }

  TEST_CASE("F-425: SameSite: a form from another site, or a strict cookie") {
    Case one;
    one.session.login_state_same_site = http::SameSite::lax;
    CHECK_FALSE(holds(one.trouble().detail, "SameSite"));
    one.request.method = "POST";
    CHECK(holds(one.trouble().message, "another site"));
    CHECK(holds(one.trouble().detail, "cookie_csrf_samesite"));
    one.attempt.form_post = true;  // then it was None
    CHECK_FALSE(holds(one.trouble().detail, "SameSite"));
    one.attempt.form_post = false;
    one.session.login_state_same_site = http::SameSite::none;
    CHECK_FALSE(holds(one.trouble().detail, "SameSite"));
    one.request.method = "GET";
    one.session.login_state_same_site = http::SameSite::strict;
    CHECK(holds(one.trouble().detail, "SameSite"));
    one.session.login_state_same_site = http::SameSite::unset;
    one.session.attributes.same_site = http::SameSite::strict;
    CHECK(holds(one.trouble().detail, "SameSite"));
  }

  TEST_CASE("F-425: another host: of the redirect_url, or of where the sign-in began") {
    Case one;
    one.policy.redirect_url = "https://auth.example.com:8443/oauth2/callback";
    CHECK(one.trouble().message ==
          "This sign-in belongs to auth.example.com, but you came back to app.example.com.");
    CHECK(holds(one.trouble().detail, "redirect_url and cookie_domains"));
    one.session.cookie_domains = {"example.com"};
    CHECK(one.trouble().message.empty());
    one.session.cookie_domains = {};
    one.policy.redirect_url = "https://APP.example.com/oauth2/callback";
    CHECK(one.trouble().message.empty());
    one.attempt.return_to = "https://www.example.org/x#y";
    CHECK(one.trouble().message.empty());  // anybody may write a state
    one.policy.return_to.whitelist_domains = {".example.org"};
    CHECK(holds(one.trouble().message, "www.example.org"));
    one.attempt.return_to = "/oauth2/x";
    CHECK(one.trouble().message.empty());
    one.attempt.return_to = "https://evil\n.example/";  // no URL: nothing is told of it
    CHECK(one.trouble().message.empty());
  }

  TEST_CASE("F-425: no cookie at all, an answer that was used, and what else there may be") {
    Case one;
    CHECK(one.trouble().message.empty());
    CHECK(holds(one.trouble().detail, "no cookie _gatelet_AbCdEfGh_csrf came"));
    one.cookies.clear();
    CHECK(holds(one.trouble().message, "no cookies at all"));
    one.attempt.was_used = true;
    CHECK(one.trouble().message.empty());
    CHECK(one.trouble().detail == "this sign-in answer was used before");
  }
}
