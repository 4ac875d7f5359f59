#include "session/claim_text.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace gatelet;
using namespace gatelet::session;
using msgpack::Value;

namespace {

std::string texts(const Session& session, std::string_view claim) {
  std::string out;
  for_each_claim_text(session, claim, [&](std::string_view text) { out.append(text) += '|'; });
  return out;
}

std::string additional(Value value) {
  Session session;
  session.additional_claims.emplace_back("x", std::move(value));
  return texts(session, "x");
}

}  // namespace

TEST_SUITE("session/claim_text") {
  TEST_CASE("for_each_claim_text: what every session has; nothing where it is empty") {
    Session session;
    session.user = "u";
    session.email = "e";
    session.access_token = Secret("a");
    session.id_token = Secret("i");
    session.refresh_token = Secret("r");
    session.groups = {"g", "", "h"};
    CHECK(texts(session, "user") == "u|");
    CHECK(texts(session, "email") == "e|");
    CHECK(texts(session, "preferred_username").empty());
    CHECK(texts(session, "access_token") == "a|");
    CHECK(texts(session, "id_token") == "i|");
    CHECK(texts(session, "refresh_token") == "r|");
    CHECK(texts(session, "groups") == "g|h|");
    for (const auto* other : {"User", "sub", "nonce", "", "created_at", "expires_on"}) {
      CHECK(texts(session, other).empty());
    }
  }

  TEST_CASE("for_each_claim_text: moments as Go prints them") {
    Session session;
    session.created_at = Timestamp{1750000000, 123456789};
    session.expires_on = Timestamp{1750003600, 500'000'000};
    CHECK(texts(session, "created_at") == "2025-06-15 15:06:40.123456789 +0000 UTC|");
    CHECK(texts(session, "expires_on") == "2025-06-15 16:06:40.5 +0000 UTC|");
  }

  TEST_CASE("for_each_claim_text: additional claims of every type") {
    CHECK(additional(Value(std::string("a"))) == "a|");
    CHECK(additional(Value(true)) == "true|");
    CHECK(additional(Value(std::int64_t{-3})) == "-3|");
    CHECK(additional(Value(1.5)) == "1.5|");
    CHECK(additional(Value(1e21)) == "1000000000000000000000|");
    CHECK(additional(Value(std::numeric_limits<double>::infinity())).empty());
    CHECK(additional(Value(std::numeric_limits<double>::max())).size() == 310);
    CHECK(additional(Value(nullptr)).empty());
    CHECK(additional(Value(msgpack::Binary{"b"})) == "b|");
    CHECK(additional(Value(msgpack::Array{Value(std::string("a")), Value(nullptr), Value(false),
                                          Value(msgpack::Array{Value(std::int64_t{1})}),
                                          Value(msgpack::Map{{"k", Value(true)}})})) ==
          "a|false|[1]|{\"k\":true}|");
    CHECK(additional(Value(msgpack::Map{{"k", Value(std::string("v"))}})) == "{\"k\":\"v\"}|");
  }

  TEST_CASE("is_token_claim: the three tokens and nothing else") {
    for (const auto* token : {"access_token", "id_token", "refresh_token"}) {
      CHECK(is_token_claim(token));
    }
    for (const auto* other : {"user", "email", "groups", "Access_Token", ""}) {
      CHECK_FALSE(is_token_claim(other));
    }
  }
}
