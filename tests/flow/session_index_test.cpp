#include "flow/session_index.hpp"

#include <doctest/doctest.h>

#include "session/lifetime.hpp"
#include "session/ticket.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::flow;
using namespace gatelet::support;

namespace {

const session::Subject alice("default", "alice");

struct Stored : World {
  Stored() { keep_in_store(); }
  SharedSession sign_in_again() { return std::make_shared<const session::Session>(sign_in()); }
  Result<IndexEntries> list(const session::Subject& who = alice) {
    SubjectSessions in(context);
    in.subjects = {who};
    return driver.run(list_sessions(std::move(in)));
  }
  Result<IndexEntries> end(std::string only = {}, std::string kept = {},
                           const session::Subject& who = alice) {
    EndSessions in(context);
    in.subjects = {who};
    in.only = std::move(only);
    in.kept_ticket = std::move(kept);
    return driver.run(end_sessions(std::move(in)));
  }
  Result<bool> index(SharedSession session) {
    IndexSession in(context);
    in.session = std::move(session);
    return driver.run(index_session(std::move(in)));
  }
  std::string index_key(const session::Subject& who = alice) {
    return session::index_keys(context->session, *context->cookie_keys, who).value()[0];
  }
};

// Another browser, which signs in beside the first one.
SharedSession elsewhere(Stored& world) {
  const auto first = std::exchange(world.browser, Browser());
  auto session = world.sign_in_again();
  world.browser = first;
  return session;
}

}  // namespace

TEST_SUITE("flow/session_index") {
  TEST_CASE("F-251: a sign-in is in its person's index, with where it came from") {
    Stored world;
    const auto session = world.sign_in_again();
    REQUIRE(session->ticket);
    const auto listed = world.list().value();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].ticket_id == session->ticket->id);
    CHECK(listed[0].signed_in_at == session::signed_in_at(*session));
    CHECK(listed[0].ends_at == session::ends_at(*session, world.context->session));
    CHECK(listed[0].client == "203.0.113.7");
    CHECK(world.list({"default", "bob"}).value().empty());
    CHECK(world.list({"google", "alice"}).value().empty());
  }

  TEST_CASE("the latest sign-in first; the same browser's earlier one has been replaced") {
    Stored world;
    const auto first = world.sign_in_again();
    world.driver.now = world.driver.now + std::chrono::seconds(5);
    const auto second = elsewhere(world);
    world.driver.now = world.driver.now + std::chrono::seconds(5);
    auto listed = world.list().value();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].ticket_id == second->ticket->id);
    const auto third = world.sign_in_again();
    listed = world.list().value();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].ticket_id == third->ticket->id);
    CHECK(listed[1].ticket_id == second->ticket->id);
  }

  TEST_CASE("a session without a record is not listed, and leaves the index") {
    Stored world;
    const auto first = world.sign_in_again();
    const auto second = elsewhere(world);
    world.store.records.erase(first->ticket->id);
    world.driver.now = world.driver.now + std::chrono::minutes(2);
    CHECK(world.list().value().size() == 1);
    world.store.records[first->ticket->id] = "somebody else's bytes";
    CHECK(world.list().value().size() == 1);
  }

  TEST_CASE("RD-06: a record that is too large is listed, and can be ended") {
    Stored world;
    const auto session = world.sign_in_again();
    const auto& id = session->ticket->id;
    world.driver.on_store = [&](const StoreCall& call) -> Result<StoreReply> {
      const bool is_large = call.what == StoreCall::What::get && call.key == id;
      if (is_large) return Error{Status::session_too_large, "above 1 MiB"};
      return world.store.answer(call);
    };
    CHECK(world.list().value().size() == 1);
    CHECK(world.end(session_handle(*world.context, id).value()).value().size() == 1);
    CHECK_FALSE(world.store.records.contains(id));
  }

  TEST_CASE("F-251: a session that is being signed in stays in the index while others list") {
    Stored world;
    const auto session = world.sign_in_again();
    const auto record = world.store.records.at(session->ticket->id);
    world.store.records.erase(session->ticket->id);  // it is entered before its record is put
    CHECK(world.list().value().empty());
    const auto handle = session_handle(*world.context, session->ticket->id).value();
    CHECK(world.end(handle).value().empty());  // which could not be ended
    world.store.records[session->ticket->id] = record;
    CHECK(world.list().value().size() == 1);
    CHECK(world.end(handle).value().size() == 1);
    CHECK(world.list().value().empty());
  }

  TEST_CASE("MA-43: the end of an old session does not hide the newest one") {
    Stored world;
    const auto first = world.sign_in_again();
    world.driver.now = world.driver.now + std::chrono::hours(100);
    const auto second = elsewhere(world);
    world.driver.now = world.driver.now + std::chrono::hours(80);  // the first is over
    world.store.records.erase(first->ticket->id);
    CHECK(world.end().value().size() >= 1);
    CHECK_FALSE(world.store.records.contains(second->ticket->id));
  }

  TEST_CASE("one is ended by its handle, and the others stay; another's handle ends nothing") {
    Stored world;
    const auto first = world.sign_in_again();
    const auto second = elsewhere(world);
    const auto handle = session_handle(*world.context, first->ticket->id).value();
    CHECK(handle.size() == 32);
    CHECK(handle.find(first->ticket->id) == std::string::npos);
    CHECK(world.end(handle, {}, {"default", "bob"}).value().empty());
    CHECK(world.end("0123456789abcdef0123456789abcdef").value().empty());
    CHECK(world.num_sessions() == 2);
    const auto ended = world.end(handle).value();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].ticket_id == first->ticket->id);
    CHECK_FALSE(world.store.records.contains(first->ticket->id));
    CHECK(world.store.records.contains(second->ticket->id));
    CHECK(world.list().value().size() == 1);
    CHECK(world.end(handle).value().empty());
  }

  TEST_CASE("all are ended, or all but one") {
    Stored world;
    const auto first = world.sign_in_again();
    const auto second = elsewhere(world);
    CHECK(world.end({}, first->ticket->id).value().size() == 1);
    CHECK(world.store.records.contains(first->ticket->id));
    CHECK_FALSE(world.store.records.contains(second->ticket->id));
    CHECK(world.end().value().size() == 1);
    CHECK(world.num_sessions() == 0);
    CHECK(world.list().value().empty());
  }

  TEST_CASE("two who enter at the same time are both in; nothing is written over") {
    Stored world;
    const auto first = world.sign_in_again();
    const auto second = elsewhere(world);
    world.store.records.erase(world.index_key());
    // When the first is about to write, the second has just been.
    bool is_first = true;
    world.driver.on_store = [&](const StoreCall& call) {
      if (call.what == StoreCall::What::swap && std::exchange(is_first, false)) {
        Stored other;
        other.context = world.context;
        other.driver.now = world.driver.now;
        other.driver.on_store = [&](const StoreCall& inner) { return world.store.answer(inner); };
        CHECK(other.index(second).value());
      }
      return world.store.answer(call);
    };
    CHECK(world.index(first).value());
    CHECK(world.list().value().size() == 2);
  }

  TEST_CASE("where others write again and again, it says so in bounded time") {
    Stored world;
    const auto session = world.sign_in_again();
    int writes = 0;
    world.driver.on_store = [&](const StoreCall& call) -> Result<StoreReply> {
      if (call.what != StoreCall::What::swap) return world.store.answer(call);
      ++writes;
      return StoreReply{};
    };
    world.driver.now = world.driver.now + std::chrono::seconds(1);
    CHECK_FALSE(world.index(session).value());
    CHECK(writes == 8);
  }

  TEST_CASE("a record that is none of ours is no index, and is replaced") {
    Stored world;
    const auto session = world.sign_in_again();
    world.store.records[world.index_key()] = "garbage";
    CHECK(world.list().value().empty());
    CHECK(world.index(session).value());
    CHECK(world.list().value().size() == 1);
  }

  TEST_CASE("F-246: sessions entered under an earlier secret are listed and ended") {
    Stored world;
    const auto first = world.sign_in_again();
    const auto old_key = world.index_key();
    // The secret of the world, behind a new one.
    world.context->cookie_keys =
        session::CookieKeys::make(Secret("fedcba9876543210fedcba9876543210"),
                                  std::vector<Secret>{Secret(World::secret())})
            .value();
    CHECK(world.index_key() != old_key);
    CHECK(world.list().value().size() == 1);
    CHECK(world.end().value().size() == 1);
    CHECK_FALSE(world.store.records.contains(first->ticket->id));
  }

  TEST_CASE("a store that is down says so; what was not erased stays in the index") {
    Stored world;
    (void)world.sign_in_again();
    world.driver.on_store = [&](const StoreCall& call) -> Result<StoreReply> {
      if (call.what == StoreCall::What::erase) return Error{Status::store_unreachable, "gone"};
      return world.store.answer(call);
    };
    CHECK(world.end().error().status == Status::store_unreachable);
    CHECK(world.list().value().size() == 1);
  }

  TEST_CASE("a sign-out takes the session out of the index") {
    Stored world;
    const auto session = world.sign_in_again();
    CHECK(
        world.driver
            .run(unindex_session(world.context, session::subject_of(*session), session->ticket->id))
            .value());
    CHECK(world.list().value().empty());
  }
}
