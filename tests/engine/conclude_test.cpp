#include "engine/conclude.hpp"

#include "engine/world.hpp"
#include "session/lifetime.hpp"
#include "session/samples.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using policy::Endpoint;
using support::value_of;

namespace {

Decision conclude_for(World& world, const session::Session& session,
                      const World::Request& request = {}, Endpoint endpoint = Endpoint::none,
                      bool renewed = false) {
  Presented presented;
  presented.session = std::make_shared<const session::Session>(session);
  presented.reason = Reason::session;
  presented.renewed = renewed;
  auto decision = world.with(
      request, [&](const Question& question) { return conclude(question, endpoint, presented); });
  REQUIRE(decision.ok());
  return std::move(decision).value();
}

}  // namespace

TEST_SUITE("engine/conclude") {
  TEST_CASE("conclude: somebody is allowed, with identity, and headers instead of the client's") {
    World world;
    const auto decision = conclude_for(
        world, world.person(),
        {.headers = {{"X-Forwarded-User", "admin"}, {"x_auth_request.user", "admin"}}});
    CHECK(decision.kind() == Decision::Kind::allow);
    CHECK(value_of(decision.upstream(), "X-Forwarded-User") == "ada-1");
    CHECK(support::names_of(decision.strip()) ==
          std::vector<std::string>{"X-Forwarded-User", "x_auth_request.user"});
    REQUIRE(decision.identity() != nullptr);
    CHECK(decision.identity()->email() == "ada@example.com");
    CHECK(header(decision, "Set-Cookie") == "<absent>");
  }

  TEST_CASE("OP-07, PX-03: whoever is not permitted gets 403 and loses the session") {
    World world;
    world.policy.allowed_groups = {"admins"};
    const auto decision =
        conclude_for(world, world.person(), {.cookie = "__Host-gatelet=x"}, Endpoint::none, true);
    CHECK(decision.http_status() == 403);
    CHECK(decision.reason() == Reason::not_permitted);
    CHECK(decision.upstream().empty());
    CHECK(decision.identity() == nullptr);
    CHECK(decision.body().find("href=\"/oauth2/start\"") != std::string_view::npos);
    CHECK(clears_session(decision));
    CHECK(support::values_of(decision.response(), "Set-Cookie").size() == 1);  // one word a cookie
    for (const auto endpoint : {Endpoint::auth, Endpoint::userinfo}) {
      CHECK(conclude_for(world, world.person(), {}, endpoint).http_status() == 401);
    }
  }

  TEST_CASE("conclude: a renewed session is carried to its browser, whatever the endpoint") {
    World world;
    for (const auto endpoint : {Endpoint::none, Endpoint::auth, Endpoint::userinfo}) {
      const auto decision = conclude_for(world, world.person(), {}, endpoint, true);
      CHECK(header(decision, "Set-Cookie").starts_with("__Host-gatelet="));
      CHECK_FALSE(clears_session(decision));
    }
  }

  TEST_CASE("F-247: a use is noted in the cookie, once a minute, whatever the endpoint") {
    World world;
    world.settings.idle_timeout = std::chrono::seconds(600);
    auto person = world.person();
    const auto created = world.now - 60s;
    const auto cookie_at = [&](Duration age, Endpoint endpoint = Endpoint::none) {
      world.now = created + age;
      return header(conclude_for(world, person, {}, endpoint), "Set-Cookie");
    };
    CHECK(cookie_at(60s - 1ns) == "<absent>");
    for (const auto endpoint : {Endpoint::none, Endpoint::auth, Endpoint::userinfo}) {
      CHECK(cookie_at(60s, endpoint).starts_with("__Host-gatelet="));
    }
    const auto cookie = World::as_request({cookie_at(100s)});
    const std::vector<HeaderView> headers = {{"Cookie", cookie}};
    const auto found = session::find_session_cookies(world.settings, headers);
    person = *session::open_session(world.settings, *world.keys, found.at(0), world.now);
    CHECK(person.last_used == session::to_timestamp(world.now));
    CHECK(person.created_at == session::to_timestamp(created));
    CHECK(cookie_at(159s) == "<absent>");
    CHECK(cookie_at(160s) != "<absent>");
    world.settings.idle_timeout = std::chrono::seconds(0);
    CHECK(cookie_at(300s) == "<absent>");
  }

  TEST_CASE("F-412: a session from when there was more room goes on, with what there is room for") {
    World world;
    world.settings.idle_timeout = std::chrono::seconds(600);
    world.settings.cookie_budget = 7168;
    auto person = world.person();
    const auto read_back = [&](const Decision& decision) {
      const auto cookie = World::as_request(support::values_of(decision.response(), "Set-Cookie"));
      const std::vector<HeaderView> headers = {{"Cookie", cookie}};
      const auto found = session::find_session_cookies(world.settings, headers);
      REQUIRE(found.size() == 1);
      return *session::open_session(world.settings, *world.keys, found.at(0), world.now);
    };
    for (const bool renewed : {false, true}) {
      person.access_token = session::samples::token(9000);
      const auto smaller = read_back(conclude_for(world, person, {}, Endpoint::none, renewed));
      CHECK(smaller.access_token.empty());
      CHECK(smaller.id_token == person.id_token);
      CHECK(smaller.groups == person.groups);
      CHECK(world.notes.tokens_left_out == "access token");

      // Without the tokens it takes what is otherwise left for a sign-in.
      person.access_token = Secret();
      person.nonce = std::string(session::samples::token(4700).reveal());
      const auto whole = read_back(conclude_for(world, person, {}, Endpoint::none, renewed));
      CHECK(whole.nonce == person.nonce);

      person.nonce = std::string(session::samples::token(9000).reveal());
      const auto unwritten = conclude_for(world, person, {}, Endpoint::none, renewed);
      CHECK(unwritten.kind() == Decision::Kind::allow);
      CHECK(header(unwritten, "Set-Cookie") == "<absent>");
      person.nonce.clear();
    }
  }

  TEST_CASE("F-247: in a store the use is noted behind the answer; of a token or password never") {
    World world;
    world.settings.idle_timeout = std::chrono::seconds(600);
    auto person = world.person();
    person.created_at = session::to_timestamp(world.now - 61s);
    Presented presented;
    presented.in_authorization = true;
    presented.session = std::make_shared<const session::Session>(person);
    const auto cookie = [&] {
      return header(*world.with({},
                                [&](const Question& question) {
                                  return conclude(question, Endpoint::none, presented);
                                }),
                    "Set-Cookie");
    };
    CHECK(cookie() == "<absent>");
    CHECK_FALSE(world.notes.used);

    presented.in_authorization = false;
    person.ticket = std::make_shared<const session::Ticket>();
    presented.session = std::make_shared<const session::Session>(person);
    CHECK(cookie() == "<absent>");
    CHECK(world.notes.used == presented.session);
    world.policy.allowed_groups = {"admins"};  // who is not let in uses nothing
    (void)cookie();
    CHECK_FALSE(world.notes.used);
  }

  TEST_CASE("conclude: without random bytes a renewed session is an error, never an allow") {
    World world;
    world.entropy = std::make_shared<support::FailingEntropy>(0);
    Presented presented;
    presented.session = std::make_shared<const session::Session>(world.person());
    presented.renewed = true;
    const auto decision = world.with({}, [&](const Question& question) {
      return conclude(question, Endpoint::none, presented);
    });
    REQUIRE_FALSE(decision.ok());
    CHECK(decision.error().status == Status::no_entropy);
  }

  TEST_CASE("auth: 202 with response headers, 403 and 400 for its query") {
    World world;
    world.policy.headers.rules = policy::header_rules({.set_xauthrequest = true});
    const auto ask = [&](const std::string& query) {
      return conclude_for(world, world.person(), {.target = "/oauth2/auth" + query},
                          Endpoint::auth);
    };
    const auto allowed = ask("?allowed_groups=other,staff");
    CHECK(allowed.http_status() == 202);
    CHECK(allowed.kind() == Decision::Kind::respond);
    CHECK(header(allowed, "X-Auth-Request-Email") == "ada@example.com");
    CHECK(header(allowed, "Cache-Control") == "no-store");
    CHECK(allowed.identity() == nullptr);
    CHECK(ask("?allowed_groups=admins").http_status() == 403);
    CHECK(ask("?allowed_emails=bob@example.com").http_status() == 403);
    CHECK(ask("?allowed_groups=").http_status() == 403);
    CHECK(ask("?allowed_groups=a;b").http_status() == 400);
  }

  TEST_CASE("PX-06: userinfo holds no token and is not stored") {
    World world;
    const auto decision = conclude_for(world, world.person(), {}, Endpoint::userinfo);
    CHECK(decision.http_status() == 200);
    CHECK(decision.body() ==
          "{\"user\":\"ada-1\",\"email\":\"ada@example.com\",\"groups\":[\"staff\"]}\n");
    CHECK(header(decision, "Content-Type") == "application/json");
    CHECK(header(decision, "Cache-Control") == "no-store");
    CHECK(decision.body().find("canary") == std::string_view::npos);
  }

  TEST_CASE("conclude: tokens that ran out are handed to nobody, and the operator hears of it") {
    World world;
    world.policy.headers.rules =
        policy::header_rules({.pass_access_token = true, .pass_authorization_header = true});
    auto session = world.person();
    session.expires_on = session::to_timestamp(world.now + 1s);
    auto decision = conclude_for(world, session);
    CHECK(value_of(decision.upstream(), "X-Forwarded-Access-Token") == "access-canary");
    CHECK(value_of(decision.upstream(), "Authorization") == "Bearer id-canary");
    CHECK_FALSE(world.notes.tokens_withheld);

    session.expires_on = session::to_timestamp(world.now - 1s);
    decision = conclude_for(world, session);
    CHECK(decision.kind() == Decision::Kind::allow);
    CHECK(value_of(decision.upstream(), "X-Forwarded-Access-Token") == "<absent>");
    CHECK(value_of(decision.upstream(), "Authorization") == "<absent>");
    CHECK(world.notes.tokens_withheld);
  }

  TEST_CASE("MA-35: a value that no header can carry is left out, and the operator hears of it") {
    World world;
    auto session = world.person();
    session.preferred_username = "Ada\r\nX-Admin: 1";
    const auto decision = conclude_for(world, session);
    CHECK(decision.kind() == Decision::Kind::allow);
    CHECK(value_of(decision.upstream(), "X-Forwarded-Preferred-Username") == "<absent>");
    CHECK(world.notes.value_left_out);
    conclude_for(world, world.person());
    CHECK_FALSE(world.notes.value_left_out);
  }

  TEST_CASE("conclude_nobody: 401 with its reason; cookies are cleared when they are no good") {
    World world;
    Presented nobody;
    nobody.reason = Reason::session_expired;
    const auto ask = [&] {
      return world.with({.cookie = "__Host-gatelet=x"}, [&](const Question& question) {
        return conclude_nobody(question, nobody);
      });
    };
    CHECK_FALSE(clears_session(ask()));
    nobody.clear_cookies = true;
    const auto decision = ask();
    CHECK(decision.kind() == Decision::Kind::unauthorized);
    CHECK(decision.reason() == Reason::session_expired);
    CHECK(clears_session(decision));
  }
}
