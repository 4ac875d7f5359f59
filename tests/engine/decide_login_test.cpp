#include "engine/decide_login.hpp"

#include "engine/world.hpp"

using namespace gatelet;
using namespace gatelet::engine;

TEST_SUITE("engine/decide_login") {
  TEST_CASE("begin_login: without metadata it is fetched first") {
    World world;
    world.has_metadata = false;
    auto verdict = world.verdict({.target = "/a", .headers = as_person});
    REQUIRE(std::holds_alternative<NeedMetadata>(verdict));
    CHECK(std::get<NeedMetadata>(verdict).login.provider_id == "default");
    CHECK(world.decide({.target = "/a", .headers = as_program}).http_status() == 401);
  }

  TEST_CASE("begin_login: the provider is chosen by the caller, the query, or is the first one") {
    World world;
    world.use_providers({"a", "b"});
    const auto location = [&](const std::string& target, std::string_view wished = {}) {
      auto verdict = world.with({.target = target}, [&](const Question& question) {
        LoginOptions options;
        options.provider = wished;
        return engine::begin_login(question, options);
      });
      REQUIRE(verdict.ok());
      REQUIRE(std::holds_alternative<Decision>(*verdict));
      const auto& decision = std::get<Decision>(*verdict);
      const auto place = header(decision, "Location");
      return place == "<absent>" ? std::to_string(decision.http_status())
                                 : place.substr(0, place.find(".idp"));
    };
    CHECK(location("/oauth2/start") == "https://a");
    CHECK(location("/oauth2/start?provider=b") == "https://b");
    CHECK(location("/oauth2/start?provider=b", "a") == "https://a");
    CHECK(location("/oauth2/start?provider=c") == "400");
    CHECK(location("/oauth2/start?provider=a&provider=b") == "400");
    CHECK(location("/oauth2/start", "c") == "400");
    CHECK(location("/app?provider=b") == "https://a");  // the application's own parameter
  }

  TEST_CASE("H-11: no login starts at a host that is not ours") {
    World world;
    world.settings.cookie_domains = {"example"};
    CHECK(starts_login(world.decide({.headers = as_person})));
    const auto decision = world.decide({.headers = as_person, .host = "evil.test"});
    CHECK(decision.http_status() == 400);
    CHECK_FALSE(sets_login_state(decision));
  }

  TEST_CASE("decide: with a provider button there is a page instead, with status 403") {
    World world;
    world.policy.skip_provider_button = false;
    const auto page = world.decide({.target = "/page", .headers = as_person});
    CHECK(page.http_status() == 403);
    CHECK(page.reason() == Reason::sign_in_page);
    CHECK(page.body().find("/oauth2/start?rd=%2Fpage") != std::string_view::npos);
    CHECK_FALSE(sets_login_state(page));
  }

  TEST_CASE("the sign-in page clears the session, and not for a link on another site") {
    World world;
    world.policy.skip_provider_button = false;
    const auto cookie = world.cookie_of(world.person());
    auto headers = as_person;
    const auto cleared = [&] {
      const auto page =
          world.decide({.target = "/oauth2/sign_in", .cookie = cookie, .headers = headers});
      CHECK(page.http_status() == 200);
      return header(page, "Set-Cookie") != "<absent>";
    };
    CHECK(cleared());
    headers.push_back({"Sec-Fetch-Site", "same-origin"});
    CHECK(cleared());
    headers.back().value = "cross-site";
    CHECK_FALSE(cleared());
  }

  TEST_CASE("decide: a person without session is sent to the provider, and comes back here") {
    World world;
    const auto decision = world.decide({.target = "/page?x=1", .headers = as_person});
    CHECK(starts_login(decision));
    CHECK(sets_login_state(decision));
    CHECK(header(decision, "Cache-Control") == "no-store");
  }

  TEST_CASE("F-057: decide: only at its own paths a query says more to the provider, by rules") {
    World world;
    world.use_providers({"a", "b"});
    world.policy.login_params = {{"b", {{"prompt", {"login"}, nullptr}}}};
    const auto sends = [&](const std::string& target, std::string_view wanted) {
      const auto decision = world.decide({.target = target, .headers = as_person});
      return header(decision, "Location").find(wanted) != std::string::npos;
    };
    CHECK(sends("/oauth2/start?provider=b&prompt=login", "&prompt=login"));
    CHECK(sends("/oauth2/sign_in?provider=b&prompt=login", "&prompt=login"));
    CHECK_FALSE(sends("/oauth2/start?provider=b&prompt=none", "&prompt="));
    CHECK_FALSE(sends("/oauth2/start?provider=b&Prompt=login", "rompt="));
    CHECK_FALSE(sends("/oauth2/start?provider=a&prompt=login", "&prompt="));
    CHECK_FALSE(sends("/oauth2/start?prompt=login", "&prompt="));

    world.use_providers({"b"});  // nobody asked to sign in here: the query is the application's
    CHECK(sends("/page?prompt=login", "https://b.idp.example/authorize?"));
    CHECK_FALSE(sends("/page?prompt=login", "&prompt="));
  }
}
