#include "engine/work.hpp"

#include <doctest/doctest.h>

#include "policy/answer.hpp"
#include "support/fake_provider.hpp"
#include "support/field_list.hpp"

using namespace gatelet;
using namespace gatelet::engine;

// What Work does with a driver and a provider stands in engine_test.cpp.
TEST_SUITE("engine/work") {
  TEST_CASE(
      "without_old_keys: keys count for a day, then they are fetched before a signature is "
      "believed") {
    support::FakeProvider provider;
    const auto state = provider.known(at_unix(1000));
    CHECK(without_old_keys(state, at_unix(1000)) == state);
    CHECK(without_old_keys(state, at_unix(1000 + 24 * 3600 - 1)) == state);
    const auto later = without_old_keys(state, at_unix(1000 + 24 * 3600));
    CHECK_FALSE(later->has_keys);
    CHECK(later->keys.empty());
    CHECK(later->has_metadata);
    CHECK(state->has_keys);  // others go on with what they hold
  }

  TEST_CASE("without_old_keys: keys from files do not age") {
    support::FakeProvider provider;
    auto from_files = *provider.known(at_unix(0));
    auto settings = *from_files.provider;
    settings.endpoints.jwks.clear();
    from_files.provider = std::make_shared<const oidc::Provider>(settings);
    const auto state = std::make_shared<const oidc::ProviderState>(from_files);
    CHECK(without_old_keys(state, at_unix(1'000'000)) == state);
  }

  TEST_CASE("copy_of: an answer of our own with all it says; an allow is never copied") {
    auto answer = policy::Answer::own(403, Reason::login_denied);
    answer.response("Set-Cookie", "a=1");
    answer.response("Set-Cookie", "b=2");
    answer.body("page");
    const auto copy = copy_of(std::move(answer).finish());
    CHECK(copy.http_status() == 403);
    CHECK(copy.reason() == Reason::login_denied);
    CHECK(copy.body() == "page");
    CHECK(support::values_of(copy.response(), "Set-Cookie") ==
          std::vector<std::string>{"a=1", "b=2"});

    auto allow = policy::Answer::allow(Reason::session);
    allow.upstream("X-Forwarded-User", "ada");
    CHECK(copy_of(std::move(allow).finish()).http_status() == 500);
  }
}
