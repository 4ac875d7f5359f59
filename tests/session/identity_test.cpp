#include <gatelet/identity.hpp>

#include <doctest/doctest.h>

#include "samples.hpp"

using namespace gatelet;
using namespace gatelet::session;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

Identity of(Session session) {
  return Identity(std::make_shared<const Session>(std::move(session)));
}

}  // namespace

TEST_SUITE("session/identity") {
  TEST_CASE("Identity: nobody has no session and empty texts") {
    const Identity nobody;
    CHECK_FALSE(nobody.has_session());
    for (const auto text :
         {nobody.provider(), nobody.subject(), nobody.user(), nobody.email(),
          nobody.preferred_username(), nobody.access_token(), nobody.id_token(), nobody.group(0)})
      CHECK(text.empty());
    CHECK(nobody.num_groups() == 0);
    CHECK_FALSE(nobody.groups_complete());
    CHECK_FALSE(nobody.email_verified().has_value());
    CHECK_FALSE(nobody.claim("sub").has_value());
    CHECK_FALSE(nobody.authenticated_at().has_value());
    CHECK_FALSE(nobody.session_ends().has_value());
  }

  TEST_CASE("Identity: what the session knows") {
    auto session = samples::session();
    session.email_verified = false;
    session.groups_complete = false;
    session.ends_at = Timestamp{samples::begin + 100, 7};
    const auto identity = of(session);
    CHECK(identity.has_session());
    CHECK(identity.provider() == "default");
    CHECK(identity.user() == "jane");
    CHECK(identity.subject() == "jane");
    CHECK(identity.email() == "jane@example.com");
    CHECK(identity.email_verified() == false);
    CHECK(identity.preferred_username() == "Jane");
    CHECK(identity.num_groups() == 2);
    CHECK(identity.group(1) == "users");
    CHECK(identity.group(2).empty());
    CHECK_FALSE(identity.groups_complete());
    CHECK(identity.access_token() == session.access_token.reveal());
    CHECK(identity.id_token() == session.id_token.reveal());
    CHECK(identity.session_ends() == sys_seconds(seconds(samples::begin + 100)));
  }

  TEST_CASE("Identity: signed in when the login was, not when it was last refreshed") {
    auto session = samples::session();
    CHECK(of(session).authenticated_at() == sys_seconds(seconds(samples::begin)));
    session.signed_in_at = Timestamp{samples::begin - 500, 0};
    CHECK(of(session).authenticated_at() == sys_seconds(seconds(samples::begin - 500)));
  }

  TEST_CASE("Identity: the subject is the sub claim where the session keeps one") {
    auto session = samples::session();
    session.provider_id = "google";
    session.additional_claims.emplace_back("sub", msgpack::Value(std::string("248289")));
    CHECK(of(session).provider() == "google");
    CHECK(of(session).subject() == "248289");
    CHECK(of(session).user() == "jane");
  }

  TEST_CASE("claim: a text as it is, anything else as JSON, absent when absent") {
    auto session = samples::session();
    session.additional_claims.emplace_back("name", msgpack::Value(std::string("Jane \"J\" Doe")));
    session.additional_claims.emplace_back(
        "roles", msgpack::Value(msgpack::Array{msgpack::Value(std::string("a"))}));
    session.additional_claims.emplace_back("level", msgpack::Value(true));
    const auto identity = of(session);
    CHECK(identity.claim("name") == "Jane \"J\" Doe");
    CHECK(identity.claim("roles") == R"(["a"])");
    CHECK(identity.claim("level") == "true");
    CHECK_FALSE(identity.claim("other").has_value());
    CHECK_FALSE(identity.claim("").has_value());
  }

  TEST_CASE("F-420: data of the application by its name, any bytes; of nobody none") {
    auto session = samples::session();
    session.data = std::make_shared<const session::HostData>(
        session::HostData{{{"cart", std::string("\0x", 2)}}, std::nullopt});
    CHECK(of(session).data("cart") == std::string("\0x", 2));
    CHECK(of(session).data("car").empty());
    CHECK(Identity().data("cart").empty());
  }

  TEST_CASE("Identity: texts outlive the copy they came from") {
    Identity kept;
    std::string_view email;
    {
      const auto identity = of(samples::session());
      email = identity.email();
      kept = identity;
    }
    CHECK(email == "jane@example.com");
    CHECK(kept.email().data() == email.data());
  }
}
