#include "http/call.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <new>

using namespace gatelet;

TEST_SUITE("http/call") {
  TEST_CASE("get: a call without fields or body") {
    const auto call = HttpCall::get("https://idp.example/keys");

    CHECK(call.method == "GET");
    CHECK(call.url == "https://idp.example/keys");
    CHECK(call.fields.empty());
    CHECK(call.body.empty());
    CHECK_FALSE(call.is_grant);
  }

  TEST_CASE("post: the form is the body, and its type is said") {
    http::Form form;
    form.add("code", "a b");

    const auto call = HttpCall::post("https://idp.example/token", std::move(form));

    CHECK(call.method == "POST");
    CHECK(call.body == "code=a+b");
    CHECK(call.header("content-type") == "application/x-www-form-urlencoded");
  }

  TEST_CASE("header: the first field of the name in any case; empty when absent") {
    auto call = HttpCall::get("https://idp.example/");
    call.add_header("Accept", "application/json");
    call.add_header("ACCEPT", "text/html");

    CHECK(call.header("accept") == "application/json");
    CHECK(call.header("Accept-Encoding").empty());

    HttpReply reply;
    reply.fields = {{"Retry-After", "120"}};
    CHECK(reply.header("retry-after") == "120");
    CHECK(reply.header("Retry").empty());
  }

  TEST_CASE("copies and moves carry everything") {
    http::Form form;
    form.add("code", "1");
    auto call = HttpCall::post("https://idp.example/token", std::move(form));
    call.is_grant = true;
    call.trust = std::make_shared<const HttpTrust>();

    const auto copy = call;
    const auto moved = std::move(call);

    CHECK(copy.body == "code=1");
    CHECK(moved.body == "code=1");
    CHECK(moved.is_grant);
    CHECK(moved.trust == copy.trust);
  }

  TEST_CASE("K-08: the destructor leaves nothing of a body that lies inside the call itself") {
    alignas(HttpCall) unsigned char room[sizeof(HttpCall)] = {};
    auto* call = new (room) HttpCall;
    call->body = "s3cretbody";  // short enough to stand in the object
    call->~HttpCall();

    bool is_left = false;
    for (std::size_t i = 0; i + 6 <= sizeof room; ++i) {
      is_left = is_left || std::memcmp(room + i, "s3cret", 6) == 0;
    }
    CHECK_FALSE(is_left);
  }
}
