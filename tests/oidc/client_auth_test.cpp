#include "oidc/client_auth.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "http/form.hpp"

using namespace gatelet;
using namespace gatelet::oidc;
using namespace gatelet::oidc_tests;
using Method = ClientAuthMethod;
using Announced = std::optional<std::vector<std::string>>;

namespace {

Client client(std::string id, std::string_view secret, Method method = Method::by_metadata) {
  Client out;
  out.id = std::move(id);
  out.secret = Secret(secret);
  out.method = method;
  return out;
}

HttpCall authenticated(const Client& client) {
  http::Form form;
  form.add("grant_type", "x");
  auto call = HttpCall::post("https://idp.example/token", std::move(form));
  authenticate_client(client, call);
  return call;
}

Method chosen(const Client& client, const Announced& announced) {
  auto method = choose_auth_method(client, announced);
  REQUIRE(method.ok());
  return *method;
}

}  // namespace

TEST_SUITE("oidc/client_auth") {
  TEST_CASE("choose_auth_method: Basic when metadata says so, or says nothing (RFC 8414)") {
    const auto c = client("c", "s");
    CHECK(chosen(c, std::nullopt) == Method::client_secret_basic);
    CHECK(chosen(c, Announced({})) == Method::client_secret_basic);
    CHECK(chosen(c, Announced({"client_secret_post", "client_secret_basic"})) ==
          Method::client_secret_basic);
  }

  TEST_CASE("choose_auth_method: the body where only that is announced") {
    CHECK(chosen(client("c", "s"), Announced({"private_key_jwt", "client_secret_post"})) ==
          Method::client_secret_post);
  }

  TEST_CASE("choose_auth_method: a provider that takes neither is an error that says what to do") {
    for (const auto& announced : {Announced({"private_key_jwt"}), Announced({"none"}),
                                  Announced({"CLIENT_SECRET_BASIC"})}) {
      const auto method = choose_auth_method(client("c", "s"), announced);
      CHECK(status_of(method) == Status::provider_bad_answer);
      CHECK(text_of(method).find("client_auth_method") != std::string::npos);
    }
  }

  TEST_CASE("choose_auth_method: a configured method stands against any metadata") {
    for (const auto method :
         {Method::client_secret_basic, Method::client_secret_post, Method::none}) {
      CHECK(chosen(client("c", "s", method), Announced({"private_key_jwt"})) == method);
    }
  }

  TEST_CASE("choose_auth_method: without a secret there is nothing to prove with") {
    CHECK(chosen(client("c", ""), Announced({"client_secret_basic"})) == Method::none);
  }

  TEST_CASE(
      "authenticate_client: oidcc-client-test-client-secret-basic: id and secret are "
      "form-encoded before base64") {
    const auto plain = authenticated(client("c", "s", Method::client_secret_basic));
    CHECK(plain.header("Authorization") == "Basic Yzpz");
    CHECK(plain.body == "grant_type=x");

    // "a%3Ab+c:p%2B%2F%25%C3%BC"
    const auto odd = authenticated(client("a:b c", "p+/%\xC3\xBC", Method::client_secret_basic));
    CHECK(odd.header("Authorization") == "Basic YSUzQWIrYzpwJTJCJTJGJTI1JUMzJUJD");
  }

  TEST_CASE("authenticate_client: Basic uses the alphabet of HTTP, with padding") {
    const auto call = authenticated(client("?\?>", "~~~", Method::client_secret_basic));
    CHECK(call.header("Authorization") == "Basic JTNGJTNGJTNFOiU3RSU3RSU3RQ==");
  }

  TEST_CASE("authenticate_client: client_secret_post stands in the body and nowhere else") {
    const auto call = authenticated(client("c&d", "s=+", Method::client_secret_post));
    CHECK(call.body == "grant_type=x&client_id=c%26d&client_secret=s%3D%2B");
    CHECK(call.header("Authorization").empty());
  }

  TEST_CASE("authenticate_client: none names the client and sends no secret it may have") {
    const auto call = authenticated(client("c", "canary", Method::none));
    CHECK(call.body == "grant_type=x&client_id=c");
    CHECK(call.header("Authorization").empty());
  }

  TEST_CASE("authenticate_client: an unsettled method is one method all the same") {
    CHECK(authenticated(client("c", "s")).header("Authorization") == "Basic Yzpz");
    CHECK(authenticated(client("c", "s")).body == "grant_type=x");
    CHECK(authenticated(client("c", "")).header("Authorization").empty());
    CHECK(authenticated(client("c", "")).body == "grant_type=x&client_id=c");
  }

  TEST_CASE("authenticate_client: an empty body gets no stray separator") {
    HttpCall call;
    authenticate_client(client("c", "", Method::none), call);
    CHECK(call.body == "client_id=c");
  }
}
