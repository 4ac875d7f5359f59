#include "engine/decide_identity.hpp"

#include <set>

#include "base/base64.hpp"
#include "engine/world.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

constexpr auto sha_of_secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
constexpr auto bcrypt_of_correct_horse =
    "$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6";

// zoe has a quick hash, jane a slow one.
void add_users(World& world) {
  world.policy.password.enabled = true;
  world.policy.password.users = std::make_shared<const policy::Htpasswd>(
      policy::Htpasswd::parse(std::string("zoe:") + sha_of_secret +
                              "\njane:" + bcrypt_of_correct_horse + "\n")
          .value());
}

HeaderView basic(std::string& text, std::string_view pair) {
  text = "Basic " + base64::encode(pair);
  return {"Authorization", text};
}

}  // namespace

TEST_SUITE("engine/decide_identity") {
  TEST_CASE("decide: a session due for a refresh needs one, and knows its provider") {
    World world;
    auto verdict =
        world.verdict({.target = "/a", .cookie = world.cookie_of(due_for_refresh(world))});
    const auto* need = std::get_if<NeedRefresh>(&verdict);
    REQUIRE(need != nullptr);
    CHECK(need->session->refresh_token == Secret("r1"));
    REQUIRE(need->provider);
    CHECK(need->provider->provider->id == "default");
    CHECK(need->endpoint == policy::Endpoint::none);
  }

  TEST_CASE("identify: the person who may come in, nobody else, and no refresh") {
    World world;
    const auto who = [&](const std::string& cookie) {
      return world.with({.cookie = cookie}, [](const Question& question) {
        return std::get<Identity>(*engine::identify(question));
      });
    };
    CHECK_FALSE(who("").has_session());
    CHECK(who(world.cookie_of(world.person())).email() == "ada@example.com");
    CHECK(who(world.cookie_of(due_for_refresh(world))).has_session());
    world.policy.allowed_groups = {"admins"};
    CHECK_FALSE(who(world.cookie_of(world.person())).has_session());
  }

  TEST_CASE("PX-18: a session is judged by the same policy on every way to an answer") {
    World world;
    const auto old = due_for_refresh(world);
    auto renewed = old;
    renewed.refresh_token = Secret("r2");
    renewed.created_at = session::to_timestamp(world.now);
    renewed.expires_on = session::to_timestamp(world.now + 3600s);
    world.policy.allowed_groups = {"admins"};
    CHECK(world.decide({.cookie = world.cookie_of(world.person())}).http_status() == 403);
    REQUIRE(
        world.refreshes.record(old, std::make_shared<const session::Session>(renewed), world.now));
    CHECK(world.decide({.cookie = world.cookie_of(old)}).http_status() == 403);
    const auto presented = after_refresh(std::make_shared<const session::Session>(renewed));
    auto verdict = world.with({}, [&](const Question& question) {
      return decide_presented(question, policy::Endpoint::none, presented);
    });
    CHECK(std::get<Decision>(*verdict).http_status() == 403);
  }

  TEST_CASE("auth, userinfo: 401 without session, never a redirect") {
    World world;
    for (const auto* path : {"/oauth2/auth", "/oauth2/userinfo"}) {
      const auto decision = world.decide({.target = path, .headers = as_person});
      CHECK(decision.http_status() == 401);
      CHECK_FALSE(sets_login_state(decision));
    }
    const auto cookie = world.cookie_of(world.person());
    CHECK(world.decide({.target = "/oauth2/auth", .cookie = cookie}).http_status() == 202);
    CHECK(world.decide({.target = "/oauth2/userinfo", .cookie = cookie}).http_status() == 200);
  }

  TEST_CASE("H-14: a program without session gets 401 and starts no login") {
    World world;
    for (const auto& headers : std::vector<std::vector<HeaderView>>{
             as_program,
             {{"Sec-Fetch-Mode", "cors"}},
             {{"Sec-Fetch-Dest", "empty"}},
             {{"X-Requested-With", "XMLHttpRequest"}},
             {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}}}) {
      const auto decision = world.decide({.target = "/api", .headers = headers});
      CHECK(decision.kind() == Decision::Kind::unauthorized);
      CHECK(decision.body() == "{}");
      CHECK_FALSE(sets_login_state(decision));
    }
  }

  TEST_CASE("a slow password needs a check, whoever it is; a quick one is answered at once") {
    World world;
    add_users(world);
    std::string text;
    CHECK(world.decide({.headers = {basic(text, "zoe:secret")}}).reason() == Reason::basic);
    CHECK(world.decide({.headers = {basic(text, "zoe:x")}}).reason() == Reason::basic_rejected);
    std::set<std::string> attempts;
    for (const auto* pair : {"jane:correct horse", "jane:x", "nobody:x", "nobody:"}) {
      CAPTURE(pair);
      const auto verdict = world.verdict({.headers = {basic(text, pair)}});
      const auto* need = std::get_if<NeedPassword>(&verdict);
      REQUIRE(need != nullptr);
      CHECK((need->session != nullptr) == (std::string_view(pair).starts_with("jane")));
      CHECK(need->check.hash->is_slow());
      CHECK(need->endpoint == policy::Endpoint::none);
      attempts.insert(need->attempt);
    }
    CHECK(attempts.size() == 4);
  }

  TEST_CASE(
      "decide_checked: right lets in and is remembered; wrong, and a name of nobody, do not") {
    World world;
    add_users(world);
    std::string text;
    const World::Request request{.headers = {basic(text, "jane:correct horse")}};
    const auto conclude_with = [&](const Result<bool>& matches, bool is_nobody) {
      auto verdict = world.verdict(request);
      auto need = std::get<NeedPassword>(std::move(verdict));
      if (is_nobody) need.session = nullptr;
      return world.with(request, [&](const Question& question) {
        return decide_checked(question, need, matches);
      });
    };
    const auto reason = [](const Result<Verdict>& verdict) {
      return std::get<Decision>(*verdict).reason();
    };
    CHECK(reason(conclude_with(false, false)) == Reason::basic_rejected);
    CHECK(reason(conclude_with(true, true)) == Reason::basic_rejected);
    const auto busy = conclude_with(Error{Status::too_many_operations, "busy"}, false);
    REQUIRE_FALSE(busy.ok());
    CHECK(busy.error().status == Status::too_many_operations);
    CHECK(reason(conclude_with(true, false)) == Reason::basic);
    CHECK(world.decide(request).reason() == Reason::basic);  // remembered
    world.now = world.now + 11min;
    CHECK(std::holds_alternative<NeedPassword>(world.verdict(request)));
  }

  TEST_CASE("identify: a password counts when it is known at once") {
    World world;
    add_users(world);
    std::string text;
    const auto who = [&](std::string_view pair) {
      return world.with(
          {.cookie = world.cookie_of(world.person()), .headers = {basic(text, pair)}},
          [](const Question& question) { return std::get<Identity>(*engine::identify(question)); });
    };
    CHECK(who("zoe:secret").user() == "zoe");
    CHECK_FALSE(who("zoe:x").has_session());
    CHECK_FALSE(who("jane:correct horse").has_session());
    world.policy.bearer.falls_through = true;
    CHECK(who("zoe:x").email() == "ada@example.com");
  }

  TEST_CASE("where everybody passes, a password that cannot be checked keeps nobody out") {
    World world;
    add_users(world);
    policy::SkipRoutes routes;
    REQUIRE(routes.add({{}, false, "^/public"}).ok());
    world.policy.free_pass.routes = std::make_shared<const policy::SkipRoutes>(std::move(routes));
    std::string text;
    const World::Request request{.target = "/public",
                                 .headers = {basic(text, "jane:correct horse")}};
    auto need = std::get<NeedPassword>(world.verdict(request));
    const auto passed = world.with(request, [&](const Question& question) {
      return decide_checked(question, need, Error{Status::timed_out, "late"});
    });
    CHECK(std::get<Decision>(*passed).reason() == Reason::free_pass);
  }
}
