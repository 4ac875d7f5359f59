#include "flow/revoke_sessions.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "flow/deny_list.hpp"
#include "session/lifetime.hpp"
#include "session/subject.hpp"
#include "session/ticket.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::flow;
using namespace gatelet::support;

namespace {

struct Stored : World {
  Stored() { keep_in_store(); }
  Result<IndexEntries> revoke(std::string kept = {},
                              std::optional<session::Timestamp> kept_sign_in = {}) {
    RevokeSessions in(context);
    auto& denial = in.denials.emplace_back();
    denial.subject = {"default", "alice"};
    denial.until = session::to_timestamp(driver.now);
    denial.kept_ticket = std::move(kept);
    denial.kept_sign_in = kept_sign_in;
    return driver.run(revoke_sessions(std::move(in)));
  }
};

}  // namespace

TEST_SUITE("flow/revoke_sessions") {
  TEST_CASE("F-251: the person is denied, and the records are gone") {
    Stored world;
    const auto session = world.sign_in();
    CHECK(world.revoke().value().size() == 1);
    CHECK(world.num_sessions() == 0);
    CHECK(world.driver.run(load_deny_list(world.context)).value()->covers(session));
  }

  TEST_CASE("the session that is kept is neither denied nor gone") {
    Stored world;
    const auto session = world.sign_in();
    CHECK(world.revoke(session.ticket->id).value().empty());
    CHECK(world.num_sessions() == 1);
    CHECK_FALSE(world.driver.run(load_deny_list(world.context)).value()->covers(session));
  }

  TEST_CASE("F-251: one that another process has denied already is not kept: its record goes too") {
    Stored world;
    const auto session = world.sign_in();
    Deny before(world.context);
    auto& denial = before.denials.emplace_back();
    denial.subject = {"default", "alice"};
    denial.until = session::to_timestamp(world.driver.now);
    CHECK(world.driver.run(deny(std::move(before))).ok());
    CHECK(world.revoke(session.ticket->id, session::signed_in_at(session)).value().size() == 1);
    CHECK(world.num_sessions() == 0);
    CHECK(world.driver.run(load_deny_list(world.context)).value()->covers(session));
  }

  TEST_CASE("where the deny list has no room, what the index knows is ended all the same") {
    Stored world;
    (void)world.sign_in();
    world.browser = Browser();
    const auto phone = world.sign_in();
    REQUIRE(world.num_sessions() == 2);
    std::vector<session::Denial> many(session::DenyList::max_denials);
    for (std::size_t i = 0; i < many.size(); ++i) many[i].subject.id = std::to_string(i);
    const auto key =
        session::deny_list_keys(world.context->session, *world.context->cookie_keys).value()[0];
    world.store.records[key] =
        session::seal_deny_list(*world.context->cookie_keys, key, 0, session::DenyList(many),
                                world.driver.now, *world.context->entropy)
            .value();
    CHECK(world.revoke(phone.ticket->id).error().status == Status::invalid_state);
    CHECK(world.num_sessions() == 1);
    CHECK(world.store.records.contains(phone.ticket->id));
    CHECK(world.revoke().error().status == Status::invalid_state);
    CHECK(world.num_sessions() == 0);
  }

  TEST_CASE("a store that is down is asked once, for the denial") {
    Stored world;
    (void)world.sign_in();
    int num_asked = 0;
    world.driver.on_store = [&](const StoreCall&) -> Result<StoreReply> {
      ++num_asked;
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(world.revoke().error().status == Status::store_unreachable);
    CHECK(num_asked == 1);
  }

  TEST_CASE("the denial stands before the first record goes, and stays when the rest fails") {
    Stored world;
    const auto session = world.sign_in();
    world.driver.on_store = [&](const StoreCall& call) -> Result<StoreReply> {
      if (call.what == StoreCall::What::erase) {
        return Error{Status::store_unreachable, "gone"};
      }
      return world.store.answer(call);
    };
    CHECK(world.revoke().error().status == Status::store_unreachable);
    CHECK(world.driver.run(load_deny_list(world.context)).value()->covers(session));
  }
}
