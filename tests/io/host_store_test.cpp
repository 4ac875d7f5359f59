#include "io/host_store.hpp"

#include <gatelet/unstable/store_check.hpp>

#include <doctest/doctest.h>

#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifdef GATELET_HAVE_SQLITE
#include <sqlite_store.h>

#include "store_functions.hpp"
#endif
#include "io/store_contract.hpp"
#include "support/host_memory.hpp"

using namespace gatelet;
using namespace gatelet::io;
using flow::StoreCall;
using support::HostMemory;

namespace {

using namespace std::chrono_literals;

// The store as the driver turns it: in this thread, waiting for its descriptor.
struct Turned {
  explicit Turned(std::shared_ptr<SessionStore> host, std::size_t max_waiting = 8)
      : store(std::move(host), max_waiting) {}

  Store::Id begin(StoreCall call) {
    const auto id = ++last;
    store.start(id, std::move(call), [this, id](Result<flow::StoreReply> reply) {
      answers.insert_or_assign(id, std::move(reply));
    });
    return id;
  }

  // One round; whether something was ready.
  bool turn(Duration at_most) {
    std::vector<SocketWait> waits;
    store.add_waits(waits);
    std::vector<pollfd> fds;
    for (const auto& wait : waits) fds.push_back({wait.fd, POLLIN, 0});
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
    const bool is_ready = ::poll(fds.data(), fds.size(), static_cast<int>(time)) > 0;
    store.serve(waits, std::chrono::steady_clock::now());
    return is_ready;
  }

  Result<flow::StoreReply> wait_for(Store::Id id) {
    for (int round = 0; round < 100 && !answers.contains(id); ++round) turn(100ms);
    const auto found = answers.find(id);
    if (found == answers.end()) return Error{Status::internal, "no answer in ten seconds"};
    auto answer = std::move(found->second);
    answers.erase(found);
    return answer;
  }
  Result<flow::StoreReply> ask(StoreCall call) { return wait_for(begin(std::move(call))); }

  std::map<Store::Id, Result<flow::StoreReply>> answers;
  Store::Id last = 0;
  HostStore store;
};

void check_contract(const std::shared_ptr<SessionStore>& host, const std::string& prefix) {
  Turned turned(host);
  testing::check_store_contract({[&](StoreCall call) { return turned.ask(std::move(call)); },
                                 [](Duration time) { std::this_thread::sleep_for(time); }, prefix});
}

// A host whose calls wait until they are let go, and are counted when they begin.
struct Held {
  explicit Held() {
    memory->on_call = [this](std::string_view what) {
      std::unique_lock lock(mutex);
      calls.emplace_back(what);
      changed.notify_all();
      changed.wait(lock, [this] { return !is_held; });
    };
  }
  void wait_for_calls(std::size_t num) {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 10s, [&] { return calls.size() >= num; }));
  }
  void let_go() {
    const std::scoped_lock lock(mutex);
    is_held = false;
    changed.notify_all();
  }

  std::shared_ptr<HostMemory> memory = std::make_shared<HostMemory>();
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex:
  std::vector<std::string> calls;
  bool is_held = true;
};

Status status_of(const Result<flow::StoreReply>& reply) {
  return reply.ok() ? Status::ok : reply.error().status;
}

// A host that answers what a test says.
struct Scripted final : SessionStore {
  Result<std::optional<std::string>> get(std::string_view) override { return on_get(); }
  Result<bool> write(const Write& what) override { return on_write(what); }
  std::function<Result<std::optional<std::string>>()> on_get;
  std::function<Result<bool>(const Write&)> on_write;
};

#ifdef GATELET_HAVE_SQLITE
// The example's store, in a file of its own.
struct SqliteFile {
  SqliteFile() {
    char name[] = "/tmp/gatelet-sqlite-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
  }
  ~SqliteFile() {
    for (const auto* end : {"", "-wal", "-shm"}) std::remove((path() + end).c_str());
    std::remove(folder.c_str());
  }
  std::string path() const { return folder + "/sessions.db"; }
  std::shared_ptr<SessionStore> open() const {
    auto* user = sqlite_store_open(path().c_str(), 60'000);
    REQUIRE(user != nullptr);
    return std::make_shared<capi::StoreFunctions>(sqlite_store,
                                                  capi::User(user, sqlite_store_close));
  }
  std::string folder;
};
#endif

}  // namespace

TEST_SUITE("io/host_store") {
  TEST_CASE("F-249: what every store must do, over a host's two functions") {
    check_contract(std::make_shared<HostMemory>(), "p:");
  }

  TEST_CASE("F-249: the store of these tests keeps the promises of a host's store") {
    HostMemory memory;
    CHECK(check_store(memory, memory, "p:", stdout) == 0);
  }

#ifdef GATELET_HAVE_SQLITE
  TEST_CASE("F-249: what every store must do, over the example with SQLite") {
    const SqliteFile file;
    check_contract(file.open(), "p:");
  }

  TEST_CASE("F-249: two SQLite connections: a lock has one owner, no update is lost") {
    const SqliteFile file;
    std::vector<std::future<int>> adding;
    for (int i = 0; i < 2; ++i) {
      adding.push_back(std::async(std::launch::async, [&, store = file.open()] {
        return check_store_add(*store, "p:", 50, stdout);
      }));
    }
    for (auto& one : adding) CHECK(one.get() == 0);
    CHECK(check_store_sum(*file.open(), "p:", 100, stdout) == 0);
    CHECK(check_store_sum(*file.open(), "p:", 1, stderr) == 2);  // the control: they are gone
  }
#endif

  TEST_CASE("the host is called on one other thread, one call after the other, in order") {
    const auto memory = std::make_shared<HostMemory>();
    std::vector<std::string> calls;
    std::vector<std::thread::id> threads;
    memory->on_call = [&](std::string_view what) {
      calls.emplace_back(what);
      threads.push_back(std::this_thread::get_id());
    };
    Turned turned(memory);
    const auto first = turned.begin(StoreCall::put("k", "v", 1h));
    const auto second = turned.begin(StoreCall::get("k"));
    const auto third = turned.begin(StoreCall::erase("k"));
    CHECK(turned.wait_for(third).ok());
    CHECK(turned.wait_for(first).ok());
    CHECK(turned.wait_for(second).value().record == "v");
    CHECK(calls == std::vector<std::string>{"write", "get", "write"});
    for (const auto& thread : threads) {
      CHECK(thread == threads.front());
      CHECK(thread != std::this_thread::get_id());
    }
  }

  TEST_CASE("whoever waits for a lock looks, and writes nothing") {
    const auto memory = std::make_shared<HostMemory>();
    Turned turned(memory);
    CHECK(turned.ask(StoreCall::lock("l", "me", 1h)).value().is_owner);
    int num_writes = 0;
    memory->on_call = [&](std::string_view what) { num_writes += what == "write" ? 1 : 0; };
    for (int i = 0; i < 3; ++i) {
      CHECK_FALSE(turned.ask(StoreCall::lock("l", "other", 1h)).value().is_owner);
    }
    CHECK(num_writes == 0);
  }

  TEST_CASE("a lock that is taken between the look and the write is not ours") {
    const auto host = std::make_shared<Scripted>();
    host->on_get = [] { return std::optional<std::string>(); };
    std::vector<SessionStore::Condition> conditions;
    host->on_write = [&](const SessionStore::Write& what) {
      conditions.push_back(what.condition);
      return false;
    };
    Turned turned(host);
    CHECK_FALSE(turned.ask(StoreCall::lock("l", "me", 1h)).value().is_owner);
    CHECK_FALSE(turned.ask(StoreCall::swap("k", std::nullopt, "v", 1h)).value().was_there);
    CHECK(conditions == std::vector(2, SessionStore::Condition::nothing_there));
  }

  TEST_CASE("an error of any kind is an unreachable store, told in one short line") {
    const auto host = std::make_shared<Scripted>();
    host->on_get = []() -> Result<std::optional<std::string>> {
      return Error{Status::grant_ended, "disk\nfull\x7f" + std::string(1000, 'x')};
    };
    host->on_write = [](const SessionStore::Write&) -> Result<bool> {
      return Error{Status::pending, ""};
    };
    Turned turned(host);
    const auto read = turned.ask(StoreCall::get("k"));
    CHECK(status_of(read) == Status::store_unreachable);
    CHECK(read.error().text.starts_with("the host's session store failed: disk full xxx"));
    CHECK(read.error().text.size() < 350);
    for (const auto& call :
         {StoreCall::put("k", "v", 1h), StoreCall::replace("k", "v", 1h), StoreCall::erase("k"),
          StoreCall::lock("k", "o", 1h), StoreCall::swap("k", std::nullopt, "v", 1h),
          StoreCall::extend("k", "o", 1h), StoreCall::unlock("k", "o")}) {
      CHECK(status_of(turned.ask(call)) == Status::store_unreachable);
    }
    CHECK(turned.ask(StoreCall::erase("k")).error().text == "the host's session store failed");
  }

  TEST_CASE("what is thrown is an unreachable store, and its words are not repeated") {
    const auto memory = std::make_shared<HostMemory>();
    memory->on_call = [](std::string_view what) {
      if (what == "get") throw std::runtime_error("canary");
      throw 7;
    };
    Turned turned(memory);
    const auto read = turned.ask(StoreCall::get("k"));
    CHECK(status_of(read) == Status::store_unreachable);
    CHECK(read.error().text == "the host's session store threw an exception");
    CHECK(status_of(turned.ask(StoreCall::put("k", "v", 1h))) == Status::store_unreachable);
    memory->on_call = nullptr;
    CHECK(turned.ask(StoreCall::get("k")).ok());
  }

  TEST_CASE("answers that no store can give are errors") {
    const auto host = std::make_shared<Scripted>();
    host->on_get = [] { return std::optional(std::string(1024 * 1024 + 1, 'x')); };
    host->on_write = [](const SessionStore::Write&) { return false; };
    Turned turned(host);
    CHECK(status_of(turned.ask(StoreCall::get("k"))) == Status::session_too_large);
    CHECK(status_of(turned.ask(StoreCall::lock("k", "o", 1h))) == Status::session_too_large);
    CHECK(status_of(turned.ask(StoreCall::put("k", "v", 1h))) == Status::store_unreachable);
    CHECK(status_of(turned.ask(StoreCall::erase("k"))) == Status::store_unreachable);
    CHECK_FALSE(turned.ask(StoreCall::unlock("k", "o")).value().is_owner);
  }

  TEST_CASE("RD-08: a host may say that a record is too large, in our words, and of no write") {
    const auto host = std::make_shared<Scripted>();
    const Error said{Status::session_too_large, "canary"};
    host->on_get = [&]() -> Result<std::optional<std::string>> { return said; };
    host->on_write = [&](const SessionStore::Write&) -> Result<bool> { return said; };
    Turned turned(host);
    const auto read = turned.ask(StoreCall::get("k"));
    CHECK(status_of(read) == Status::session_too_large);
    CHECK(read.error().text == "a record in the host's session store has more than 1 MiB");
    for (const auto& call : {StoreCall::put("k", "v", 1h), StoreCall::replace("k", "v", 1h),
                             StoreCall::erase("k"), StoreCall::unlock("k", "o")}) {
      CHECK(status_of(turned.ask(call)) == Status::store_unreachable);
    }
  }

#ifdef GATELET_HAVE_SQLITE
  TEST_CASE("RD-08: a store in C that tells too much is not in trouble, unless it says so") {
    struct Told {
      std::string value = std::string(1024 * 1024, 'x');
      int num_times = 1;
      gatelet_status status = GATELET_OK;
    } told;
    gatelet_store functions = GATELET_STORE_INIT;
    functions.get = [](void* user, gatelet_str, gatelet_store_found_fn found, void* to,
                       gatelet_error*) {
      const auto& what = *static_cast<Told*>(user);
      for (int i = 0; i < what.num_times; ++i) found(to, capi::to_c(what.value));
      return what.status;
    };
    Turned turned(
        std::make_shared<capi::StoreFunctions>(functions, capi::User(&told, [](void*) {})));
    CHECK(turned.ask(StoreCall::get("k")).value().record == told.value);
    told.value += 'x';
    const auto read = turned.ask(StoreCall::get("k"));
    CHECK(status_of(read) == Status::session_too_large);
    CHECK(read.error().text == "a record in the host's session store has more than 1 MiB");
    told.num_times = 2;
    CHECK(status_of(turned.ask(StoreCall::get("k"))) == Status::store_unreachable);
    told.num_times = 1;
    told.status = GATELET_E_SESSION_TOO_LARGE;
    CHECK(status_of(turned.ask(StoreCall::get("k"))) == Status::store_unreachable);
  }
#endif

  TEST_CASE("what is too large for the promises is not asked of the host") {
    const auto memory = std::make_shared<HostMemory>();
    int num_calls = 0;
    memory->on_call = [&](std::string_view) { ++num_calls; };
    Turned turned(memory);
    const std::string large(1024 * 1024 + 1, 'x');
    CHECK(status_of(turned.ask(StoreCall::put("k", large, 1h))) == Status::store_unreachable);
    CHECK(status_of(turned.ask(StoreCall::swap("k", large, "v", 1h))) == Status::store_unreachable);
    CHECK(status_of(turned.ask(StoreCall::get(std::string(1025, 'k')))) ==
          Status::store_unreachable);
    CHECK(num_calls == 0);
    CHECK(turned.ask(StoreCall::put(std::string(1024, 'k'), large.substr(1), 1h)).ok());
    CHECK(num_calls == 1);
  }

  TEST_CASE("more calls than may wait are refused at once, and those that wait are answered") {
    Held held;
    Turned turned(held.memory, 2);
    const auto under_way = turned.begin(StoreCall::get("a"));
    held.wait_for_calls(1);
    const auto second = turned.begin(StoreCall::get("b")),
               third = turned.begin(StoreCall::get("c"));
    const auto refused = turned.begin(StoreCall::get("d"));
    REQUIRE(turned.answers.contains(refused));
    CHECK(status_of(turned.answers.at(refused)) == Status::too_many_operations);
    CHECK(turned.answers.size() == 1);
    held.let_go();
    for (const auto id : {under_way, second, third}) CHECK(turned.wait_for(id).ok());
    CHECK(turned.ask(StoreCall::get("d")).ok());
  }

  TEST_CASE("a late answer is nobody's, also when its caller's id is used again") {
    Held held;
    CHECK(held.memory->keys().empty());
    Turned turned(held.memory);
    std::optional<Result<flow::StoreReply>> first, second;
    turned.store.start(7, StoreCall::put("k", "v", 1h), [&](auto reply) { first = reply; });
    held.wait_for_calls(1);
    turned.store.forget(7);
    turned.store.forget(7);
    turned.store.start(7, StoreCall::get("k"), [&](auto reply) { second = reply; });
    held.let_go();
    for (int round = 0; round < 100 && !second; ++round) turned.turn(100ms);
    CHECK_FALSE(first);
    REQUIRE(second);
    CHECK(second->value().record == "v");  // it was written all the same
  }

  TEST_CASE("an answer that is there when its caller gives up is nobody's either") {
    Turned turned(std::make_shared<HostMemory>());
    const auto id = turned.begin(StoreCall::get("k"));
    std::vector<SocketWait> waits;
    turned.store.add_waits(waits);
    REQUIRE(waits.size() == 1);
    pollfd ready{waits[0].fd, POLLIN, 0};
    REQUIRE(::poll(&ready, 1, 10'000) == 1);
    turned.store.forget(id);
    turned.turn(Duration::zero());
    CHECK(turned.answers.empty());
    CHECK(turned.ask(StoreCall::get("k")).ok());
    CHECK(turned.answers.empty());
  }

  TEST_CASE("of calls that nobody waits for any longer only those are made that leave something") {
    Held held;
    Turned turned(held.memory);
    const auto under_way = turned.begin(StoreCall::get("a"));
    held.wait_for_calls(1);
    std::vector<Store::Id> forgotten;
    for (const auto& call :
         {StoreCall::put("k", "v", 1h), StoreCall::get("k"), StoreCall::lock("l", "o", 1h),
          StoreCall::extend("l", "o", 1h), StoreCall::erase("k")}) {
      forgotten.push_back(turned.begin(call));
    }
    for (const auto id : forgotten) turned.store.forget(id);
    const auto last = turned.begin(StoreCall::get("k"));
    held.let_go();
    CHECK(turned.wait_for(under_way).ok());
    CHECK_FALSE(turned.wait_for(last).value().record);
    CHECK(held.calls == std::vector<std::string>{"get", "write", "write", "get"});
    CHECK(held.memory->keys().empty());  // nobody holds a lock that nobody asked for
    CHECK(turned.answers.empty());
  }

  TEST_CASE("the descriptor is ready while there is an answer, and not waited for without a call") {
    const auto memory = std::make_shared<HostMemory>();
    Turned turned(memory);
    std::vector<SocketWait> waits;
    turned.store.add_waits(waits);
    CHECK(waits.empty());
    turned.begin(StoreCall::get("a"));
    CHECK(turned.turn(10s));
    turned.store.add_waits(waits);
    CHECK(waits.empty());
  }

  TEST_CASE("the end waits for the call under way, makes no other, and lets the host go") {
    Held held;
    const std::weak_ptr<HostMemory> host = held.memory;
    auto turned = std::make_unique<Turned>(held.memory);
    turned->begin(StoreCall::put("a", "1", 1h));
    held.wait_for_calls(1);
    turned->begin(StoreCall::put("b", "2", 1h));
    std::atomic<bool> ends{false};
    std::thread opener([&] {
      while (!ends) std::this_thread::yield();
      std::this_thread::sleep_for(200ms);
      held.let_go();
    });
    ends = true;
    turned.reset();
    CHECK(held.memory->keys() == std::vector<std::string>{"a"});
    CHECK(host.use_count() == 1);
    opener.join();
  }
}
