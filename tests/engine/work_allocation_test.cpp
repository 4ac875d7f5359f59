// Work where an allocation fails, for every one of those that a call makes on its caller's thread:
// whoever waits is told, and so is whoever asks for the same later.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/system_ports.hpp"
#include "engine/work.hpp"
#include "io/failing_malloc.hpp"
#include "session/samples.hpp"
#include "support/fake_provider.hpp"
#include "support/request_of.hpp"

using namespace gatelet;
using namespace gatelet::engine;
using io::testing::Failure;
using io::testing::step;

namespace {

using std::chrono::hours;
using std::chrono::seconds;

// Whom the driver asks nothing: its address is a private one.
support::FakeProvider refusing_provider() {
  support::FakeProvider provider;
  provider.settings.issuer = "https://127.0.0.1:1";
  return provider;
}

// With a driver that the test alone turns, and that ends all it has begun with `end`.
struct Ground {
  explicit Ground(std::shared_ptr<const oidc::ProviderState> state) {
    snapshot->context = context;
    context->cookie_keys = session::samples::keys();
    context->entropy = std::make_shared<support::SeededEntropy>();
    snapshot->configured = {state->provider};
    snapshot->providers = {std::move(state)};
    REQUIRE(work.driver().start().ok());
  }
  void end() { work.driver().stop(); }
  Instant now() const { return default_ports().clock->now(); }

  // Counts the answers, and keeps the last one's status.
  template <class T>
  std::function<void(const Result<T>&, Instant)> waiter() {
    return [this](const Result<T>& result, Instant) { note(result); };
  }
  template <class T>
  void note(const Result<T>& result) {
    ++num_answers;
    last = result.ok() ? Status::ok : result.error().status;
  }

  void refetch() {
    work.refetch({provider_id(), flow::Refetch::What::metadata},
                 [this](const Result<flow::Refetched>& fetched) { note(fetched); });
  }
  std::string provider_id() const { return snapshot->providers[0]->provider->id; }

  std::shared_ptr<flow::Context> context = std::make_shared<flow::Context>();
  std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
  SnapshotBox snapshots{snapshot};
  RefreshBook refreshes{{1}};
  DenyBook denied;
  RecordChanges changes{{2}};
  Metrics metrics;
  Events events{nullptr};
  Work work{snapshots, refreshes, denied, changes, metrics, events, default_ports().clock, [] {
              io::DriverSettings settings;
              settings.own_thread = false;
              settings.store.kind = io::StoreSettings::Kind::memory;
              return settings;
            }()};
  int num_answers = 0;
  Status last = Status::internal;
};

// Asks while the n-th allocation fails, for each n there is, and then once more with memory.
void check_asked_again(const std::function<std::shared_ptr<Ground>()>& make,
                       const std::function<void(Ground&)>& ask) {
  for (long n = 1;; ++n) {
    CAPTURE(n);
    REQUIRE(n < 500);
    const auto ground = make();
    Failure failure(n);
    const bool is_taken = step([&] { ask(*ground); });
    const bool has_failed = failure.end();
    ask(*ground);
    ground->end();
    CHECK(ground->num_answers == (is_taken ? 2 : 1));
    if (has_failed) continue;
    CHECK(n > 3);
    return;
  }
}

}  // namespace

TEST_SUITE("engine/work_allocation") {
  TEST_CASE("refetch: nobody waits for what could not be asked for") {
    const auto provider = refusing_provider();
    check_asked_again([&] { return std::make_shared<Ground>(provider.unknown()); },
                      [](Ground& ground) { ground.refetch(); });
  }

  TEST_CASE("refetch: nor where the provider was asked a moment ago, without success") {
    const auto provider = refusing_provider();
    check_asked_again(
        [&] {
          auto ground = std::make_shared<Ground>(provider.unknown());
          ground->end();
          ground->refetch();
          REQUIRE(std::exchange(ground->num_answers, 0) == 1);
          return ground;
        },
        [](Ground& ground) { ground.refetch(); });
  }

  TEST_CASE("freshen: what could not be fetched behind an answer is in nobody's way") {
    const auto provider = refusing_provider();
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 500);
      const auto now = default_ports().clock->now();
      Ground ground(provider.known(now - hours(2)));
      Failure failure(n);
      (void)step([&] { ground.work.freshen(*ground.snapshot, ground.provider_id(), now); });
      const bool has_failed = failure.end();
      ground.refetch();
      ground.end();
      CHECK(ground.num_answers == 1);
      if (has_failed) continue;
      CHECK(n > 3);
      return;
    }
  }

  TEST_CASE("refresh: a renewal that could not begin holds up no other") {
    const auto provider = refusing_provider();
    check_asked_again(
        [&] { return std::make_shared<Ground>(provider.known(default_ports().clock->now())); },
        [](Ground& ground) {
          NeedRefresh need{std::make_shared<const session::Session>(session::samples::session()),
                           ground.snapshot->providers[0],
                           {}};
          ground.work.refresh(ground.snapshot, std::move(need), ground.waiter<Work::Session>(),
                              ground.now());
        });
  }

  TEST_CASE("load: a session that could not be asked for is asked for again") {
    const auto provider = refusing_provider();
    check_asked_again([&] { return std::make_shared<Ground>(provider.unknown()); },
                      [](Ground& ground) {
                        auto ticket = std::make_shared<const session::Ticket>(session::Ticket{
                            "a-ticket-that-needs-memory", Secret("0123456789abcdef")});
                        ground.work.load(ground.snapshot, {std::move(ticket)},
                                         ground.waiter<Work::Session>(), ground.now());
                      });
  }

  TEST_CASE("redeem: who comes with a state that was used before is told, now or the next time") {
    const auto provider = refusing_provider();
    const support::RequestOf request;
    const auto redeem = [&](Ground& ground, Instant now) {
      flow::FinishLogin login(ground.context);
      login.provider = ground.snapshot->providers[0];
      login.request = policy::OwnedRequest::copy(request.view(), request.facts());
      login.hashed_state = "a-state-that-needs-memory-of-its-own";
      ground.work.redeem(ground.snapshot, std::move(login), ground.waiter<Work::Answer>(), now);
    };
    const auto begin = default_ports().clock->now();
    check_asked_again(
        [&] {
          auto ground = std::make_shared<Ground>(provider.known(begin));
          redeem(*ground, begin);  // refused, since it answers nothing
          REQUIRE(std::exchange(ground->num_answers, 0) == 1);
          REQUIRE(ground->last == Status::ok);
          return ground;
        },
        [&](Ground& ground) { redeem(ground, begin + seconds(11)); });
  }
}
