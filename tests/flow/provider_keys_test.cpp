#include "flow/provider_keys.hpp"

#include <doctest/doctest.h>

#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

// Verifies the way a test says, and counts.
struct Verifier {
  int num_asked = 0;
  int good_at = 1;  // the try that succeeds
  Status failure = Status::key_unknown;
  flow::Verify verify() {
    return [this](const jose::KeySet& keys, Instant now) -> Result<jose::VerifiedToken> {
      if (++num_asked != good_at) return Error{failure, "not with these keys"};
      jose::Expectations expect;
      expect.issuer = "https://idp.example";
      expect.audiences = {"c"};
      expect.algorithms = {jose::Algorithm::rs256, jose::Algorithm::es256};
      const auto key = test_key(MintKey::Kind::rsa_2048);
      return jose::verify(mint(key, id_claims(now)), keys, expect, now);
    };
  }
};

}  // namespace

TEST_SUITE("flow/provider_keys") {
  TEST_CASE("ready_provider: one that is ready costs no effect") {
    World world;
    const auto ready = world.driver.run(flow::ready_provider(world.state));
    CHECK(*ready == world.state);
    CHECK(world.driver.num_effects == 0);
  }

  TEST_CASE("ready_provider: one refetch of what is missing") {
    World world;
    world.state = world.provider.unknown();
    CHECK((*world.driver.run(flow::ready_provider(world.state)))->has_keys);
    CHECK(world.driver.seen == std::vector<std::string>{"refetch metadata"});

    World keyless;
    auto without = *keyless.state;
    without.has_keys = false;
    without.keys = {};
    keyless.state = std::make_shared<const oidc::ProviderState>(without);
    CHECK((*keyless.driver.run(flow::ready_provider(keyless.state)))->has_keys);
    CHECK(keyless.driver.seen == std::vector<std::string>{"refetch keys"});
  }

  TEST_CASE("ready_provider: what is still missing afterwards is a failure of class unavailable") {
    World world;
    world.state = world.provider.unknown();
    world.driver.on_http = [&](const HttpCall& call, Instant now) -> Result<HttpReply> {
      if (call.url.ends_with("/jwks")) return Error{Status::timed_out, "no"};
      return world.provider.answer(call, now);
    };
    const auto failed = world.driver.run(flow::ready_provider(world.state));
    CHECK(failed.error().status == Status::provider_unreachable);
  }

  TEST_CASE(
      "verify_with_keys: a token that verifies, or fails for another reason, causes no refetch") {
    World world;
    Verifier good;
    CHECK(world.driver.run(flow::verify_with_keys(world.state, good.verify())).ok());
    Verifier bad;
    bad.good_at = 9;
    bad.failure = Status::token_rejected;
    const auto refused = world.driver.run(flow::verify_with_keys(world.state, bad.verify()));
    CHECK(refused.error().status == Status::token_rejected);
    CHECK(bad.num_asked == 1);
    CHECK(world.driver.num_effects == 0);
  }

  TEST_CASE("verify_with_keys: an unknown key gets exactly one refetch and one more try") {
    World world;
    Verifier second;
    second.good_at = 2;
    CHECK(world.driver.run(flow::verify_with_keys(world.state, second.verify())).ok());
    Verifier never;
    never.good_at = 9;
    const auto refused = world.driver.run(flow::verify_with_keys(world.state, never.verify()));
    CHECK(refused.error().status == Status::key_unknown);
    CHECK(never.num_asked == 2);
    CHECK(world.driver.seen == std::vector<std::string>{"refetch keys", "refetch keys"});
  }

  TEST_CASE("verify_with_keys: a refetch that fails is the failure") {
    World world;
    world.driver.on_refetch = [](const flow::Refetch&) -> Result<flow::Refetched> {
      return Error{Status::provider_unreachable, "no"};
    };
    Verifier never;
    never.good_at = 9;
    const auto failed = world.driver.run(flow::verify_with_keys(world.state, never.verify()));
    CHECK(failed.error().status == Status::provider_unreachable);
    CHECK(never.num_asked == 1);
  }
}
