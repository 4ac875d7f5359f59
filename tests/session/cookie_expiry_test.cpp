#include "session/cookie_expiry.hpp"

#include <doctest/doctest.h>

#include "samples.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::Browser;

namespace {

using Lines = std::vector<std::string>;

Lines expired(std::vector<NamedCookie> kept, Browser browser, bool partitioned = false) {
  SessionSettings settings;
  settings.cookie_name = "n";
  http::CookieAttributes attributes;
  attributes.path = "/p";
  attributes.partitioned = partitioned;
  return expire_others(settings, attributes, std::move(kept), browser.headers());
}

Browser carrying(std::initializer_list<const char*> pairs) {
  Browser browser;
  for (const auto* pair : pairs) browser.add(pair);
  return browser;
}

constexpr const char* behind_name = "=; Path=/p; Max-Age=0; HttpOnly; Secure";

}  // namespace

TEST_SUITE("session/cookie_expiry") {
  TEST_CASE("max_age: what is left of the session, absent for a cookie_expire of 0") {
    using std::chrono::seconds;
    auto session = samples::session();
    session.signed_in_at = session.created_at = Timestamp{samples::begin, 0};
    SessionSettings settings;
    settings.cookie_expire = seconds(60);
    CHECK(max_age(settings, session, {}) == seconds(60));
    CHECK(max_age(settings, session, at_unix(samples::begin + 20)) == seconds(40));
    settings.max_lifetime = seconds(50);
    CHECK(max_age(settings, session, {}) == seconds(50));
    CHECK(max_age(settings, session, at_unix(samples::begin + 20)) == seconds(30));
    settings.cookie_expire = seconds(0);
    CHECK(max_age(settings, session, {}) == std::nullopt);
  }

  TEST_CASE(
      "expire_others: what is kept comes first and as it is, each other name is expired once") {
    const auto lines = expired({{"n", "n=kept"}, {"n_1", "n_1=kept"}},
                               carrying({"n_1=a", "n=b", "n_0=c", "n_2=d", "n_0=e"}));
    CHECK(lines == Lines{"n=kept", "n_1=kept", std::string("n_0") + behind_name,
                         std::string("n_2") + behind_name});
  }

  TEST_CASE("expire_others: keeping nothing expires NAME and its parts, no other cookie") {
    const auto lines = expired({}, carrying({"n=a", "n_07=b", "n_csrf=c", "n_a=d", "N=e", "nn=f"}));
    CHECK(lines == Lines{std::string("n") + behind_name, std::string("n_07") + behind_name});
    CHECK(expired({}, {}).empty());
  }

  TEST_CASE("F-255: expire_others: with partitioned cookies those go too that are not") {
    const auto lines = expired({{"n", "n=kept"}}, carrying({"n=a", "n_0=b"}), true);
    CHECK(lines == Lines{"n=kept", std::string("n") + behind_name,
                         std::string("n_0") + behind_name + "; Partitioned",
                         std::string("n_0") + behind_name});
    CHECK(expired({{"n", "n=kept"}}, {}, true) == Lines{"n=kept"});
  }

  TEST_CASE("expire_others: at most 64 names beside what is kept") {
    Browser browser;
    for (int i = 0; i < 200; ++i) browser.add("n_" + std::to_string(i) + "=x");
    CHECK(expired({{"n", "n=kept"}}, browser).size() == 65);
  }
}
