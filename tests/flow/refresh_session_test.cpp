#include "flow/refresh_session.hpp"

#include <doctest/doctest.h>

#include "hooks.hpp"
#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

// Somebody who signed in an hour ago.
struct SignedIn {
  World world;
  std::shared_ptr<const session::Session> session;
  SignedIn() : session(std::make_shared<const session::Session>(world.sign_in())) {
    REQUIRE(session->user == "alice");
    world.driver.seen.clear();
    world.driver.now = world.driver.now + 1h;
  }

  Result<session::Session> refresh() {
    flow::RefreshSession in(world.context);
    in.provider = world.state;
    in.session = session;
    return world.driver.run(flow::refresh_session(in));
  }
  Status status_of_refresh() {
    const auto renewed = refresh();
    return renewed.ok() ? Status::ok : renewed.error().status;
  }
  void set_claim(std::string name, std::string json) {
    world.provider.edit_id_token = [name, json](JsonText& claims) { claims.set(name, json); };
  }
};

}  // namespace

TEST_SUITE("flow/refresh_session") {
  TEST_CASE("refresh: new tokens, new age, the same person and the same first sign-in") {
    SignedIn one;
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->access_token.reveal() != one.session->access_token.reveal());
    CHECK(renewed->refresh_token.reveal() != one.session->refresh_token.reveal());
    CHECK(renewed->id_token.reveal() != one.session->id_token.reveal());
    CHECK(renewed->created_at == session::to_timestamp(one.world.driver.now));
    CHECK(renewed->expires_on == session::to_timestamp(one.world.driver.now + 1h));
    CHECK(renewed->signed_in_at == one.session->signed_in_at);
    CHECK(renewed->user == "alice");
    CHECK(renewed->groups == one.session->groups);
    CHECK(renewed->nonce == one.session->nonce);
    CHECK(one.world.driver.seen == std::vector<std::string>{"POST https://idp.example/token"});
    CHECK(one.world.driver.must_finish);
    CHECK(one.world.provider.num_reused == 0);
  }

  TEST_CASE(
      "F-424: the provider's name stays where records have one, as whoever reads it finds it") {
    for (const auto format : {session::CookieFormat::native, session::CookieFormat::oauth2_proxy}) {
      SignedIn one;
      one.world.context->session.format = format;
      one.world.context->session.write_extra_keys = false;
      auto named = *one.session;
      named.provider_id = "idp";  // of a time when there were several
      one.session = std::make_shared<const session::Session>(std::move(named));
      const auto renewed = one.refresh();
      REQUIRE(renewed.ok());
      CHECK(renewed->provider_id == (format == session::CookieFormat::native ? "idp" : ""));
    }
  }

  TEST_CASE("F-083: validate_url is asked with the new access token, and ends the session by no") {
    for (const int status : {200, 204, 401, 403, 404, 302, 429, 500, 503, 0}) {
      CAPTURE(status);
      SignedIn one;
      auto provider = *one.world.state->provider;
      provider.validate_url = "https://idp.example/validate";
      auto state = *one.world.state;
      state.provider = std::make_shared<const oidc::Provider>(provider);
      one.world.state = std::make_shared<const oidc::ProviderState>(state);
      std::string asked_with;
      one.world.driver.on_http = [&](const HttpCall& call, Instant now) -> Result<HttpReply> {
        if (call.url != provider.validate_url) return one.world.provider.answer(call, now);
        for (const auto& field : call.fields) {
          if (field.name == "Authorization") asked_with = field.value;
        }
        if (status == 0) return Error{Status::provider_unreachable, "refused"};
        HttpReply reply;
        reply.status = status;
        return reply;
      };
      const auto renewed = one.refresh();
      const bool is_no = status != 200 && status != 0 && status != 429 && status < 500;
      if (is_no) {
        CHECK(renewed.error().status == Status::grant_ended);
        CHECK(renewed.error().text.find(std::to_string(status)) != std::string::npos);
        CHECK_FALSE(asked_with.empty());
      } else {
        REQUIRE(renewed.ok());
        CHECK(asked_with == "Bearer " + std::string(renewed->access_token.reveal()));
      }
    }
  }

  TEST_CASE("F-256: a renewal keeps no more tokens than a sign-in") {
    SignedIn one;
    one.world.context->session.kept_tokens = {false, false, true};
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->access_token.empty());
    CHECK(renewed->id_token.empty());
    CHECK(renewed->refresh_token.reveal().starts_with("refresh-canary"));
    CHECK(renewed->user == "alice");
    one.session = std::make_shared<const session::Session>(*renewed);  // without an ID token now
    CHECK(one.status_of_refresh() == Status::ok);
  }

  TEST_CASE("F-256: without the old ID token nobody else's new one is taken either") {
    for (const auto& claim :
         {std::pair{"sub", "\"mallory\""}, std::pair{"iss", "\"https://evil.example\""},
          std::pair{"aud", "\"x\""}, std::pair{"nonce", "\"another\""}}) {
      SignedIn one;
      one.world.context->session.kept_tokens.id = false;
      auto kept = *one.session;
      kept.id_token = Secret();
      one.session = std::make_shared<const session::Session>(std::move(kept));
      one.set_claim(claim.first, claim.second);
      CAPTURE(claim.first);
      CHECK(one.status_of_refresh() == Status::token_rejected);
    }
  }

  TEST_CASE("F-247: a session that did not say when its person signed in says so from now on") {
    SignedIn one;
    auto others = *one.session;  // as oauth2-proxy writes it
    others.signed_in_at.reset();
    one.session = std::make_shared<const session::Session>(others);
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->signed_in_at == others.created_at);
    CHECK(renewed->created_at != others.created_at);
  }

  TEST_CASE(
      "refresh: an omitted refresh token keeps the old one, an omitted ID token the identity") {
    SignedIn one;
    one.world.provider.rotate_refresh_tokens = false;
    one.world.provider.refresh_with_id_token = false;
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->refresh_token == one.session->refresh_token);
    CHECK(renewed->id_token == one.session->id_token);
    CHECK(renewed->access_token.reveal() != one.session->access_token.reveal());
    CHECK(renewed->email == "alice@example.com");
  }

  TEST_CASE("refresh: no expires_in: nothing is known of the new tokens' end") {
    SignedIn one;
    one.world.provider.edit_token_reply = [](JsonText& body) { body.remove("expires_in"); };
    CHECK_FALSE(one.refresh()->expires_on);
  }

  TEST_CASE("OP-17: invalid_grant and invalid_client end the session; 500 and a timeout do not") {
    for (const auto* code : {"invalid_grant", "invalid_client"}) {
      SignedIn one;
      one.world.driver.on_http = [code](const HttpCall&, Instant) -> Result<HttpReply> {
        HttpReply reply;
        reply.status = 400;
        reply.body = "{\"error\":\"" + std::string(code) + "\"}";
        return reply;
      };
      CHECK(one.status_of_refresh() == Status::grant_ended);
    }
    for (const int status : {500, 502, 503, 429}) {
      SignedIn one;
      one.world.driver.on_http = [status](const HttpCall&, Instant) -> Result<HttpReply> {
        HttpReply reply;
        reply.status = status;
        reply.body = R"({"error":"invalid_grant"})";
        return reply;
      };
      CHECK(status_class(one.status_of_refresh()) == StatusClass::unavailable);
    }
    SignedIn slow;
    slow.world.driver.on_http = [](const HttpCall&, Instant) -> Result<HttpReply> {
      return Error{Status::timed_out, "no"};
    };
    CHECK(slow.status_of_refresh() == Status::timed_out);
    CHECK(slow.world.driver.seen.size() == 1);  // and nothing was sent again
  }

  TEST_CASE("MA-17: a new ID token that is forged, unsigned, of another sub or iss is refused") {
    const std::pair<const char*, const char*> wrong[] = {{"sub", "\"mallory\""},
                                                         {"iss", "\"https://evil.example\""},
                                                         {"aud", "\"x\""},
                                                         {"nonce", "\"another\""}};
    for (const auto& [name, json] : wrong) {
      SignedIn one;
      one.set_claim(name, json);
      const std::string what = name;
      INFO(what);
      CHECK(one.status_of_refresh() == Status::token_rejected);
    }
    SignedIn forged;
    forged.world.provider.replace_id_token = [](std::string token) {
      token[token.rfind('.') + 5] ^= 1;
      return token;
    };
    CHECK(forged.status_of_refresh() == Status::token_rejected);

    SignedIn unsigned_token;
    unsigned_token.world.provider.replace_id_token = [](const std::string& token) {
      return "eyJhbGciOiJub25lIn0" +
             token.substr(token.find('.'), token.rfind('.') - token.find('.')) + ".";
    };
    CHECK(unsigned_token.status_of_refresh() == Status::token_rejected);
  }

  TEST_CASE("refresh: an ID token under a new key gets one refetch of the keys") {
    SignedIn one;
    one.world.provider.rotate_key("k2");
    CHECK(one.refresh().ok());
    CHECK(one.world.driver.seen ==
          std::vector<std::string>{"POST https://idp.example/token", "refetch keys"});
  }

  TEST_CASE(
      "refresh: a new key that cannot be had now does not lose the new refresh token; who it is "
      "stays") {
    SignedIn one;
    one.world.provider.rotate_key("k2");
    one.set_claim("sub", "\"mallory\"");
    const auto refetch = one.world.driver.on_refetch;
    one.world.driver.on_refetch = [](const flow::Refetch&) -> Result<flow::Refetched> {
      return Error{Status::provider_unreachable, "no"};
    };
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->refresh_token.reveal() != one.session->refresh_token.reveal());
    CHECK(renewed->access_token.reveal() != one.session->access_token.reveal());
    CHECK(renewed->id_token.reveal() == one.session->id_token.reveal());
    CHECK(renewed->user == "alice");

    // With the key at hand that token is refused, and a good one is taken.
    one.world.driver.on_refetch = refetch;
    one.session = std::make_shared<const session::Session>(*renewed);
    CHECK(one.status_of_refresh() == Status::token_rejected);
    CHECK(one.world.provider.num_reused == 0);
  }

  TEST_CASE(
      "MA-17: a new ID token under a key the provider does not publish is ignored, and no used "
      "refresh token sent again") {
    SignedIn one;
    one.world.provider.replace_id_token = [](std::string) {
      auto claims = id_claims(at_unix(1767225600));
      claims.set_string("sub", "mallory").set_string("email", "mallory@example.com");
      return mint(test_key(MintKey::Kind::rsa_2048).named("nobody"), claims);
    };
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->user == one.session->user);
    CHECK(renewed->email == one.session->email);
    CHECK(renewed->id_token == one.session->id_token);
    CHECK_FALSE(renewed->refresh_token == one.session->refresh_token);

    one.world.provider.replace_id_token = nullptr;
    one.session = std::make_shared<const session::Session>(*renewed);
    one.world.driver.now = one.world.driver.now + 1h;
    REQUIRE(one.refresh().ok());
    CHECK(one.world.provider.num_reused == 0);
  }

  TEST_CASE(
      "refresh: metadata that is not there is fetched before the refresh token leaves, or it "
      "stays") {
    SignedIn one;
    one.world.state = one.world.provider.unknown();
    CHECK(one.refresh().ok());
    CHECK(one.world.driver.seen.front() == "refetch metadata");

    SignedIn dead;
    dead.world.state = dead.world.provider.unknown();
    dead.world.driver.on_refetch = [](const flow::Refetch&) -> Result<flow::Refetched> {
      return Error{Status::provider_unreachable, "no"};
    };
    CHECK(dead.status_of_refresh() == Status::provider_unreachable);
    CHECK(dead.world.provider.num_refreshes == 0);
    CHECK_FALSE(dead.world.driver.must_finish);
  }

  TEST_CASE("refresh: groups are replaced by what is said now, none included") {
    SignedIn fewer;
    fewer.set_claim("groups", "[\"staff\"]");
    CHECK(fewer.refresh()->groups == std::vector<std::string>{"staff"});

    SignedIn none;
    none.set_claim("groups", "[]");
    CHECK(none.refresh()->groups.empty());
  }

  TEST_CASE(
      "refresh: userinfo that cannot be had, or is about somebody else, leaves the identity") {
    for (const bool about_other : {true, false}) {
      SignedIn one;
      auto& world = one.world;
      world.provider.edit_id_token = [](JsonText& claims) { claims.remove("groups"); };
      world.provider.edit_userinfo = [](JsonText& claims) { claims.set_string("sub", "mallory"); };
      world.driver.on_http = [&](const HttpCall& call, Instant now) -> Result<HttpReply> {
        if (!about_other && call.url.ends_with("/userinfo")) return Error{Status::timed_out, "no"};
        return world.provider.answer(call, now);
      };
      const auto renewed = one.refresh();
      REQUIRE(renewed.ok());
      CHECK(renewed->groups == one.session->groups);
      CHECK(renewed->refresh_token.reveal() != one.session->refresh_token.reveal());
    }
  }

  TEST_CASE("refresh: an ID token without the address keeps it, also where one is required") {
    SignedIn one;
    one.world.provider.settings.require_email = true;
    one.world.provider.settings.userinfo_fetch = oidc::UserinfoFetch::never;
    one.world.state = one.world.provider.known(one.world.driver.now);
    one.world.provider.edit_id_token = [](JsonText& claims) {
      claims.remove("email").remove("email_verified");
    };
    const auto renewed = one.refresh();
    REQUIRE(renewed.ok());
    CHECK(renewed->email == "alice@example.com");
    CHECK(renewed->email_verified == true);
  }

  TEST_CASE("refresh: an address that is no longer verified is not taken for one that is") {
    SignedIn one;
    one.set_claim("email_verified", "false");
    CHECK(one.status_of_refresh() == Status::incomplete_identity);
  }

  TEST_CASE("refresh: no error text holds a secret") {
    SignedIn one;
    one.set_claim("sub", "\"sub-canary\"");
    CHECK_FALSE(holds_canary(one.refresh().error().text));
  }

  TEST_CASE(
      "F-258: the host is asked about the new tokens, once they are there; its veto ends it") {
    for (const bool is_vetoed : {false, true}) {
      SignedIn one;
      Hooks hooks;
      if (is_vetoed) hooks.veto_at = "refreshed";
      one.world.context->hooks = hooks.all();
      const auto renewed = one.refresh();
      CHECK(one.world.driver.seen ==
            std::vector<std::string>{"POST https://idp.example/token", "hook refreshed"});
      REQUIRE(hooks.told.size() == 1);
      const auto told = hooks.told[0].identity.access_token();
      CHECK(told != one.session->access_token.reveal());
      CHECK(hooks.told[0].identity.user() == "alice");
      CHECK(renewed.ok() == !is_vetoed);
      if (renewed.ok()) CHECK(told == renewed->access_token.reveal());
      if (!renewed.ok()) CHECK(renewed.error().status == Status::vetoed);
    }
  }

  TEST_CASE("F-258: the end of the grant is told, and cannot be undone") {
    for (const auto* veto_at : {"", "ended"}) {
      SignedIn one;
      Hooks hooks;
      hooks.veto_at = veto_at;
      one.world.context->hooks = hooks.all();
      one.world.driver.on_http = [](const HttpCall&, Instant) -> Result<HttpReply> {
        HttpReply reply;
        reply.status = 400;
        reply.body = R"({"error":"invalid_grant"})";
        return reply;
      };
      CHECK(one.status_of_refresh() == Status::grant_ended);
      CHECK(hooks.moments() == std::vector<std::string>{"ended"});
      CHECK(hooks.told[0].identity.access_token() == one.session->access_token.reveal());
    }
  }

  TEST_CASE("F-258: trouble is no end, and no hook hears of it") {
    SignedIn one;
    Hooks hooks;
    one.world.context->hooks = hooks.all();
    one.world.driver.on_http = [](const HttpCall&, Instant) -> Result<HttpReply> {
      return Error{Status::timed_out, "no answer"};
    };
    CHECK(one.status_of_refresh() == Status::timed_out);
    CHECK(hooks.told.empty());
  }

  TEST_CASE("a refresh that failed ends the session by the provider's word or the host's only") {
    CHECK(flow::ends_session(Status::grant_ended));
    CHECK(flow::ends_session(Status::vetoed));
    CHECK_FALSE(flow::ends_session(Status::timed_out));
    CHECK_FALSE(flow::ends_session(Status::provider_refused));
  }
}
