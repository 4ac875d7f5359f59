#include "flow/put_again.hpp"

#include <doctest/doctest.h>

#include "beside.hpp"
#include "world.hpp"

using namespace gatelet;
using namespace gatelet::support;
using What = flow::StoreCall::What;

namespace {

// New tokens of a stored session, and a store that refuses its next calls.
struct Waiting {
  World world;
  std::shared_ptr<const session::Session> renewed;
  int num_refusals = 0;
  Status refusal = Status::store_unreachable;
  Waiting() {
    world.keep_in_store();
    auto session = world.sign_in();
    session.refresh_token = Secret("renewed");
    session.created_at->seconds += 1;
    renewed = std::make_shared<const session::Session>(std::move(session));
    world.driver.on_store = [this](const flow::StoreCall& call) -> Result<flow::StoreReply> {
      if (num_refusals-- > 0) return Error{refusal, "gone"};
      return world.store.answer(call);
    };
    world.driver.seen.clear();
  }
  Result<bool> put(Duration patience) {
    flow::PutAgain in(world.context);
    in.renewed = renewed;
    in.patience = patience;
    return world.driver.run(flow::put_again(std::move(in)));
  }
  bool is_there() { return world.session()->refresh_token == renewed->refresh_token; }
};

Status status_of(const Result<session::Session>& renewed) {
  return renewed.ok() ? Status::ok : renewed.error().status;
}

}  // namespace

TEST_SUITE("flow/put_again") {
  TEST_CASE("without patience a store is asked once; with some until it takes the tokens") {
    Waiting once;
    once.num_refusals = 1;
    CHECK(once.put(Duration::zero()).error().status == Status::store_unreachable);
    CHECK(once.world.driver.delays.empty());
    CHECK_FALSE(once.is_there());
    CHECK(once.put(Duration::zero()).value());
    CHECK(once.is_there());

    Waiting patient;
    patient.num_refusals = 10;
    CHECK(patient.put(10s).value());
    CHECK(patient.is_there());
    CHECK(patient.world.driver.delays.size() == 10);
  }

  TEST_CASE("patience ends") {
    Waiting one;
    one.num_refusals = 1000;
    const auto begun = one.world.driver.now;
    CHECK(one.put(10s).error().status == Status::store_unreachable);
    CHECK(one.world.driver.now.steady - begun.steady >= 10s);
    CHECK(one.world.driver.now.steady - begun.steady < 11s);
  }

  TEST_CASE("what the store can never hold, or nobody wants any more, is not tried again") {
    Waiting cancelled;
    cancelled.num_refusals = 1;
    cancelled.refusal = Status::cancelled;
    CHECK(cancelled.put(10s).error().status == Status::cancelled);
    CHECK(cancelled.world.driver.delays.empty());
    Waiting large;
    auto session = *large.renewed;
    session.refresh_token = Secret(std::string(2 * 1024 * 1024, 'x'));
    large.renewed = std::make_shared<const session::Session>(std::move(session));
    CHECK(large.put(10s).error().status == Status::session_invalid);
    CHECK(large.world.driver.delays.empty());
    for (const auto status :
         {Status::session_invalid, Status::session_too_large, Status::cancelled}) {
      CHECK_FALSE(flow::may_be_taken_later(status));
    }
    CHECK(flow::may_be_taken_later(Status::out_of_memory));
    CHECK(flow::may_be_taken_later(Status::timed_out));
  }

  TEST_CASE("it runs to its end, whoever goes away, from its first call on") {
    Waiting one;
    flow::PutAgain in(one.world.context);
    in.renewed = one.renewed;
    flow::FlowTask<bool> task(flow::put_again(std::move(in)), [](const Result<bool>&, Instant) {});
    REQUIRE(task.start(one.world.driver.now));
    CHECK(task.must_finish());
  }

  TEST_CASE("in a store: over by now, its record goes, which a sign-out could not reach") {
    Waiting one;
    flow::PutAgain in(one.world.context);
    in.renewed = one.renewed;
    in.is_over = true;
    CHECK(one.world.num_sessions() == 1);
    CHECK_FALSE(one.world.driver.run(flow::put_again(std::move(in))).value());
    CHECK(one.world.num_sessions() == 0);
  }

  TEST_CASE("beside cookies: over by now, nobody finds it, by the old cookie or the new one") {
    Beside one;
    one.fail(What::swap);
    REQUIRE(one.refresh().ok());
    one.works();
    flow::PutAgain in(one.world.context);
    in.old = one.old;
    in.renewed = one.not_put;
    in.is_over = true;
    CHECK_FALSE(one.world.driver.run(flow::put_again(std::move(in))).value());
    CHECK(status_of(one.refresh_elsewhere()) == Status::grant_ended);
    CHECK(status_of(one.refresh_elsewhere(one.not_put)) == Status::grant_ended);
  }

  TEST_CASE("beside cookies: the others find it; false where the session was ended meanwhile") {
    Beside one;
    one.fail(What::swap);
    REQUIRE(one.refresh().ok());
    REQUIRE(one.not_put);
    const auto put = [&one] {
      flow::PutAgain in(one.world.context);
      in.old = one.old;
      in.renewed = one.not_put;
      return one.world.driver.run(flow::put_again(std::move(in)));
    };
    one.works();
    CHECK(put().value());
    CHECK(one.refresh_elsewhere()->refresh_token == one.not_put->refresh_token);

    Beside two;
    two.fail(What::swap);
    REQUIRE(two.refresh().ok());
    two.works();
    REQUIRE(two.world.driver.run(flow::end_shared_session(two.world.context, two.session)).ok());
    flow::PutAgain in(two.world.context);
    in.old = two.old;
    in.renewed = two.not_put;
    CHECK_FALSE(two.world.driver.run(flow::put_again(std::move(in))).value());
    CHECK(status_of(two.refresh_elsewhere(two.not_put)) == Status::grant_ended);
  }
}
