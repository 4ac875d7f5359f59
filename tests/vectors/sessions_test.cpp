// Session cookies: every case that oauth2-proxy answered, read with the settings that do as it
// does; and what we write for the same sessions.
#include <doctest/doctest.h>

#include "expected_session.hpp"
#include "oauth2_proxy.hpp"
#include "session/record.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;
using vectors::Json;

namespace {

// Where the reference takes what it never writes, and we refuse.
constexpr vectors::Stricter stricter[] = {
    {"mac with unused trailing bits set is accepted",
     "one text for each value: base64url is strict"},
    {"stamp with plus sign, correctly signed", "a time stamp is digits without leading zeros"},
    {"stamp with leading zeros, correctly signed", "a time stamp is digits without leading zeros"},
    {"lz4: legacy frame", "only the current frame format, as its specification has it"},
    {"lz4: version bits wrong", "only the current frame format, as its specification has it"},
    {"lz4: reserved FLG bit set", "only the current frame format, as its specification has it"},
    {"lz4: reserved BD bit set", "only the current frame format, as its specification has it"},
    {"lz4: content size wrong", "a content size that is given is right"},
    {"lz4: grows to 2 MiB", "a record has at most session_limit bytes"},
    {"msgpack: trailing bytes after the record", "a record is one value, whole"},
    {"msgpack: second record after the first", "a record is one value, whole"},
    {"msgpack: map count too low", "a record is one value, whole"},
    {"msgpack: array of eleven", "a record is a map"},
    {"msgpack: nil as key of the record", "keys are texts"},
    {"msgpack: nested map with nil key", "keys are texts"},
    {"msgpack: time of 8 bytes with more than 999999999 ns",
     "nanoseconds stay below a second, as the specification has it"},
    {"msgpack: time of 12 bytes with more than 999999999 ns",
     "nanoseconds stay below a second, as the specification has it"},
    {"msgpack: additional claims nested 100 deep", "claims nest at most 8 deep"},
    {"msgpack: additional claims nested 3000 deep", "claims nest at most 8 deep"},
};

// Refused by both, here one step later: liblz4 fills such a match with zeros, and the record is
// none.
constexpr std::string_view refused_later = "lz4: match offset zero";

const Json& cases() {
  static const Json all = Json::parse(vectors::read_file("sessions.json"));
  return all;
}

// The reference's name for the step that refused, from our text.
std::string_view step_of(std::string_view text) {
  if (text.starts_with("the cookie")) return "invalid_signature_or_time";
  if (text.starts_with("the encrypted value")) return "decrypt";
  if (text.starts_with("the compressed record") || text.starts_with("the record is larger"))
    return "lz4";
  if (text.starts_with("the record")) return "msgpack";
  return "unknown";
}

Result<Session> open_case(const Json& one, const SessionSettings& settings,
                          std::span<const HeaderView> headers) {
  const auto keys = CookieKeys::make(vectors::secret_of(one)).value();
  const auto candidates = find_session_cookies(settings, headers);
  if (candidates.empty()) return Error{Status::session_invalid, "no_cookie"};
  CHECK(candidates.size() == 1);
  return open_session(settings, *keys, candidates.front(), vectors::now_of(one));
}

}  // namespace

TEST_SUITE("vectors/sessions") {
  TEST_CASE("sessions.json: every case is read as oauth2-proxy reads it, or refused by a rule") {
    int accepted = 0, refused = 0, num_stricter = 0;
    for (const auto& one : cases()) {
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto result = open_case(one, vectors::settings_of(one), vectors::headers_of(one));

      if (vectors::find_stricter(stricter, name) != nullptr) {
        CHECK(!result.ok());
        CHECK(one.contains("expected"));
        ++num_stricter;
      } else if (one.contains("expected")) {
        REQUIRE_MESSAGE(result.ok(), result.error().text);
        vectors::check_equal(*result, one.at("expected"));
        ++accepted;
      } else {
        REQUIRE(!result.ok());
        CHECK(result.error().status == Status::session_invalid);
        const auto& text = result.error().text;
        const auto step = text == "no_cookie" ? text : std::string(step_of(text));
        CHECK(step ==
              (name == refused_later ? "msgpack" : vectors::text_at(one, "expected_error")));
        ++refused;
      }
    }
    CHECK(cases().size() == 303);
    CHECK(accepted == 162);
    CHECK(refused == 122);
    CHECK(num_stricter == std::size(stricter));
  }

  TEST_CASE("sessions.json: no rule is stricter towards what the reference writes, but the limit") {
    for (const auto& one : cases()) {
      const auto* row = vectors::find_stricter(stricter, vectors::text_at(one, "name"));
      if (row == nullptr || one.at("origin") == "crafted") continue;
      CHECK(row->name == "lz4: grows to 2 MiB");
      auto settings = vectors::settings_of(one);
      settings.record_limit = 3 * 1024 * 1024;
      const auto result = open_case(one, settings, vectors::headers_of(one));
      REQUIRE(result.ok());
      CHECK(result->access_token == Secret(std::string(2097152, 'a')));
    }
  }

  TEST_CASE("sessions.json: the AES key of every secret") {
    for (const auto& one : cases())
      CHECK(aes_key_of(vectors::secret_of(one)).reveal() == vectors::bytes_at(one, "aes_key_hex"));
  }

  TEST_CASE("sessions.json: what the reference wrote reads the same in the default profile") {
    int num_read = 0;
    for (const auto& one : cases()) {
      if (!one.contains("set_cookie") || !one.contains("expected")) continue;
      const auto name = vectors::text_at(one, "name");
      // Here several cookies compete, and the newest valid one wins.
      if (name.find("same name") == 0 || name.find("whole") != std::string::npos) continue;
      if (vectors::find_stricter(stricter, name) != nullptr) continue;
      CAPTURE(name);
      auto settings = vectors::settings_of(one);
      settings.newest_of_duplicates = true;
      const auto result = open_case(one, settings, vectors::headers_of(one));
      REQUIRE(result.ok());
      vectors::check_equal(*result, one.at("expected"));
      ++num_read;
    }
    CHECK(num_read == 100);
  }

  TEST_CASE("write_record: byte for byte what Go's library writes") {
    int num_equal = 0;
    for (const auto& one : cases()) {
      // The order of additional claims is random there.
      if (one.at("origin") != "written" || !one.contains("record_hex") || !one.contains("expected"))
        continue;
      if (!one.at("expected").at("additional_claims").empty()) continue;
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      const auto record = vectors::bytes_at(one, "record_hex");
      const auto session = read_record(record);
      REQUIRE(session.ok());
      CHECK(write_record(*session, {true, false}) == record);
      ++num_equal;
    }
    CHECK(num_equal == 91);
  }

  TEST_CASE("write_session: attributes, names and content as the reference's, for every session") {
    support::SeededEntropy entropy;
    int num_written = 0;
    for (const auto& one : cases()) {
      if (!one.contains("set_cookie") || !one.contains("expected")) continue;
      const auto name = vectors::text_at(one, "name");
      CAPTURE(name);
      auto settings = vectors::settings_of(one);
      const auto opened = open_case(one, settings, vectors::headers_of(one));
      if (!opened.ok() || !opened->created_at) continue;

      const auto keys = CookieKeys::make(vectors::secret_of(one)).value();
      const auto written =
          write_session(settings, *keys, *opened, vectors::request_host, {}, entropy);
      REQUIRE(written.ok());
      const auto& theirs = one.at("set_cookie");
      std::vector<HeaderView> headers;
      for (const auto& line : *written) {
        CHECK(line.size() <= 4000);
        CHECK(vectors::attributes_of(line) ==
              vectors::attributes_of(theirs[0].get_ref<const std::string&>()));
        headers.push_back({"Cookie", std::string_view(line).substr(0, line.find(';'))});
      }
      if (written->size() == theirs.size()) {
        for (std::size_t i = 0; i < theirs.size(); ++i) {
          const auto their = theirs[i].get<std::string>();
          CHECK(headers[i].value.substr(0, headers[i].value.find('=')) ==
                their.substr(0, their.find('=')));
        }
      }
      auto again = open_case(one, settings, headers);
      REQUIRE(again.ok());
      CHECK(write_record(*again, {}) == write_record(*opened, {}));
      ++num_written;
    }
    CHECK(num_written == 101);
  }
}
