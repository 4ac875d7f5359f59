#include "engine/question.hpp"

#include "engine/world.hpp"

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/question") {
  TEST_CASE("page_facts: a page knows its request and the id") {
    World world;
    world.with({.target = "/a"}, [](const Question& question) {
      const auto page = page_facts(question);
      CHECK(page.facts == &question.facts);
      CHECK(page.request_id == "req-1");
      CHECK(page.retry_url.empty());
      return 0;
    });
  }

  TEST_CASE("clear_session_cookies: every session cookie the request carries, and only those") {
    World world;
    const auto clear = [](const Question& question) { return clear_session_cookies(question); };
    CHECK(world.with({.cookie = "other=1"}, clear).empty());
    const auto cleared =
        world.with({.cookie = "__Host-gatelet_0=a; x=1; __Host-gatelet_1=b"}, clear);
    CHECK(cleared.size() == 2);
    for (const auto& cookie : cleared) CHECK(cookie.find("Max-Age=0") != std::string::npos);
  }

  TEST_CASE("own_method: what a trusted proxy forwards is about the application") {
    World world;
    world.policy.forwarded.reverse_proxy = true;
    world.policy.forwarded.trusted_proxies = {*http::parse_ip_range("203.0.113.0/24")};
    world.with({.method = "POST", .headers = {{"X-Forwarded-Method", "GET"}}},
               [](const Question& question) {
                 CHECK(question.facts.method == "GET");
                 CHECK(question.own_method() == "POST");
                 return 0;
               });
  }
}
