#include "session/cookie_session.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "samples.hpp"
#include "session/cookie_split.hpp"
#include "session/record.hpp"
#include "session/signed_value.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;
using samples::Browser;

namespace {

SessionSettings named(std::string name = "n") {
  SessionSettings settings;
  settings.cookie_name = std::move(name);
  settings.format = CookieFormat::oauth2_proxy;
  return settings;
}

SessionSettings compat() {
  auto settings = named();
  settings.newest_of_duplicates = false;
  settings.write_extra_keys = false;
  return settings;
}

// Signed and encrypted with our keys around any record or frame.
std::string value_around(std::string_view frame, std::int64_t seconds = begin) {
  support::SeededEntropy entropy;
  const auto keys = samples::keys();
  const auto sealed = keys->cipher().encrypt(frame, entropy).value();
  return write_signed(keys->mac(), "n", sealed, seconds).value();
}

Result<Session> open_value(std::string_view value, Instant now = at_unix(begin + 60)) {
  SessionCookie cookie;
  cookie.whole = value;
  return open_session(named(), *samples::keys(), cookie, now);
}

std::string refusal(std::string_view value) {
  const auto result = open_value(value);
  REQUIRE(!result.ok());
  CHECK(result.error().status == Status::session_invalid);
  return result.error().text;
}

std::size_t num_expired(const std::vector<std::string>& lines) {
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const auto& line) {
    return line.find("=; Path=/; Max-Age=0;") != std::string::npos;
  }));
}

bool expires(const std::vector<std::string>& lines, std::string_view name) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
    return line.starts_with(std::string(name) + "=; Path=/; Max-Age=0;");
  });
}

std::string value_of(const std::string& set_cookie) {
  const auto start = set_cookie.find('=') + 1;
  return set_cookie.substr(start, set_cookie.find(';') - start);
}

}  // namespace

TEST_SUITE("session/cookie_session") {
  TEST_CASE("write_session: one cookie with the attributes, read back whole") {
    const auto lines = samples::write(named(), samples::session());
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().ends_with("=; Path=/; Max-Age=604800; HttpOnly; Secure"));
    Browser browser(lines);
    const auto again = samples::read(named(), browser.headers()).value();
    CHECK(write_record(again, {}) == write_record(samples::session(), {}));
    CHECK(again.ends_at == Timestamp{begin + 604800, 5});
  }

  TEST_CASE("write_session: large sessions are split and read back, up to sixteen parts") {
    for (const std::size_t size : {2000u, 5000u, 12000u, 30000u}) {
      for (const auto& settings : {named(), compat()}) {
        const auto session = samples::session("jane", size);
        Browser browser(samples::write(settings, session));
        std::reverse(browser.pairs().begin(), browser.pairs().end());
        CHECK(samples::read(settings, browser.headers()).value().access_token ==
              session.access_token);
      }
    }
    support::SeededEntropy entropy;
    const auto result = write_session(named(), *samples::keys(), samples::session("jane", 60000),
                                      samples::host, {}, entropy);
    CHECK(result.error().status == Status::session_too_large);
  }

  TEST_CASE("write_session: minimal leaves the tokens out") {
    auto settings = named();
    settings.minimal = true;
    Browser browser(samples::write(settings, samples::session()));
    const auto again = samples::read(settings, browser.headers()).value();
    CHECK(again.access_token.empty());
    CHECK(again.refresh_token.empty());
    CHECK(again.user == "jane");
  }

  TEST_CASE(
      "write_session: what is above session_limit, and a session without an age, are errors") {
    support::SeededEntropy entropy;
    auto settings = named();
    settings.record_limit = 300;
    auto session = samples::session("jane", 400);
    CHECK(write_session(settings, *samples::keys(), session, samples::host, {}, entropy)
              .error()
              .status == Status::session_too_large);
    session.created_at.reset();
    CHECK(write_session(named(), *samples::keys(), session, samples::host, {}, entropy)
              .error()
              .status == Status::internal);
    support::FailingEntropy failing(0);
    CHECK(write_session(named(), *samples::keys(), samples::session(), samples::host, {}, failing)
              .error()
              .status == Status::no_entropy);
  }

  TEST_CASE("write_session: no Max-Age without cookie_expire, and then never too old") {
    auto settings = named();
    settings.cookie_expire = std::chrono::seconds(0);
    const auto lines = samples::write(settings, samples::session());
    CHECK(lines.front().find("Max-Age") == std::string::npos);
    Browser browser(lines);
    CHECK(samples::read(settings, browser.headers(), at_unix(begin + 900'000'000)).ok());
    CHECK_FALSE(samples::read(named(), browser.headers(), at_unix(begin + 900'000'000)).ok());
  }

  TEST_CASE("open_session: a value of another name, key or time is refused") {
    const auto value = value_of(samples::write(named(), samples::session()).front());
    CHECK(open_value(value).ok());
    SessionCookie cookie;
    cookie.whole = value;
    CHECK_FALSE(open_session(named("m"), *samples::keys(), cookie, at_unix(begin)).ok());
    const auto other = samples::keys("0123456789!bcdef0123456789!bcdeg");
    CHECK_FALSE(open_session(named(), *other, cookie, at_unix(begin)).ok());
    CHECK_FALSE(open_value(value, at_unix(begin + 604800)).ok());
    CHECK_FALSE(open_value(value, at_unix(begin - 300)).ok());
  }

  TEST_CASE("open_session: each step refuses with its own words and none of the value's") {
    CHECK(refusal("canary") == "the cookie is no signed value");
    CHECK(refusal(value_around("").substr(1)) == "the cookie's signature does not match");
    CHECK(refusal(value_around("x", begin - 700000)) ==
          "the cookie is too old, or from the future");
    const auto keys = samples::keys();
    const auto sign = [&](std::string_view sealed) {
      return write_signed(keys->mac(), "n", sealed, begin).value();
    };
    CHECK(refusal(sign("")) == "the encrypted value has an impossible size");
    CHECK(refusal(sign("fifteen bytes !")) == "the encrypted value has an impossible size");
    CHECK(refusal(sign("sixteen bytes !!")) == "the compressed record is empty");
    CHECK(refusal(value_around("canary canary")) == "the compressed record is damaged");
  }

  TEST_CASE("open_session: many threads at once, each with its own workspace") {
    const auto keys = samples::keys();
    const auto settings = named();
    std::vector<std::thread> threads;
    std::vector<int> good(6, 0);
    for (std::size_t t = 0; t < good.size(); ++t) {
      threads.emplace_back([&, t] {
        const auto session = samples::session("user" + std::to_string(t), 500 + 100 * t);
        support::SeededEntropy entropy(t);
        Browser browser(
            write_session(settings, *keys, session, samples::host, {}, entropy).value());
        const auto headers = browser.headers();
        for (int i = 0; i < 200; ++i) {
          const auto found = find_session_cookies(settings, headers);
          const auto opened = open_session(settings, *keys, found.front(), at_unix(begin));
          good[t] += opened.ok() && opened->user == session.user &&
                     opened->access_token == session.access_token;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(good == std::vector<int>(6, 200));
  }

  TEST_CASE("domain_for: the longest domain that covers the host, else the shortest, never a dot") {
    auto settings = named();
    CHECK(domain_for(settings, "app.example.com").empty());
    settings.cookie_domains = {".example.com", "app.example.com", "other.test"};
    CHECK(domain_for(settings, "app.example.com") == "app.example.com");
    CHECK(domain_for(settings, "APP.Example.com:8443") == "app.example.com");
    CHECK(domain_for(settings, "x.app.example.com") == "app.example.com");
    CHECK(domain_for(settings, "b.example.com") == "example.com");
    CHECK(domain_for(settings, "example.com") == "example.com");
    CHECK(domain_for(settings, "unrelated.org") == "other.test");
    CHECK(domain_for(settings, "[2001:db8::1]:443") == "other.test");
  }

  TEST_CASE("OP-06: a domain covers a host at a label's border only") {
    auto settings = named();
    settings.cookie_domains = {"example.com", "a.test"};
    CHECK(domain_for(settings, "badexample.com") == "a.test");
    CHECK(domain_for(settings, "example.com.evil.test") == "a.test");
    CHECK(domain_for(settings, "a.example.com") == "example.com");
  }

  TEST_CASE("clear_session: every cookie and part, each once, never a login state") {
    Browser browser;
    for (const char* pair : {"n=x", "n=y", "n_0=x", "n_7=x", "n_99=x", "n_csrf=x",
                             "n_abcdefgh_csrf=x", "n_a=x", "other=x", "N=x"})
      browser.add(pair);
    const auto lines = clear_session(named(), samples::host, browser.headers());
    CHECK(lines.size() == 4);
    for (const char* name : {"n", "n_0", "n_7", "n_99"}) CHECK(expires(lines, name));
    CHECK(clear_session(named(), samples::host, {}).empty());
  }

  TEST_CASE("clear_session: at most 64 names, however many come") {
    Browser browser;
    for (int i = 0; i < 1000; ++i) browser.add("n_" + std::to_string(i) + "=x");
    CHECK(clear_session(named(), samples::host, browser.headers()).size() == 64);
  }

  TEST_CASE("OP-10: clearing expires every part with the path, domain and flags it was set with") {
    auto settings = named();
    settings.cookie_domains = {"app.example"};
    settings.attributes.path = "/app/";
    settings.attributes.same_site = http::SameSite::lax;
    const auto written = samples::write(settings, samples::session("jane", 9000));
    REQUIRE(written.size() > 2);
    Browser browser(written);
    const auto cleared = clear_session(settings, samples::host, browser.headers());
    CHECK(cleared.size() == written.size());
    for (const auto& line : cleared)
      CHECK(
          line.ends_with("=; Path=/app/; Domain=app.example; Max-Age=0; HttpOnly; Secure; "
                         "SameSite=Lax"));
    browser.take(cleared);
    CHECK(browser.pairs().empty());
  }

  TEST_CASE("EN-05: __Host- and __Secure- cookies are expired with Secure and their path") {
    for (const char* name : {"__Host-gatelet", "__Secure-gatelet", "gatelet"}) {
      Browser browser(samples::write(named(name), samples::session("jane", 5000)));
      const auto cleared = clear_session(named(name), samples::host, browser.headers());
      CHECK(cleared.size() == 2);
      for (const auto& line : cleared)
        CHECK(line.ends_with("; Path=/; Max-Age=0; HttpOnly; Secure"));
      browser.take(cleared);
      CHECK(browser.pairs().empty());
    }
  }

  TEST_CASE("write_session: expires what an earlier session left, whole or in parts") {
    const auto small = samples::session("jane", 100);
    auto large = samples::session("jane", 9000);
    large.created_at->seconds += 10;
    for (const auto& settings : {named(), compat()}) {
      Browser browser(samples::write(settings, small));
      auto lines = samples::write(settings, large, browser.headers());
      CHECK(expires(lines, "n"));
      browser.take(lines);
      CHECK(samples::read(settings, browser.headers()).value().access_token == large.access_token);

      auto shorter = samples::session("jane", 5000);
      shorter.created_at->seconds += 20;
      lines = samples::write(settings, shorter, browser.headers());
      CHECK(num_expired(lines) > 0);
      browser.take(lines);
      CHECK(samples::read(settings, browser.headers()).value().access_token ==
            shorter.access_token);

      lines = samples::write(settings, small, browser.headers());
      CHECK(expires(lines, "n_0"));
      browser.take(lines);
      CHECK(browser.pairs().size() == 1);
    }
  }

  TEST_CASE(
      "H-01: of two cookies of one name the newest that authenticates wins, in either order") {
    auto newer = samples::session("new");
    newer.created_at->seconds += 10;
    const auto a = samples::write(named(), samples::session("old")).front();
    const auto b = samples::write(named(), newer).front();
    const auto tossed = "n=" + value_around("nonsense", begin + 50);
    for (const auto& pairs : {std::vector{a, b}, std::vector{b, a}, std::vector{tossed, a, b},
                              std::vector{b, tossed, a}}) {
      Browser browser;
      for (const auto& pair : pairs) browser.add(pair.substr(0, pair.find(';')));
      CHECK(samples::read(named(), browser.headers()).value().user == "new");
    }
    Browser browser;
    browser.add("n=junk");
    browser.add(a.substr(0, a.find(';')));
    CHECK(samples::read(named(), browser.headers()).value().user == "old");
    CHECK_FALSE(samples::read(compat(), browser.headers()).ok());  // as recorded
  }

  TEST_CASE("H-03: parts of one session in every order; parts of two never") {
    const auto settings = named();
    const auto one = samples::write(settings, samples::session("one", 6500));
    auto later = samples::session("two", 6500);
    later.created_at->seconds += 1;
    const auto two = samples::write(settings, later);
    REQUIRE(one.size() == 3);
    REQUIRE(two.size() == 3);
    std::vector<int> order = {0, 1, 2};
    do {  // the names say the order, not the header
      Browser browser;
      for (const int i : order) {
        const auto& line = one[static_cast<std::size_t>(i)];
        browser.add(line.substr(0, line.find(';')));
      }
      CHECK(samples::read(settings, browser.headers()).value().user == "one");
    } while (std::next_permutation(order.begin(), order.end()));

    do {  // contents exchanged
      Browser browser;
      for (std::size_t i = 0; i < 3; ++i)
        browser.add("n_" + std::to_string(i) + "=" +
                    value_of(one[static_cast<std::size_t>(order[i])]));
      CHECK(samples::read(settings, browser.headers()).ok() ==
            std::is_sorted(order.begin(), order.end()));
    } while (std::next_permutation(order.begin(), order.end()));

    for (unsigned mask = 0; mask < 8; ++mask) {
      Browser browser;
      for (std::size_t i = 0; i < 3; ++i)
        browser.add("n_" + std::to_string(i) + "=" + value_of((mask >> i & 1 ? two : one)[i]));
      CHECK(samples::read(settings, browser.headers()).ok() == (mask == 0 || mask == 7));
    }
  }

  TEST_CASE("H-04: a stale whole cookie beside newer parts: the newest is used, the rest expired") {
    auto large = samples::session("new", 6500);
    large.created_at->seconds += 10;
    Browser browser(samples::write(named(), samples::session("old")));
    for (const auto& line : samples::write(named(), large))
      browser.add(line.substr(0, line.find(';')));
    CHECK(samples::read(named(), browser.headers()).value().user == "new");
    CHECK(samples::read(compat(), browser.headers()).value().user == "old");  // as recorded

    const auto again = samples::write(named(), large, browser.headers());
    CHECK(expires(again, "n"));
    CHECK(num_expired(again) == 1);
  }

  TEST_CASE("H-05: the time inside the value rules, not the browser's Max-Age") {
    Browser browser(samples::write(named(), samples::session()));
    const auto ok = [&](std::int64_t age) {
      return samples::read(named(), browser.headers(), at_unix(begin + age)).ok();
    };
    CHECK(ok(0));
    CHECK(ok(604799));
    CHECK_FALSE(ok(604801));
    CHECK_FALSE(ok(-3600));
  }

  TEST_CASE("H-06: a value under a retired secret is refused") {
    const auto value = value_of(samples::write(named(), samples::session()).front());
    SessionCookie cookie;
    cookie.whole = value;
    for (const char* other : {"0123456789!bcdef0123456789!bcdeF", "0123456789!bcdef",
                              "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="})
      CHECK_FALSE(open_session(named(), *samples::keys(other), cookie, at_unix(begin)).ok());
  }

  TEST_CASE("MA-23: plain JSON, a JWS and other formats are no session") {
    for (const char* junk :
         {R"({"user":"root"})", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.",
          "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..YWFh.YWFh.YWFh", "v2.aWQ.c2VjcmV0"})
      CHECK(refusal(junk) == "the cookie is no signed value");
    CHECK(refusal(value_around(R"({"user":"root"})")) == "the compressed record is damaged");
  }

  TEST_CASE("MA-25: a part dropped, doubled or foreign refuses the whole; clearing ends the loop") {
    const auto settings = named();
    const auto parts = samples::write(settings, samples::session("jane", 6500));
    REQUIRE(parts.size() == 3);
    for (std::size_t dropped = 0; dropped < 3; ++dropped) {
      Browser browser(parts);
      browser.pairs().erase(browser.pairs().begin() + static_cast<std::ptrdiff_t>(dropped));
      CHECK_FALSE(samples::read(settings, browser.headers()).ok());
      browser.take(clear_session(settings, samples::host, browser.headers()));
      CHECK(browser.pairs().empty());
    }
    Browser longer(parts);
    longer.add("n_3=" + value_of(parts[0]));
    CHECK_FALSE(samples::read(settings, longer.headers()).ok());
  }

  TEST_CASE("EN-06: every flipped bit is refused alike") {
    const auto value = value_of(samples::write(named(), samples::session()).front());
    std::size_t num_refused = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        auto damaged = value;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        const auto result = open_value(damaged);
        num_refused += !result.ok() && result.error().status == Status::session_invalid;
      }
    }
    CHECK(num_refused == 8 * value.size());
  }

  TEST_CASE("OP-20: a login state's value under the session's name is refused") {
    // The MAC covers name and payload without a border between them, so that of NAME_csrf matches
    // for NAME with the rest of the name before the payload. Its size then stops it.
    const auto keys = samples::keys();
    support::SeededEntropy entropy;
    const auto sealed = keys->cipher().encrypt(write_frame("\x80").value(), entropy).value();
    for (const char* rest : {"_csrf", "_U_c-2QlO_csrf"}) {
      const auto value = write_signed(keys->mac(), "n" + std::string(rest), sealed, begin).value();
      CHECK(refusal(value) == "the cookie's signature does not match");
      CHECK(refusal(rest + value) == "the cookie's value is no base64url");
    }
  }

  TEST_CASE("open_session: a record that grows beyond session_limit is refused") {
    auto session = samples::session();
    session.preferred_username = std::string(100000, 'a');
    const auto value = value_around(write_frame(write_record(session, {})).value());
    CHECK(open_value(value).ok());
    auto settings = named();
    settings.record_limit = 50000;
    SessionCookie cookie;
    cookie.whole = value;
    CHECK(open_session(settings, *samples::keys(), cookie, at_unix(begin)).error().text ==
          "the record is larger than the limit of 50000 bytes");
  }

  TEST_CASE("F-260: three hosts, three sets of attributes, by the longest rule that fits") {
    SessionSettings settings;
    settings.cookie_name = "s";
    settings.cookie_domains = {"other.example"};
    http::CookieAttributes below;
    below.domain = "a.example";
    below.same_site = http::SameSite::none;
    http::CookieAttributes one;
    one.path = "/x";
    one.http_only = false;
    settings.cookie_rules = {{".a.example", below}, {"b.a.example", one}};
    const auto at = [&](std::string_view host) { return cookie_attributes(settings, host); };
    CHECK(at("c.a.example").domain == "a.example");
    CHECK(at("C.A.example:8443").same_site == http::SameSite::none);
    CHECK(at("b.a.example").path == "/x");
    CHECK(at("b.a.example").domain.empty());
    CHECK_FALSE(at("b.a.example:1").http_only);
    CHECK(at("x.b.a.example").domain == "a.example");
    for (const auto* host : {"a.example", "xa.example", "other.example", "a.example.evil.test"}) {
      CAPTURE(host);
      CHECK(at(host).domain == "other.example");
      CHECK(at(host).path == "/");
    }
  }
}
