#include "io/flights.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "io/scripted_task.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;

namespace {

// The loop by itself, turned by hand: no thread, no host.
struct Ground {
  explicit Ground(Duration operation_timeout = 100ms)
      : settings{
            .own_thread = false, .http_timeout = 50ms, .operation_timeout = operation_timeout} {
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
  std::atomic<std::size_t> num_in_flight{0};
  std::vector<Status> endings;
  int num_matches = 0;
  Flights flights{settings, system_clock(), services, HttpClient::create({}).value(),
                  inbox,    num_in_flight};
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

  TEST_CASE("a task past its deadline is abandoned; one that must finish is not") {
    Ground ground;
    ground.add(effects(flow::Delay(1h)));
    ground.add(effects(flow::Delay(300ms)), true);
    while (ground.endings.size() < 2) ground.flights.round(1h);

    CHECK(ground.endings == std::vector{Status::timed_out, Status::ok});
  }

  TEST_CASE("an answer to a Refetch that comes twice, or too late, is ignored") {
    Ground ground;
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
}
