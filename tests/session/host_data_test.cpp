#include "session/host_data.hpp"

#include <doctest/doctest.h>

#include "samples.hpp"
#include "session/lifetime.hpp"

using namespace gatelet;
using namespace gatelet::session;
using samples::begin;

namespace {

Status status_of(const Result<Session>& result) {
  return result.ok() ? Status::ok : result.error().status;
}

SessionSettings stored() {
  SessionSettings settings;
  settings.is_stored = true;
  return settings;
}

const Instant now = at_unix(begin + 50);

}  // namespace

TEST_SUITE("session/host_data") {
  TEST_CASE("F-420: a value is found by its name, replaced, and removed by an empty one") {
    const SessionSettings settings;
    const std::string bytes("\x00\xff", 2);
    auto session = with_data(samples::session(), settings, "cart", bytes, now).value();
    session = with_data(session, settings, "theme", "dark", now).value();
    CHECK(find_data(session, "cart") == bytes);
    CHECK(find_data(session, "theme") == "dark");
    CHECK(find_data(session, "car").empty());
    CHECK(session.user == samples::session().user);
    session = with_data(session, settings, "cart", "2", now).value();
    CHECK(find_data(session, "cart") == "2");
    CHECK(data_of(session).size() == 2);
    session = with_data(session, settings, "cart", "", now).value();
    CHECK(find_data(session, "cart").empty());
    CHECK(data_of(session).size() == 1);
    CHECK(data_of(with_data(session, settings, "never", "", now).value()).size() == 1);
  }

  TEST_CASE("names: 1 to 64 letters, digits, '-', '_' and '.'") {
    const SessionSettings settings;
    for (const std::string& name :
         {std::string("a"), std::string("A.b-c_9"), std::string(64, 'n')}) {
      CHECK(check_data(settings, name, "v").ok());
    }
    for (const std::string& name :
         {std::string(), std::string(65, 'n'), std::string("a b"), std::string("a\0b", 3),
          std::string("\xc3\xa4"), std::string("a/b")}) {
      CHECK(check_data(settings, name, "v").error().status == Status::invalid_argument);
      CHECK(status_of(with_data({}, settings, name, "v", now)) == Status::invalid_argument);
    }
  }

  TEST_CASE("names and values together: 4 KiB in cookies, 64 KiB in a store, not a byte more") {
    for (const bool is_stored : {false, true}) {
      const auto settings = is_stored ? stored() : SessionSettings();
      const std::size_t limit = is_stored ? 65536 : 4096;
      CHECK(data_limit(settings) == limit);
      const auto half = with_data({}, settings, "a", std::string(limit / 2 - 1, 'x'), now).value();
      CHECK(with_data(half, settings, "b", std::string(limit / 2 - 1, 'x'), now).ok());
      const auto refused = with_data(half, settings, "b", std::string(limit / 2, 'x'), now);
      CHECK(refused.error().status == Status::data_too_large);
      CHECK(refused.error().text.find('x' + std::string("xx")) == std::string::npos);
      CHECK(with_data(half, settings, "a", std::string(limit - 1, 'y'), now).ok());  // in its place
      CHECK(status_of(with_data({}, settings, "a", std::string(limit, 'x'), now)) ==
            Status::data_too_large);
    }
  }

  TEST_CASE("as many names as a record holds, and not one more; fewer are always possible") {
    auto session = samples::session();
    for (std::size_t i = 0; i < max_data_names; ++i) {
      session = with_data(session, stored(), std::to_string(i), "v", now).value();
    }
    CHECK(status_of(with_data(session, stored(), "one-more", "v", now)) == Status::data_too_large);
    CHECK(with_data(session, stored(), "7", "w", now).ok());  // in its place
    const auto fewer = with_data(session, stored(), "7", "", now).value();
    CHECK(with_data(fewer, stored(), "one-more", "v", now).ok());
  }

  TEST_CASE("is_later: a change is later than the one before, also by a clock that was set back") {
    const SessionSettings settings;
    const auto before = samples::session();
    const auto one = with_data(before, settings, "a", "1", now).value();
    const auto two = with_data(one, settings, "a", "2", now - 1h).value();
    CHECK(is_later(one, before));
    CHECK(is_later(two, one));
    CHECK_FALSE(is_later(one, two));
    CHECK_FALSE(is_later(one, one));
    auto renewed = before;
    renewed.created_at = to_timestamp(now + 1h);
    CHECK(is_later(renewed, two));
    auto at_the_end = one;
    at_the_end.data = std::make_shared<const HostData>(
        HostData{one.data->values, Timestamp{begin + 100, 999'999'999}});
    CHECK(data_changed_at(with_data(at_the_end, settings, "a", "3", now).value()) ==
          Timestamp{begin + 101, 0});
  }

  TEST_CASE("F-247: a change is a use, where uses are noted") {
    auto settings = stored();
    CHECK_FALSE(with_data({}, settings, "a", "1", now).value().last_used.has_value());
    settings.idle_timeout = std::chrono::seconds(600);
    CHECK(with_data({}, settings, "a", "1", now).value().last_used == to_timestamp(now));
  }

  TEST_CASE("a session that never had data has none, and no time of it") {
    CHECK(data_of(samples::session()).empty());
    CHECK_FALSE(data_changed_at(samples::session()));
    CHECK(data_size(samples::session()) == 0);
    CHECK(data_size(with_data({}, stored(), "ab", "123", now).value()) == 5);
  }
}
