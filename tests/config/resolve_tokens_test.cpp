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
    CHECK(
        kept("access_token", access) ==
        "session_drop_tokens: drops access_token, which pass_access_token or a header's rule hands "
        "out; leave one of them out");
    CHECK(kept("id_token", access) == "access refresh");
    CHECK(kept("id_token", id).starts_with("session_drop_tokens: drops id_token, which"));
    CHECK(kept("access_token", id) == "id refresh");
    const Pairs rule{{"inject_response_headers",
                      R"([{"name":"X-R","values":[{"claimSource":{"claim":"refresh_token"}}]}])"}};
    CHECK(kept("refresh_token", rule).starts_with("session_drop_tokens: drops refresh_token, wh"));
  }

  TEST_CASE("F-256: what a renewal needs is not dropped") {
    const Pairs by_age{{"cookie_refresh", "10m"}};
    CHECK(kept("refresh_token", by_age)
              .starts_with("session_drop_tokens: drops refresh_token, without which"));
    CHECK(kept("access_token", by_age) == "id refresh");
    const Pairs by_login{{"user_id_claim", "login"}};
    CHECK(kept("id_token", by_login).starts_with("session_drop_tokens: drops id_token, by which"));
    CHECK(kept("id_token,refresh_token", by_login) == "access ");
  }

  TEST_CASE("session_cookie_minimal: what needs tokens does not go with it") {
    const auto beside_minimal = [](Pairs more) {
      more.emplace_back("session_cookie_minimal", "true");
      return problems(complete(more));
    };
    CHECK(beside_minimal({}).empty());
    const std::string user = R"([{"name":"X-R","values":[{"claimSource":{"claim":"user"}}]}])";
    CHECK(beside_minimal({{"inject_request_headers", user}}).empty());
    const std::string id = R"([{"name":"X-R","values":[{"claimSource":{"claim":"id_token"}}]}])";
    for (const auto& one : Pairs{{"cookie_refresh", "10m"},
                                 {"pass_access_token", "true"},
                                 {"pass_authorization_header", "true"},
                                 {"set_authorization_header", "true"},
                                 {"inject_request_headers", id},
                                 {"inject_response_headers", id}}) {
      CAPTURE(one.first);
      const auto found = beside_minimal({one});
      REQUIRE(found.size() == 1);
      CHECK(found.front().starts_with("session_cookie_minimal: drops "));
      CHECK(problems(complete({one})).empty());
    }
  }
}
