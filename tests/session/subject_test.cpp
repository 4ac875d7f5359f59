#include "session/subject.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "session/ticket.hpp"

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

  TEST_CASE("is_same_sign_in: by the ticket, else by the time, which oauth2-proxy's do not tell") {
    const auto of = [](std::optional<Timestamp> created, std::optional<Timestamp> signed_in,
                       std::string_view ticket = {}) {
      Session session;
      session.created_at = created;
      session.signed_in_at = signed_in;
      if (!ticket.empty()) {
        session.ticket =
            std::make_shared<const Ticket>(Ticket{std::string(ticket), gatelet::Secret("s")});
      }
      return session;
    };
    const Timestamp one{10, 0}, two{20, 0};
    CHECK(is_same_sign_in(of(one, one), of(two, one)));
    CHECK_FALSE(is_same_sign_in(of(one, one), of(two, two)));
    CHECK(is_same_sign_in(of(one, {}), of(two, one)));  // written by oauth2-proxy, then renewed
    CHECK_FALSE(is_same_sign_in(of(two, {}), of(two, one)));
    CHECK(is_same_sign_in(of(one, {}), of(two, {})));
    CHECK(is_same_sign_in(of(one, one, "t"), of(two, two, "t")));
    CHECK_FALSE(is_same_sign_in(of(one, one, "t"), of(one, one, "u")));
    CHECK_FALSE(is_same_sign_in(of(one, one, "t"), of(one, one)));
  }
}
