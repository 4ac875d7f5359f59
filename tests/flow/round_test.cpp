// The whole way of a browser, with no I/O and no clock but the test's own.
#include <doctest/doctest.h>

#include "flow/refresh_session.hpp"
#include "flow/sign_out.hpp"
#include "http/form.hpp"
#include "http/url.hpp"
#include "session/cookie_session.hpp"
#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

TEST_SUITE("flow/round") {
  TEST_CASE(
      "F-401: sign-in, refresh and sign-out, stepped by hand from nothing known to nothing kept") {
    World world;
    world.provider.settings.fetch_end_session = true;
    world.state = world.provider.unknown();

    // Somebody wants a page; the provider's metadata is fetched on the way.
    flow::BeginLogin begin(world.context);
    begin.provider_id = "default";
    begin.request = world.get("/reports?year=2026");
    const auto started = world.driver.run(flow::begin_login_with_metadata(std::move(begin)));
    world.browser.take(started.value());

    const auto arrived = world.finish(world.approve(location_of(*started)));
    REQUIRE(arrived.ok());
    CHECK(location_of(*arrived) == "/reports?year=2026");
    auto session = std::make_shared<const session::Session>(world.session().value());
    CHECK(session->user == "alice");
    CHECK(session::judge(*session, world.context->session, world.driver.now) ==
          session::Freshness::fresh);

    // An hour later the tokens have run out and are renewed; the browser gets the new cookie.
    world.driver.now = world.driver.now + 1h;
    CHECK(session::judge(*session, world.context->session, world.driver.now) ==
          session::Freshness::refresh_now);
    flow::RefreshSession refresh(world.context);
    refresh.provider = world.state;
    refresh.session = session;
    const auto renewed = world.driver.run(flow::refresh_session(std::move(refresh)));
    REQUIRE(renewed.ok());
    world.browser = {};
    const auto cookies =
        session::write_session(world.context->session, *world.context->cookie_keys, *renewed,
                               "app.example", {}, *world.context->entropy);
    for (const auto& cookie : *cookies) {
      world.browser.put(
          cookie.substr(0, cookie.find('=')),
          cookie.substr(cookie.find('=') + 1, cookie.find(';') - cookie.find('=') - 1));
    }
    session = std::make_shared<const session::Session>(world.session().value());
    CHECK(session::judge(*session, world.context->session, world.driver.now) ==
          session::Freshness::fresh);

    // Out, here and there, and back.
    flow::SignOut out(world.context);
    out.provider = world.state;
    out.request = world.get("/oauth2/sign_out?rd=%2Fbye");
    out.session = session;
    const auto left = world.driver.run(flow::sign_out(std::move(out)));
    world.browser.take(left.value());
    const auto params = http::parse_form(http::parse_url(location_of(*left)).value().query).value();
    const auto request = world.get("/oauth2/signed_out?state=" + *http::find(params, "state"));
    const auto back = flow::finish_sign_out(*world.context, request->facts(), world.driver.now);
    world.browser.take(back.value());
    CHECK(location_of(*back) == "/bye");
    CHECK(world.browser.cookies().empty());

    // Each grant went out once; every result was delivered once.
    CHECK(world.provider.num_token_requests == 1);
    CHECK(world.provider.num_refreshes == 1);
    CHECK(world.provider.num_reused == 0);
    CHECK(world.driver.num_deliveries == 4);
  }

  TEST_CASE("F-401: two tabs at once, finished in either order, are two sign-ins of one person") {
    for (const bool first_first : {true, false}) {
      World world;
      const auto one = world.approve(world.start("/one"));
      const auto two = world.approve(world.start("/two"));
      const auto first = world.finish(first_first ? one : two);
      const auto second = world.finish(first_first ? two : one);
      CHECK(location_of(*first) == (first_first ? "/one" : "/two"));
      CHECK(location_of(*second) == (first_first ? "/two" : "/one"));
      CHECK(world.browser.cookies().size() == 1);
    }
  }
}
