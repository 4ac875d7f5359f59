// Engines whose sessions are in a store that the host brings, in the test's hands.
#pragma once

#include <gatelet/engine.hpp>
#include <gatelet/store.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/live_engine.hpp"
#include "support/host_memory.hpp"

namespace gatelet::engine {

using support::HostMemory;

inline Deadline soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }

// A provider, and engines of several processes, as it were, over one database.
struct Shared {
  using Open = std::function<std::shared_ptr<SessionStore>()>;

  explicit Shared(Open o) : open(std::move(o)) {}

  std::shared_ptr<Engine> engine(Options more = {}) {
    more.emplace_back("session_store_type", "host");
    auto ports = default_ports();
    ports.clock = clock;
    ports.store = open();
    ports.on_event = [this](const Event& event) {
      const std::scoped_lock lock(mutex);
      events.push_back(std::string(event.code).append(" ").append(event.text));
    };
    auto made = Engine::create(live_settings(provider, more), std::move(ports));
    REQUIRE_MESSAGE(made.ok(), made.error().text);
    return std::move(made).value();
  }
  int num_refreshes() {
    return provider.with([](auto& fake) { return static_cast<int>(fake.num_refreshes); });
  }

  const Open open;
  std::shared_ptr<ShiftedClock> clock = std::make_shared<ShiftedClock>();
  LiveProvider provider{clock};
  std::mutex mutex;
  std::vector<std::string> events;  // "CODE TEXT"; guarded by mutex
};

// One engine, and a host's store in the test's hands.
struct Hosted {
  explicit Hosted(Options more = {}) : person(nullptr) {
    engine = shared.engine(std::move(more));
    person = Browser(engine);
  }
  std::shared_ptr<HostMemory> memory = std::make_shared<HostMemory>();
  Shared shared{[this] { return memory; }};
  std::shared_ptr<Engine> engine;
  Browser person;
};

// Renews the person's session, whose new tokens the store does not take.
inline void renew_untaken(Hosted& one) {
  one.shared.clock->advance(std::chrono::seconds(3700));
  one.shared.provider.hold("/token");
  auto asked = one.person.ask("/page");
  REQUIRE(one.shared.provider.wait_for("/token", 2));
  one.memory->refuse_writes(true);
  one.shared.provider.let_go();
  auto answer = wait_for(std::move(asked));
  REQUIRE(answer.ok());
  CHECK(one.person.keep(std::move(answer).value()).reason() == Reason::session_refreshed);
}

// A person whose session began while the store was out of order, so that it is in cookies beside
// it; and another engine over that store.
struct Beside {
  explicit Beside(Options more = {}, bool in_cookies = true) : person(nullptr) {
    more.emplace_back("session_fallback_to_cookie", "true");
    here = shared.engine(more);
    other = shared.engine(more);
    person = Browser(here);
    if (in_cookies) memory->fail_with(Error{Status::store_unreachable, "out of order"});
    REQUIRE(person.sign_in(shared.provider).reason() == Reason::signed_in);
    memory->fail_with(std::nullopt);
    shared.clock->advance(
        std::chrono::seconds(60));  // longer than trouble with a store is remembered
  }
  void revoke() {
    auto revoking = other->revoke_sessions({{}, "alice"});
    REQUIRE(revoking.ok());
    REQUIRE(std::get<Operation<Sessions>>(*revoking).wait(soon()).ok());
  }
  std::shared_ptr<HostMemory> memory = std::make_shared<HostMemory>();
  Shared shared{[this] { return memory; }};
  std::shared_ptr<Engine> here, other;  // the person's, and another
  Browser person;
};

}  // namespace gatelet::engine
