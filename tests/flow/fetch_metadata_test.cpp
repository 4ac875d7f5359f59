#include "flow/fetch_metadata.hpp"

#include <doctest/doctest.h>

#include <set>

#include "support/fake_provider.hpp"
#include "support/scripted_driver.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

struct Fetch {
  FakeProvider provider;
  ScriptedDriver driver;
  std::shared_ptr<const oidc::ProviderState> current = provider.unknown();
  std::shared_ptr<Entropy> entropy = std::make_shared<SeededEntropy>();
  bool keys_only = false;
  // What to answer instead of the provider, by the end of the URL.
  std::function<std::optional<Result<HttpReply>>(const HttpCall&)> instead;

  Result<oidc::ProviderState> run() {
    driver.on_http = [this](const HttpCall& call, Instant now) -> Result<HttpReply> {
      if (instead) {
        if (auto answer = instead(call)) return std::move(*answer);
      }
      return provider.answer(call, now);
    };
    flow::FetchMetadata in(current);
    in.configured = provider.configured();
    in.entropy = entropy;
    in.keys_only = keys_only;
    return driver.run(flow::fetch_metadata(std::move(in)));
  }
};

HttpReply answer(int status, std::string body) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

std::optional<Result<HttpReply>> fail_keys(const HttpCall& call) {
  if (!call.url.ends_with("/jwks")) return std::nullopt;
  return Result<HttpReply>(Error{Status::provider_unreachable, "no"});
}

}  // namespace

TEST_SUITE("flow/fetch_metadata") {
  TEST_CASE("fetch_metadata: discovery, then keys, stamped with the time of each answer") {
    Fetch fetch;
    const auto begun = fetch.driver.now;
    const auto state = fetch.run();
    REQUIRE(state.ok());
    CHECK(state->has_metadata);
    CHECK(state->has_keys);
    CHECK(state->keys.keys().size() == 1);
    CHECK(state->provider->endpoints.token == "https://idp.example/token");
    CHECK(state->metadata_at == begun + 10ms);
    CHECK(state->keys_at == begun + 20ms);
    CHECK(fetch.driver.seen ==
          std::vector<std::string>{"GET https://idp.example/.well-known/openid-configuration",
                                   "GET https://idp.example/jwks"});
    CHECK_FALSE(fetch.driver.must_finish);
  }

  TEST_CASE("fetch_metadata: keys only asks for the keys alone") {
    Fetch fetch;
    fetch.current = fetch.provider.known(fetch.driver.now);
    fetch.provider.rotate_key("k2");
    fetch.keys_only = true;
    const auto state = fetch.run();
    REQUIRE(state.ok());
    CHECK(fetch.driver.seen == std::vector<std::string>{"GET https://idp.example/jwks"});
    CHECK(state->keys.keys() != fetch.current->keys.keys());
    CHECK(state->metadata_at == fetch.current->metadata_at);
  }

  TEST_CASE(
      "fetch_metadata: without discovery the configured endpoints are used, only keys are "
      "fetched") {
    Fetch fetch;
    fetch.provider.settings.discover = false;
    fetch.provider.settings.endpoints.authorization = "https://idp.example/authorize";
    fetch.provider.settings.endpoints.token = "https://idp.example/token";
    fetch.provider.settings.endpoints.jwks = "https://idp.example/jwks";
    const auto state = fetch.run();
    REQUIRE(state.ok());
    CHECK(state->has_metadata);
    CHECK(fetch.provider.num_discoveries == 0);
    CHECK(state->has_keys);

    // Keys from files: nothing is left to ask.
    Fetch files;
    files.provider.settings = fetch.provider.settings;
    files.provider.settings.endpoints.jwks.clear();
    CHECK(files.run().ok());
    CHECK(files.driver.seen.empty());
  }

  TEST_CASE(
      "fetch_metadata: transport trouble and 5xx are tried twice more, after a growing pause") {
    for (const int kind : {0, 1, 2}) {
      Fetch fetch;
      int failures = 2;
      fetch.instead = [&](const HttpCall&) -> std::optional<Result<HttpReply>> {
        if (failures-- <= 0) return std::nullopt;
        if (kind == 0) return Result<HttpReply>(Error{Status::provider_unreachable, "no"});
        if (kind == 1) return Result<HttpReply>(Error{Status::timed_out, "no"});
        return Result<HttpReply>(answer(503, "later"));
      };
      CHECK(fetch.run().ok());
      REQUIRE(fetch.driver.delays.size() == 2);
      CHECK(fetch.driver.delays[0] >= 200ms);
      CHECK(fetch.driver.delays[0] <= 400ms);
      CHECK(fetch.driver.delays[1] >= 600ms);
      CHECK(fetch.driver.delays[1] <= 1200ms);
      CHECK(fetch.provider.num_discoveries == 1);
    }
  }

  TEST_CASE("fetch_metadata: after three tries it is over, and the caller is told why") {
    Fetch fetch;
    fetch.instead = [](const HttpCall&) {
      return std::optional<Result<HttpReply>>(Error{Status::provider_unreachable, "no"});
    };
    CHECK(fetch.run().error().status == Status::provider_unreachable);
    CHECK(fetch.driver.num_effects == 5);  // three calls, two pauses
  }

  TEST_CASE("fetch_metadata: a refusal, a bad document and our own overload are not tried again") {
    const Result<HttpReply> wrong[] = {
        answer(404, ""),   answer(302, ""),   answer(200, "<html>"),
        answer(200, "[]"), answer(200, "{}"), Error{Status::too_many_operations, "busy"}};
    for (const auto& reply : wrong) {
      Fetch fetch;
      fetch.instead = [&](const HttpCall&) { return std::optional<Result<HttpReply>>(reply); };
      CHECK_FALSE(fetch.run().ok());
      CHECK(fetch.driver.num_effects == 1);
    }
  }

  TEST_CASE(
      "fetch_metadata: pauses of many processes spread, and need no random source to be there") {
    std::set<Duration> pauses;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      Fetch fetch;
      fetch.entropy = std::make_shared<SeededEntropy>(seed);
      fetch.instead = [](const HttpCall&) {
        return std::optional<Result<HttpReply>>(Error{Status::timed_out, "no"});
      };
      CHECK_FALSE(fetch.run().ok());
      pauses.insert(fetch.driver.delays.front());
    }
    CHECK(pauses.size() > 5);

    Fetch without;
    without.entropy = std::make_shared<FailingEntropy>(0);
    without.instead = fail_keys;
    CHECK(without.run().ok());
    CHECK(without.driver.delays == std::vector<Duration>{400ms, 1200ms});
  }

  TEST_CASE(
      "LB-11: keys that cannot be had leave the old ones, or none; asked for alone it is a "
      "failure") {
    Fetch again;
    again.current = again.provider.known(again.driver.now);
    again.instead = fail_keys;
    const auto kept = again.run();
    REQUIRE(kept.ok());
    CHECK(kept->has_keys);
    CHECK(kept->keys.keys() == again.current->keys.keys());
    CHECK(kept->keys_at == again.current->keys_at);
    CHECK(kept->metadata_at != again.current->metadata_at);

    Fetch first;
    first.instead = fail_keys;
    const auto without = first.run();
    REQUIRE(without.ok());
    CHECK(without->has_metadata);
    CHECK_FALSE(without->has_keys);

    for (const auto* body : {"<html>", "{}", R"({"keys":[]})"}) {
      Fetch alone;
      alone.current = alone.provider.known(alone.driver.now);
      alone.keys_only = true;
      alone.instead = [body](const HttpCall&) {
        return std::optional<Result<HttpReply>>(answer(200, body));
      };
      CHECK(alone.run().error().status == Status::provider_bad_answer);
    }
  }

  TEST_CASE("I-11: a document of another issuer, or with plain http endpoints, is not used") {
    Fetch other;
    other.provider.edit_metadata = [](JsonText& document) {
      document.set_string("issuer", "https://evil.example");
    };
    CHECK(other.run().error().status == Status::provider_bad_answer);
    CHECK(other.provider.num_jwks == 0);

    Fetch plain;
    plain.provider.edit_metadata = [](JsonText& document) {
      document.set_string("token_endpoint", "http://idp.example/token");
    };
    CHECK(plain.run().error().status == Status::provider_bad_answer);
  }

  TEST_CASE("fetch_metadata: what the first document said does not outlive the second") {
    Fetch fetch;
    fetch.current = fetch.provider.known(fetch.driver.now);
    REQUIRE_FALSE(fetch.current->provider->endpoints.end_session.empty());
    fetch.provider.edit_metadata = [](JsonText& document) {
      document.remove("end_session_endpoint");
    };
    CHECK(fetch.run()->provider->endpoints.end_session.empty());
  }
}
