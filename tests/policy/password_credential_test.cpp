#include "policy/password_credential.hpp"

#include <doctest/doctest.h>

#include "support/request_of.hpp"

using namespace gatelet;

namespace {

policy::PasswordCredential credential_of(const std::string& authorization) {
  support::RequestOf request;
  request.headers = {{"Authorization", authorization}};
  const auto facts = policy::settle_request(request.view(), {});
  REQUIRE(facts.ok());
  return policy::password_credential(*facts);
}

}  // namespace

TEST_SUITE("policy/password_credential") {
  TEST_CASE("password_credential: user and password behind the scheme Basic, in any case") {
    for (const auto* scheme : {"Basic", "basic", "BASIC"}) {
      const auto credential = credential_of(std::string(scheme) + " amFuZTphOmI=");
      CHECK(credential.is_presented);
      REQUIRE(credential.basic);
      CHECK(credential.basic->user() == "jane");
      CHECK(credential.basic->password() == "a:b");
    }
  }

  TEST_CASE("password_credential: what cannot be read is presented all the same") {
    for (const auto* value : {"Basic", "Basic ", "Basic !", "Basic amFuZQ==", "Basic amFuZTphOmI",
                              "Basic  amFuZTphOmI=", "Basic amFuZTphOmI= x"}) {
      CAPTURE(value);
      const auto credential = credential_of(value);
      CHECK(credential.is_presented);
      CHECK_FALSE(credential.basic);
    }
  }

  TEST_CASE("password_credential: other schemes, and none, present no password") {
    for (const auto* value : {"Bearer amFuZTphOmI=", "Basi amFuZTphOmI=", "Basicx amFuZTphOmI=",
                              "Basic:amFuZTphOmI=", "amFuZTphOmI="}) {
      CAPTURE(value);
      CHECK_FALSE(credential_of(value).is_presented);
    }
    support::RequestOf request;
    CHECK_FALSE(policy::password_credential(policy::settle_request(request.view(), {}).value())
                    .is_presented);
  }
}
