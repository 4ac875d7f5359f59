// Work and a session store.
#include "engine/work.hpp"

#include <doctest/doctest.h>

#include "engine/system_ports.hpp"
#include "session/lifetime.hpp"
#include "session/session_index.hpp"
#include "session/ticket.hpp"

using namespace gatelet;
using namespace gatelet::engine;

namespace {

// With a store that nobody but the test turns.
struct Still {
  std::shared_ptr<const Snapshot> snapshot = [] {
    auto made = std::make_shared<Snapshot>();
    auto context = std::make_shared<flow::Context>();
    context->cookie_keys =
        session::CookieKeys::make(Secret("0123456789abcdef0123456789abcdef")).value();
    made->context = std::move(context);
    return made;
  }();
  SnapshotBox snapshots{snapshot};
  RefreshBook refreshes{{1}};
  DenyBook denied;
  const bool is_denied_known = [this] {
    denied.take(std::make_shared<const session::DenyList>(), 0, Duration::max(), Instant{});
    return true;
  }();
  RecordChanges changes{{2}};
  Metrics metrics;
  std::vector<std::string> told;
  Events events{[this](const Event& event) { told.emplace_back(event.code); }};
  Work work{snapshots, refreshes, denied, changes, metrics, events, default_ports().clock, [] {
              io::DriverSettings settings;
              settings.own_thread = false;
              settings.store.kind = io::StoreSettings::Kind::memory;
              return settings;
            }()};
  int num_answers = 0;

  void load(std::string id) {
    auto ticket = std::make_shared<const session::Ticket>(
        session::Ticket{std::move(id), Secret("0123456789abcdef")});
    work.load(
        snapshot, {std::move(ticket)},
        [this](const Result<Work::Session>& loaded, Instant) {
          num_answers += loaded.ok() ? 1 : 0;
        },
        default_ports().clock->now());
  }
  void turn() {
    while (work.driver().run_once(Duration::zero())) {
    }
  }
  void change(std::string key) { work.changed({&key, 1}); }
};

flow::Flow<bool> put(std::string key, std::string record) {
  auto call = flow::StoreCall::put(std::move(key), std::move(record), std::chrono::hours(1));
  (void)co_await std::move(call);
  co_return true;
}

flow::Flow<std::string> read(std::string key) {
  auto call = flow::StoreCall::get(std::move(key));
  const auto reply = co_await std::move(call);
  co_return reply.record.value_or("");
}

}  // namespace

TEST_SUITE("engine/work_store") {
  TEST_CASE("load: asked once for all who know of the same changes, anew for who comes after one") {
    Still still;
    still.load("s-a");
    still.load("s-a");
    CHECK(still.work.driver().num_in_flight() == 1);
    still.change("s-a");
    still.load("s-a");
    CHECK(still.work.driver().num_in_flight() == 2);
    still.load("s-a");
    CHECK(still.work.driver().num_in_flight() == 2);
    still.work.changed_all();
    still.load("s-a");
    CHECK(still.work.driver().num_in_flight() == 3);
    while (still.work.driver().run_once(Duration::zero())) {
    }
    CHECK(still.num_answers == 5);
  }

  TEST_CASE("F-270: the deny list is asked for once by all who know of the same changes, too") {
    Still still;
    still.denied.doubt();
    still.load("s-a");
    still.load("s-b");
    CHECK(still.work.driver().num_in_flight() == 1);
    still.denied.doubt();
    still.load("s-c");
    CHECK(still.work.driver().num_in_flight() == 2);
    still.turn();
    CHECK(still.num_answers == 3);
  }

  TEST_CASE("a store that gives its deny list is in no trouble with it, perhaps with renewals") {
    Still still;
    const auto now = default_ports().clock->now();
    still.refreshes.note_trouble(store_beside, now);
    still.refreshes.note_trouble(deny_list_beside, now);
    still.denied.doubt();
    still.load("s-a");
    still.turn();
    CHECK(still.refreshes.may_try(deny_list_beside, now));
    CHECK_FALSE(still.refreshes.may_try(store_beside, now));
  }

  TEST_CASE(
      "F-251: a session of oauth2-proxy's is entered into its person's index, and not again") {
    Still still;
    auto context = std::make_shared<flow::Context>(*still.snapshot->context);
    context->gcm = std::make_shared<const crypto::Gcm>(crypto::Gcm::make().value());
    context->entropy = default_ports().entropy;
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->context = context;
    const auto now = default_ports().clock->now();

    const auto ticket = std::make_shared<const session::Ticket>(
        session::make_ticket(context->session, *context->entropy).value());
    session::Session session;  // without `si`, which the reference does not write
    session.created_at = session::to_timestamp(now);
    session.user = "jane";
    auto record =
        session::seal_record(context->session, *context->gcm, *ticket, session, *context->entropy);
    const auto done = [](const auto&, Instant) {};
    still.work.run<bool>(put(ticket->id, std::move(record).value()), done, now);
    still.turn();
    const auto index =
        session::index_keys(context->session, *context->cookie_keys, session::subject_of(session))
            .value()[0];
    std::string first, second;
    for (auto* seen : {&first, &second}) {
      still.work.load(
          snapshot, {ticket}, [](const Result<Work::Session>&, Instant) {}, now);
      still.turn();
      still.work.run<std::string>(
          read(index), [seen](Result<std::string> got, Instant) { *seen = got.value(); }, now);
      still.turn();
    }
    CHECK(session::open_index(*context->cookie_keys, index, first, now).value().size() == 1);
    CHECK(second == first);
  }

  TEST_CASE("F-427: changes are noted by their key; a lock is no record") {
    Still still;
    const auto before = still.changes.last();
    still.change("s-a.lock");
    CHECK(still.changes.last() == before);
    still.change("s-a");
    CHECK(still.changes.last_of("s-a") > before);
    CHECK(still.changes.last_of("s-b") == before);
    still.work.changed_all();
    CHECK(still.changes.last_of("s-b") > before);
  }

  TEST_CASE("F-427: told_until is turned into the time of the engine's own clock") {
    Still still;
    const auto clock = default_ports().clock;
    REQUIRE(still.work.driver().start().ok());
    CHECK(still.changes.is_told(clock->now().steady + 10h, 1ms));  // memory always tells
    still.work.told_until(Deadline::min());
    CHECK_FALSE(still.changes.is_told(clock->now().steady, 1h));
    still.work.told_until(std::chrono::steady_clock::now() - 1min);
    CHECK(still.changes.is_told(clock->now().steady, 2min));
    CHECK_FALSE(still.changes.is_told(clock->now().steady, 1min));
    still.work.told_until(Deadline::max());
    CHECK(still.changes.is_told(clock->now().steady + 10h, 1ms));
  }

  TEST_CASE("F-427: a store that will not tell is an event") {
    Still still;
    still.work.will_not_tell({Status::store_unreachable, "it is old"});
    still.events.drain();
    CHECK(still.told == std::vector<std::string>{"store-tells-nothing"});
  }
}
