#include "crypto/random.hpp"

#include <doctest/doctest.h>

#include <set>

#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::crypto;

TEST_SUITE("crypto/random") {
  TEST_CASE("system_entropy: fills every size, and never twice the same") {
    const auto entropy = system_entropy();
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(random_bytes(*entropy, 16).value());
    CHECK(seen.size() == 100);
    CHECK(random_bytes(*entropy, 0).value().empty());
    CHECK(random_bytes(*entropy, 100000).value().size() == 100000);
  }

  TEST_CASE("DrawnEntropy: asks its source once, hands out each byte once, then asks again") {
    support::SeededEntropy source(7), same(7);
    const auto expected = random_bytes(same, 40).value();
    DrawnEntropy drawn(source, 40);
    CHECK(random_bytes(drawn, 16).value() == expected.substr(0, 16));
    CHECK(random_bytes(drawn, 24).value() == expected.substr(16, 24));
    CHECK(random_bytes(drawn, 8).value() == random_bytes(same, 8).value());

    support::FailingEntropy once(1);
    DrawnEntropy from_once(once, 32);
    CHECK(random_bytes(from_once, 16).ok());
    CHECK(random_bytes(from_once, 16).ok());
    CHECK(random_bytes(from_once, 1).error().status == Status::no_entropy);
  }

  TEST_CASE("DrawnEntropy: a source that fails gives nothing, at the first fill and later") {
    support::FailingEntropy never(0);
    DrawnEntropy drawn(never, 32);
    CHECK(random_bytes(drawn, 16).error().status == Status::no_entropy);
    CHECK(random_bytes(drawn, 16).error().status == Status::no_entropy);
  }

  TEST_CASE("MA-41: random_bytes: a source that fails gives no bytes but no_entropy") {
    support::FailingEntropy entropy(0);
    CHECK(random_bytes(entropy, 16).error().status == Status::no_entropy);
    CHECK(random_bytes(entropy, 0).error().status == Status::no_entropy);
  }
}
