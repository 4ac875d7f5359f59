#include "oidc/backend_logout.hpp"

#include <doctest/doctest.h>

using namespace gatelet;

namespace {

std::string url_of(std::string configured, std::string_view id_token) {
  oidc::Provider provider;
  provider.backend_logout_url = std::move(configured);
  const auto call = oidc::backend_logout_request(provider, Secret(id_token));
  CHECK(call.method == "GET");
  CHECK(call.body.empty());
  CHECK_FALSE(call.is_grant);
  return call.url;
}

Status status_of(int http_status) {
  HttpReply reply;
  reply.status = http_status;
  const auto done = oidc::read_backend_logout_reply(reply);
  return done.ok() ? Status::ok : done.error().status;
}

}  // namespace

TEST_SUITE("oidc/backend_logout") {
  TEST_CASE("F-114: backend_logout_request: {id_token} is the session's, wherever it stands") {
    CHECK(url_of("https://a.example/out?t={id_token}", "ab.c-d.e_f") ==
          "https://a.example/out?t=ab.c-d.e_f");
    CHECK(url_of("https://a.example/{id_token}?again={id_token}", "x.y.z") ==
          "https://a.example/x.y.z?again=x.y.z");
    CHECK(url_of("https://a.example/out", "x.y.z") == "https://a.example/out");
    CHECK(url_of("https://a.example/out?t={id_token}", "") == "https://a.example/out?t=");
  }

  TEST_CASE("backend_logout_request: what is no token says nothing else to that host") {
    CHECK(url_of("https://a.example/out?t={id_token}", "x&admin=1#/ \r\n") ==
          "https://a.example/out?t=x%26admin%3D1%23%2F+%0D%0A");
    CHECK(oidc::without_mark("https://{id_token}.example/{id_token}") == "https://x.example/x");
  }

  TEST_CASE("read_backend_logout_reply: any 2xx") {
    CHECK(status_of(200) == Status::ok);
    CHECK(status_of(204) == Status::ok);
    for (const int other : {199, 301, 302, 400, 500}) {
      CHECK(status_of(other) == Status::provider_bad_answer);
    }
  }
}
