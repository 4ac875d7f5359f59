#include "flow/ask_hook.hpp"

#include <doctest/doctest.h>

#include "hooks.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

using Moment = SessionEvent::Moment;

struct Asked {
  World world;
  Hooks hooks;
  session::Session session;
  Asked() {
    world.context->hooks = hooks.all();
    session.user = "alice";
  }
  Result<bool> ask(Moment moment, bool has_request = true) {
    flow::AskHook in(world.context, moment);
    in.session = std::make_shared<const session::Session>(session);
    if (has_request) in.request = world.get("/wanted?code=canary");
    return world.driver.run(flow::ask_hook(std::move(in)));
  }
};

}  // namespace

TEST_SUITE("flow/ask_hook") {
  TEST_CASE("F-258: the hook of the moment is told who, and of which request, without its query") {
    Asked one;
    CHECK(one.ask(Moment::created).ok());
    REQUIRE(one.hooks.told.size() == 1);
    const auto& event = one.hooks.told[0];
    CHECK(event.moment == Moment::created);
    CHECK(event.identity.user() == "alice");
    CHECK(event.provider == "default");
    CHECK(event.host == "app.example");
    CHECK(event.path == "/wanted");
    CHECK(event.client == "203.0.113.7");
  }

  TEST_CASE("a password vouched: no provider; nobody's request: nothing is said of one") {
    Asked one;
    one.session.password_mark = Secret("m");
    CHECK(one.ask(Moment::refreshed, false).ok());
    CHECK(one.hooks.told[0].provider.empty());
    CHECK(one.hooks.told[0].host.empty());
    CHECK(one.hooks.told[0].path.empty());
    CHECK(one.hooks.told[0].client.empty());
  }

  TEST_CASE("each moment has its own hook; without one nothing is asked") {
    for (const auto moment :
         {Moment::authenticated, Moment::created, Moment::refreshed, Moment::ended}) {
      CAPTURE(name_of(moment));
      Asked one;
      auto only = *one.world.context->hooks;
      if (moment != Moment::authenticated) only.authenticated = nullptr;
      if (moment != Moment::created) only.created = nullptr;
      if (moment != Moment::refreshed) only.refreshed = nullptr;
      if (moment != Moment::ended) only.ended = nullptr;
      one.world.context->hooks = std::make_shared<const SessionHooks>(only);
      for (const auto asked :
           {Moment::authenticated, Moment::created, Moment::refreshed, Moment::ended}) {
        CHECK(one.ask(asked).ok());
      }
      CHECK(one.hooks.moments() == std::vector<std::string>{name_of(moment)});
      CHECK(one.world.driver.num_effects == 1);
    }
    Asked none;
    none.world.context->hooks = nullptr;
    CHECK(none.ask(Moment::created).ok());
    CHECK(none.world.driver.num_effects == 0);
  }

  TEST_CASE("what a hook has against it is the failure") {
    Asked one;
    one.hooks.veto_at = "ended";
    const auto said = one.ask(Moment::ended);
    REQUIRE_FALSE(said.ok());
    CHECK(said.error().status == Status::vetoed);
    CHECK(said.error().text == "not on the list");
    CHECK(one.ask(Moment::created).ok());
  }
}
