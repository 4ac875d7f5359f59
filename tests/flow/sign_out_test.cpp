#include "flow/sign_out.hpp"

#include <doctest/doctest.h>

#include "flow/session_index.hpp"
#include "hooks.hpp"
#include "http/form.hpp"
#include "http/url.hpp"
#include "support/scripted_entropy.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

struct SignedIn {
  World world;
  std::shared_ptr<const session::Session> session;
  explicit SignedIn(bool at_provider = false) {
    world.provider.settings.fetch_end_session = at_provider;
    world.state = world.provider.known(world.driver.now);
    session = std::make_shared<const session::Session>(world.sign_in());
    REQUIRE(session->user == "alice");
    world.driver.seen.clear();
  }

  Decision sign_out(std::string_view target = "/oauth2/sign_out", std::string return_to = {}) {
    flow::SignOut in(world.context);
    in.provider = world.state;
    in.request = world.get(target);
    in.session = session;
    in.return_to = std::move(return_to);
    auto answer = world.driver.run(flow::sign_out(std::move(in)));
    REQUIRE_MESSAGE(answer.ok(), answer.error().text);
    world.browser.take(*answer);
    return std::move(answer).value();
  }
  Decision come_back(const std::string& query) {
    const auto request = world.get("/oauth2/signed_out?" + query);
    auto answer = flow::finish_sign_out(*world.context, request->facts(), world.driver.now);
    world.browser.take(*answer);
    return std::move(answer).value();
  }
};

std::string param(const std::string& url, std::string_view name) {
  const auto params = http::parse_form(http::parse_url(url).value().query).value();
  const auto* value = http::find(params, name);
  return value == nullptr ? "<absent>" : *value;
}

}  // namespace

TEST_SUITE("flow/sign_out") {
  TEST_CASE(
      "sign_out: the session cookies go, the browser ends at the wanted page, nothing is asked") {
    SignedIn one;
    const auto answer = one.sign_out("/oauth2/sign_out?rd=%2Fbye");
    CHECK(one.world.driver.must_finish);  // whoever goes away is signed out all the same
    SignedIn stranger;
    stranger.session = nullptr;
    stranger.world.browser = Browser();
    (void)stranger.sign_out();
    CHECK_FALSE(stranger.world.driver.must_finish);
    CHECK(answer.http_status() == 302);
    CHECK(answer.reason() == Reason::signed_out);
    CHECK(location_of(answer) == "/bye");
    CHECK(expires_cookie(answer, "__Host-gatelet="));
    CHECK_FALSE(one.world.browser.has("__Host-gatelet"));
    CHECK(one.world.driver.num_effects == 1);  // the sign-in's own
  }

  TEST_CASE("EN-05: every part of a split session goes, with the attributes it was set with") {
    SignedIn one;
    one.world.browser.put("__Host-gatelet_0", "x");
    one.world.browser.put("__Host-gatelet_1", "y");
    const auto answer = one.sign_out();
    CHECK(expires_cookie(answer, "__Host-gatelet_0="));
    CHECK(expires_cookie(answer, "__Host-gatelet_1="));
    for (const auto& cookie : set_cookies(answer)) {
      CHECK(cookie.find("; Path=/; Max-Age=0; HttpOnly; Secure") != std::string::npos);
    }
  }

  TEST_CASE("MA-04 MA-05 MA-07 I-13: a target that leads elsewhere becomes the start page") {
    SignedIn one;
    for (const auto* rd : {"%2F%2F%2Fevil.com", "%2F%2Fevil.com", "%2F%5Cevil.com",
                           "%5C%2Fevil.com", "https%3A%2F%2Fevil.com%2F", "https%3A%5C%5Cevil.com",
                           "http%3A%2Fevil.com", "https%3A%2F%2Fapp.example%5C%40evil.com%2F"}) {
      const auto answer = one.sign_out("/oauth2/sign_out?rd=" + std::string(rd));
      CHECK_MESSAGE(location_of(answer) == "/", std::string(rd));
    }
    CHECK(location_of(one.sign_out("/oauth2/sign_out", "https://evil.com/")) == "/");
    CHECK(location_of(one.sign_out("/oauth2/sign_out", "/chosen")) == "/chosen");
  }

  TEST_CASE("sign_out: called at an address of the application, it does not lead back to it") {
    SignedIn one;
    CHECK(location_of(one.sign_out("/logout")) == "/");
  }

  TEST_CASE("sign_out: {id_token} is filled in for an allowed target, and for no other") {
    SignedIn one;
    one.world.context->policy.return_to.whitelist_domains = {"idp.example"};
    const auto good = one.sign_out(
        "/oauth2/sign_out?rd=https%3A%2F%2Fidp.example%2Flogout%3Fhint%3D%7Bid_token%7D");
    CHECK(location_of(good) ==
          "https://idp.example/logout?hint=" + std::string(one.session->id_token.reveal()));
    const auto bad =
        one.sign_out("/oauth2/sign_out?rd=https%3A%2F%2Fevil.com%2Flogout%3Fhint%3D%7Bid_token%7D");
    CHECK(location_of(bad) == "/");

    one.session = nullptr;
    const auto nobody = one.sign_out(
        "/oauth2/sign_out?rd=https%3A%2F%2Fidp.example%2Flogout%3Fhint%3D%7Bid_token%7D");
    CHECK(location_of(nobody) == "https://idp.example/logout?hint=");
  }

  TEST_CASE("sign_out: at the provider, with the ID token as hint and a state that is kept here") {
    SignedIn one(true);
    const auto answer = one.sign_out("/oauth2/sign_out?rd=%2Fbye");
    const auto location = location_of(answer);
    CHECK(location.starts_with("https://idp.example/end_session?"));
    CHECK(param(location, "client_id") == "c");
    CHECK(param(location, "id_token_hint") == one.session->id_token.reveal());
    CHECK(param(location, "post_logout_redirect_uri") == "https://app.example/oauth2/signed_out");
    CHECK(param(location, "state").size() == 43);
    CHECK(expires_cookie(answer, "__Host-gatelet="));
    CHECK(sets_cookie(answer, "__Host-gatelet_sign_out="));

    const auto back = one.come_back("state=" + param(location, "state"));
    CHECK(back.reason() == Reason::signed_out);
    CHECK(location_of(back) == "/bye");
    CHECK(one.world.browser.cookies().empty());
  }

  TEST_CASE(
      "sign_out: the provider sends back to the configured address, or to our configured host") {
    SignedIn one(true);
    one.world.context->policy.redirect_url = "https://front.example/oauth2/callback";
    CHECK(param(location_of(one.sign_out()), "post_logout_redirect_uri") ==
          "https://front.example/oauth2/signed_out");
    one.world.context->policy.post_logout_redirect_url = "https://www.example/goodbye";
    CHECK(param(location_of(one.sign_out()), "post_logout_redirect_uri") ==
          "https://www.example/goodbye");
  }

  TEST_CASE("sign_out: nothing on the provider's side keeps anybody signed in here") {
    SignedIn dead(true);
    dead.world.state = dead.world.provider.unknown();
    dead.world.driver.on_refetch = [](const flow::Refetch&) -> Result<flow::Refetched> {
      return Error{Status::provider_unreachable, "no"};
    };
    CHECK(location_of(dead.sign_out()) == "/");
    CHECK_FALSE(dead.world.browser.has("__Host-gatelet"));

    SignedIn silent(true);
    silent.world.provider.edit_metadata = [](JsonText& d) { d.remove("end_session_endpoint"); };
    silent.world.state = silent.world.provider.known(silent.world.driver.now);
    CHECK(location_of(silent.sign_out()) == "/");

    SignedIn gone(true);
    gone.world.state = nullptr;  // its provider is no longer configured
    CHECK(location_of(gone.sign_out()) == "/");

    SignedIn unlucky(true);
    unlucky.world.context->entropy = std::make_shared<FailingEntropy>(0);
    CHECK(location_of(unlucky.sign_out()) == "/");
    CHECK_FALSE(unlucky.world.browser.has("__Host-gatelet"));
  }

  TEST_CASE("sign_out: metadata that was not there yet is fetched, once") {
    SignedIn one(true);
    one.world.state = one.world.provider.unknown();
    CHECK(location_of(one.sign_out()).starts_with("https://idp.example/end_session?"));
    CHECK(one.world.driver.seen == std::vector<std::string>{"refetch metadata"});
  }

  TEST_CASE("I-13: a return with another state, none, two, or in another browser is 403") {
    for (const auto* query :
         {"state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", "state=", "a=b"}) {
      SignedIn one(true);
      one.sign_out("/oauth2/sign_out?rd=%2Fbye");
      const auto back = one.come_back(query);
      CHECK(back.http_status() == 403);
      CHECK(back.reason() == Reason::state_mismatch);
      CHECK_FALSE(one.world.browser.has("__Host-gatelet_sign_out"));
    }
    SignedIn twice(true);
    const auto state = param(location_of(twice.sign_out()), "state");
    CHECK(twice.come_back("state=" + state + "&state=" + state).http_status() == 403);

    SignedIn elsewhere(true);
    const auto good = param(location_of(elsewhere.sign_out()), "state");
    elsewhere.world.browser = {};
    CHECK(elsewhere.come_back("state=" + good).http_status() == 403);
  }

  TEST_CASE("finish_sign_out: a state is good once") {
    SignedIn one(true);
    const auto state = param(location_of(one.sign_out()), "state");
    CHECK(one.come_back("state=" + state).http_status() == 302);
    CHECK(one.come_back("state=" + state).http_status() == 403);
  }

  TEST_CASE("finish_sign_out: the kept target is judged again, by the rules of now") {
    SignedIn one(true);
    one.world.context->policy.return_to.whitelist_domains = {"idp.example"};
    const auto location =
        location_of(one.sign_out("/oauth2/sign_out?rd=https%3A%2F%2Fidp.example%2Fx"));
    one.world.context->policy.return_to.whitelist_domains = {};
    CHECK(location_of(one.come_back("state=" + param(location, "state"))) == "/");
  }

  TEST_CASE("F-114: backend_logout_url is called once, and its trouble keeps nobody signed in") {
    for (const int status : {200, 500, 0}) {  // 0: nobody answers
      SignedIn one;
      one.world.provider.settings.backend_logout_url = "https://back.example/out?t={id_token}";
      one.world.state = one.world.provider.known(one.world.driver.now);
      std::vector<std::string> called;
      one.world.driver.on_http = [&](const HttpCall& call, Instant) -> Result<HttpReply> {
        called.push_back(call.url);
        if (status == 0) return Error{Status::provider_unreachable, "connection refused"};
        HttpReply reply;
        reply.status = status;
        return reply;
      };
      std::vector<Status> failures;
      flow::SignOut in(one.world.context);
      in.provider = one.world.state;
      in.request = one.world.get("/oauth2/sign_out?rd=%2Fbye");
      in.session = one.session;
      in.on_backend_failed = [&](const Error& why) { failures.push_back(why.status); };
      const auto answer = one.world.driver.run(flow::sign_out(std::move(in)));
      REQUIRE(answer.ok());
      CHECK(location_of(*answer) == "/bye");
      CHECK(expires_cookie(*answer, "__Host-gatelet="));
      REQUIRE(called.size() == 1);
      CHECK(called[0] ==
            "https://back.example/out?t=" + std::string(one.session->id_token.reveal()));
      CHECK(failures.size() == (status == 200 ? 0 : 1));
    }
  }

  TEST_CASE("F-114: without a session nobody is told of its end") {
    SignedIn one;
    one.world.provider.settings.backend_logout_url = "https://back.example/out";
    one.world.state = one.world.provider.known(one.world.driver.now);
    one.session = nullptr;
    one.sign_out();
    CHECK(one.world.driver.seen.empty());
  }

  TEST_CASE("F-074: with a store the record goes, and the ticket with it") {
    World world;
    world.keep_in_store();
    REQUIRE(world.sign_in().user == "alice");
    world.driver.seen.clear();
    flow::SignOut in(world.context);
    in.request = world.get("/oauth2/sign_out");
    const auto answer = world.driver.run(flow::sign_out(std::move(in))).value();
    CHECK(answer.reason() == Reason::signed_out);
    CHECK(world.driver.seen == std::vector<std::string>{"store erase"});
    CHECK(world.num_sessions() == 0);
    CHECK(expires_cookie(answer, "__Host-gatelet="));
  }

  TEST_CASE("F-251: whose session is known leaves the index as well") {
    World world;
    world.keep_in_store();
    flow::SignOut in(world.context);
    in.session = std::make_shared<const session::Session>(world.sign_in());
    in.request = world.get("/oauth2/sign_out");
    world.driver.seen.clear();
    CHECK(world.driver.run(flow::sign_out(std::move(in))).ok());
    CHECK(world.driver.seen == std::vector<std::string>{"store erase", "store get", "store swap"});
    flow::SubjectSessions who(world.context);
    who.subjects = {{"default", "alice"}};
    CHECK(world.driver.run(flow::list_sessions(std::move(who))).value().empty());
  }

  TEST_CASE("F-074: a store that is down: this browser's cookie goes, and it is no success") {
    World world;
    world.keep_in_store();
    REQUIRE(world.sign_in().user == "alice");
    world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone-canary"};
    };
    flow::SignOut in(world.context);
    in.request = world.get("/oauth2/sign_out");
    const auto answer = world.driver.run(flow::sign_out(std::move(in))).value();
    CHECK(answer.http_status() == 503);
    CHECK(answer.reason() == Reason::store_unavailable);
    CHECK(expires_cookie(answer, "__Host-gatelet="));
    CHECK(answer.body().find("canary") == std::string::npos);
    CHECK(world.num_sessions() == 1);
  }

  TEST_CASE("F-258: the host is told when the session is over, and before the provider is") {
    SignedIn one(true);
    Hooks hooks;
    one.world.context->hooks = hooks.all();
    const auto answer = one.sign_out("/oauth2/sign_out?rd=%2Fbye");
    CHECK(answer.reason() == Reason::signed_out);
    CHECK(location_of(answer).starts_with("https://idp.example/"));
    CHECK(hooks.moments() == std::vector<std::string>{"ended"});
    CHECK(hooks.told[0].identity.user() == "alice");
    CHECK(hooks.told[0].path == "/oauth2/sign_out");
  }

  TEST_CASE("F-258: its veto keeps nobody signed in; what would follow does not: 403") {
    World world;
    world.keep_in_store();
    world.provider.settings.backend_logout_url = "https://back.example/out";
    world.provider.settings.fetch_end_session = true;
    world.state = world.provider.known(world.driver.now);
    auto session = world.sign_in();
    REQUIRE(session.ticket);
    world.driver.seen.clear();
    Hooks hooks;
    hooks.veto_at = "ended";
    world.context->hooks = hooks.all();
    flow::SignOut in(world.context);
    in.provider = world.state;
    in.request = world.get("/oauth2/sign_out");
    in.session = std::make_shared<const session::Session>(std::move(session));
    const auto answer = world.driver.run(flow::sign_out(std::move(in))).value();
    CHECK(answer.http_status() == 403);
    CHECK(answer.reason() == Reason::vetoed);
    CHECK(answer.detail() == "not on the list");
    CHECK(answer.body().find("You are signed out here.") != std::string::npos);
    CHECK(expires_cookie(answer, "__Host-gatelet="));
    CHECK(world.num_sessions() == 0);
    CHECK(world.driver.seen ==
          std::vector<std::string>{"store erase", "store get", "store swap", "hook ended"});
  }

  TEST_CASE(
      "F-258: where nobody was signed in, or the record could not be erased, nobody is told") {
    SignedIn one;
    Hooks hooks;
    one.world.context->hooks = hooks.all();
    one.session = nullptr;
    CHECK(one.sign_out().reason() == Reason::signed_out);
    CHECK(hooks.told.empty());

    World world;
    world.keep_in_store();
    auto session = world.sign_in();
    world.context->hooks = hooks.all();
    world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    flow::SignOut in(world.context);
    in.request = world.get("/oauth2/sign_out");
    in.session = std::make_shared<const session::Session>(std::move(session));
    CHECK(world.driver.run(flow::sign_out(std::move(in))).value().http_status() == 503);
    CHECK(hooks.told.empty());
  }
}
