#include "flow/session_of.hpp"

#include <doctest/doctest.h>

#include "session/lifetime.hpp"

using namespace gatelet;
namespace msgpack = session::msgpack;

namespace {

json::Value claim(std::string_view text) { return json::parse(text).value(); }

// As the record writes and reads it.
bool survives_the_record(const msgpack::Value& value) {
  std::string bytes;
  msgpack::Writer(bytes).write(value);
  msgpack::Reader reader(bytes);
  msgpack::Value back;
  return reader.read(back) && back == value;
}

oidc::PersonClaims alice() {
  oidc::PersonClaims person;
  person.subject = person.user = "alice";
  person.email = "alice@example.com";
  person.email_verified = true;
  person.preferred_username = "Alice";
  person.groups = {"staff"};
  return person;
}

session::Session session_of_alice() {
  session::Session session;
  flow::take_person(session, alice());
  return session;
}

}  // namespace

TEST_SUITE("flow/session_of") {
  TEST_CASE("take_tokens: what came replaces, what did not come stays, the expiry never stays") {
    session::Session session;
    oidc::TokenSet first;
    first.access_token = Secret("a1");
    first.id_token = Secret("i1");
    first.refresh_token = Secret("r1");
    first.expires_in = std::chrono::seconds(60);
    flow::take_tokens(session, first, at_unix(1000));
    CHECK(session.expires_on == session::Timestamp{1060, 0});

    oidc::TokenSet second;
    second.access_token = Secret("a2");
    flow::take_tokens(session, second, at_unix(2000));
    CHECK(session.access_token.reveal() == "a2");
    CHECK(session.id_token.reveal() == "i1");
    CHECK(session.refresh_token.reveal() == "r1");
    CHECK_FALSE(session.expires_on);
  }

  TEST_CASE("F-256: take_tokens: of a token that is not kept nothing stays, an old one neither") {
    oidc::TokenSet tokens;
    tokens.access_token = Secret("a2");
    tokens.id_token = Secret("i2");
    tokens.refresh_token = Secret("r2");
    for (const int dropped : {0, 1, 2}) {
      session::Session session;
      session.access_token = session.id_token = session.refresh_token = Secret("old");
      const session::KeptTokens kept{dropped != 0, dropped != 1, dropped != 2};
      flow::take_tokens(session, tokens, at_unix(2000), kept);
      CHECK(session.access_token.reveal() == (kept.access ? "a2" : ""));
      CHECK(session.id_token.reveal() == (kept.id ? "i2" : ""));
      CHECK(session.refresh_token.reveal() == (kept.refresh ? "r2" : ""));
    }
  }

  TEST_CASE("take_person: everything that was told, and nothing else") {
    const auto session = session_of_alice();
    CHECK(session.user == "alice");
    CHECK(session.email == "alice@example.com");
    CHECK(session.email_verified == true);
    CHECK(session.groups == std::vector<std::string>{"staff"});
    CHECK(session.groups_complete);
    CHECK(session.additional_claims.empty());
  }

  TEST_CASE("update_person: silence keeps name and address; another address needs its own flag") {
    auto session = session_of_alice();
    oidc::PersonClaims silent;
    silent.user = "alice";
    silent.groups_complete = false;
    flow::update_person(session, silent);
    CHECK(session.email == "alice@example.com");
    CHECK(session.email_verified == true);
    CHECK(session.preferred_username == "Alice");
    CHECK(session.groups == std::vector<std::string>{"staff"});

    auto same = alice();
    same.email_verified.reset();
    flow::update_person(session, same);
    CHECK(session.email_verified == true);

    auto other = alice();
    other.email = "other@example.com";
    other.email_verified.reset();
    flow::update_person(session, other);
    CHECK(session.email == "other@example.com");
    CHECK_FALSE(session.email_verified);
  }

  TEST_CASE("update_person: groups are replaced, never added, also by none") {
    auto session = session_of_alice();
    auto other = alice();
    other.groups = {"board"};
    flow::update_person(session, other);
    CHECK(session.groups == std::vector<std::string>{"board"});
    other.groups.clear();
    flow::update_person(session, other);
    CHECK(session.groups.empty());
  }

  TEST_CASE("update_person: groups that could not all be told are kept as far as they were") {
    auto session = session_of_alice();
    auto some = alice();
    some.groups = {"board"};
    some.groups_complete = false;
    flow::update_person(session, some);
    CHECK(session.groups == std::vector<std::string>{"board"});
    CHECK_FALSE(session.groups_complete);
  }

  TEST_CASE("update_person: additional claims are replaced one by one") {
    session::Session session;
    auto first = alice();
    first.additional = {{"a", claim("1")}, {"b", claim("2")}};
    flow::take_person(session, first);
    auto second = alice();
    second.additional = {{"b", claim("3")}, {"c", claim("4")}};
    flow::update_person(session, second);
    REQUIRE(session.additional_claims.size() == 3);
    CHECK(session.additional_claims[0].second == msgpack::Value(std::string("1")));
    CHECK(session.additional_claims[1].second == msgpack::Value(std::string("3")));
    CHECK(session.additional_claims[2].second == msgpack::Value(std::string("4")));
  }

  TEST_CASE("record_value: each kind of claim, numbers as the text they were") {
    CHECK(flow::record_value(claim("null")) == msgpack::Value(nullptr));
    CHECK(flow::record_value(claim("true")) == msgpack::Value(true));
    CHECK(flow::record_value(claim("1.50")) == msgpack::Value(std::string("1.50")));
    CHECK(flow::record_value(claim("\"x\"")) == msgpack::Value(std::string("x")));
    const auto nested = flow::record_value(claim(R"({"a":[1,{"b":false}]})"));
    REQUIRE(nested);
    CHECK(survives_the_record(*nested));
  }

  TEST_CASE("record_value: nested as deep as a record can be read, and no deeper") {
    const auto nested = [](std::size_t depth) {
      return claim(std::string(depth, '[') + "1" + std::string(depth, ']'));
    };
    const auto deepest = flow::record_value(nested(msgpack::max_depth - 1));
    REQUIRE(deepest);
    CHECK(survives_the_record(*deepest));
    CHECK_FALSE(flow::record_value(nested(msgpack::max_depth)));
  }

  TEST_CASE("take_person: a claim that no record can hold is left out, the others stay") {
    session::Session session;
    auto person = alice();
    person.additional = {{"deep", claim("[[[[[[[[[1]]]]]]]]]")}, {"flat", claim("1")}};
    flow::take_person(session, person);
    REQUIRE(session.additional_claims.size() == 1);
    CHECK(session.additional_claims[0].first == "flat");
  }
}
