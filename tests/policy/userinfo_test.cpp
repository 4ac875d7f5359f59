#include "policy/userinfo.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gatelet;
namespace msgpack = session::msgpack;

TEST_SUITE("policy/userinfo") {
  TEST_CASE("F-010: user and email always, the rest where there is something") {
    session::Session session;
    session.user = "user-1";
    CHECK(policy::userinfo_json(session) == "{\"user\":\"user-1\",\"email\":\"\"}\n");

    session.email = "jane@example.com";
    session.groups = {"g1", "g\"2"};
    session.preferred_username = "jane";
    session.additional_claims = {{"b", msgpack::Value(std::int64_t{7})},
                                 {"a", msgpack::Value(std::string("x"))}};
    CHECK(policy::userinfo_json(session) ==
          "{\"user\":\"user-1\",\"email\":\"jane@example.com\",\"groups\":[\"g1\",\"g\\\"2\"],"
          "\"preferredUsername\":\"jane\",\"additionalClaims\":{\"a\":\"x\",\"b\":7}}\n");
  }

  TEST_CASE("userinfo_json: holds no token") {
    session::Session session;
    session.access_token = Secret("canary");
    session.id_token = Secret("canary");
    session.refresh_token = Secret("canary");
    session.nonce = "canary";
    CHECK(policy::userinfo_json(session).find("canary") == std::string::npos);
  }
}
