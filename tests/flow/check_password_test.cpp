#include "flow/check_password.hpp"

#include <doctest/doctest.h>

#include "support/scripted_driver.hpp"

using namespace gatelet;

namespace {

struct Check {
  Result<bool> result;
  std::vector<std::string> effects;
};

Check check(std::string_view hash, std::string_view password) {
  support::ScriptedDriver driver;
  flow::CheckPassword in(
      std::make_shared<const crypto::PasswordHash>(crypto::PasswordHash::parse(hash).value()),
      Secret(password));
  auto result = driver.run(flow::check_password(std::move(in)));
  return {std::move(result), driver.seen};
}

}  // namespace

TEST_SUITE("flow/check_password") {
  TEST_CASE("check_password: {SHA} is answered at once") {
    const auto* hash = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";
    const auto good = check(hash, "secret");
    CHECK(*good.result);
    CHECK(good.effects.empty());
    CHECK_FALSE(*check(hash, "Secret").result);
  }

#ifdef GATELET_HAVE_CRYPT
  TEST_CASE("check_password: bcrypt is left to the driver") {
    const auto* hash = "$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6";
    const auto good = check(hash, "correct horse");
    CHECK(*good.result);
    CHECK(good.effects == std::vector<std::string>{"password"});
    const auto bad = check(hash, "correct horsE");
    CHECK_FALSE(*bad.result);
    CHECK(bad.effects == std::vector<std::string>{"password"});
  }
#endif
}
