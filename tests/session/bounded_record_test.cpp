#include "session/bounded_record.hpp"

#include <doctest/doctest.h>

#include "samples.hpp"
#include "session/record.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;

TEST_SUITE("session/bounded_record") {
  TEST_CASE("write_bounded_record: with tokens or without, our own keys as the settings say") {
    SessionSettings settings;
    settings.format = CookieFormat::oauth2_proxy;
    auto session = samples::session();
    session.provider_id = "github";
    CHECK(write_bounded_record(settings, session, true).value() == write_record(session, {}));
    CHECK(write_bounded_record(settings, session, false).value() ==
          write_record(session, {false, true}));
    settings.write_extra_keys = false;
    CHECK(write_bounded_record(settings, session, true).value() ==
          write_record(session, {true, false}));
    CHECK(write_record(session, {true, false}) != write_record(session, {}));
  }

  TEST_CASE("write_bounded_record, read_bounded_record: session_limit itself fits, one less not") {
    SessionSettings settings;
    const auto record = write_record(samples::session(), {});
    settings.record_limit = record.size();
    CHECK(write_bounded_record(settings, samples::session(), true).ok());
    CHECK(read_bounded_record(settings, record).ok());
    --settings.record_limit;
    const auto written = write_bounded_record(settings, samples::session(), true);
    CHECK(written.error().status == Status::session_invalid);
    CHECK(written.error().text == "the session is larger than session_limit allows");
    const auto read = read_bounded_record(settings, record);
    CHECK(read.error().status == Status::session_invalid);
    CHECK(read.error().text ==
          "the record is larger than the limit of " + std::to_string(record.size() - 1) + " bytes");
  }

  TEST_CASE("read_bounded_record: a session ends cookie_expire after its created_at") {
    SessionSettings settings;
    settings.cookie_expire = std::chrono::seconds(60);
    auto session = samples::session();
    const auto ends = [&] {
      return read_bounded_record(settings, write_record(session, {})).value().ends_at;
    };
    CHECK(ends() == Timestamp{begin + 60, 5});
    settings.cookie_expire = std::chrono::seconds(0);
    CHECK(ends() == std::nullopt);
    settings.cookie_expire = std::chrono::seconds(60);
    session.created_at.reset();
    CHECK(ends() == Timestamp{});  // of unknown age: over
  }

  TEST_CASE("F-247: with session_max_lifetime the sign-in's time is kept, whatever else is not") {
    SessionSettings settings;
    settings.format = CookieFormat::oauth2_proxy;
    settings.write_extra_keys = false;
    settings.cookie_expire = std::chrono::seconds(60);
    auto session = samples::session();
    session.provider_id = "github";
    session.signed_in_at = Timestamp{begin - 100, 0};
    const auto again = [&] {
      return read_bounded_record(settings, *write_bounded_record(settings, session, true)).value();
    };
    CHECK_FALSE(again().signed_in_at.has_value());
    settings.max_lifetime = std::chrono::seconds(110);
    CHECK(again().signed_in_at == session.signed_in_at);
    CHECK(again().ends_at == Timestamp{begin + 10, 0});
    CHECK(again().provider_id.empty());
  }

  TEST_CASE("F-251: beside a store a cookie keeps the sign-in's time, which can be denied") {
    SessionSettings settings;
    settings.format = CookieFormat::oauth2_proxy;
    settings.write_extra_keys = false;
    auto session = samples::session();
    session.signed_in_at = Timestamp{begin - 100, 0};
    for (const bool is_beside : {false, true}) {
      settings.has_store_beside = is_beside;
      CHECK(keeps_sign_in(settings, session) == is_beside);
      const auto record = *write_bounded_record(settings, session, true);
      CHECK(read_bounded_record(settings, record)->signed_in_at.has_value() == is_beside);
    }
    session.ticket = std::make_shared<const Ticket>();  // is in an index
    CHECK_FALSE(keeps_sign_in(settings, session));
  }

  TEST_CASE("read_bounded_record: what is no record is refused as read_record refuses it") {
    for (const std::string_view record : {"", "canary", "\x91"}) {
      const auto result = read_bounded_record({}, record);
      REQUIRE(!result.ok());
      CHECK(result.error().text == read_record(record).error().text);
    }
  }
}
