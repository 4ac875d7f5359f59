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

  TEST_CASE("MA-41: random_bytes: a source that fails gives no bytes but no_entropy") {
    support::FailingEntropy entropy(0);
    CHECK(random_bytes(entropy, 16).error().status == Status::no_entropy);
    CHECK(random_bytes(entropy, 0).error().status == Status::no_entropy);
  }
}
