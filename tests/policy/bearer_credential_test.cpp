#include "policy/bearer_credential.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/base64url.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using policy::BearerCredential;
using Kind = BearerCredential::Kind;

namespace {

const std::string token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-_";

BearerCredential read(const std::string& authorization) {
  support::RequestOf request;
  request.headers = {{"Authorization", authorization}};
  auto credential = policy::bearer_credential(request.facts());
  // A token in the header is a view of it, and that text ends here.
  if (!credential.in_header.empty()) credential.decoded = Secret(credential.in_header);
  return credential;
}

std::string basic(const std::string& user, const std::string& password) {
  auto text = base64url::encode(user + ":" + password, base64url::Padding::required);
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  return "Basic " + text;
}

}  // namespace

TEST_SUITE("policy/bearer_credential") {
  TEST_CASE("bearer_credential: no Authorization, or another scheme's") {
    CHECK(policy::bearer_credential(support::RequestOf().facts()).kind == Kind::none);
    for (const auto* other :
         {"", "Digest x", "Negotiate YII", "Basic", "Basic !", "DPoP eyJ.eyJ.x"}) {
      CAPTURE(other);
      CHECK(read(other).kind == Kind::none);
    }
  }

  TEST_CASE("bearer_credential: Bearer, the scheme in any case") {
    for (const auto* scheme : {"Bearer ", "bearer ", "BEARER "}) {
      const auto found = read(scheme + token);
      CHECK(found.kind == Kind::token);
      CHECK(found.token() == token);
    }
  }

  TEST_CASE("J-17, EN-01, PX-20: bearer_credential: every other shape of Bearer is no token") {
    for (const auto& value :
         {std::string("Bearer"), std::string("Bearer "), "Bearer  " + token, "Bearer\t" + token,
          "Bearer" + token, "Bearer " + token + " y", "Bearer " + token + ", Bearer " + token,
          "Bearer " + token + " ", std::string("Bearer junk"), "Bearer " + token + ".x",
          "Bearer " + token + "=", std::string("Bearer eyJ..c"), std::string("Bearer eyJ.eyJ."),
          std::string("Bearer eyJ.c.c"), std::string("Bearer abc.eyJ.c"),
          std::string("Bearer eyJ.eyJ")}) {
      CAPTURE(value);
      CHECK(read(value).kind == Kind::unusable);
      CHECK(read(value).token().empty());
    }
  }

  TEST_CASE(
      "J-16, LB-22: bearer_credential: a token above 16 KiB is none, nor are a million dots") {
    CHECK(read("Bearer eyJ.eyJ." + std::string(16 * 1024 - 8, 'c')).kind == Kind::token);
    CHECK(read("Bearer eyJ.eyJ." + std::string(16 * 1024 - 7, 'c')).kind == Kind::unusable);
    CHECK(read("Bearer " + std::string(1 << 20, '.')).kind == Kind::unusable);
  }

  TEST_CASE("F-031: bearer_credential: the forms of Basic that carry a token") {
    for (const auto& value :
         {basic(token, ""), basic(token, "x-oauth-basic"), basic("x-oauth-basic", token),
          basic("anybody", token), basic("", token)}) {
      CAPTURE(value);
      const auto found = read(value);
      CHECK(found.kind == Kind::token);
      CHECK(found.token() == token);
    }
    CHECK(read("basic" + basic(token, "").substr(5)).kind == Kind::token);
  }

  TEST_CASE("bearer_credential: Basic without a token is somebody's password, not ours to judge") {
    for (const auto& value : {basic(token, "password"), basic("ada", "secret"), basic("", ""),
                              basic("ada", token + "="), basic(token, token)}) {
      CAPTURE(value);
      CHECK(read(value).kind == Kind::none);
    }
  }
}
