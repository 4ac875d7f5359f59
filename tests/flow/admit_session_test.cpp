#include "flow/admit_session.hpp"

#include <doctest/doctest.h>

#include "hooks.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

struct Somebody {
  World world;
  Hooks hooks;
  Somebody() { world.context->hooks = hooks.all(); }
  Status admit() {
    session::Session session;
    session.user = "alice";
    session.email = "alice@example.com";
    flow::AdmitSession in(world.context);
    in.request = world.get("/");
    in.session = std::make_shared<const session::Session>(std::move(session));
    const auto admitted = world.driver.run(flow::admit_session(std::move(in)));
    return admitted.ok() ? Status::ok : admitted.error().status;
  }
};

}  // namespace

TEST_SUITE("flow/admit_session") {
  TEST_CASE("F-258: authenticated before the rules, created after them") {
    Somebody one;
    CHECK(one.admit() == Status::ok);
    CHECK(one.hooks.moments() == std::vector<std::string>{"authenticated", "created"});

    Somebody stranger;
    stranger.world.context->policy.email.domains = {"elsewhere.example"};
    CHECK(stranger.admit() == Status::not_permitted);
    CHECK(stranger.hooks.moments() == std::vector<std::string>{"authenticated"});
  }

  TEST_CASE("a veto at either ends it, and nothing is asked after it") {
    Somebody known;
    known.hooks.veto_at = "authenticated";
    CHECK(known.admit() == Status::vetoed);
    CHECK(known.hooks.moments() == std::vector<std::string>{"authenticated"});

    Somebody almost_in;
    almost_in.hooks.veto_at = "created";
    CHECK(almost_in.admit() == Status::vetoed);
  }

  TEST_CASE("a hook cannot let in whom the rules refuse") {
    Somebody stranger;
    stranger.world.context->policy.allowed_groups = {"nobody"};
    CHECK(stranger.admit() == Status::not_permitted);
  }

  TEST_CASE("without hooks the rules alone are asked, at once") {
    Somebody one;
    one.world.context->hooks = nullptr;
    CHECK(one.admit() == Status::ok);
    CHECK(one.world.driver.num_effects == 0);
  }
}
