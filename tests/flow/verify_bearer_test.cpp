#include "flow/verify_bearer.hpp"

#include <doctest/doctest.h>

#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

using State = std::shared_ptr<const oidc::ProviderState>;

// Another issuer, with keys of its own.
State stranger(const std::string& id, std::string issuer) {
  FakeProvider other;
  other.settings.id = id;
  other.settings.issuer = std::move(issuer);
  other.rotate_key("k-" + id);
  return other.known(at_unix(1767225600));
}

Result<session::Session> verify(World& world, const std::string& token,
                                std::vector<State> candidates) {
  flow::VerifyBearer in{Secret(token)};
  in.candidates = std::move(candidates);
  return world.driver.run(flow::verify_bearer(std::move(in)));
}

}  // namespace

TEST_SUITE("flow/verify_bearer") {
  TEST_CASE("bearer_session: the token is both tokens, and its end the session's") {
    World world;
    const auto now = world.driver.now;
    const auto token = world.provider.bearer_token(now);
    const auto session =
        flow::bearer_session(*world.state->provider, world.state->keys, token, now);
    REQUIRE(session.ok());
    CHECK(session->user == "alice");
    CHECK(session->email == "alice@example.com");
    CHECK(session->provider_id == world.state->provider->id);
    CHECK(session->access_token.reveal() == token);
    CHECK(session->id_token.reveal() == token);
    CHECK(session->refresh_token.empty());
    const auto seconds = session::to_timestamp(now).seconds;
    CHECK(session->expires_on == session::Timestamp{seconds + 3600, 0});
    CHECK(session->ends_at == session::Timestamp{seconds + 3660, 0});
    CHECK(session->created_at == session::to_timestamp(now));
  }

  TEST_CASE("verify_bearer: keys at hand cost no effect") {
    World world;
    const auto token = world.provider.bearer_token(world.driver.now);
    CHECK(verify(world, token, {world.state}).ok());
    CHECK(world.driver.num_effects == 0);
  }

  TEST_CASE("F-030, PX-10: verify_bearer: the candidates in order, each with its own audience") {
    World world;
    const auto other = stranger("other", "https://other.example");
    world.driver.on_refetch = [&](const flow::Refetch& wanted) -> Result<flow::Refetched> {
      CHECK(wanted.provider_id == "other");
      return flow::Refetched{other};
    };
    const auto token = world.provider.bearer_token(world.driver.now);
    const auto session = verify(world, token, {other, world.state});
    REQUIRE(session.ok());
    CHECK(session->provider_id == world.state->provider->id);
    CHECK(verify(world, token, {other}).error().status == Status::token_rejected);

    auto narrow = *world.state;
    auto provider = *narrow.provider;
    provider.client.id = "somebody-else";
    narrow.provider = std::make_shared<const oidc::Provider>(provider);
    CHECK(verify(world, token, {std::make_shared<const oidc::ProviderState>(narrow)})
              .error()
              .status == Status::token_rejected);
  }

  TEST_CASE("verify_bearer: one that cannot be asked leaves it open, unless another accepts") {
    World world;
    const auto token = world.provider.bearer_token(world.driver.now);
    auto silent = *stranger("silent", "https://silent.example");
    silent.has_metadata = silent.has_keys = false;
    const auto unknown = std::make_shared<const oidc::ProviderState>(silent);
    world.driver.on_refetch = [](const flow::Refetch&) -> Result<flow::Refetched> {
      return Error{Status::provider_unreachable, "no"};
    };
    CHECK(verify(world, token, {unknown, world.state}).ok());
    const auto expired = world.provider.bearer_token(world.driver.now - 2h);
    CHECK(verify(world, expired, {unknown, world.state}).error().status ==
          Status::provider_unreachable);
    CHECK(verify(world, expired, {world.state}).error().status == Status::token_rejected);
  }

  TEST_CASE("verify_bearer: a key that stays unknown is a token that is refused") {
    World world;
    const auto state = world.state;
    FakeProvider other;
    other.settings = world.provider.settings;
    other.rotate_key("nobody-knows");
    const auto token = other.bearer_token(world.driver.now);
    CHECK(verify(world, token, {state}).error().status == Status::token_rejected);
    CHECK(world.driver.seen == std::vector<std::string>{"refetch keys"});
  }
}
