#include "engine/decide_callback.hpp"

#include "engine/world.hpp"
#include "http/form.hpp"
#include "oidc/callback.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

// One sign-in attempt: the cookie its browser got, the state its answer carries.
struct Attempt {
  std::string cookie, state, hashed_state;

  std::string query(std::string_view code = "code-1") const {
    http::Form form;
    form.add("code", code);
    form.add("state", state);
    return form.text();
  }
  World::Request callback() const {
    return {.target = "/oauth2/callback?" + query(), .cookie = cookie};
  }
};

Attempt begin(World& world, const std::string& provider_id = {}, bool form_post = false) {
  oidc::LoginState state;
  const auto random = [&](std::size_t size) {
    std::string bytes(size, '\0');
    REQUIRE(world.entropy->fill(as_writable_bytes(bytes)).ok());
    return Secret(bytes);
  };
  state.state_nonce = random(32);
  state.oidc_nonce = random(32);
  state.code_verifier = Secret("verifier");
  state.provider_id = provider_id;
  Attempt attempt;
  attempt.hashed_state = *oidc::hashed_nonce(state.state_nonce);
  attempt.state = oidc::make_state(attempt.hashed_state, "/page?x=1", world.settings.encode_state);
  attempt.cookie = World::as_request(
      *session::write_login_state(world.settings, *world.keys, state, attempt.hashed_state,
                                  "app.example", {}, form_post, world.now, *world.entropy));
  return attempt;
}

bool clears(const Decision& decision, std::string_view cookie) {
  const auto name = std::string(cookie.substr(0, cookie.find('=') + 1));
  for (const auto& set : support::values_of(decision.response(), "Set-Cookie")) {
    if (set.starts_with(name) && set.find("Max-Age=0") != std::string::npos) return true;
  }
  return false;
}

constexpr std::string_view form = "application/x-www-form-urlencoded";

}  // namespace

TEST_SUITE("engine/decide_callback") {
  TEST_CASE("finish_login: an answer to an attempt of this browser goes on to the provider") {
    World world;
    const auto attempt = begin(world);
    auto verdict = world.verdict(attempt.callback());
    const auto* need = std::get_if<NeedRedeem>(&verdict);
    REQUIRE(need != nullptr);
    CHECK(need->login.hashed_state == attempt.hashed_state);
    CHECK(need->login.return_to == "/page?x=1");
    CHECK(need->login.state.code_verifier == Secret("verifier"));
    CHECK(need->login.provider->provider->id == "default");
  }

  TEST_CASE(
      "OP-01, I-04: no cookie, another browser's or an expired one is 403, and nothing is sent") {
    World world;
    const auto attempt = begin(world), other = begin(world);
    auto request = attempt.callback();
    request.cookie.clear();
    auto decision = world.decide(request);
    CHECK(decision.http_status() == 403);
    CHECK(decision.reason() == Reason::state_missing);
    CHECK(header(decision, "Set-Cookie") == "<absent>");
    CHECK(decision.body().find("/oauth2/start?rd=%2Fpage%3Fx%3D1") != std::string_view::npos);

    request.cookie = other.cookie;
    CHECK(world.decide(request).http_status() == 403);

    // The other attempt's value under this attempt's name.
    request.cookie = attempt.cookie.substr(0, attempt.cookie.find('=')) +
                     other.cookie.substr(other.cookie.find('='));
    CHECK(world.decide(request).http_status() == 403);

    for (const auto& value :
         {std::string("="), std::string("=x"), "=" + std::string(60'000, 'a')}) {
      request.cookie = attempt.cookie.substr(0, attempt.cookie.find('=')) + value;
      CHECK(world.decide(request).http_status() == 403);
    }
  }

  TEST_CASE(
      "OP-15: an attempt that took longer than cookie_csrf_expire is over, its cookie is expired") {
    World world;
    const auto attempt = begin(world);
    world.now = world.now + 14 * 60s;
    CHECK(std::holds_alternative<NeedRedeem>(world.verdict(attempt.callback())));
    world.now = world.now + 6 * 60s;
    const auto decision = world.decide(attempt.callback());
    CHECK(decision.http_status() == 403);
    CHECK(decision.reason() == Reason::state_missing);
    CHECK(clears(decision, attempt.cookie));
  }

  TEST_CASE("F-425: a lost attempt: the page and the log name the likely cause") {
    World world;
    const auto attempt = begin(world);
    const auto says = [](const Decision& decision, std::string_view page, std::string_view log) {
      CAPTURE(decision.detail());
      CHECK(decision.http_status() == 403);
      CHECK(decision.body().find(page) != std::string_view::npos);
      CHECK(decision.detail().find(log) != std::string_view::npos);
    };
    auto request = attempt.callback();
    request.cookie.clear();
    says(world.decide(request), "no cookies at all", "no cookie at all came");
    request.cookie = "theme=dark";
    says(world.decide(request), "in another browser.</p>", "cookie_csrf_expire");
    request.scheme = "http";
    says(world.decide(request), "without https", "plain http");
    request.scheme = "https";
    const auto name = attempt.cookie.substr(0, attempt.cookie.find('=') + 1);
    request.cookie = name + "a; " + name + "b";
    says(world.decide(request), "cookie 2 times", "cookie_domains");
    world.policy.redirect_url = "https://auth.example/oauth2/callback";
    request.cookie = "theme=dark";
    says(world.decide(request), "belongs to auth.example, but", "redirect_url");
    world.settings.login_state_same_site = http::SameSite::strict;
    says(world.decide(request), "another site", "SameSite");

    world.now = world.now + 16 * 60s;
    says(world.decide(attempt.callback()), "than the 15 minutes", "cookie_csrf_expire");
  }

  TEST_CASE("EN-03: a callback that cannot be read: the log says why, the page does not") {
    World world;
    const auto decision = world.decide({.target = "/oauth2/callback?code=canary"});
    CHECK(decision.http_status() == 400);
    CHECK_FALSE(decision.detail().empty());
    CHECK(decision.detail().find("canary") == std::string_view::npos);
    CHECK(decision.body().find(decision.detail()) == std::string_view::npos);
  }

  TEST_CASE("stale callback: a browser that is signed in goes on to where it wanted") {
    World world;
    const auto attempt = begin(world);
    auto request = attempt.callback();
    request.cookie = world.cookie_of(world.person());
    const auto decision = world.decide(request);
    CHECK(decision.kind() == Decision::Kind::redirect);
    CHECK(decision.reason() == Reason::already_signed_in);
    CHECK(header(decision, "Location") == "/page?x=1");
    world.policy.redirect_stale_callback = false;
    CHECK(world.decide(request).http_status() == 403);
  }

  TEST_CASE(
      "OP-02, PX-26: the return path of a state is judged again, it is not bound to the cookie") {
    World world;
    const auto attempt = begin(world);
    auto request = attempt.callback();
    http::Form query;
    query.add("code", "1");
    query.add("state", oidc::make_state(attempt.hashed_state, "//evil.test", false));
    request.target = "/oauth2/callback?" + query.text();
    request.cookie = world.cookie_of(world.person());
    CHECK(header(world.decide(request), "Location") == "/");
    request.cookie.clear();
    CHECK(world.decide(request).body().find("evil") == std::string_view::npos);
  }

  TEST_CASE("EN-03, PX-02: an answer that is not well-formed is 400") {
    World world;
    const auto attempt = begin(world);
    const std::vector<std::string> queries = {"",
                                              "code=1",
                                              "state=x",
                                              "code=&state=",
                                              "error=",
                                              "code=1&state=%ff",
                                              "code=1&state=;",
                                              attempt.query() + "&code=2",
                                              attempt.query() + "&state=x",
                                              "code=1&state=nodivider",
                                              "iss=x&session_state=y",
                                              "code=%01&state=x",
                                              "error=a&error=b&" + attempt.query()};
    for (const auto& query : queries) {
      CAPTURE(query);
      const auto decision =
          world.decide({.target = "/oauth2/callback?" + query, .cookie = attempt.cookie});
      CHECK(decision.http_status() == 400);
      CHECK(decision.reason() == Reason::bad_callback);
      CHECK_FALSE(clears_session(decision));
    }
  }

  TEST_CASE("MA-15: callback: parameters count only in the shape that was asked for") {
    World world;
    const auto attempt = begin(world);
    CHECK(world
              .decide({.target = "/oauth2/callback",
                       .cookie = attempt.cookie,
                       .method = "POST",
                       .headers = {{"Content-Type", form}},
                       .body = attempt.query()})
              .http_status() == 400);

    world.providers.front()->response_mode = oidc::ResponseMode::form_post;
    CHECK(world.decide(attempt.callback()).http_status() == 400);
    const World::Request post = {
        .target = "/oauth2/callback",
        .cookie = attempt.cookie,
        .method = "POST",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded ; charset=utf-8"}},
        .body = attempt.query()};
    CHECK(std::holds_alternative<NeedRedeem>(world.verdict(post)));

    auto both = post;
    both.target += "?code=other";
    CHECK(world.decide(both).http_status() == 400);
    auto json = post;
    json.headers = {{"Content-Type", "application/json"}};
    CHECK(world.decide(json).http_status() == 400);
    auto twice = post;
    twice.headers.push_back({"Content-Type", form});
    CHECK(world.decide(twice).http_status() == 400);
    auto untyped = post;
    untyped.headers.clear();
    CHECK(world.decide(untyped).http_status() == 400);
    const std::string huge(60 * 1024, 'x');
    for (const auto& type : {std::string(), std::string("; charset=utf-8"), huge}) {
      auto odd = post;
      odd.headers = {{"Content-Type", type}};
      CHECK(world.decide(odd).http_status() == 400);
    }

    world.policy.strict_response_mode = false;
    CHECK(std::holds_alternative<NeedRedeem>(world.verdict(attempt.callback())));
  }

  TEST_CASE("callback: a form whose body is missing is asked for") {
    World world;
    world.providers.front()->response_mode = oidc::ResponseMode::form_post;
    auto verdict = world.with(
        {.target = "/oauth2/callback", .method = "POST", .headers = {{"Content-Type", form}}},
        [](const Question& question) { return engine::decide(question); });
    REQUIRE_FALSE(verdict.ok());
    CHECK(verdict.error().status == Status::need_body);
  }

  TEST_CASE(
      "mix-up: an answer at another provider's address than the attempt was made for is 403") {
    World world;
    world.use_providers({"a", "b"});
    const auto attempt = begin(world, "a");
    const auto at = [&](const std::string& path) {
      return world.verdict({.target = path + "?" + attempt.query(), .cookie = attempt.cookie});
    };
    auto right = at("/oauth2/callback/a");
    CHECK(std::holds_alternative<NeedRedeem>(right));
    auto wrong = at("/oauth2/callback/b");
    REQUIRE(std::holds_alternative<Decision>(wrong));
    CHECK(std::get<Decision>(wrong).http_status() == 403);
    CHECK(std::get<Decision>(wrong).reason() == Reason::issuer_mismatch);
    CHECK(clears(std::get<Decision>(wrong), attempt.cookie));
    for (const auto* path : {"/oauth2/callback", "/oauth2/callback/c"}) {
      auto nobody = at(path);
      REQUIRE(std::holds_alternative<Decision>(nobody));
      CHECK(std::get<Decision>(nobody).reason() == Reason::unknown_provider);
    }
  }

  TEST_CASE("MA-01: nothing a callback carries comes out unescaped") {
    World world;
    const std::string hostile = "%3Cscript%3Ex%3C%2Fscript%3E" + std::string(8000, 'a');
    for (const auto* name : {"error", "error_description", "state", "iss", "code"}) {
      const auto decision = world.decide(
          {.target = std::string("/oauth2/callback?") + name + "=" + hostile + "&state=x:%2F"});
      CHECK(decision.body().find("<script") == std::string_view::npos);
      CHECK(decision.body().size() < 10 * 1024);
    }
  }
}
