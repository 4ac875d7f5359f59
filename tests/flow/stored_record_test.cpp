#include "flow/stored_record.hpp"

#include <doctest/doctest.h>

#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;

namespace {

struct Stored {
  World world;
  flow::SharedTicket ticket;
  Stored() {
    world.keep_in_store();
    ticket = world.sign_in().ticket;
    REQUIRE(ticket);
  }
  Result<flow::StoredRecord> read() {
    return world.driver.run(flow::read_stored(world.context, ticket));
  }
};

}  // namespace

TEST_SUITE("flow/stored_record") {
  TEST_CASE("read_stored: the session with its ticket, and the bytes as they are") {
    Stored one;
    const auto record = one.read().value();
    REQUIRE(record.session);
    CHECK(record.session->user == "alice");
    CHECK(record.session->ticket == one.ticket);
    CHECK(record.sealed == one.world.store.records.at(one.ticket->id));
  }

  TEST_CASE("read_stored: nothing there, or not this ticket's: no session; no store: an error") {
    Stored one;
    one.world.store.records[one.ticket->id].back() ^= 1;
    CHECK_FALSE(one.read()->session);
    one.world.store.records.clear();
    CHECK_FALSE(one.read()->session);
    one.world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(one.read().error().status == Status::store_unreachable);
    one.world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::session_too_large, "above 1 MiB"};
    };
    CHECK_FALSE(one.read()->session);
    CHECK(one.read()->sealed.empty());
  }

  TEST_CASE("erase_stored: what is there, and what is not; no store: an error") {
    Stored one;
    CHECK(one.world.driver.run(flow::erase_stored(one.ticket)).ok());
    CHECK_FALSE(one.world.store.records.contains(one.ticket->id));
    CHECK(one.world.driver.run(flow::erase_stored(one.ticket)).ok());
    one.world.driver.on_store = [](const flow::StoreCall&) -> Result<flow::StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(one.world.driver.run(flow::erase_stored(one.ticket)).error().status ==
          Status::store_unreachable);
  }

  TEST_CASE("swap_stored: in the place of what was read, for what is left of the session") {
    Stored one;
    const auto before = one.read().value();
    auto changed = *before.session;
    changed.user = "changed";
    const auto now = one.world.driver.now + 1h;
    const auto call = flow::swap_stored(*one.world.context, before, changed, now).value();
    CHECK(call.expected == before.sealed);
    CHECK(call.lifetime == session::store_lifetime(changed, one.world.context->session, now));
    CHECK(call.lifetime < one.world.context->session.cookie_expire);
    CHECK(one.world.store.answer(call)->was_there);
    CHECK(one.read()->session->user == "changed");
    CHECK(one.world.store.answer(call)->was_there);  // sent again
    one.world.store.records.clear();
    CHECK_FALSE(one.world.store.answer(call)->was_there);
    CHECK(one.world.store.records.empty());
  }

  TEST_CASE("swap_stored: a session larger than session_limit is not put there") {
    Stored one;
    const auto before = one.read().value();
    one.world.context->session.record_limit = 10;
    CHECK(flow::swap_stored(*one.world.context, before, *before.session, one.world.driver.now)
              .error()
              .status == Status::session_invalid);
  }
}
