// Tickets: every case that oauth2-proxy answered, read with the settings that do as it does; and
// what we write for the same tickets and sessions, byte for byte.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "base/base64.hpp"
#include "base/base64url.hpp"
#include "expected_session.hpp"
#include "oauth2_proxy.hpp"
#include "session/record.hpp"
#include "session/ticket.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;
using vectors::Json;

namespace {

constexpr std::string_view id_rule = "an id is the cookie's name, a dash and 32 hexadecimal digits";

// Where the reference takes what it never writes, and we refuse.
constexpr vectors::Stricter stricter[] = {
    {"legacy: any id without a dot", id_rule},
    {"legacy: empty id", id_rule},
    {"v2: id chosen freely", id_rule},
    {"v2: empty id", id_rule},
    {"v2: secret with unused trailing bits set", "one text for each value: base64url is strict"},
    {"v2: line break inside the secret", "one text for each value: base64url is strict"},
    {"record: trailing bytes", "a record is one value, whole"},
};

// Refused by both, here before a store is asked.
constexpr vectors::Stricter refused_earlier[] = {
    {"legacy: three fields starting with v2", id_rule},
    {"v2: 15-byte secret", "a secret is an AES key"},
    {"v2: empty secret", "a secret is an AES key"},
};

const Json& cases() {
  static const Json all = Json::parse(vectors::read_file("tickets.json"));
  return all;
}

const crypto::Gcm& gcm() {
  static const auto made = crypto::Gcm::make().value();
  return made;
}

// The reference's name for the step that refused, from our text.
std::string_view step_of(std::string_view text) {
  if (text == "no_cookie" || text == "no_record") return text;
  if (text.starts_with("the cookie")) return "invalid_signature_or_time";
  if (text.starts_with("the ticket's secret")) return "ticket_secret";
  if (text.starts_with("the ticket")) return "ticket";
  if (text.starts_with("the encrypted")) return "decrypt";
  return text.starts_with("the record") ? "msgpack" : "unknown";
}

// What the reference calls the step. Where it crashes we say that the record is no encrypted one.
std::string expected_step(const Json& one) {
  if (vectors::text_at(one, "name") == "legacy: three fields starting with v2") return "ticket";
  const auto step = vectors::text_at(one, "expected_error");
  return step == "panic" ? "decrypt" : step;
}

Result<Ticket> read_case(const Json& one, const SessionSettings& settings) {
  const auto keys = CookieKeys::make(vectors::secret_of(one)).value();
  const auto headers = vectors::headers_of(one);
  const auto candidates = find_ticket_cookies(settings, headers);
  if (candidates.empty()) return Error{Status::session_invalid, "no_cookie"};
  CHECK(candidates.size() == 1);
  return open_ticket(settings, *keys, candidates.front(), vectors::now_of(one));
}

std::string stored_in(const Json& one) {
  return base64::decode(vectors::text_at(one, "redis_value_base64")).value();
}

// From the one record that the case's store has.
Result<Session> load_case(const Json& one, const SessionSettings& settings, const Ticket& ticket) {
  if (!one.at("record_present").get<bool>() || ticket.id != vectors::text_at(one, "redis_key"))
    return Error{Status::session_invalid, "no_record"};
  return open_record(settings, gcm(), ticket, stored_in(one));
}

// Gives bytes that are known, once.
class GivenEntropy final : public Entropy {
 public:
  explicit GivenEntropy(std::string bytes) : left_(std::move(bytes)) {}

  Result<void> fill(std::span<std::byte> out) noexcept override {
    if (out.size() > left_.size()) return Error{Status::no_entropy, {}};
    std::memcpy(out.data(), left_.data(), out.size());
    left_.erase(0, out.size());
    return {};
  }

 private:
  std::string left_;
};

bool is_written(const Json& one) { return one.at("origin") == "written"; }

}  // namespace

TEST_SUITE("vectors/tickets") {
  TEST_CASE("tickets.json: every case is read as oauth2-proxy reads it, or refused by a rule") {
    int accepted = 0, refused = 0;
    std::size_t num_stricter = 0, num_earlier = 0;
    for (const auto& one : cases()) {
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto settings = vectors::settings_of(one);
      const auto ticket = read_case(one, settings);
      const auto session =
          ticket.ok() ? load_case(one, settings, *ticket) : Result<Session>(ticket.error());
      if (!session.ok()) CHECK(session.error().status == Status::session_invalid);

      if (vectors::find_stricter(stricter, name) != nullptr) {
        CHECK(!session.ok());
        CHECK(one.contains("expected"));
        CHECK_FALSE(is_written(one));
        ++num_stricter;
        continue;
      }
      const bool is_earlier = vectors::find_stricter(refused_earlier, name) != nullptr;
      num_earlier += is_earlier;
      const bool asks = !one.at("key_looked_up").is_null() && !is_earlier;
      CHECK(ticket.ok() == asks);
      if (ticket.ok()) CHECK(ticket->id == vectors::text_at(one, "key_looked_up"));
      if (one.contains("expected")) {
        REQUIRE_MESSAGE(session.ok(), session.error().text);
        CHECK(ticket->secret.reveal() == vectors::bytes_at(one, "ticket_secret_hex"));
        vectors::check_equal(*session, one.at("expected"));
        ++accepted;
      } else {
        REQUIRE(!session.ok());
        CHECK(step_of(session.error().text) == expected_step(one));
        ++refused;
      }
    }
    CHECK(cases().size() == 66);
    CHECK(accepted == 24);
    CHECK(refused == 35);
    CHECK(num_stricter == std::size(stricter));
    CHECK(num_earlier == std::size(refused_earlier));
  }

  TEST_CASE("tickets.json: what the reference wrote reads the same in the default profile") {
    int num_read = 0;
    for (const auto& one : cases()) {
      if (!is_written(one) || !one.contains("expected")) continue;
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      auto settings = vectors::settings_of(one);
      settings.newest_of_duplicates = true;
      const auto ticket = read_case(one, settings);
      REQUIRE(ticket.ok());
      const auto session = load_case(one, settings, *ticket);
      REQUIRE(session.ok());
      vectors::check_equal(*session, one.at("expected"));
      ++num_read;
    }
    CHECK(num_read == 17);
  }

  TEST_CASE("write_ticket, lock_key: byte for byte what the reference wrote") {
    int num_equal = 0;
    for (const auto& one : cases()) {
      if (!one.contains("set_cookie") || !one.contains("expected")) continue;
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto settings = vectors::settings_of(one);
      const auto keys = CookieKeys::make(vectors::secret_of(one)).value();
      const Ticket ticket{vectors::text_at(one, "redis_key"),
                          Secret(vectors::bytes_at(one, "ticket_secret_hex"))};
      const auto session = vectors::expected_session(one.at("expected"));
      const auto headers = vectors::headers_of(one);
      support::SeededEntropy entropy;
      const auto written =
          write_ticket(settings, *keys, ticket, session, vectors::request_host, headers, entropy);
      CHECK(written.value() == one.at("set_cookie").get<std::vector<std::string>>());
      CHECK(lock_key(ticket) == vectors::text_at(one, "lock_key"));
      CHECK(settings.cookie_expire.count() == one.at("redis_ttl_seconds").get<std::int64_t>());
      ++num_equal;
    }
    CHECK(num_equal == 16);
  }

  TEST_CASE("seal_record: byte for byte what the reference stored, given its nonce") {
    int num_equal = 0, num_with_claims = 0;
    for (const auto& one : cases()) {
      if (!is_written(one) || !one.contains("expected")) continue;
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto settings = vectors::settings_of(one);
      const auto ticket = read_case(one, settings).value();
      const auto theirs = stored_in(one);
      const auto session = open_record(settings, gcm(), ticket, theirs).value();
      GivenEntropy nonce(theirs.substr(0, crypto::Gcm::nonce_size));
      const auto ours = seal_record(settings, gcm(), ticket, session, nonce).value();
      if (session.additional_claims.empty()) {
        CHECK(ours == theirs);
        if (one.contains("record_hex"))
          CHECK(write_record(session, {true, false}) == vectors::bytes_at(one, "record_hex"));
        ++num_equal;
      } else {  // the order of additional claims is random there
        vectors::check_equal(open_record(settings, gcm(), ticket, ours).value(),
                             one.at("expected"));
        ++num_with_claims;
      }
    }
    CHECK(num_equal == 15);
    CHECK(num_with_claims == 2);
  }

  TEST_CASE("tickets.json: an older ticket is written again as v2, the same id and secret") {
    const auto one = std::find_if(cases().begin(), cases().end(), [](const auto& each) {
      return each.at("name") == "legacy: id.secret";
    });
    REQUIRE(one != cases().end());
    const auto settings = vectors::settings_of(*one);
    const auto keys = CookieKeys::make(vectors::secret_of(*one)).value();
    const auto ticket = read_case(*one, settings).value();
    const auto session = load_case(*one, settings, ticket).value();
    support::SeededEntropy entropy;
    const auto line =
        write_ticket(settings, *keys, ticket, session, vectors::request_host, {}, entropy)
            .value()
            .front();
    const auto value = line.substr(line.find('=') + 1, line.find(';') - line.find('=') - 1);
    const auto payload =
        base64url::decode(value.substr(0, value.find('|')), base64url::Padding::required);
    CHECK(payload.value().starts_with("v2."));
    SessionCookie cookie;
    cookie.whole = value;
    const auto again = open_ticket(settings, *keys, cookie, vectors::now_of(*one)).value();
    CHECK(again.id == ticket.id);
    CHECK(again.secret == ticket.secret);
  }
}
