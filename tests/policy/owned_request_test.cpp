#include "policy/owned_request.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "support/request_of.hpp"

using namespace gatelet;

TEST_SUITE("policy/owned_request") {
  TEST_CASE("OwnedRequest: outlives the request it copies, texts and order kept") {
    std::shared_ptr<const policy::OwnedRequest> owned;
    {
      std::string value = "a=1; b=2", body = "x=1";
      auto request = support::request_to("/a%20b?x=1", {{"Cookie", value}, {"cookie", "c=3"}});
      request.view();
      request.made.body = body;
      auto facts = request.facts();
      request.made.body = body;
      facts.scheme = "https";  // a literal: behind a proxy facts need not view the request
      facts.path = "/forwarded";
      facts.via_trusted_proxy = true;
      owned = policy::OwnedRequest::copy(request.made, facts);
      value.assign(value.size(), '#');
      body.assign(body.size(), '#');
      request.target.assign(request.target.size(), '#');
    }

    const auto& view = owned->view();
    CHECK(view.method == "GET");
    CHECK(view.target == "/a%20b?x=1");
    CHECK(view.host == "app.example.com");
    CHECK(view.peer == "203.0.113.7");
    REQUIRE(view.headers.size() == 2);
    CHECK(view.headers[0].name == "Cookie");
    CHECK(view.headers[0].value == "a=1; b=2");
    CHECK(view.headers[1].name == "cookie");
    REQUIRE(view.body);
    CHECK(*view.body == "x=1");

    const auto& facts = owned->facts();
    CHECK(facts.path == "/forwarded");
    CHECK(facts.own_path == "/a%20b");
    CHECK(facts.own_query == "x=1");
    CHECK(facts.query == "x=1");
    CHECK(facts.target == "/a%20b?x=1");
    CHECK(facts.scheme == "https");
    CHECK(facts.host == "app.example.com");
    CHECK(facts.method == "GET");
    CHECK(facts.peer == "203.0.113.7");
    CHECK(facts.via_trusted_proxy);
    CHECK(facts.request == &owned->view());
    CHECK(facts.headers.data() == view.headers.data());
  }

  TEST_CASE("OwnedRequest: an absent body stays absent, an empty one empty") {
    const auto request = support::request_to("/");
    const auto facts = request.facts();
    CHECK_FALSE(policy::OwnedRequest::copy(request.made, facts)->view().body);
    request.made.body = "";
    CHECK(policy::OwnedRequest::copy(request.made, facts)->view().body == "");
  }
}
