#include "session/subject.hpp"

#include <doctest/doctest.h>

using namespace gatelet::session;

namespace {

void add_claim(Session& session, msgpack::Value::Data value) {
  session.additional_claims.emplace_back("sub", std::move(value));
}

}  // namespace

TEST_SUITE("session/subject") {
  TEST_CASE("whose a session is: the provider that vouched, and the subject it named") {
    Session session;
    session.user = "jane";
    CHECK(subject_of(session) == Subject("default", "jane"));
    session.provider_id = "google";
    CHECK(subject_of(session) == Subject("google", "jane"));
    add_claim(session, std::string("248289"));
    CHECK(subject_of(session) == Subject("google", "248289"));
    CHECK(is_of(session, Subject("google", "248289")));
    CHECK_FALSE(is_of(session, Subject("google", "jane")));
    CHECK_FALSE(is_of(session, Subject("default", "248289")));
  }

  TEST_CASE("of several claims of that name the last counts; one that is no text does not") {
    Session session;
    session.user = "jane";
    add_claim(session, std::string("1"));
    add_claim(session, std::string("2"));
    CHECK(subject_id_of(session) == "2");
    session.additional_claims.emplace_back().first = "sub";  // nil
    CHECK(subject_id_of(session) == "jane");
  }

  TEST_CASE("somebody in htpasswd_file is nobody of a provider, whatever the name") {
    Session session;
    session.user = "jane";
    session.password_mark = gatelet::Secret("jane:{SHA}x");
    CHECK(subject_of(session) == Subject("htpasswd", "jane"));
  }

  TEST_CASE("the sign-in is what a refresh keeps; without it, when the session was made") {
    Session session;
    CHECK(signed_in_at(session) == Timestamp{});
    session.created_at = Timestamp{20, 1};
    CHECK(signed_in_at(session) == Timestamp{20, 1});
    session.signed_in_at = Timestamp{10, 2};
    CHECK(signed_in_at(session) == Timestamp{10, 2});
  }
}
