#include "policy/api_request.hpp"

#include <doctest/doctest.h>

#include "support/request_of.hpp"

using namespace gatelet;
using policy::is_api_request;
using policy::is_cross_site;
using policy::Policy;

namespace {

bool api(const std::vector<HeaderView>& headers, const Policy& policy = {}) {
  const auto request = support::request_to("/x", headers);
  return is_api_request(policy, request.facts());
}

Policy compat() {
  Policy policy;
  policy.detect_api_by_fetch_metadata = false;
  policy.pages.json_own_pages = false;
  return policy;
}

}  // namespace

TEST_SUITE("policy/api_request") {
  TEST_CASE("is_api_request: a navigation is none") {
    CHECK_FALSE(api({}));
    CHECK_FALSE(api({{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
                     {"Sec-Fetch-Mode", "navigate"},
                     {"Sec-Fetch-Dest", "document"},
                     {"Sec-Fetch-Site", "cross-site"},
                     {"Upgrade-Insecure-Requests", "1"}}));
    CHECK_FALSE(api({{"Content-Type", "application/x-www-form-urlencoded"}}));
    CHECK_FALSE(api({{"Upgrade", "h2c"}}));
    CHECK_FALSE(api({{"X-Requested-With", "org.example.app"}}));
  }

  TEST_CASE("H-14: programs are told so by any of their marks") {
    for (const auto& header :
         std::vector<HeaderView>{{"Accept", "application/json"},
                                 {"accept", "text/plain, Application/JSON;q=1"},
                                 {"Sec-Fetch-Mode", "cors"},
                                 {"Sec-Fetch-Mode", "no-cors"},
                                 {"Sec-Fetch-Mode", "websocket"},
                                 {"Sec-Fetch-Dest", "empty"},
                                 {"Sec-Fetch-Dest", "iframe"},
                                 {"X-Requested-With", "XMLHttpRequest"},
                                 {"Upgrade", "websocket"},
                                 {"Upgrade", "h2c, WebSocket"},
                                 {"Content-Type", "application/json; charset=utf-8"},
                                 {"Content-Type", "application/grpc+proto"}}) {
      CAPTURE(header.name);
      CAPTURE(header.value);
      CHECK(api({header}));
    }
  }

  TEST_CASE("H-14: compat looks at Accept and force_json_errors alone") {
    CHECK(api({{"Accept", "text/plain"}, {"Accept", "application/json"}}, compat()));
    CHECK_FALSE(api({{"Accept", "application/json-patch+json"}}, compat()));
    CHECK_FALSE(api({{"Sec-Fetch-Mode", "cors"}}, compat()));
    CHECK_FALSE(api({{"X-Requested-With", "XMLHttpRequest"}}, compat()));
    CHECK_FALSE(api({{"Upgrade", "websocket"}}, compat()));
    auto policy = compat();
    policy.pages.force_json_errors = true;
    CHECK(api({}, policy));
  }

  TEST_CASE("wants_json: own endpoints stay HTML in compat") {
    const auto app = support::request_to("/x", {{"Accept", "application/json"}});
    const auto own = support::request_to("/oauth2/callback?a=b", {{"Accept", "application/json"}});
    CHECK(policy::wants_json({}, app.facts()));
    CHECK(policy::wants_json({}, own.facts()));
    CHECK(policy::wants_json(compat(), app.facts()));
    CHECK_FALSE(policy::wants_json(compat(), own.facts()));
    CHECK_FALSE(policy::wants_json({}, support::request_to("/x").facts()));
  }

  TEST_CASE("is_cross_site: fetch metadata decides where it is there") {
    const auto cross = [](std::vector<HeaderView> headers) {
      const auto request = support::request_to("/oauth2/sign_out", std::move(headers));
      return is_cross_site(request.facts());
    };
    CHECK(cross({{"Sec-Fetch-Site", "cross-site"}}));
    CHECK(cross({{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}}));
    CHECK_FALSE(cross({{"Sec-Fetch-Site", "same-origin"}}));
    CHECK_FALSE(cross({{"Sec-Fetch-Site", "same-site"}}));
    CHECK_FALSE(cross({{"Sec-Fetch-Site", "none"}}));
    CHECK_FALSE(cross({}));
    CHECK(cross({{"Origin", "https://evil.test"}}));
    CHECK(cross({{"Origin", "null"}}));
    CHECK_FALSE(cross({{"Origin", "https://app.example.com"}}));
  }
}
