#include "session/ticket.hpp"

#include <doctest/doctest.h>

#include <set>

#include "samples.hpp"
#include "session/lifetime.hpp"
#include "session/record.hpp"
#include "session/signed_value.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;
using samples::Browser;

namespace {

constexpr std::string_view id = "n-00112233445566778899aabbccddeeff";
constexpr std::size_t around = crypto::Gcm::nonce_size + crypto::Gcm::tag_size;

SessionSettings named(std::string name = "n") {
  SessionSettings settings;
  settings.cookie_name = std::move(name);
  settings.format = CookieFormat::oauth2_proxy;
  return settings;
}

const crypto::Gcm& gcm() {
  static const auto made = crypto::Gcm::make().value();
  return made;
}

Ticket sample(std::string_view secret = "0123456789abcdef") {
  return {std::string(id), Secret(secret)};
}

std::vector<std::string> written(const Ticket& ticket, const SessionSettings& settings = named(),
                                 std::span<const HeaderView> headers = {}) {
  support::SeededEntropy entropy;
  return write_ticket(settings, *samples::keys(), ticket, samples::session(), samples::host,
                      headers, entropy)
      .value();
}

std::string value_of(const std::string& set_cookie) {
  const auto start = set_cookie.find('=') + 1;
  return set_cookie.substr(start, set_cookie.find(';') - start);
}

Result<Ticket> open_value(std::string_view value, Instant now = at_unix(begin + 60),
                          const SessionSettings& settings = named()) {
  SessionCookie cookie;
  cookie.whole = value;
  return open_ticket(settings, *samples::keys(), cookie, now);
}

std::string sign(std::string_view text, std::int64_t seconds = begin) {
  return write_signed(samples::keys()->mac(), "n", text, seconds).value();
}

// What open_ticket says of a correctly signed text.
std::string refusal(std::string_view text) {
  const auto result = open_value(sign(text));
  REQUIRE(!result.ok());
  CHECK(result.error().status == Status::session_invalid);
  return result.error().text;
}

std::string v2(std::string_view an_id, std::string_view secret = "MDEyMzQ1Njc4OWFiY2RlZg") {
  return "v2." + base64url::encode(an_id) + "." + std::string(secret);
}

std::string seal(const Ticket& ticket, const Session& session = samples::session(),
                 std::uint64_t seed = 1) {
  support::SeededEntropy entropy(seed);
  return seal_record(named(), gcm(), ticket, session, entropy).value();
}

std::string record_refusal(std::string sealed, const SessionSettings& settings = named()) {
  const auto result = open_record(settings, gcm(), sample(), std::move(sealed));
  REQUIRE(!result.ok());
  CHECK(result.error().status == Status::session_invalid);
  return result.error().text;
}

// The ids of the tickets that open, in the order of the candidates.
std::vector<std::string> opened_ids(const SessionSettings& settings, std::string_view cookies) {
  const HeaderView header{"Cookie", cookies};
  std::vector<std::string> out;
  for (const auto& candidate : find_ticket_cookies(settings, {&header, 1})) {
    auto ticket = open_ticket(settings, *samples::keys(), candidate, at_unix(begin + 60));
    out.push_back(ticket.ok() ? ticket->id : "");
  }
  return out;
}

std::string id_of(char digit) { return "n-" + std::string(32, digit); }

std::string cookie_of(char digit, std::int64_t seconds) {
  return "n=" + sign(v2(id_of(digit)), seconds);
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_SUITE("session/ticket") {
  TEST_CASE("make_ticket: NAME-<32 hexadecimal digits> and 16 bytes, both new each time") {
    support::SeededEntropy entropy;
    std::set<std::string> ids, secrets;
    for (int i = 0; i < 100; ++i) {
      const auto ticket = make_ticket(named("__Host-gatelet"), entropy).value();
      CHECK(ticket.id.starts_with("__Host-gatelet-"));
      CHECK(is_ticket_id(named("__Host-gatelet"), ticket.id));
      CHECK(ticket.secret.size() == 16);
      ids.insert(ticket.id);
      secrets.emplace(ticket.secret.reveal());
      CHECK(ticket.id.find(to_hex(ticket.secret.reveal())) == std::string::npos);
    }
    CHECK(ids.size() == 100);
    CHECK(secrets.size() == 100);
  }

  TEST_CASE("make_ticket, seal_record: without random bytes nothing comes out") {
    support::FailingEntropy failing(0);
    CHECK(make_ticket(named(), failing).error().status == Status::no_entropy);
    const auto sealed = seal_record(named(), gcm(), sample(), samples::session(), failing);
    CHECK(sealed.error().status == Status::no_entropy);
  }

  TEST_CASE("is_ticket_id: what we give out, and nothing that is one byte away from it") {
    CHECK(is_ticket_id(named(), id));
    CHECK(is_ticket_id(named("my.app"), "my.app-" + std::string(32, 'f')));
    const std::string good(id);
    for (const auto& bad :
         {std::string(), std::string("n-"), good.substr(1), good.substr(0, good.size() - 1),
          good + "0", good + ".lock", "m" + good.substr(1), "n_" + good.substr(2), "nn" + good,
          "n-" + std::string(32, 'A'), "n-" + std::string(32, 'g'),
          "n-" + std::string(31, '0') + '\n', "n-" + std::string(31, '0') + '\0',
          "n-*" + std::string(31, '0'), "N" + good.substr(1)}) {
      CAPTURE(bad);
      CHECK_FALSE(is_ticket_id(named(), bad));
    }
    CHECK_FALSE(is_ticket_id(named("nn"), id));
    CHECK_FALSE(is_ticket_id(named(""), id));
  }

  TEST_CASE("lock_key: the id's, which is no id itself") {
    CHECK(lock_key(sample()) == std::string(id) + ".lock");
    CHECK_FALSE(is_ticket_id(named(), lock_key(sample())));
  }

  TEST_CASE("write_ticket: one cookie with the attributes, stamped created_at, read back whole") {
    for (const std::string_view secret :
         {"0123456789abcdef", "0123456789abcdef01234567", "0123456789abcdef0123456789abcdef"}) {
      const auto lines = written(sample(secret));
      REQUIRE(lines.size() == 1);
      CHECK(lines.front().starts_with("n="));
      CHECK(lines.front().ends_with("=; Path=/; Max-Age=604800; HttpOnly; Secure"));
      const auto value = value_of(lines.front());
      CHECK(split_signed(value)->seconds == begin);
      const auto ticket = open_value(value).value();
      CHECK(ticket.id == id);
      CHECK(ticket.secret.reveal() == secret);
    }
  }

  TEST_CASE("write_ticket: no Max-Age without cookie_expire, and then never too old") {
    auto settings = named();
    settings.cookie_expire = std::chrono::seconds(0);
    const auto line = written(sample(), settings).front();
    CHECK(line.find("Max-Age") == std::string::npos);
    const auto later = at_unix(begin + 900'000'000);
    CHECK(open_value(value_of(line), later, settings).ok());
    CHECK_FALSE(open_value(value_of(line), later).ok());
  }

  TEST_CASE("write_ticket: a session without an age is an error") {
    auto session = samples::session();
    session.created_at.reset();
    support::SeededEntropy entropy;
    const auto result =
        write_ticket(named(), *samples::keys(), sample(), session, samples::host, {}, entropy);
    CHECK(result.error().status == Status::internal);
  }

  TEST_CASE("F-245: in the native format a ticket is sealed, for tickets only, and by a ring") {
    auto settings = named();
    settings.format = CookieFormat::native;
    const auto value = value_of(written(sample(), settings).front());
    CHECK(value.find('|') == std::string::npos);
    CHECK(open_value(value, at_unix(begin + 60), settings)->id == id);
    CHECK_FALSE(open_value(value).ok());  // by who reads oauth2-proxy's format alone
    CHECK_FALSE(open_value(sign(v2(id)), at_unix(begin + 60), settings).ok());
    settings.accept_other_format = true;
    CHECK(open_value(sign(v2(id)), at_unix(begin + 60), settings).ok());

    // A session under the same name is no ticket, nor the other way round.
    support::SeededEntropy entropy;
    const auto session =
        write_session(settings, *samples::keys(), samples::session(), samples::host, {}, entropy)
            .value();
    CHECK_FALSE(open_value(value_of(session.front()), at_unix(begin + 60), settings).ok());
    SessionCookie cookie;
    cookie.whole = value;
    CHECK_FALSE(open_session(settings, *samples::keys(), cookie, at_unix(begin + 60)).ok());
  }

  TEST_CASE("F-246: a ticket of the secret before this one opens, in either format") {
    const std::vector<Secret> before = {Secret("0123456789!bcdef0123456789!bcdef")};
    const auto keys = CookieKeys::make(Secret("another secret of 32 bytes......"), before).value();
    const auto others = CookieKeys::make(Secret("another secret of 32 bytes......")).value();
    for (const auto format : {CookieFormat::native, CookieFormat::oauth2_proxy}) {
      auto settings = named();
      settings.format = format;
      const auto value = value_of(written(sample(), settings).front());
      SessionCookie cookie;
      cookie.whole = value;
      CHECK(open_ticket(settings, *keys, cookie, at_unix(begin + 60)).ok());
      CHECK_FALSE(open_ticket(settings, *others, cookie, at_unix(begin + 60)).ok());
    }
  }

  TEST_CASE("write_ticket: what a split cookie session left is expired") {
    Browser browser;
    for (const char* pair : {"n_0=left", "n_1=over", "n_csrf=x"}) browser.add(pair);
    const auto lines = written(sample(), named(), browser.headers());
    CHECK(lines.size() == 3);
    browser.take(lines);
    CHECK(browser.pairs() == std::vector<std::string>{"n_csrf=x", "n=" + value_of(lines.front())});
  }

  TEST_CASE("open_ticket: a value of another name, secret or time is refused") {
    const auto value = value_of(written(sample()).front());
    CHECK(open_value(value).ok());
    CHECK_FALSE(open_value(value, at_unix(begin), named("m")).ok());
    CHECK_FALSE(open_value(value, at_unix(begin + 604800)).ok());
    CHECK(open_value(value, at_unix(begin + 604799)).ok());
    CHECK_FALSE(open_value(value, at_unix(begin - 300)).ok());
    SessionCookie cookie;
    cookie.whole = value;
    const auto other = samples::keys("0123456789!bcdef0123456789!bcdeg");
    CHECK_FALSE(open_ticket(named(), *other, cookie, at_unix(begin)).ok());
  }

  TEST_CASE("open_ticket: v2 and the older form, and each step refuses with its own words") {
    CHECK(open_value(sign(v2(id))).ok());
    CHECK(open_value(sign(std::string(id) + ".MDEyMzQ1Njc4OWFiY2RlZg")).ok());
    CHECK(open_value("canary").error().text == "the cookie is no signed value");
    CHECK(open_value(sign(v2(id), begin - 700000)).error().text ==
          "the cookie is too old, or from the future");
    for (const auto& text :
         {std::string(), std::string(id), "v3" + v2(id).substr(2), "V2" + v2(id).substr(2),
          v2(id) + ".x", "." + v2(id), v2(id) + "==", v2(id, "////"),
          v2(id, "MDEyMzQ1Njc4OWFiY2RlZl"), v2(id, "MDEyMzQ1\nNjc4OWFiY2RlZg"),
          std::string("v2.!!!.MDEyMzQ1Njc4OWFiY2RlZg"), "v2." + std::string(id) + ".!",
          std::string(id) + ".!"}) {
      CAPTURE(text);
      CHECK(refusal(text) == "the ticket is not of the form v2.id.secret");
    }
    for (const std::string_view canary : {"", "canary", "v2", "n-*", "n-canary\r\nFLUSHALL\r\n"}) {
      CAPTURE(canary);
      CHECK(refusal(v2(canary)) == "the ticket's id is none we give out");
    }
    CHECK(refusal(".") == "the ticket's id is none we give out");
    CHECK(refusal("v2.MDEyMzQ1Njc4OWFiY2RlZg") == "the ticket's id is none we give out");
    CHECK(refusal(v2(id, "")) == "the ticket's secret has 0 bytes instead of 16, 24 or 32");
    CHECK(refusal(v2(id, base64url::encode(std::string(31, 'x')))) ==
          "the ticket's secret has 31 bytes instead of 16, 24 or 32");
  }

  TEST_CASE(
      "open_ticket: an older ticket of a name with a dot cannot be told apart, and is refused") {
    const auto settings = named("my.app");
    const auto an_id = "my.app-" + std::string(32, '0');
    const auto value = [&](std::string_view text) {
      return write_signed(samples::keys()->mac(), "my.app", text, begin).value();
    };
    CHECK(open_value(value(v2(an_id)), at_unix(begin), settings).ok());
    CHECK_FALSE(
        open_value(value(an_id + ".MDEyMzQ1Njc4OWFiY2RlZg"), at_unix(begin), settings).ok());
  }

  TEST_CASE("OP-20: a value signed for another cookie is no ticket, wherever the name ends") {
    const auto keys = samples::keys();
    for (const char* rest : {"_csrf", "abc", "djIu"}) {
      const auto value = write_signed(keys->mac(), "n" + std::string(rest), v2(id), begin).value();
      CHECK(open_value(value).error().text == "the cookie's signature does not match");
      CHECK_FALSE(open_value(rest + value).ok());
    }
    support::SeededEntropy entropy;  // of a cookie session
    const auto sealed = keys->cipher().encrypt("compressed record", entropy).value();
    CHECK(refusal(sealed) == "the ticket is not of the form v2.id.secret");
  }

  TEST_CASE("find_ticket_cookies: NAME only, parts are none") {
    const auto value = value_of(written(sample()).front());
    const auto half = value.size() / 2;
    for (const bool newest : {true, false}) {
      auto settings = named();
      settings.newest_of_duplicates = newest;
      CHECK(opened_ids(settings, "a=1; n=" + value + "; n_csrf=2") == Ids{std::string(id)});
      CHECK(opened_ids(settings, "n_0=" + value).empty());
      CHECK(opened_ids(settings, "n_0=" + value.substr(0, half) + "; n_1=" + value.substr(half))
                .empty());
      CHECK(opened_ids(settings, "n_0=x; n=" + value + "; n_0=y") == Ids{std::string(id)});
      CHECK(opened_ids(settings, "").empty());
    }
    // What finding session cookies made of parts does not open either.
    SessionCookie joined;
    joined.joined = value;
    CHECK_FALSE(open_ticket(named(), *samples::keys(), joined, at_unix(begin)).ok());
  }

  TEST_CASE(
      "H-01: of several tickets up to four are tried, the newest first; the first in compat") {
    const auto cookies = cookie_of('1', begin) + "; " + cookie_of('2', begin + 20) +
                         "; n=; n=x|99999999999|y; " + cookie_of('3', begin + 10) + "; " +
                         cookie_of('4', begin + 30);
    auto settings = named();
    // Those behind the fourth are not looked at.
    CHECK(opened_ids(settings, cookies) == Ids{id_of('2'), id_of('1'), ""});
    CHECK(opened_ids(settings, cookie_of('1', begin) + "; " + cookie_of('2', begin + 20) + "; " +
                                   cookie_of('3', begin + 10)) ==
          Ids{id_of('2'), id_of('3'), id_of('1')});
    settings.newest_of_duplicates = false;
    CHECK(opened_ids(settings, cookies) == Ids{id_of('1')});
    CHECK(opened_ids(settings, "n=; " + cookies) == Ids{""});
  }

  TEST_CASE("OP-10: clearing expires NAME and every part with the flags they were set with") {
    auto settings = named();
    settings.cookie_domains = {"app.example"};
    settings.attributes.path = "/app/";
    settings.attributes.same_site = http::SameSite::lax;
    Browser browser(written(sample(), settings));
    browser.add("n_0=left");
    browser.add("n_1=over");
    browser.add("n_csrf=x");
    const auto cleared = clear_ticket(settings, samples::host, browser.headers());
    REQUIRE(cleared.size() == 3);
    CHECK(cleared.front().starts_with("n=;"));
    for (const auto& line : cleared)
      CHECK(
          line.ends_with("=; Path=/app/; Domain=app.example; Max-Age=0; HttpOnly; Secure; "
                         "SameSite=Lax"));
    browser.take(cleared);
    CHECK(browser.pairs() == std::vector<std::string>{"n_csrf=x"});
  }

  TEST_CASE("clear_ticket: NAME is expired though the request does not carry it") {
    const std::vector<std::string> only_name{"n=; Path=/; Max-Age=0; HttpOnly; Secure"};
    CHECK(clear_ticket(named(), samples::host, {}) == only_name);
    Browser browser;
    browser.add("n=x");
    browser.add("n=y");
    CHECK(clear_ticket(named(), samples::host, browser.headers()) == only_name);
  }

  TEST_CASE("seal_record: a session comes back whole, with its tokens and its end") {
    auto settings = named();
    settings.minimal = true;  // is about cookies
    support::SeededEntropy entropy;
    for (const std::string_view secret :
         {"0123456789abcdef", "0123456789abcdef01234567", "0123456789abcdef0123456789abcdef"}) {
      const auto ticket = sample(secret);
      auto sealed = seal_record(settings, gcm(), ticket, samples::session(), entropy).value();
      CHECK(sealed.size() == around + write_record(samples::session(), {}).size());
      const auto again = open_record(settings, gcm(), ticket, std::move(sealed)).value();
      CHECK(write_record(again, {}) == write_record(samples::session(), {}));
      CHECK(again.refresh_token == samples::session().refresh_token);
      CHECK(again.ends_at == Timestamp{begin + 604800, 5});
    }
  }

  TEST_CASE("seal_record: each time under another nonce, and nothing of the record is legible") {
    support::SeededEntropy entropy;
    const auto session = samples::session();
    const auto one = seal_record(named(), gcm(), sample(), session, entropy).value();
    const auto two = seal_record(named(), gcm(), sample(), session, entropy).value();
    CHECK(one.substr(0, 12) != two.substr(0, 12));
    CHECK(one.substr(12) != two.substr(12));
    CHECK(one.find("jane") == std::string::npos);
  }

  TEST_CASE("seal_record, open_record: session_limit bounds the record both ways") {
    auto settings = named();
    const auto size = write_record(samples::session(), {}).size();
    support::SeededEntropy entropy;
    settings.record_limit = size;
    CHECK(seal_record(settings, gcm(), sample(), samples::session(), entropy).ok());
    CHECK(open_record(settings, gcm(), sample(), seal(sample())).ok());
    settings.record_limit = size - 1;
    CHECK(seal_record(settings, gcm(), sample(), samples::session(), entropy).error().text ==
          "the session is larger than session_limit allows");
    CHECK(record_refusal(seal(sample()), settings) ==
          "the encrypted record is larger than session_limit allows");
  }

  TEST_CASE("open_record: each step refuses with its own words and none of the record's") {
    for (std::size_t size = 0; size < around; ++size)
      CHECK(record_refusal(std::string(size, 'c')) == "the encrypted record has " +
                                                          std::to_string(size) +
                                                          " bytes, at least 28 were expected");
    CHECK(record_refusal(std::string(around, 'c')) == "the encrypted value is not authentic");
    const auto sealed_text = [](std::string_view text) {
      std::string out(crypto::Gcm::nonce_size, 'n');
      const auto nonce = out;
      CHECK(gcm().seal("0123456789abcdef", nonce, {}, text, out).ok());
      return out;
    };
    CHECK(open_record(named(), gcm(), sample(), sealed_text("\x80")).ok());
    CHECK(record_refusal(sealed_text("")) == "the record is no MessagePack map");
    CHECK(record_refusal(sealed_text("canary")) == "the record is no MessagePack map");
    CHECK(record_refusal(sealed_text("\x81\xa1\x65\x01")) == "the record cannot be read at e");
    CHECK(record_refusal(sealed_text("\x80\x80")) == "the record has bytes behind its end");
  }

  TEST_CASE("RD-08: no bit of a stored record can be changed, and none left out or added") {
    const auto sealed = seal(sample());
    std::size_t num_refused = 0;
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        auto changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
        num_refused += !open_record(named(), gcm(), sample(), changed).ok();
      }
      num_refused += !open_record(named(), gcm(), sample(), sealed.substr(0, i)).ok();
    }
    CHECK(num_refused == 9 * sealed.size());
    CHECK_FALSE(open_record(named(), gcm(), sample(), sealed + '\0').ok());
    CHECK(open_record(named(), gcm(), sample(), sealed).ok());
  }

  TEST_CASE(
      "RD-08: another user's record under the key is refused, an older one ends in its time") {
    support::SeededEntropy entropy;
    const auto ours = make_ticket(named(), entropy).value();
    const auto theirs = make_ticket(named(), entropy).value();
    CHECK(open_record(named(), gcm(), ours, seal(ours)).ok());
    CHECK_FALSE(open_record(named(), gcm(), ours, seal(theirs)).ok());

    // The format has no associated data, so that a record of the same ticket opens whenever it was
    // written. It does not outlive what it says itself.
    auto older = samples::session();
    older.created_at = Timestamp{begin - 604800, 0};
    const auto opened = open_record(named(), gcm(), ours, seal(ours, older)).value();
    CHECK(judge(opened, named(), at_unix(begin - 1)) != Freshness::dead);
    CHECK(judge(opened, named(), at_unix(begin)) == Freshness::dead);
  }
}
