#include "session/refresh_result.hpp"

#include <doctest/doctest.h>

#include "samples.hpp"
#include "session/record.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::session;

namespace {

const std::shared_ptr<const crypto::Gcm>& gcm() {
  static const auto made = std::make_shared<const crypto::Gcm>(crypto::Gcm::make().value());
  return made;
}

Session with(std::string_view refresh_token, std::string provider_id = {}) {
  auto session = samples::session();
  session.refresh_token = Secret(refresh_token);
  session.provider_id = std::move(provider_id);
  return session;
}

std::string sealed(const RefreshPlace& place, const Session& session,
                   const SessionSettings& settings = {}) {
  support::SeededEntropy entropy;
  return seal_refresh_result(settings, gcm(), place, session, entropy).value();
}

Result<Session> open(const RefreshPlace& place, std::string record,
                     const SessionSettings& settings = {}) {
  return open_refresh_result(settings, gcm(), place, std::move(record));
}

}  // namespace

TEST_SUITE("session/refresh_result") {
  TEST_CASE("the place is the refresh token's, whatever else the session holds") {
    const SessionSettings settings;
    const auto place = refresh_place(settings, with("rt-canary-1")).value();
    auto other = with("rt-canary-1");
    other.access_token = Secret();
    other.user = "somebody else";
    CHECK(refresh_place(settings, other)->key == place.key);
    CHECK(refresh_place(settings, other)->seal == place.seal);
    CHECK(place.key.starts_with("__Host-gatelet-refresh-"));
    CHECK(place.key.find("canary") == std::string::npos);
    CHECK(place.key.size() == std::string("__Host-gatelet-refresh-").size() + 32);
    CHECK_FALSE(is_ticket_id(settings, place.key));  // no ticket ever names it
    CHECK(lock_key(place) == place.key + ".lock");
  }

  TEST_CASE("another token, provider or cookie name has another place and another seal") {
    const auto place = refresh_place({}, with("rt1")).value();
    for (const auto& other : {with("rt2"), with("rt1", "corp")}) {
      CHECK(refresh_place({}, other)->key != place.key);
      CHECK_FALSE(refresh_place({}, other)->seal == place.seal);
      CHECK_FALSE(open(refresh_place({}, other).value(), sealed(place, with("next"))).ok());
    }
    SessionSettings named;
    named.cookie_name = "n";
    CHECK(refresh_place(named, with("rt1"))->key.starts_with("n-refresh-"));
    CHECK_FALSE(open(refresh_place(named, with("rt1")).value(), sealed(place, with("next"))).ok());
    CHECK_FALSE(refresh_place({}, with("")).ok());
  }

  TEST_CASE("what was sealed opens whole, with its tokens, and shows nothing") {
    const auto place = refresh_place({}, with("rt1")).value();
    SessionSettings minimal;
    minimal.minimal = true;
    const auto record = sealed(place, with("rt2-canary", "corp"), minimal);
    CHECK(record.find("canary") == std::string::npos);
    CHECK(record.find("jane") == std::string::npos);
    const auto opened = open(place, record);
    REQUIRE(opened.ok());
    CHECK(write_record(*opened, {}) == write_record(with("rt2-canary", "corp"), {}));
    CHECK(opened->ends_at.has_value());
  }

  TEST_CASE("every changed byte, every cut, and a text that is none is refused") {
    const auto place = refresh_place({}, with("rt1")).value();
    const auto record = sealed(place, with("rt2"));
    for (std::size_t i = 0; i < record.size(); ++i) {
      auto changed = record;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      CHECK_FALSE(open(place, changed).ok());
      CHECK_FALSE(open(place, record.substr(0, i)).ok());
    }
    CHECK_FALSE(open(place, "").ok());
    CHECK_FALSE(open(place, record + "x").ok());
  }

  TEST_CASE("above session_limit it is written without the tokens that may be left out") {
    const auto place = refresh_place({}, with("rt1")).value();
    auto large = with("rt2");
    large.access_token = Secret(std::string(2000, 'a'));
    SessionSettings settings;
    settings.record_limit = 2000;
    const auto opened = open(place, sealed(place, large, settings), settings);
    REQUIRE(opened.ok());
    CHECK(opened->refresh_token == large.refresh_token);
    CHECK(opened->access_token.empty());
    CHECK(opened->id_token.empty());
    CHECK(opened->user == large.user);
    settings.needs_id_token = true;  // to judge the next one
    CHECK(open(place, sealed(place, large, settings), settings)->id_token == large.id_token);
  }

  TEST_CASE("session_limit bounds what is written and what is read") {
    const auto place = refresh_place({}, with("rt1")).value();
    SessionSettings small;
    small.record_limit = 60;
    support::SeededEntropy entropy;
    CHECK(seal_refresh_result(small, gcm(), place, with("rt2"), entropy).error().status ==
          Status::session_invalid);
    CHECK(open(place, sealed(place, with("rt2")), small).error().status == Status::session_invalid);
  }

  TEST_CASE("without random bytes nothing is sealed") {
    const auto place = refresh_place({}, with("rt1")).value();
    support::FailingEntropy none(0);
    CHECK(seal_refresh_result({}, gcm(), place, with("rt2"), none).error().status ==
          Status::no_entropy);
  }
}
