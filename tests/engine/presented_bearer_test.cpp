#include "engine/presented_bearer.hpp"

#include "engine/world.hpp"
#include "session/lifetime.hpp"
#include "support/token_mint.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using Kind = PresentedBearer::Kind;
using support::JsonText;
using support::MintKey;

namespace {

// The world with bearer tokens on, and the keys of its providers at hand.
struct TokenWorld : World {
  std::shared_ptr<oidc::ProviderState> state = std::make_shared<oidc::ProviderState>();
  std::vector<std::shared_ptr<const oidc::ProviderState>> issuers;
  std::uint64_t num_updates = 0;

  TokenWorld() {
    policy.bearer.enabled = true;
    state = signer("default", "https://idp.example", "c");
  }

  std::shared_ptr<oidc::ProviderState> signer(std::string id, std::string issuer,
                                              std::string audience) const {
    oidc::Provider provider;
    provider.id = std::move(id);
    provider.issuer = std::move(issuer);
    provider.client.id = std::move(audience);
    provider.algorithms = {jose::Algorithm::rs256};
    provider.endpoints.jwks = provider.issuer + "/jwks";
    auto out = std::make_shared<oidc::ProviderState>();
    out->provider = std::make_shared<const oidc::Provider>(provider);
    out->has_metadata = out->has_keys = true;
    out->metadata_at = out->keys_at = now;
    out->keys = jose::parse_key_set(support::key_set_json(key())).value();
    return out;
  }

  static const MintKey& key() { return support::test_key(MintKey::Kind::rsa_2048); }
  std::string token(const std::function<void(JsonText&)>& edit = {}) const {
    auto claims = support::id_claims(now);
    if (edit) edit(claims);
    return support::mint(key(), claims);
  }

  PresentedBearer present(const std::string& token) {
    auto made = std::make_shared<Snapshot>(*snapshot());
    made->providers = {state};
    made->token_issuers = issuers;
    made->num_updates = num_updates;
    const auto memory = memory_at(made);
    policy::BearerCredential credential;
    credential.kind = policy::BearerCredential::Kind::token;
    credential.in_header = token;
    return present_bearer(memory, credential, now);
  }
};

}  // namespace

TEST_SUITE("engine/presented_bearer") {
  TEST_CASE("present_bearer: a good token is accepted, and found again without its keys") {
    TokenWorld world;
    const auto token = world.token();
    const auto first = world.present(token);
    REQUIRE(first.kind == Kind::accepted);
    CHECK(first.session->user == "alice");
    world.state->keys = {};
    CHECK(world.present(token).session == first.session);
    CHECK(world.present(world.token([](auto& c) { c.set_string("sub", "bob"); })).kind ==
          Kind::unknown);
  }

  TEST_CASE("present_bearer: what is no token, forged or for others is rejected") {
    TokenWorld world;
    auto forged = world.token();
    forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
    CHECK(world.present(forged).kind == Kind::rejected);
    CHECK(world.present(world.token([](auto& c) { c.set_string("aud", "x"); })).kind ==
          Kind::rejected);
    CHECK(world.present(world.token([](auto& c) { c.set_string("iss", "https://x"); })).kind ==
          Kind::rejected);
    CHECK(world.present("eyJ.eyJ.x").kind == Kind::rejected);
    policy::BearerCredential unusable;
    unusable.kind = policy::BearerCredential::Kind::unusable;
    const auto memory = world.memory_at(world.snapshot());
    CHECK(present_bearer(memory, unusable, world.now).kind == Kind::rejected);
  }

  TEST_CASE("PX-11: present_bearer: tokens that begin alike are told apart") {
    TokenWorld world;
    const auto alice = world.present(world.token());
    const auto bob = world.present(world.token([](auto& c) { c.set_string("sub", "alicf"); }));
    REQUIRE(alice.session);
    REQUIRE(bob.session);
    CHECK(alice.session->user == "alice");
    CHECK(bob.session->user == "alicf");
  }

  TEST_CASE("LO-03: present_bearer: what is remembered ends with the token") {
    TokenWorld world;
    const auto token = world.token();
    REQUIRE(world.present(token).kind == Kind::accepted);
    world.now = world.now + 3659s;
    world.state->keys_at = world.now;
    CHECK(world.present(token).kind == Kind::accepted);
    world.now = world.now + 1s;
    CHECK(world.present(token).kind == Kind::rejected);
  }

  TEST_CASE("present_bearer: new keys and new settings are each a reason to verify anew") {
    TokenWorld world;
    const auto token = world.token();
    REQUIRE(world.present(token).kind == Kind::accepted);
    world.state->keys = jose::parse_key_set(support::key_set_json(
                                                support::test_key(MintKey::Kind::p256).named("n")))
                            .value();
    CHECK(world.present(token).kind == Kind::accepted);  // remembered
    ++world.num_updates;
    CHECK(world.present(token).kind == Kind::unknown);
    --world.num_updates;
    ++world.generation;
    CHECK(world.present(token).kind == Kind::unknown);
  }

  TEST_CASE("present_bearer: missing or old keys, and unknown ones, must be fetched first") {
    TokenWorld world;
    const auto token = world.token();
    world.state->keys_at = world.now - 25h;
    const auto old = world.present(token);
    REQUIRE(old.kind == Kind::unknown);
    REQUIRE(old.candidates.size() == 1);
    CHECK_FALSE(old.candidates[0]->has_keys);

    world.state->has_metadata = world.state->has_keys = false;
    CHECK(world.present(token).kind == Kind::unknown);
    // ... but nobody is asked because of a token that another has signed.
    CHECK(world.present(world.token([](auto& c) { c.set_string("iss", "https://x"); })).kind ==
          Kind::rejected);
  }

  TEST_CASE("MA-16, PX-10: present_bearer: each issuer with its own audience") {
    TokenWorld world;
    world.issuers = {world.signer("extra_jwt_issuers:1", "https://a.example", "api-a"),
                     world.signer("extra_jwt_issuers:2", "https://b.example", "api-b"),
                     world.signer("extra_jwt_issuers:3", "https://b.example", "api-c")};
    const auto token = [&](const std::string& issuer, const std::string& audience) {
      return world.token([&](auto& c) { c.set_string("iss", issuer).set_string("aud", audience); });
    };
    CHECK(world.present(token("https://idp.example", "c")).session->provider_id == "default");
    CHECK(world.present(token("https://a.example", "api-a")).session->provider_id ==
          "extra_jwt_issuers:1");
    CHECK(world.present(token("https://b.example", "api-b")).session->provider_id ==
          "extra_jwt_issuers:2");
    CHECK(world.present(token("https://b.example", "api-c")).session->provider_id ==
          "extra_jwt_issuers:3");
    CHECK(world.present(token("https://a.example", "api-b")).kind == Kind::rejected);
    CHECK(world.present(token("https://a.example", "c")).kind == Kind::rejected);
    CHECK(world.present(token("https://idp.example", "api-a")).kind == Kind::rejected);
  }
}
