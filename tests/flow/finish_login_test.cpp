#include "flow/finish_login.hpp"

#include <doctest/doctest.h>

#include "attempt.hpp"
#include "hooks.hpp"
#include "session/lifetime.hpp"
#include "support/scripted_entropy.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

TEST_SUITE("flow/finish_login") {
  TEST_CASE("finish_login: a good answer becomes a session and a redirect to the wanted page") {
    Attempt attempt;
    const auto answer = attempt.finish();

    CHECK(answer.http_status() == 302);
    CHECK(answer.reason() == Reason::signed_in);
    CHECK(answer.kind() == Decision::Kind::redirect);
    CHECK(answer.identity() == nullptr);
    CHECK(location_of(answer) == "/wanted?x=1");
    CHECK(sets_cookie(answer, "__Host-gatelet="));
    CHECK(expires_cookie(answer, "__Host-gatelet_"));
    CHECK(attempt.world.driver.seen == std::vector<std::string>{"POST https://idp.example/token"});
    CHECK(attempt.world.driver.must_finish);
    CHECK_FALSE(holds_canary(whole(answer)));
  }

  TEST_CASE(
      "finish_login: the session holds tokens, person and times, counted from the token answer") {
    World world;
    const auto session = world.sign_in();
    const auto now = session::to_timestamp(world.driver.now);
    CHECK(session.user == "alice");
    CHECK(session.email == "alice@example.com");
    CHECK(session.email_verified == true);
    CHECK(session.groups == std::vector<std::string>{"staff", "admins"});
    CHECK(session.groups_complete);
    CHECK(session.preferred_username == "Alice");
    CHECK(session.access_token.reveal().starts_with("access-canary"));
    CHECK(session.refresh_token.reveal().starts_with("refresh-canary"));
    CHECK(session.id_token.size() > 100);
    CHECK(session.nonce.size() == 32);
    CHECK(session.created_at == now);
    CHECK(session.signed_in_at == now);
    CHECK(session.expires_on == session::Timestamp{now.seconds + 3600, now.nanos});
    CHECK(session.provider_id == "default");
  }

  TEST_CASE("finish_login: no refresh token, no expires_in: a session without them") {
    World world;
    world.provider.give_refresh_token = false;
    world.provider.edit_token_reply = [](JsonText& body) { body.remove("expires_in"); };
    const auto session = world.sign_in();
    CHECK(session.user == "alice");
    CHECK(session.refresh_token.empty());
    CHECK_FALSE(session.expires_on);
  }

  TEST_CASE("F-256: tokens that are not kept are in no record, in cookies and in a store") {
    for (const bool in_store : {false, true}) {
      World world;
      if (in_store) world.keep_in_store();
      world.context->session.kept_tokens = {false, true, false};
      const auto session = world.sign_in();
      CHECK(session.user == "alice");
      CHECK(session.access_token.empty());
      CHECK(session.refresh_token.empty());
      CHECK(session.id_token.size() > 100);
    }
  }

  TEST_CASE("finish_login: the code goes out with the redirect_uri and verifier of its attempt") {
    World world;
    world.sign_in();
    const auto& body = world.provider.last_token_request.body;
    CHECK(body.find("grant_type=authorization_code") != std::string::npos);
    CHECK(body.find("redirect_uri=https%3A%2F%2Fapp.example%2Foauth2%2Fcallback") !=
          std::string::npos);
    CHECK(body.find("code_verifier=") != std::string::npos);
    CHECK(world.provider.last_token_request.is_grant);
    CHECK(world.provider.num_token_requests == 1);
  }

  TEST_CASE("finish_login: with several providers the session names its own") {
    World world;
    world.context->several_providers = true;
    world.provider.settings.id = "corp";
    world.state = world.provider.known(world.driver.now);
    CHECK(world.sign_in().provider_id == "corp");
  }

  TEST_CASE("finish_login: additional claims reach the session, numbers as text") {
    World world;
    world.provider.settings.claims.additional = {"level", "address"};
    world.state = world.provider.known(world.driver.now);
    world.provider.edit_id_token = [](JsonText& claims) {
      claims.set("level", "1750000000").set("address", R"({"city":"Ulm"})");
    };
    const auto claims = world.sign_in().additional_claims;
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].first == "level");
    CHECK(std::get<std::string>(claims[0].second.data()) == "1750000000");
  }

  TEST_CASE("finish_login: metadata and keys that are missing are fetched before the code leaves") {
    Attempt attempt;
    attempt.world.state = attempt.world.provider.unknown();
    const auto answer = attempt.finish();
    CHECK(answer.reason() == Reason::signed_in);
    CHECK(attempt.world.driver.seen ==
          std::vector<std::string>{"refetch metadata", "POST https://idp.example/token"});
  }

  TEST_CASE("finish_login: without metadata, or without keys, the code stays here") {
    for (const bool metadata_fails : {true, false}) {
      Attempt attempt;
      attempt.world.state = attempt.world.provider.unknown();
      attempt.world.driver.on_http = [&](const HttpCall& call, Instant now) -> Result<HttpReply> {
        if (metadata_fails || call.url.ends_with("/jwks")) {
          return Error{Status::provider_unreachable, "no"};
        }
        return attempt.world.provider.answer(call, now);
      };
      check_refused(attempt.finish(), 502, Reason::provider_unavailable);
      CHECK(attempt.world.provider.num_token_requests == 0);
      CHECK_FALSE(attempt.world.driver.must_finish);
    }
  }

  TEST_CASE("finish_login: an ID token under a new key gets one refetch of the keys, then passes") {
    Attempt attempt;
    attempt.world.provider.rotate_key("k2");
    const auto answer = attempt.finish();
    CHECK(answer.reason() == Reason::signed_in);
    CHECK(attempt.world.driver.seen ==
          std::vector<std::string>{"POST https://idp.example/token", "refetch keys"});
  }

  TEST_CASE(
      "OP-01: no cookie, another browser's cookie or an old one: nothing is sent, nothing is set") {
    Attempt missing;
    missing.world.browser = {};
    CHECK(missing.world.callback(missing.query).error().status == Status::state_missing);

    Attempt old;
    old.world.driver.now = old.world.driver.now + 16min;
    CHECK(old.world.callback(old.query).error().status == Status::state_missing);

    // Another browser's attempt under this one's name: the flow itself sees that they differ.
    Attempt here;
    Attempt there;
    there.world.context->entropy = std::make_shared<SeededEntropy>(2);
    there.query = there.world.approve(there.world.start());
    auto in = here.world.callback(here.query).value();
    in.state = there.world.callback(there.query).value().state;
    check_refused(*here.world.driver.run(flow::finish_login(in)), 403, Reason::state_mismatch);
    for (auto* attempt : {&missing, &old, &here}) {
      CHECK(attempt->world.provider.num_token_requests == 0);
      CHECK(attempt->world.driver.seen.empty());
    }
  }

  TEST_CASE("OP-15: the login-state cookie ends by its own life, not by the session's") {
    Attempt attempt;
    attempt.world.driver.now = attempt.world.driver.now + 20min;
    CHECK(attempt.world.callback(attempt.query).error().status == Status::state_missing);
    attempt.world.context->session.login_state_expire = 30min;
    CHECK(attempt.world.callback(attempt.query).ok());
  }

  TEST_CASE(
      "OP-02 OP-03: a return target in the state that leads elsewhere becomes the start page") {
    for (const auto* target :
         {"//evil.com", "/\\evil.com", "https://evil.com/", "javascript:alert(1)", "/\t/evil.com",
          "https:evil.com", "\\/evil.com"}) {
      Attempt attempt;
      auto in = attempt.world.callback(attempt.query).value();
      in.return_to = target;
      const auto answer = attempt.world.driver.run(flow::finish_login(in));
      CHECK_MESSAGE(location_of(*answer) == "/", std::string(target));
    }
  }

  TEST_CASE("PX-01: no token and no code stands in a URL") {
    Attempt attempt;
    CHECK(location_of(attempt.finish()).find("canary") == std::string::npos);
    for (const auto& call : attempt.world.driver.seen) CHECK_FALSE(holds_canary(call));
  }

  TEST_CASE("MA-18 EN-03 MA-34: a callback of the wrong shape is 400 and sends nothing") {
    for (const auto* addition :
         {"&code=again", "&iss=", "&error=", "&id_token=x", "&access_token=x"}) {
      Attempt attempt;
      if (std::string_view(addition) == "&iss=")
        attempt.replace("&iss=https%3A%2F%2Fidp.example", "");
      auto in = attempt.world.callback(attempt.query).value();
      in.params = http::parse_form(attempt.query + addition).value();
      check_refused(*attempt.world.driver.run(flow::finish_login(in)), 400, Reason::bad_callback);
      CHECK(attempt.world.driver.seen.empty());
    }
  }

  TEST_CASE(
      "I-02: an iss of somebody else, or none though one is announced, ends it before the code "
      "leaves") {
    Attempt other;
    other.replace("idp.example", "evil.example");
    check_refused(other.finish(), 403, Reason::issuer_mismatch);
    CHECK(other.world.driver.seen.empty());

    Attempt missing;
    missing.replace("&iss=https%3A%2F%2Fidp.example", "");
    check_refused(missing.finish(), 403, Reason::issuer_mismatch);

    // The announcement is only known after the refetch: the callback is judged again.
    Attempt unknown;
    unknown.replace("&iss=https%3A%2F%2Fidp.example", "");
    unknown.world.state = unknown.world.provider.unknown();
    check_refused(unknown.finish(), 403, Reason::issuer_mismatch);
    CHECK(unknown.world.driver.seen == std::vector<std::string>{"refetch metadata"});
    CHECK(unknown.world.provider.num_token_requests == 0);
  }

  TEST_CASE(
      "I-15: an error is named on the page, wins over a code, and text that is no code is not") {
    Attempt denied;
    denied.query += "&error=access_denied&error_description=%3Cscript%3Ecanary";
    const auto answer = denied.finish();
    check_refused(answer, 403, Reason::login_denied);
    CHECK(std::string(answer.body()).find("access_denied") != std::string::npos);
    CHECK(denied.world.driver.seen.empty());

    Attempt odd;
    odd.query += "&error=%3Cscript%3Ealert(1)";
    const auto page = odd.finish();
    check_refused(page, 403, Reason::login_denied);
    CHECK(std::string(page.body()).find("script") == std::string::npos);
    CHECK(std::string(page.body()).find("alert(1)") == std::string::npos);
  }

  TEST_CASE("I-05: a code of another attempt is refused by the provider and not tried again") {
    World world;
    const auto victim = world.approve(world.start());
    const auto attacker_location = world.start("/other");
    const auto attacker = world.approve(attacker_location);
    const auto code = attacker.substr(0, attacker.find('&'));
    const auto answer = world.finish(code + victim.substr(victim.find('&')));
    REQUIRE(answer.ok());
    check_refused(*answer, 502, Reason::provider_failed);
    CHECK(world.provider.num_token_requests == 1);
  }

  TEST_CASE(
      "MA-22: a token answer that is no object, or lacks what it must have, is the provider's "
      "fault") {
    for (const auto* body : {"[]", "\"x\"", "1", "null", "{}", "", "<html>"}) {
      Attempt attempt;
      attempt.world.driver.on_http = [body](const HttpCall&, Instant) -> Result<HttpReply> {
        HttpReply reply;
        reply.status = 200;
        reply.body = body;
        return reply;
      };
      check_refused(attempt.finish(), 502, Reason::provider_failed);
    }
  }

  TEST_CASE(
      "I-10: userinfo about somebody else, about nobody, or in another form ends the sign-in") {
    const std::function<void(HttpReply&)> wrong[] = {
        [](HttpReply& reply) { reply.body = R"({"sub":"mallory","groups":["admins"]})"; },
        [](HttpReply& reply) { reply.body = R"({"groups":["admins"]})"; },
        [](HttpReply& reply) { reply.body = "[]"; },
        [](HttpReply& reply) {
          reply.body = "<html>", reply.fields = {{"Content-Type", "text/html"}};
        },
        [](HttpReply& reply) { reply.status = 204, reply.body.clear(); },
        [](HttpReply& reply) { reply.status = 500; },
        [](HttpReply& reply) { reply.status = 302; }};
    for (const auto& change : wrong) {
      Attempt attempt;
      auto& world = attempt.world;
      world.provider.edit_id_token = [](JsonText& claims) { claims.remove("groups"); };
      world.driver.on_http = [&](const HttpCall& call, Instant now) -> Result<HttpReply> {
        auto reply = world.provider.answer(call, now);
        if (call.url.ends_with("/userinfo")) change(reply);
        return reply;
      };
      const auto answer = attempt.finish();
      CHECK(answer.http_status() == 502);
      check_refused(answer, 502, answer.reason());
    }
  }

  TEST_CASE("finish_login: an unverified address, or a person the rules do not name, is 403") {
    Attempt unverified;
    set_claim(unverified, "email_verified", "false");
    check_refused(unverified.finish(), 403, Reason::incomplete_identity);

    Attempt stranger;
    stranger.world.context->policy.allowed_groups = {"board"};
    check_refused(stranger.finish(), 403, Reason::not_permitted);

    Attempt member;
    member.world.context->policy.allowed_groups = {"admins"};
    CHECK(member.finish().reason() == Reason::signed_in);
  }

  TEST_CASE("OP-14: an address outside the domain is refused at sign-in") {
    Attempt attempt;
    attempt.world.context->policy.email.domains = {"company.com"};
    set_claim(attempt, "email", "\"attacker@evil.com@company.com\"");
    check_refused(attempt.finish(), 403, Reason::not_permitted);
  }

  TEST_CASE(
      "finish_login: a page offers to start again, to the same target, and names the request") {
    Attempt attempt;
    auto in = attempt.world.callback(attempt.query).value();
    in.request_id = "req-7";
    attempt.world.driver.on_http = [](const HttpCall&, Instant) -> Result<HttpReply> {
      return Error{Status::timed_out, "no"};
    };
    const auto answer = attempt.world.driver.run(flow::finish_login(in));
    check_refused(*answer, 502, Reason::provider_unavailable);
    const std::string body(answer->body());
    CHECK(body.find("/oauth2/start?rd=%2Fwanted%3Fx%3D1") != std::string::npos);
    CHECK(body.find("req-7") != std::string::npos);
  }

  TEST_CASE(
      "finish_login: the operator learns why, in words that hold no secret; a success says "
      "nothing") {
    std::vector<Error> told;
    const auto run = [&](Attempt& attempt) {
      auto in = attempt.world.callback(attempt.query).value();
      in.on_refused = [&](const Error& why) { told.push_back(why); };
      return attempt.world.driver.run(flow::finish_login(in));
    };
    Attempt good;
    CHECK(run(good)->reason() == Reason::signed_in);
    CHECK(told.empty());

    Attempt bad;
    set_claim(bad, "iss", "\"https://canary.example\"");
    CHECK(run(bad)->reason() == Reason::token_rejected);
    REQUIRE(told.size() == 1);
    CHECK(told[0].status == Status::token_rejected);
    CHECK(told[0].text.find("https://idp.example") != std::string::npos);
    CHECK_FALSE(holds_canary(told[0].text));
  }

  TEST_CASE("F-132, F-140: the log is told who signed in or why not, a page only when asked to") {
    Attempt good;
    const auto in = good.finish();
    CHECK(in.person() == "alice@example.com");
    CHECK(in.identity() == nullptr);

    for (const bool shows : {false, true}) {
      Attempt bad;
      bad.world.context->policy.pages.show_debug_on_error = shows;
      set_claim(bad, "iss", "\"https://other.example\"");
      const auto page = bad.finish();
      CHECK(page.detail().find("https://idp.example") != std::string::npos);
      CHECK((page.body().find("https://idp.example") != std::string::npos) == shows);
      CHECK_FALSE(holds_canary(whole(page)));
    }
  }

  TEST_CASE("finish_login: a session too large for cookies is a page, not half a session") {
    Attempt attempt;
    attempt.world.provider.edit_token_reply = [](JsonText& body) {
      std::string noise;
      for (std::uint32_t i = 0, x = 1; i < 100000; ++i) {
        x = x * 1664525 + 1013904223;
        noise.push_back(static_cast<char>('A' + (x >> 24) % 26));
      }
      body.set_string("refresh_token", noise);
    };
    check_refused(attempt.finish(), 500, Reason::session_too_large);
  }

  TEST_CASE("finish_login: without random bytes for the cookie no session is stored") {
    Attempt attempt;
    attempt.world.context->entropy = std::make_shared<FailingEntropy>(0);
    check_refused(attempt.finish(), 500, Reason::internal_error);
  }

  TEST_CASE("finish_login: cancelled before the code left, it ends as cancelled") {
    Attempt attempt;
    attempt.world.state = attempt.world.provider.unknown();
    attempt.world.driver.on_refetch = [](const flow::Refetch&) -> Result<flow::Refetched> {
      return Error{Status::cancelled, "stopping"};
    };
    const auto answer = attempt.world.finish(attempt.query);
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().status == Status::cancelled);
    CHECK(attempt.world.provider.num_token_requests == 0);
  }

  TEST_CASE("F-258: the host is asked who it is, then whether to begin; its veto lets nobody in") {
    for (const std::string veto_at : {"authenticated", "created", ""}) {
      Attempt attempt;
      Hooks hooks;
      hooks.veto_at = veto_at;
      attempt.world.context->hooks = hooks.all();
      const auto answer = attempt.finish();
      if (veto_at.empty()) {
        CHECK(answer.reason() == Reason::signed_in);
      } else {
        check_refused(answer, 403, Reason::vetoed);
        CHECK(answer.detail() == "not on the list");
      }
      auto moments = std::vector<std::string>{"authenticated", "created"};
      if (veto_at == "authenticated") moments.pop_back();
      CHECK(hooks.moments() == moments);
      CHECK(hooks.told[0].identity.email() == "alice@example.com");
      CHECK(hooks.told[0].path == "/oauth2/callback");
    }
  }
}
