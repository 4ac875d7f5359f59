#include "io/flights.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "io/scripted_task.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

namespace {

// Answers when told to, or never; has a socket to wait for.
struct ScriptedStore final : Store {
  struct Asked {
    Id id;
    flow::StoreCall call;
    Done done;
  };
  void start(Id id, flow::StoreCall call, Done done) override {
    if (std::exchange(must_throw, false)) throw std::bad_alloc();
    asked.push_back({id, std::move(call), std::move(done)});
  }
  void forget(Id id) override { forgotten.push_back(id); }
  void add_waits(std::vector<SocketWait>& waits) override {
    if (fd >= 0) waits.push_back({fd, true, false, false});
  }
  std::optional<Deadline> next_deadline() const override { return deadline; }
  void serve(std::span<const SocketWait> waits, Deadline) override {
    ++num_served;
    was_ready = !waits.empty() && waits[0].is_ready;
    if (on_serve) on_serve();
  }

  std::vector<Asked> asked;
  std::vector<Id> forgotten;
  std::optional<Deadline> deadline;
  std::function<void()> on_serve;
  bool must_throw = false;  // at the next start
  int fd = -1;
  int num_served = 0;
  bool was_ready = false;
};

// The loop by itself, turned by hand: no thread, no host.
struct Ground {
  explicit Ground(Duration operation_timeout = 100ms, std::unique_ptr<Store> store = nullptr,
                  Duration store_timeout = 10s)
      : settings{.own_thread = false,
                 .http_timeout = 50ms,
                 .operation_timeout = operation_timeout,
                 .store = {.timeout = store_timeout}},
        flights(settings, system_clock(), services, HttpClient::create({}).value(),
                std::move(store), inbox, queue, num_in_flight) {
    inbox->open(flights.client());
  }

  void add(std::deque<flow::Effect> effects, bool is_grant = false) {
    auto task = std::make_unique<ScriptedTask>(
        std::move(effects),
        [this](Result<flow::Outcome> outcome) {
          endings.push_back(outcome.ok() ? Status::ok : outcome.error().status);
          const auto* checked =
              outcome.ok() ? std::get_if<flow::PasswordChecked>(&*outcome) : nullptr;
          if (checked != nullptr && checked->matches) ++num_matches;
        },
        is_grant);
    auto effect = task->start({});
    ++num_in_flight;
    inbox->push(Submission{std::move(task), std::move(*effect), nullptr});
  }

  DriverSettings settings;
  ScriptedServices services;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  Completions queue{inbox};
  std::atomic<std::size_t> num_in_flight{0};
  std::vector<Status> endings;
  int num_matches = 0;
  Flights flights;
};

// Throws when it is resumed.
class ThrowingTask final : public flow::Task {
 public:
  ThrowingTask(std::vector<Status>& endings, bool is_grant)
      : endings_(endings), is_grant_(is_grant) {}
  std::optional<flow::Effect> start(Instant) override { return flow::Delay(0ms); }
  std::optional<flow::Effect> resume(flow::Reply) override { throw std::bad_alloc(); }
  void abandon(Error why) override { endings_.push_back(why.status); }
  bool must_finish() const noexcept override { return is_grant_; }

 private:
  std::vector<Status>& endings_;
  const bool is_grant_;
};

// A ground whose store is in the test's hands.
struct StoredGround : Ground {
  explicit StoredGround(Duration store_timeout = 10s,
                        ScriptedStore* made = std::make_unique<ScriptedStore>().release())
      : Ground(10s, std::unique_ptr<Store>(made), store_timeout), store(*made) {}
  ScriptedStore& store;
};

flow::HookCall yes() {
  return {std::make_shared<const SessionHook>([](const SessionEvent&) { return Result<void>(); }),
          SessionEvent{}};
}

// Waits for a hook, or what a test says, and whatever comes of that for a Refetch.
class TwoQuestions final : public flow::Task {
 public:
  explicit TwoQuestions(std::vector<Status>& heard, flow::Effect first = yes())
      : heard_(heard), first_(std::move(first)) {}
  std::optional<flow::Effect> start(Instant) override { return std::move(first_); }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    heard_.push_back(reply.outcome.ok() ? Status::ok : reply.outcome.error().status);
    if (heard_.size() == 2) return std::nullopt;
    return flow::Refetch("p", flow::Refetch::What::keys);
  }
  void abandon(Error why) override { heard_.push_back(why.status); }
  bool must_finish() const noexcept override { return true; }

 private:
  std::vector<Status>& heard_;
  flow::Effect first_;
};

// Must finish what it began: asks a store until that answers well.
class Persistent final : public flow::Task {
 public:
  explicit Persistent(std::vector<Status>& heard) : heard_(heard) {}
  std::optional<flow::Effect> start(Instant) override { return flow::StoreCall::get("k"); }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    heard_.push_back(reply.outcome.ok() ? Status::ok : reply.outcome.error().status);
    if (reply.outcome.ok()) return std::nullopt;
    return flow::StoreCall::get("k");
  }
  void abandon(Error) override { heard_.push_back(Status::internal); }
  bool must_finish() const noexcept override { return true; }

 private:
  std::vector<Status>& heard_;
};

std::deque<flow::Effect> effects(flow::Effect first) {
  std::deque<flow::Effect> list;
  list.push_back(std::move(first));
  return list;
}

}  // namespace

TEST_SUITE("io/flights") {
  TEST_CASE("round: waits no longer than it may, or until a timer is due") {
    Ground ground;
    const auto begin = std::chrono::steady_clock::now();
    ground.flights.round(5ms);
    CHECK(std::chrono::steady_clock::now() - begin >= 4ms);

    ground.add(effects(flow::Delay(10ms)));
    for (int round = 0; round < 10 && ground.endings.empty(); ++round) ground.flights.round(1h);

    CHECK(ground.endings == std::vector{Status::ok});
    CHECK(ground.num_in_flight == 0);
  }

#ifdef GATELET_HAVE_CRYPT
  TEST_CASE("passwords are compared off the loop; more than may wait are refused") {
    const auto hash = std::make_shared<const crypto::PasswordHash>(
        crypto::PasswordHash::parse("$2b$04$vIaJEP6GHszEIGXYRcbDBu1qyMSzvB0HMlnbuy8NiXspZwiG/rzA6")
            .value());
    Ground ground(10s);
    for (int i = 0; i < 100; ++i) {
      ground.add(effects(flow::PasswordCheck(hash, Secret(i == 0 ? "correct horse" : "wrong"))));
    }
    for (int round = 0; round < 1000 && ground.endings.size() < 100; ++round) {
      ground.flights.round(10ms);
    }
    REQUIRE(ground.endings.size() == 100);
    const auto num_refused =
        std::count(ground.endings.begin(), ground.endings.end(), Status::too_many_operations);
    const auto num_done = std::count(ground.endings.begin(), ground.endings.end(), Status::ok);
    CHECK(num_done >= 64);
    CHECK(num_refused > 0);
    CHECK(num_done + num_refused == 100);
    CHECK(ground.num_matches == 1);
    CHECK(ground.num_in_flight == 0);
  }
#endif

  TEST_CASE("a store answers inside the call or rounds later; either way the task goes on") {
    StoredGround ground;
    std::deque<flow::Effect> two;
    two.push_back(flow::StoreCall::put("k", "v", 1h));
    two.push_back(flow::StoreCall::get("k"));
    ground.add(std::move(two));
    ground.flights.round(0ms);
    REQUIRE(ground.store.asked.size() == 1);
    CHECK(ground.store.asked[0].call.what == flow::StoreCall::What::put);
    CHECK(ground.store.asked[0].call.value == "v");
    CHECK(ground.num_in_flight == 1);

    ground.store.asked[0].done(flow::StoreReply{});
    ground.flights.round(0ms);
    REQUIRE(ground.store.asked.size() == 2);
    ground.store.asked[1].done(Error{Status::store_unreachable, "gone"});
    ground.flights.round(0ms);
    CHECK(ground.endings == std::vector{Status::store_unreachable});
    CHECK(ground.num_in_flight == 0);
  }

  TEST_CASE("a store that does not answer in time is unreachable, and its late answer ignored") {
    StoredGround ground(30ms);
    ground.add(effects(flow::StoreCall::get("k")));
    while (ground.endings.empty()) ground.flights.round(1h);

    CHECK(ground.endings == std::vector{Status::store_unreachable});
    CHECK(ground.store.forgotten == std::vector{ground.store.asked[0].id});
    ground.store.asked[0].done(flow::StoreReply{});
    ground.flights.round(0ms);
    CHECK(ground.endings.size() == 1);
  }

  TEST_CASE(
      "an answer that comes in the round in which its time is over counts, and for its call only") {
    StoredGround ground(200ms);
    std::deque<flow::Effect> two;
    two.push_back(flow::StoreCall::get("a"));
    two.push_back(flow::StoreCall::get("b"));
    ground.add(std::move(two));
    ground.flights.round(0ms);
    ground.store.on_serve = [&] {
      ground.store.on_serve = nullptr;
      ground.store.asked[0].done(flow::StoreReply{});
    };
    std::this_thread::sleep_for(250ms);  // longer than the store may take
    ground.flights.round(0ms);
    CHECK(ground.store.forgotten.empty());
    REQUIRE(ground.store.asked.size() == 2);
    CHECK(ground.endings.empty());  // the second call has no answer
    ground.store.asked[1].done(flow::StoreReply{});
    ground.flights.round(0ms);
    CHECK(ground.endings == std::vector{Status::ok});
  }

  TEST_CASE("without a store whoever asks for it is told so") {
    Ground ground;
    ground.add(effects(flow::StoreCall::get("k")));
    while (ground.endings.empty()) ground.flights.round(1h);
    CHECK(ground.endings == std::vector{Status::internal});
  }

  TEST_CASE(
      "F-081: a lock is extended at a third of its lease, until it is released or the task ends") {
    using What = flow::StoreCall::What;
    StoredGround ground;
    ScriptedServices::Done go_on;
    ground.services.on_refetch = [&](const flow::Refetch&, ScriptedServices::Done done) {
      go_on = std::move(done);
    };
    std::deque<flow::Effect> steps;
    steps.push_back(flow::StoreCall::lock("k", "me", 60ms));
    steps.push_back(flow::Refetch("p", flow::Refetch::What::keys));
    steps.push_back(flow::StoreCall::unlock("k", "me"));
    steps.push_back(flow::Delay(100ms));
    ground.add(std::move(steps));
    const auto owner = [] {
      flow::StoreReply reply;
      reply.is_owner = true;
      return reply;
    };
    std::size_t num_answered = 0;
    const auto num_extended = [&] {
      return std::count_if(ground.store.asked.begin(), ground.store.asked.end(),
                           [](const auto& one) { return one.call.what == What::extend; });
    };
    std::ptrdiff_t num_held = 0;
    while (ground.endings.empty()) {
      ground.flights.round(5ms);
      for (; num_answered < ground.store.asked.size(); ++num_answered) {
        auto& one = ground.store.asked[num_answered];
        if (one.call.what == What::unlock) num_held = num_extended();
        CHECK(one.call.key == "k");
        CHECK(one.call.value == "me");
        if (one.call.what == What::extend) CHECK(one.call.lifetime == 60ms);
        std::exchange(one.done, nullptr)(owner());
      }
      if (go_on && num_extended() >= 3) std::exchange(go_on, nullptr)(flow::Refetched{});
    }
    CHECK(num_held >= 3);
    CHECK(num_extended() == num_held);  // none after the release
    CHECK(ground.endings == std::vector{Status::ok});
  }

  TEST_CASE("F-081: a lock that somebody else has is not extended") {
    StoredGround ground;
    std::deque<flow::Effect> steps;
    steps.push_back(flow::StoreCall::lock("k", "me", 30ms));
    steps.push_back(flow::Delay(80ms));
    ground.add(std::move(steps));
    ground.flights.round(0ms);
    ground.store.asked.at(0).done(flow::StoreReply{});
    while (ground.endings.empty()) ground.flights.round(5ms);
    CHECK(ground.store.asked.size() == 1);
  }

  TEST_CASE("a store's socket and deadline end the wait, and it is served") {
    StoredGround ground;
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    ground.store.fd = ends[0];
    ground.flights.round(0ms);
    CHECK_FALSE(ground.store.was_ready);
    REQUIRE(::write(ends[1], "x", 1) == 1);
    ground.flights.round(1h);
    CHECK(ground.store.was_ready);

    ground.store.fd = -1;
    ground.store.deadline = in(5ms);
    ground.flights.round(1h);
    CHECK(ground.store.num_served == 3);
    ::close(ends[0]);
    ::close(ends[1]);
  }

  TEST_CASE("a task past its deadline is abandoned; one that must finish is not") {
    Ground ground;
    ground.add(effects(flow::Delay(1h)));
    ground.add(effects(flow::Delay(300ms)), true);
    while (ground.endings.size() < 2) ground.flights.round(1h);

    CHECK(ground.endings == std::vector{Status::timed_out, Status::ok});
  }

  TEST_CASE("an answer to a Refetch that comes twice, or too late, is ignored") {
    Ground ground(10s);
    ScriptedServices::Done kept;
    ground.services.on_refetch = [&](const flow::Refetch&, ScriptedServices::Done done) {
      kept = std::move(done);
    };
    std::deque<flow::Effect> two;
    two.push_back(flow::Refetch("p", flow::Refetch::What::keys));
    two.push_back(flow::Delay(20ms));
    ground.add(std::move(two));
    ground.flights.round(0ms);

    kept(flow::Refetched{});
    kept(Error{Status::internal, "again"});
    while (ground.endings.empty()) ground.flights.round(1h);
    kept(Error{Status::internal, "late"});
    ground.flights.round(0ms);

    CHECK(ground.endings == std::vector{Status::ok});
  }

  TEST_CASE(
      "a Refetch that nobody answers is over after an operation's time, for who must finish too; "
      "its late answer is not the next one's") {
    Ground ground(20ms);
    std::vector<ScriptedServices::Done> kept;
    ground.services.on_refetch = [&](const flow::Refetch&, ScriptedServices::Done done) {
      kept.push_back(std::move(done));
    };
    std::vector<Status> heard;
    auto task =
        std::make_unique<TwoQuestions>(heard, flow::Refetch("p", flow::Refetch::What::metadata));
    auto effect = task->start({});
    ++ground.num_in_flight;
    ground.inbox->push(Submission{std::move(task), std::move(*effect), nullptr});
    for (const auto end = soon(); kept.size() < 2 && std::chrono::steady_clock::now() < end;) {
      ground.flights.round(20ms);
    }
    REQUIRE(kept.size() == 2);
    CHECK(heard == std::vector{Status::timed_out});

    kept[0](flow::Refetched{});
    kept[1](Error{Status::provider_unreachable, "down"});
    ground.flights.round(0ms);  // both come before its time, which may be over too, is looked at
    CHECK(heard == std::vector{Status::timed_out, Status::provider_unreachable});
    CHECK(ground.num_in_flight == 0);
  }

  TEST_CASE("drain: ends what waits, and gives a grant its time but no more") {
    Ground ground;
    ground.add(effects(flow::Delay(1h)));
    ground.add(effects(flow::Delay(10ms)), true);
    ground.add(effects(flow::Delay(1h)), true);
    ground.flights.round(0ms);

    ground.add(effects(flow::Delay(1ms)));  // too late to begin
    ground.flights.drain();

    CHECK(ground.endings ==
          std::vector{Status::cancelled, Status::cancelled, Status::ok, Status::cancelled});
    CHECK(ground.num_in_flight == 0);
  }

  TEST_CASE("EN-17: a Refetch while the engine ends is refused without asking the engine") {
    Ground ground;
    ground.services.on_refetch = [](const flow::Refetch&, ScriptedServices::Done) {
      FAIL("asked");
    };
    std::deque<flow::Effect> two;
    two.push_back(flow::Delay(10ms));
    two.push_back(flow::Refetch("p", flow::Refetch::What::keys));
    ground.add(std::move(two), true);
    ground.flights.round(0ms);

    ground.flights.drain();

    CHECK(ground.endings == std::vector{Status::cancelled});
  }

  TEST_CASE("F-258: a hook that nobody calls is a veto when the operation's time is over") {
    Ground ground;
    ground.add(effects(yes()));
    while (ground.endings.empty()) ground.flights.round(1h);
    CHECK(ground.endings == std::vector{Status::vetoed});
    CHECK_FALSE(ground.queue.has_waiting());
    CHECK(ground.queue.dispatch(10) == 0);
  }

  TEST_CASE("F-258: a grant that came late leaves its hook a call's time") {
    Ground ground(10ms);
    std::deque<flow::Effect> two;
    two.push_back(flow::Delay(15ms));
    two.push_back(yes());
    ground.add(std::move(two), true);
    while (!ground.queue.has_waiting()) ground.flights.round(1h);
    CHECK(ground.endings.empty());
    CHECK(ground.queue.dispatch(10) == 1);
    while (ground.endings.empty()) ground.flights.round(1h);
    CHECK(ground.endings == std::vector{Status::ok});
  }

  TEST_CASE("F-258: a hook's late word is not taken for the answer to what came next") {
    Ground ground(20ms);
    ScriptedServices::Done kept;
    ground.services.on_refetch = [&](const flow::Refetch&, ScriptedServices::Done done) {
      kept = std::move(done);
    };
    std::vector<Status> heard;
    auto task = std::make_unique<TwoQuestions>(heard);
    auto effect = task->start({});
    ++ground.num_in_flight;
    ground.inbox->push(Submission{std::move(task), std::move(*effect), nullptr});
    while (!kept) ground.flights.round(1h);
    CHECK(heard == std::vector{Status::vetoed});

    ground.inbox->push(EffectAnswer{1, flow::Outcome(flow::HookPassed{}), 1});
    ground.flights.round(0ms);
    CHECK(heard.size() == 1);
    kept(flow::Refetched{});
    ground.flights.round(0ms);
    CHECK(heard == std::vector{Status::vetoed, Status::ok});
  }

  TEST_CASE("F-258: drain: who waits for a hook is ended and asks for none; a grant goes on") {
    Ground ground(10s);
    std::deque<flow::Effect> two;
    two.push_back(flow::Delay(5ms));
    two.push_back(yes());
    ground.add(effects(yes()));
    ground.add(effects(yes()), true);
    ground.flights.round(0ms);
    CHECK(ground.queue.has_waiting());
    ground.add(std::move(two), true);
    std::vector<Status> heard;
    auto task = std::make_unique<TwoQuestions>(heard);
    auto effect = task->start({});
    ++ground.num_in_flight;
    ground.inbox->push(Submission{std::move(task), std::move(*effect), nullptr});
    ground.flights.round(0ms);
    ground.queue.end([&] { ground.flights.drain(); });
    CHECK(ground.endings == std::vector(3, Status::cancelled));
    // The hook was not called, which is told to a task that must finish; what it wants then is
    // done.
    CHECK(heard == std::vector{Status::cancelled, Status::cancelled});
    CHECK(ground.num_in_flight == 0);
    CHECK_FALSE(ground.queue.has_waiting());
  }

  TEST_CASE("round: a flight whose step throws is ended and counted, a grant too; others go on") {
    for (const bool is_grant : {false, true}) {
      Ground ground(10s);
      auto task = std::make_unique<ThrowingTask>(ground.endings, is_grant);
      ++ground.num_in_flight;
      ground.inbox->push(Submission{std::move(task), flow::Delay(0ms), nullptr});
      ground.add(effects(flow::Delay(20ms)));
      for (int i = 0; i < 100 && ground.endings.size() < 2; ++i) ground.flights.round(10ms);
      CHECK(ground.endings == std::vector{Status::out_of_memory, Status::ok});
      CHECK(ground.num_in_flight == 0);
    }
  }

  TEST_CASE("round: an effect that cannot be begun ends its flight only") {
    Ground ground(10s);
    ground.services.on_refetch = [](const flow::Refetch&, const ScriptedServices::Done&) {
      throw std::bad_alloc();
    };
    ground.add(effects(flow::Refetch("p", flow::Refetch::What::keys)));
    ground.add(effects(flow::Delay(5ms)));
    for (int i = 0; i < 100 && ground.endings.size() < 2; ++i) ground.flights.round(10ms);
    CHECK(ground.endings == std::vector{Status::out_of_memory, Status::ok});
    CHECK(ground.num_in_flight == 0);
  }

  TEST_CASE("round: who must finish hears of an effect that cannot be begun, and goes on") {
    StoredGround ground;
    ground.store.must_throw = true;
    ++ground.num_in_flight;
    ground.inbox->push(Submission{std::make_unique<Persistent>(ground.endings),
                                  flow::StoreCall::get("k"), nullptr});
    ground.flights.round(0ms);
    REQUIRE(ground.store.asked.size() == 1);
    CHECK(ground.endings == std::vector{Status::out_of_memory});
    ground.store.asked[0].done(flow::StoreReply());
    ground.flights.round(0ms);
    CHECK(ground.endings == std::vector{Status::out_of_memory, Status::ok});
    CHECK(ground.num_in_flight == 0);
  }

  TEST_CASE("F-081: a lock that cannot be extended once is extended again, and ends no task") {
    StoredGround ground;
    std::deque<flow::Effect> list;
    list.push_back(flow::StoreCall::lock("k.lock", "me", 30ms));
    list.push_back(flow::Delay(1h));
    ground.add(std::move(list), true);
    ground.flights.round(0ms);
    REQUIRE(ground.store.asked.size() == 1);
    flow::StoreReply owner;
    owner.is_owner = true;
    ground.store.asked[0].done(std::move(owner));
    ground.store.must_throw = true;
    for (int i = 0; i < 100 && ground.store.asked.size() < 2; ++i) ground.flights.round(10ms);
    REQUIRE(ground.store.asked.size() >= 2);
    CHECK(ground.store.asked[1].call.what == flow::StoreCall::What::extend);
    CHECK(ground.endings.empty());
    CHECK(ground.num_in_flight == 1);
  }

  TEST_CASE("round: an answer that came counts before the time is over, whatever is thrown then") {
    StoredGround ground(200ms);
    ++ground.num_in_flight;
    ground.inbox->push(Submission{std::make_unique<Persistent>(ground.endings),
                                  flow::StoreCall::get("k"), nullptr});
    ground.flights.round(0ms);
    REQUIRE(ground.store.asked.size() == 1);
    ground.store.on_serve = [&] {
      if (auto done = std::exchange(ground.store.asked[0].done, nullptr)) {
        done(flow::StoreReply());
      }
      throw std::bad_alloc();
    };
    std::this_thread::sleep_for(250ms);  // longer than the store may take
    ground.flights.round(0ms);
    CHECK(ground.endings == std::vector{Status::ok});
    CHECK(ground.store.asked.size() == 1);
  }

  TEST_CASE("round: what the store or work of the engine throws is left behind") {
    StoredGround ground;
    ground.store.on_serve = [] { throw std::bad_alloc(); };
    ground.inbox->push(DelayedWork{in(0s), [](Instant) { throw std::bad_alloc(); }});
    ground.add(effects(flow::Delay(5ms)));
    for (int i = 0; i < 100 && ground.endings.empty(); ++i) ground.flights.round(10ms);
    CHECK(ground.endings == std::vector{Status::ok});
    CHECK(ground.num_in_flight == 0);
  }
}
