#include "flow/flow.hpp"

#include <doctest/doctest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "flow/task.hpp"

using namespace gatelet;
using namespace gatelet::flow;

namespace {

// Long enough to stand on the heap: a value destroyed twice, or never, is then seen by the
// sanitizers.
const std::string long_text(100, 'x');

Reply answer(std::string body, Instant at) {
  HttpReply reply;
  reply.status = 200;
  reply.body = std::move(body);
  return {Outcome(std::move(reply)), at};
}
Reply failure(Status status, Instant at) {
  return {Error{status, "the driver says so, in more letters than fit in place"}, at};
}

HttpCall ask(std::string what) { return HttpCall::get("https://idp.example/" + std::move(what)); }
std::string url_of(const std::optional<Effect>& effect) {
  if (!effect) return "<none>";
  const auto* call = std::get_if<HttpCall>(&*effect);
  return call == nullptr ? "<no call>" : call->url;
}
Reply elapsed(Instant at) {
  Outcome outcome{Elapsed{}};
  return {std::move(outcome), at};
}
Reply refetched(Instant at) {
  Outcome outcome{Refetched{}};
  return {std::move(outcome), at};
}
Result<std::string> read(std::string text) {
  if (text.starts_with("bad")) return Error{Status::malformed, "the text says bad: " + long_text};
  return text;
}

// An argument that notes its end.
class Owned {
 public:
  explicit Owned(std::shared_ptr<int> c) : alive(std::move(c)) {}
  std::shared_ptr<int> alive;
};

Flow<std::string> one_effect(std::string what) {
  auto reply = co_await ask(std::move(what));
  co_return reply.body;
}
Flow<std::string> two_effects() {
  auto call = ask("first");
  call.body = long_text;
  auto first = co_await std::move(call);
  auto second = co_await ask(first.body);
  co_return first.body + "+" + second.body;
}
Flow<std::string> reads(std::string what) {
  auto reply = co_await ask(std::move(what));
  auto text = co_await read(reply.body);
  co_return text + "!";
}
Flow<std::string> passes_through(Owned in) {
  auto text = co_await reads("inner");
  co_return text + (in.alive ? "" : "?");
}
Flow<std::string> outer(Owned in) {
  auto text = co_await passes_through(in);
  auto reply = co_await ask("outer");
  co_return text + reply.body;
}
Flow<std::string> guarded(Owned in) {
  auto text = co_await attempt(passes_through(in));
  if (!text.ok()) co_return "caught: " + std::string(status_name(text.error().status));
  auto again = co_await attempt(ask("again"));
  if (!again.ok()) co_return *text + " then " + std::string(status_name(again.error().status));
  co_return *text + again->body;
}
Flow<std::string> no_effect() { co_return long_text; }
Flow<std::string> twice_nothing() {
  auto a = co_await no_effect();
  auto b = co_await no_effect();
  co_return a + b;
}
Flow<std::string> throws_memory() {
  auto reply = co_await ask("x");
  if (reply.status == 200) throw std::bad_alloc();
  co_return reply.body;
}
Flow<std::string> throws_other() {
  auto reply = co_await ask("x");
  if (reply.status == 200) throw std::runtime_error(long_text);
  co_return reply.body;
}
Flow<std::string> awaits_thrower(bool memory) {
  auto inner = memory ? throws_memory() : throws_other();  // named: g++ 12
  auto text = co_await attempt(std::move(inner));
  co_return text.ok() ? *text : std::string(status_name(text.error().status));
}
Flow<std::int64_t> tells_time() {
  const auto begun = co_await now();
  co_await Delay(5s);
  const auto later = co_await now();
  co_return later.unix_seconds() * 1000 + begun.unix_seconds();
}
Flow<std::string> redeems() {
  co_await ask("before");
  auto call = ask("token");
  call.is_grant = true;
  co_await std::move(call);
  co_await ask("after");
  co_return std::string("done");
}
Flow<std::string> redeems_inside() {
  auto text = co_await attempt(redeems());
  co_return text.ok() ? *text : std::string("failed");
}
Flow<std::string> runs_to_its_end() {
  co_await ask("before");
  co_await run_to_end();
  co_await ask("after");
  co_return std::string("done");
}
Flow<std::string> runs_to_its_end_inside() {
  auto text = co_await attempt(runs_to_its_end());
  co_return text.ok() ? *text : std::string("failed");
}
Flow<std::string> refetches() {
  auto fetched = co_await attempt(Refetch("corp", Refetch::What::keys));
  if (!fetched.ok()) co_return std::string("old keys");
  co_return std::string(fetched->state == nullptr ? "nothing new" : "new keys");
}

}  // namespace

TEST_SUITE("flow/flow") {
  TEST_CASE("flow: nothing runs before start, and start runs to the first effect") {
    auto alive = std::make_shared<int>(1);
    Run<std::string> run(outer(Owned(alive)));
    CHECK(alive.use_count() == 2);

    CHECK(url_of(run.start(at_unix(1))) == "https://idp.example/inner");
    CHECK_FALSE(run.has_ended());
  }

  TEST_CASE("flow: each reply becomes the value of its co_await, and the end is the flow's value") {
    Run<std::string> run(two_effects());
    auto effect = run.start(at_unix(1));
    CHECK(std::get<HttpCall>(*effect).body == long_text);
    CHECK(url_of(run.resume(answer("second", at_unix(2)))) == "https://idp.example/second");
    CHECK(url_of(run.resume(answer(long_text, at_unix(3)))) == "<none>");
    REQUIRE(run.has_ended());
    CHECK(*run.take() == "second+" + long_text);
  }

  TEST_CASE("flow: one without an effect ends at its start") {
    Run<std::string> run(twice_nothing());
    CHECK_FALSE(run.start(at_unix(1)));
    CHECK(*run.take() == long_text + long_text);
  }

  TEST_CASE("flow: now is the start, then the arrival of the last reply") {
    Run<std::int64_t> run(tells_time());
    auto effect = run.start(at_unix(7));
    CHECK(std::get<Delay>(*effect).duration == 5s);
    CHECK_FALSE(run.resume(elapsed(at_unix(12))));
    CHECK(*run.take() == 12007);
  }

  TEST_CASE("flow: a failed reply ends the flow with that error") {
    Run<std::string> run(two_effects());
    run.start(at_unix(1));
    CHECK_FALSE(run.resume(failure(Status::timed_out, at_unix(2))));
    REQUIRE(run.has_ended());
    CHECK(run.take().error().status == Status::timed_out);
  }

  TEST_CASE("flow: a failed result ends the flow, a good one is its value") {
    Run<std::string> good(reads("x"));
    good.start(at_unix(1));
    CHECK_FALSE(good.resume(answer("fine", at_unix(2))));
    CHECK(*good.take() == "fine!");

    Run<std::string> bad(reads("x"));
    bad.start(at_unix(1));
    CHECK_FALSE(bad.resume(answer("bad", at_unix(2))));
    CHECK(bad.take().error().text == "the text says bad: " + long_text);
  }

  TEST_CASE("flow: the effects of flows inside come out in order, and their values go back") {
    Run<std::string> run(outer(Owned(std::make_shared<int>(1))));
    CHECK(url_of(run.start(at_unix(1))) == "https://idp.example/inner");
    CHECK(url_of(run.resume(answer("a", at_unix(2)))) == "https://idp.example/outer");
    CHECK_FALSE(run.resume(answer("b", at_unix(3))));
    CHECK(*run.take() == "a!b");
  }

  TEST_CASE("flow: a failure inside passes through every flow that does not attempt") {
    auto alive = std::make_shared<int>(1);
    {
      Run<std::string> run(outer(Owned(alive)));
      run.start(at_unix(1));
      CHECK_FALSE(run.resume(failure(Status::provider_unreachable, at_unix(2))));
      CHECK(run.take().error().status == Status::provider_unreachable);
    }
    CHECK(alive.use_count() == 1);

    Run<std::string> by_result(outer(Owned(alive)));
    by_result.start(at_unix(1));
    CHECK_FALSE(by_result.resume(answer("bad", at_unix(2))));
    CHECK(by_result.take().error().status == Status::malformed);
  }

  TEST_CASE(
      "attempt: shows the failure of a flow, of its result or of its effect, and carries on") {
    auto alive = std::make_shared<int>(1);
    {
      Run<std::string> by_effect(guarded(Owned(alive)));
      by_effect.start(at_unix(1));
      CHECK_FALSE(by_effect.resume(failure(Status::timed_out, at_unix(2))));
      CHECK(*by_effect.take() == "caught: timed_out");

      Run<std::string> by_result(guarded(Owned(alive)));
      by_result.start(at_unix(1));
      CHECK_FALSE(by_result.resume(answer("bad", at_unix(2))));
      CHECK(*by_result.take() == "caught: malformed");

      Run<std::string> of_effect(guarded(Owned(alive)));
      of_effect.start(at_unix(1));
      of_effect.resume(answer("a", at_unix(2)));
      CHECK_FALSE(of_effect.resume(failure(Status::provider_unavailable, at_unix(3))));
      CHECK(*of_effect.take() == "a! then provider_unavailable");
    }
    CHECK(alive.use_count() == 1);
  }

  TEST_CASE("attempt: gives the value when nothing failed") {
    Run<std::string> run(guarded(Owned(std::make_shared<int>(1))));
    run.start(at_unix(1));
    CHECK(url_of(run.resume(answer("a", at_unix(2)))) == "https://idp.example/again");
    CHECK_FALSE(run.resume(answer("b", at_unix(3))));
    CHECK(*run.take() == "a!b");
  }

  TEST_CASE("attempt: a refetch fails without ending the flow") {
    Run<std::string> kept(refetches());
    auto effect = kept.start(at_unix(1));
    CHECK(std::get<Refetch>(*effect).provider_id == "corp");
    kept.resume(failure(Status::provider_unreachable, at_unix(2)));
    CHECK(*kept.take() == "old keys");

    Run<std::string> none(refetches());
    none.start(at_unix(1));
    none.resume(refetched(at_unix(2)));
    CHECK(*none.take() == "nothing new");
  }

  TEST_CASE("flow: an exception is an error of class internal, memory its own; attempt sees it") {
    Run<std::string> memory(throws_memory());
    memory.start(at_unix(1));
    CHECK_FALSE(memory.resume(answer("", at_unix(2))));
    CHECK(memory.take().error().status == Status::out_of_memory);

    Run<std::string> other(throws_other());
    other.start(at_unix(1));
    other.resume(answer("", at_unix(2)));
    const auto error = other.take();
    CHECK(error.error().status == Status::internal);
    CHECK(error.error().text.find("xxx") == std::string::npos);

    for (const bool out_of_memory : {true, false}) {
      Run<std::string> inside(awaits_thrower(out_of_memory));
      inside.start(at_unix(1));
      inside.resume(answer("", at_unix(2)));
      CHECK(*inside.take() == (out_of_memory ? "out_of_memory" : "internal"));
    }
  }

  TEST_CASE("flow: a reply that does not belong to the effect is an error, never a value") {
    Run<std::string> run(one_effect("x"));
    run.start(at_unix(1));
    CHECK_FALSE(run.resume(elapsed(at_unix(2))));
    CHECK(run.take().error().status == Status::internal);
  }

  TEST_CASE(
      "flow: abandoned before the start, at each effect and after the end, everything is freed "
      "once") {
    for (int steps = 0; steps < 4; ++steps) {
      auto alive = std::make_shared<int>(1);
      {
        Run<std::string> run(outer(Owned(alive)));
        if (steps > 0) run.start(at_unix(1));
        if (steps > 1) run.resume(answer(long_text, at_unix(2)));
        if (steps > 2) run.resume(answer(long_text, at_unix(3)));
        CHECK(alive.use_count() > 1);
      }
      CHECK_MESSAGE(alive.use_count() == 1, "after steps: ", steps);
    }
  }

  TEST_CASE("must_finish: from the moment the grant leaves, to the end, through flows inside") {
    Run<std::string> run(redeems_inside());
    run.start(at_unix(1));
    CHECK_FALSE(run.must_finish());
    CHECK(url_of(run.resume(answer("", at_unix(2)))) == "https://idp.example/token");
    CHECK(run.must_finish());
    run.resume(answer("", at_unix(3)));
    CHECK(run.must_finish());
    CHECK_FALSE(run.resume(answer("", at_unix(4))));
    CHECK(run.must_finish());
    CHECK(*run.take() == "done");
  }

  TEST_CASE("must_finish: stays false for calls that carry no grant") {
    Run<std::string> run(two_effects());
    run.start(at_unix(1));
    run.resume(answer("x", at_unix(2)));
    CHECK_FALSE(run.must_finish());
  }

  TEST_CASE("must_finish: from run_to_end on, through flows inside, though nothing was sent") {
    Run<std::string> run(runs_to_its_end_inside());
    run.start(at_unix(1));
    CHECK_FALSE(run.must_finish());
    run.resume(answer("", at_unix(2)));
    CHECK(run.must_finish());
    run.resume(answer("", at_unix(3)));
    CHECK(run.must_finish());
    CHECK(*run.take() == "done");
  }

  TEST_CASE("flow: moving one moves what it holds") {
    auto first = one_effect("first");
    auto second = one_effect("second");
    first = std::move(second);
    Run<std::string> run(std::move(first));
    CHECK(url_of(run.start(at_unix(1))) == "https://idp.example/second");
  }
}

TEST_SUITE("flow/task") {
  struct Delivered {
    std::vector<Result<std::string>> results;
    std::vector<Instant> at;
    FlowTask<std::string>::Deliver into() {
      return [this](Result<std::string> result, Instant arrived) {
        results.push_back(std::move(result));
        at.push_back(arrived);
      };
    }
  };

  TEST_CASE("task: delivers once, at the end, with the time of the last reply") {
    Delivered delivered;
    FlowTask<std::string> task(two_effects(), delivered.into());
    CHECK(task.start(at_unix(1)));
    CHECK(task.resume(answer("a", at_unix(2))));
    CHECK(delivered.results.empty());
    CHECK_FALSE(task.resume(answer("b", at_unix(3))));
    REQUIRE(delivered.results.size() == 1);
    CHECK(*delivered.results[0] == "a+b");
    CHECK(delivered.at[0] == at_unix(3));

    task.abandon({Status::cancelled, "too late"});
    CHECK(delivered.results.size() == 1);
  }

  TEST_CASE("task: delivers inside start when the flow needs nothing") {
    Delivered delivered;
    FlowTask<std::string> task(no_effect(), delivered.into());
    CHECK_FALSE(task.start(at_unix(1)));
    CHECK(delivered.results.size() == 1);
  }

  TEST_CASE("task: abandoning delivers why, once, and nothing comes after it") {
    Delivered delivered;
    {
      FlowTask<std::string> task(two_effects(), delivered.into());
      task.start(at_unix(1));
      task.abandon({Status::cancelled, "the caller went away"});
      task.abandon({Status::timed_out, "again"});
    }
    REQUIRE(delivered.results.size() == 1);
    CHECK(delivered.results[0].error().status == Status::cancelled);
    CHECK(delivered.at[0] == at_unix(1));
  }

  TEST_CASE("task: must finish once a grant has left, not before") {
    Delivered delivered;
    FlowTask<std::string> task(redeems(), delivered.into());
    task.start(at_unix(1));
    CHECK_FALSE(task.must_finish());
    task.resume(answer("", at_unix(2)));
    CHECK(task.must_finish());
  }
}
