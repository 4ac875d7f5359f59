#include "config/resolve_tokens.hpp"

#include <doctest/doctest.h>

#include "configured.hpp"

using namespace gatelet;
using namespace gatelet::test;

namespace {

// What is kept of the tokens, or the problem.
std::string kept(const std::string& dropped, Pairs more = {}) {
  more.emplace_back("session_drop_tokens", dropped);
  const auto settings = complete(more);
  return problems(settings).empty() ? members(settings).at("kept_tokens") : problem(settings);
}

}  // namespace

TEST_SUITE("config/resolve_tokens") {
  TEST_CASE("F-256: session_drop_tokens: the named ones, all of them, and no other name") {
    CHECK(members(complete()).at("kept_tokens") == "access id refresh");
    CHECK(kept("access_token") == "id refresh");
    CHECK(kept("id_token,refresh_token") == "access ");
    CHECK(kept("access_token,id_token,refresh_token") == "");
    CHECK(kept("access").starts_with("session_drop_tokens: \"access\" is unknown; write "));
  }

  TEST_CASE("F-256: what a header hands out is not dropped") {
    const Pairs access{{"pass_access_token", "true"}}, id{{"pass_authorization_header", "true"}};
    CHECK(kept("access_token", access) ==
          "session_drop_tokens: holds access_token, which a header hands out; leave one of them "
          "out");
    CHECK(kept("id_token", access) == "access refresh");
    CHECK(kept("id_token", id).starts_with("session_drop_tokens: holds id_token, which"));
    CHECK(kept("access_token", id) == "id refresh");
    const Pairs rule{{"inject_response_headers",
                      R"([{"name":"X-R","values":[{"claimSource":{"claim":"refresh_token"}}]}])"}};
    CHECK(kept("refresh_token", rule).starts_with("session_drop_tokens: holds refresh_token, wh"));
  }

  TEST_CASE("F-256: what a renewal needs is not dropped") {
    const Pairs by_age{{"cookie_refresh", "10m"}};
    CHECK(kept("refresh_token", by_age)
              .starts_with("session_drop_tokens: holds refresh_token, without which"));
    CHECK(kept("access_token", by_age) == "id refresh");
    const Pairs by_login{{"user_id_claim", "login"}};
    CHECK(kept("id_token", by_login).starts_with("session_drop_tokens: holds id_token, by which"));
    CHECK(kept("id_token,refresh_token", by_login) == "access ");
  }
}
