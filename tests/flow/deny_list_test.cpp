#include "flow/deny_list.hpp"

#include <doctest/doctest.h>

#include "session/lifetime.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::flow;
using namespace gatelet::support;

namespace {

struct Stored : World {
  Stored() { keep_in_store(); }
  Result<SharedDenyList> add(std::string subject) {
    Deny in(context);
    auto& denial = in.denials.emplace_back();
    denial.subject = {"default", std::move(subject)};
    denial.until = session::to_timestamp(driver.now);
    return driver.run(deny(std::move(in)));
  }
  Result<SharedDenyList> load() { return driver.run(load_deny_list(context)); }
  std::vector<std::string> keys() {
    return session::deny_list_keys(context->session, *context->cookie_keys).value();
  }
};

}  // namespace

TEST_SUITE("flow/deny_list") {
  TEST_CASE("what one process denies another reads") {
    Stored world;
    session::Session session;
    session.user = "jane";
    session.created_at = session::to_timestamp(world.driver.now);
    CHECK(world.load().value()->empty());
    CHECK(world.add("jane").value()->denials().size() == 1);
    CHECK(world.add("joan").value()->denials().size() == 2);
    CHECK(world.load().value()->denials().size() == 2);
    CHECK(world.load().value()->covers(session));
    session.created_at = session::to_timestamp(world.driver.now + std::chrono::seconds(1));
    CHECK_FALSE(world.load().value()->covers(session));
  }

  TEST_CASE("kept for as long as a session of then can live, and an hour") {
    Stored world;
    world.context->session.cookie_expire = std::chrono::seconds(7200);
    const auto list = world.add("jane").value();
    CHECK(list->denials()[0].forget_at->seconds == world.driver.now.unix_seconds() + 7200 + 3600);
    CHECK(world.store.lifetimes[world.keys()[0]] == std::chrono::seconds(7200 + 3600));
    world.context->session.cookie_expire = std::chrono::seconds(0);
    CHECK_FALSE(world.add("joan").value()->denials()[1].forget_at);
    CHECK(world.store.lifetimes[world.keys()[0]] == Duration::zero());
  }

  TEST_CASE("two at the same time: neither is lost") {
    Stored world;
    bool is_first = true;
    world.driver.on_store = [&](const StoreCall& call) {
      if (call.what == StoreCall::What::swap && std::exchange(is_first, false)) {
        Stored other;
        other.context = world.context;
        other.driver.on_store = [&](const StoreCall& inner) { return world.store.answer(inner); };
        CHECK(other.add("joan").ok());
      }
      return world.store.answer(call);
    };
    CHECK(world.add("jane").value()->denials().size() == 2);
  }

  TEST_CASE("where others write again and again: an error, in bounded time") {
    Stored world;
    int writes = 0;
    world.driver.on_store = [&](const StoreCall& call) -> Result<StoreReply> {
      if (call.what != StoreCall::What::swap) return world.store.answer(call);
      ++writes;
      return StoreReply{};
    };
    CHECK(world.add("jane").error().status == Status::too_many_operations);
    CHECK(writes == 16);
  }

  TEST_CASE("a full list is an error, and stays as it is") {
    Stored world;
    std::vector<session::Denial> many(session::DenyList::max_denials);
    for (std::size_t i = 0; i < many.size(); ++i) many[i].subject.id = std::to_string(i);
    const auto record =
        session::seal_deny_list(*world.context->cookie_keys, world.keys()[0], 0,
                                session::DenyList(many), world.driver.now, *world.context->entropy)
            .value();
    world.store.records[world.keys()[0]] = record;
    CHECK(world.add("one more").error().status == Status::invalid_state);
    CHECK(world.store.records[world.keys()[0]] == record);
  }

  TEST_CASE("garbage in its place denies nobody, and is replaced") {
    Stored world;
    world.store.records[world.keys()[0]] = "garbage";
    CHECK(world.load().value()->empty());
    CHECK(world.add("jane").ok());
    CHECK(world.load().value()->denials().size() == 1);
  }

  TEST_CASE("F-246: while secrets are being replaced, old, both and new read the same") {
    Stored world;
    const Secret old_secret(World::secret()), new_secret("fedcba9876543210fedcba9876543210");
    const auto old_keys = world.context->cookie_keys;
    const auto both =
        session::CookieKeys::make(new_secret, std::vector<Secret>{old_secret}).value();
    const auto only_new = session::CookieKeys::make(new_secret).value();
    CHECK(world.add("by the old one").ok());
    world.context->cookie_keys = both;
    CHECK(world.load().value()->denials().size() == 1);
    CHECK(world.add("by both").value()->denials().size() == 2);
    world.context->cookie_keys = old_keys;
    CHECK(world.load().value()->denials().size() == 2);
    world.context->cookie_keys = only_new;
    CHECK(world.load().value()->denials().size() == 1);
  }

  TEST_CASE("a store that is down says so") {
    Stored world;
    world.driver.on_store = [](const StoreCall&) -> Result<StoreReply> {
      return Error{Status::store_unreachable, "gone"};
    };
    CHECK(world.load().error().status == Status::store_unreachable);
    CHECK(world.add("jane").error().status == Status::store_unreachable);
  }
}
