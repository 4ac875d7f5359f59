// RD-01: the n-th allocation fails, for every n: an error or std::bad_alloc, no wrong answer, no
// leak, and what is left can be destroyed. A program of its own: malloc is its own, for hiredis
// too.
#include <doctest/doctest.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/attempt.hpp"
#include "io/driver.hpp"
#include "io/memory_store.hpp"
#include "io/redis_exchange.hpp"
#include "io/redis_store.hpp"
#include "io/redis_topology.hpp"
#include "io/redis_tracking.hpp"
#include "io/system.hpp"

namespace {

std::atomic<long> num_live = 0;
long num_made = 0, fail_at = 0;          // of the test's own thread; fail_at 0: none fails
std::atomic<int> fail_elsewhere_at = 0;  // of all other threads', counted down
const pthread_t tester = ::pthread_self();

bool must_fail() noexcept {
  if (::pthread_equal(::pthread_self(), tester) != 0) return ++num_made == fail_at;
  return fail_elsewhere_at > 0 && --fail_elsewhere_at == 0;
}
void* counted(void* block) noexcept {
  if (block) ++num_live;
  return block;
}

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t size) { return must_fail() ? nullptr : counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) {
  return must_fail() ? nullptr : counted(__libc_calloc(count, size));
}
void* realloc(void* block, std::size_t size) {
  if (must_fail()) return nullptr;
  auto* moved = __libc_realloc(block, size);
  return block ? moved : counted(moved);
}
void free(void* block) {
  if (block) {
    --num_live;
    std::memset(block, 0xdb, malloc_usable_size(block));  // whoever still uses it is found out
  }
  __libc_free(block);
}
}

using namespace gatelet;
using namespace gatelet::io;
using flow::StoreCall;
using namespace std::chrono_literals;

namespace {

enum class Verdict { right, refused, wrong };

// Runs `what` with every allocation failing in turn, until none is left to fail.
void check_every_failure(const std::function<Verdict()>& what) {
  REQUIRE(what() == Verdict::right);  // what is made once in a process is made now
  for (long n = 1;; ++n) {
    REQUIRE(n < 20'000);
    const long live_before = num_live;
    num_made = 0;
    fail_at = n;
    auto outcome = Verdict::refused;
    try {
      outcome = what();
    } catch (const std::bad_alloc&) {
    }
    fail_at = 0;
    const bool has_failed = num_made >= n;
    const long num_left = num_live - live_before;
    CAPTURE(n);
    CHECK(num_left == 0);
    CHECK(outcome != Verdict::wrong);
    if (has_failed) continue;
    CHECK(outcome == Verdict::right);
    CHECK(n > 3);
    return;
  }
}

// A server on this very thread: it takes a connection and says what it is told, whatever was asked.
class Listener {
 public:
  Listener() : path_("/tmp/redis_allocation_test." + std::to_string(::getpid())) {
    ::unlink(path_.c_str());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd_, 8) == 0);
  }
  ~Listener() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }

  http::RedisUrl url() const {
    return http::parse_redis_url("unix://u:pw@" + path_ + "?db=3").value();
  }

  // Closes those that nobody took: they belong to a run that is over.
  void drain() const {
    for (int fd = 0; (fd = accept()) >= 0;) ::close(fd);
  }
  int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }

  // Allocates nothing.
  class Peer {
   public:
    explicit Peer(const Listener& listener) : fd_(listener.accept()) {}
    ~Peer() { ::close(fd_); }
    void hear() const {
      char chunk[4096];
      while (::recv(fd_, chunk, sizeof chunk, 0) > 0) {
      }
    }
    void say(std::string_view text) const {
      hear();
      (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    }

   private:
    const int fd_;
  };

 private:
  const std::string path_;
  int fd_ = -1;
};

constexpr std::string_view role = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
constexpr std::string_view record = "$40\r\n0123456789012345678901234567890123456789\r\n";

// Servers that answer as Redis does, each key's record being the key; all on this thread. They take
// what connects, and allocate nothing.
class Servers {
 public:
  explicit Servers(const Listener& listener) : listener_(listener) {}
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;
  ~Servers() { close_all(); }

  // Whatever was asked and not answered yet is lost.
  void close_all() {
    while (num_ > 0) ::close(fds_[--num_]);
  }

  // Each answers what it was asked. Returns how many questions about keys there were.
  int answer() {
    for (int fd = 0; num_ < max && (fd = listener_.accept()) >= 0;) fds_[num_++] = fd;
    int num_keys = 0;
    for (std::size_t i = 0; i < num_; ++i) {
      char chunk[4096];
      const auto size = ::recv(fds_[i], chunk, sizeof chunk, 0);
      if (size <= 0) continue;
      std::string_view asked(chunk, static_cast<std::size_t>(size));
      while (!asked.empty()) num_keys += answer_one(fds_[i], asked);
    }
    return num_keys;
  }

  void say(std::string_view text) const {
    for (std::size_t i = 0; i < num_; ++i) say(fds_[i], text);
  }

 private:
  static constexpr std::size_t max = 32, max_words = 8;

  static void say(int fd, std::string_view text) {
    (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  }

  // The number in the next line, behind its mark.
  static std::size_t take_number(std::string_view& from) {
    std::size_t number = 0;
    const auto line = from.substr(0, from.find("\r\n"));
    std::from_chars(line.data() + 1, line.data() + line.size(), number);
    from.remove_prefix(std::min(line.size() + 2, from.size()));
    return number;
  }

  static int answer_one(int fd, std::string_view& asked) {
    std::string_view words[max_words];
    const auto num_words = std::min(take_number(asked), max_words);
    for (std::size_t i = 0; i < num_words; ++i) {
      const auto size = take_number(asked);
      words[i] = asked.substr(0, size);
      asked.remove_prefix(std::min(size + 2, asked.size()));
    }
    if (words[0] == "GET") {
      char head[32];
      const auto size = std::snprintf(head, sizeof head, "$%zu\r\n", words[1].size());
      say(fd, {head, static_cast<std::size_t>(size)});
      say(fd, words[1]);
      say(fd, "\r\n");
      return 1;
    }
    if (words[0] == "PING") {
      say(fd, "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    } else if (words[0] == "SUBSCRIBE") {
      say(fd, "*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1\r\n");
    } else if (words[1] == "ID") {
      say(fd, ":7\r\n");
    } else {
      say(fd, "+OK\r\n");
    }
    return 0;
  }

  const Listener& listener_;
  int fds_[max];
  std::size_t num_ = 0;
};

// A step of whoever goes on after what it could not do for want of memory, as the loop does.
template <class Step>
bool step(Step&& what) {
  return !attempt(what);
}

// Notes whether the change of a key was told, or that anything may have changed; allocates nothing.
struct Watcher final : StoreWatcher {
  bool was_told_of_change = false;
  int num_keys = 0;
  Deadline told = Deadline::min();
  void changed(std::span<const std::string> keys) override {
    was_told_of_change = true;
    num_keys += static_cast<int>(keys.size());
  }
  void changed_all() override { was_told_of_change = true; }
  void told_until(Deadline moment) override { told = moment; }
  void will_not_tell(const Error&) override {}
};

class Refetcher final : public Services {
 public:
  void refetch(const flow::Refetch&, std::function<void(Result<flow::Refetched>)> done) override {
    done(flow::Refetched{});
  }
};

// Asks for keys, for a record, and for a moment's rest.
class Asking final : public flow::Task {
 public:
  Asking(int& num_ended, Status& status) : num_ended_(num_ended), status_(status) {}
  std::optional<flow::Effect> start(Instant) override {
    return flow::Refetch("p", flow::Refetch::What::keys);
  }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    ++num_resumed_;
    const bool goes_on = reply.outcome.ok() && num_resumed_ < 3;
    if (goes_on && num_resumed_ == 1) return StoreCall::get("a-key-that-needs-memory-of-its-own");
    if (goes_on) return flow::Delay(1ms);
    end(reply.outcome.ok() ? Status::ok : reply.outcome.error().status);
    return std::nullopt;
  }
  void abandon(Error why) override { end(why.status); }
  bool must_finish() const noexcept override { return false; }

 private:
  void end(Status status) {
    ++num_ended_;
    status_ = status;
  }
  int& num_ended_;
  Status& status_;
  int num_resumed_ = 0;
};

// Has something in hand after its first answer that it must not lose: asks again where it hears of
// a failure, a few times. Allocates nothing after it was made.
class Holding final : public flow::Task {
 public:
  static constexpr int max_failures = 4;
  Holding(int& num_resumed, int& num_ended, Status& status)
      : num_resumed_(num_resumed), num_ended_(num_ended), status_(status) {
    for (int i = 0; i < max_failures; ++i) {
      calls_.push_back(StoreCall::put("a-key-that-needs-memory-of-its-own", "v", 60s));
    }
  }
  std::optional<flow::Effect> start(Instant) override {
    return flow::Refetch("p", flow::Refetch::What::keys);
  }
  std::optional<flow::Effect> resume(flow::Reply reply) override {
    const bool is_first = ++num_resumed_ == 1;
    if (is_first && !reply.outcome.ok()) return end(reply.outcome.error().status);
    const bool rests = std::exchange(rests_, false);
    if (rests && !reply.outcome.ok()) return end(reply.outcome.error().status);
    if (!is_first && !rests && reply.outcome.ok()) return end(Status::ok);
    if (calls_.empty()) return end(reply.outcome.error().status);
    rests_ = !is_first && !rests;
    if (rests_) return flow::Delay(1ms);
    auto call = std::move(calls_.back());
    calls_.pop_back();
    return call;
  }
  void abandon(Error why) override { (void)end(why.status); }
  bool must_finish() const noexcept override { return num_resumed_ > 0; }

 private:
  std::optional<flow::Effect> end(Status status) {
    ++num_ended_;
    status_ = status;
    return std::nullopt;
  }
  std::vector<StoreCall> calls_;
  int &num_resumed_, &num_ended_;
  Status& status_;
  bool rests_ = false;
};

}  // namespace

TEST_SUITE("io/redis_allocation") {
  TEST_CASE("RD-01: a command that cannot be built is none") {
    const std::string long_key(100, 'k'), long_value(5000, 'v');
    const auto build = [&] {
      return store_command(StoreCall::get(long_key)) +
             store_command(StoreCall::put(long_key, long_value, 60s)) +
             store_command(StoreCall::swap(long_key, long_value, long_value, 60s)) +
             store_command(StoreCall::lock(long_key, long_value, 2s)) +
             sign_in_command(Secret(long_key), Secret(long_value)) + slots_command();
    };
    const auto expected = build();
    check_every_failure([&] { return build() == expected ? Verdict::right : Verdict::wrong; });
  }

  TEST_CASE("RD-01: replies are right, as many as there are, or the reader says that it failed") {
    std::string bytes = "+OK\r\n:7\r\n$-1\r\n-ERR " + std::string(60, 'x') + "\r\n*2\r\n$100\r\n" +
                        std::string(100, 'a') + "\r\n*3\r\n:1\r\n$50\r\n" + std::string(50, 'b') +
                        "\r\n*-1\r\n" + "$40000\r\n" + std::string(40'000, 'c') + "\r\n";
    const auto read = [&](std::vector<RedisReply>& replies) {
      RedisReplyReader reader;
      for (std::size_t at = 0; at < bytes.size(); at += 1000) {
        reader.feed(std::string_view(bytes).substr(at, 1000));
      }
      while (auto reply = reader.take()) replies.push_back(std::move(*reply));
      return reader.fault().empty();
    };
    std::vector<RedisReply> expected;
    REQUIRE(read(expected));
    REQUIRE(expected.size() == 6);
    check_every_failure([&] {
      std::vector<RedisReply> replies;
      const bool is_whole = read(replies);
      for (std::size_t i = 0; i < replies.size(); ++i) {
        if (!(replies[i] == expected[i])) return Verdict::wrong;
      }
      if (!is_whole) return Verdict::refused;
      return replies.size() == expected.size() ? Verdict::right : Verdict::wrong;
    });
  }

  TEST_CASE("RD-01: maps of slots and redirections") {
    RedisReplyReader reader;
    reader.feed(
        "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$31\r\na-host-with-a-long-name.example\r\n:7000"
        "\r\n");
    reader.feed("-MOVED 12182 a-host-with-a-long-name.example:7000\r\n");
    const auto map = reader.take().value();
    const auto moved = reader.take().value();
    check_every_failure([&] {
      const auto slots = read_slots(map, "asked.example");
      const auto redirect = read_redirect(moved, "asked.example");
      const bool is_right = slots && slots->size() == 1 && redirect && redirect->slot == 12182;
      return is_right ? Verdict::right : Verdict::wrong;
    });
  }

  TEST_CASE("RD-01: a connection, from its beginning to its end") {
    const Listener listener;
    const RedisEndpoint endpoint{listener.url(), nullptr, true};
    NameLookups lookups;
    check_every_failure([&] {
      listener.drain();
      const auto now = std::chrono::steady_clock::now();
      RedisConnection connection(endpoint, lookups, now, now + 5s);
      connection.serve(true, now);
      const Listener::Peer peer(listener);
      for (const auto text : {std::string_view("+OK\r\n"), std::string_view("+OK\r\n"), role}) {
        peer.say(text);
        connection.serve(true, now);
      }
      if (!connection.is_ready()) return Verdict::refused;
      connection.send(1, store_command(StoreCall::get("key")), now, now + 5s);
      connection.send(2, store_command(StoreCall::get("key")), now, now + 5s,
                      RedisConnection::Manner::asking);
      connection.serve(true, now);
      peer.say(record);
      peer.say("+OK\r\n");
      peer.say(record);
      connection.serve(true, now);
      for (RedisConnection::Id id = 1; id <= 2; ++id) {
        const auto answer = connection.take_answer();
        if (!answer) return Verdict::refused;
        if (answer->id != id || answer->reply.text.size() != 40) return Verdict::wrong;
      }
      return Verdict::right;
    });
  }

  TEST_CASE("RD-01: a store, from a call to its answer") {
    const Listener listener;
    check_every_failure([&] {
      listener.drain();
      RedisPlan plan;
      plan.servers.push_back({listener.url()});
      RedisStore store(std::move(plan), {}, 5s);
      auto outcome = Verdict::refused;
      store.start(1, StoreCall::get("key"), [&outcome](const Result<flow::StoreReply>& reply) {
        if (!reply.ok()) return;
        outcome = reply->record && reply->record->size() == 40 ? Verdict::right : Verdict::wrong;
      });
      const auto turn = [&store] {
        std::vector<SocketWait> waits;
        store.add_waits(waits);
        for (auto& wait : waits) wait.is_ready = true;
        store.serve(waits, std::chrono::steady_clock::now());
      };
      turn();
      const Listener::Peer peer(listener);
      for (const auto text : {std::string_view("+OK\r\n"), std::string_view("+OK\r\n"), record}) {
        peer.say(text);
        turn();
      }
      return outcome;
    });
  }

  TEST_CASE("RD-01: a connection that goes on after a failure: no answer is another command's") {
    const Listener listener;
    const RedisEndpoint endpoint{listener.url(), nullptr, false};
    const std::string keys[] = {"the-first-key-of-them-all", "the-second-key-of-them", "a-third",
                                "the-fourth-and-last-key"};
    NameLookups lookups;
    check_every_failure([&] {
      listener.drain();
      const auto now = std::chrono::steady_clock::now();
      Servers servers(listener);
      RedisConnection connection(endpoint, lookups, now, now + 5s);
      bool was_answered[4] = {}, is_settled[4] = {};
      for (RedisConnection::Id id = 1; id <= 4; ++id) {
        is_settled[id - 1] = !step([&] {
          connection.send(id, store_command(StoreCall::get(keys[id - 1])), now, now + 5s);
        });
        for (int turns = 0; turns < 4; ++turns) {
          (void)step([&] { connection.serve(true, now); });
          servers.answer();
        }
        while (const auto answer = connection.take_answer()) {
          if (answer->reply.text != keys[answer->id - 1]) return Verdict::wrong;
          was_answered[answer->id - 1] = is_settled[answer->id - 1] = true;
        }
      }
      // What has no answer is taken back, to be asked elsewhere: nothing gets lost.
      if (connection.is_closed()) {
        for (const auto& one : connection.take_unanswered()) is_settled[one.id - 1] = true;
      }
      if (std::count(std::begin(is_settled), std::end(is_settled), false)) return Verdict::wrong;
      const auto num_right = std::count(std::begin(was_answered), std::end(was_answered), true);
      return num_right == 4 ? Verdict::right : Verdict::refused;
    });
  }

  // Whoever asked forgets a call that begins or ends in a throw, as the loop does.
  TEST_CASE("RD-01: a store that goes on after a failure: no wrong answer, nothing used again") {
    const Listener listener;
    RedisPoolLimits limits;
    limits.enough_waiting = 1;
    limits.first_pause = limits.longest_pause = 0s;
    constexpr Store::Id num_calls = 9;
    std::string keys[num_calls];
    for (auto& key : keys) key = "a-key-with-a-long-name-" + std::to_string(&key - keys);
    check_every_failure([&] {
      listener.drain();
      RedisPlan plan;
      plan.servers.push_back({listener.url()});
      Servers servers(listener);
      RedisStore store(std::move(plan), limits, 5s);
      bool was_right[num_calls] = {}, is_over[num_calls] = {}, is_wrong = false;
      const auto begin = [&](Store::Id id) {
        is_over[id] = was_right[id] = false;
        const bool has_begun = step([&] {
          store.start(id, StoreCall::get(keys[id]), [&, id](const Result<flow::StoreReply>& reply) {
            is_over[id] = true;
            was_right[id] = reply.ok() && reply->record == keys[id];
            is_wrong = is_wrong || (reply.ok() && !was_right[id]);
          });
        });
        if (!has_begun) store.forget(id);
      };
      const auto turn = [&](bool are_answered) {
        (void)step([&] {
          std::vector<SocketWait> waits;
          store.add_waits(waits);
          for (auto& wait : waits) wait.is_ready = true;
          store.serve(waits, std::chrono::steady_clock::now());
        });
        if (are_answered) servers.answer();
      };
      for (Store::Id id = 0; id < num_calls; ++id) {
        begin(id);
        if (id % 3 != 2) continue;
        // Twice they are lost on the way, then answered.
        for (int i = 0; i < 4; ++i) turn(true);
        for (Store::Id more = 0; more <= id; ++more) {
          if (is_over[more]) begin(more);
        }
        turn(false);
        servers.close_all();
        for (int i = 0; i < 8; ++i) turn(true);
      }
      for (Store::Id id = 0; id < num_calls; ++id) {
        if (!is_over[id]) store.forget(id);
      }
      for (int i = 0; i < 4; ++i) turn(true);
      if (is_wrong) return Verdict::wrong;
      return std::count(std::begin(was_right), std::end(was_right), false) == 0 ? Verdict::right
                                                                                : Verdict::refused;
    });
  }

  TEST_CASE("RD-01: being told of changes: after a failure none is missed and believed told") {
    const Listener listener;
    check_every_failure([&] {
      listener.drain();
      NameLookups lookups;
      Watcher watcher;
      Servers servers(listener);
      RedisTracking::Terms terms;
      terms.prefixes = {"app-"};
      terms.max_staleness = 1s;
      RedisTracking tracking(std::move(terms), lookups, watcher);
      tracking.follow({{listener.url(), nullptr, false}});
      auto now = std::chrono::steady_clock::now();
      const auto turn = [&] {
        for (int i = 0; i < 8; ++i) {
          (void)step([&] {
            std::vector<SocketWait> waits;
            tracking.add_waits(waits);
            for (auto& wait : waits) wait.is_ready = true;
            tracking.serve(waits, now);
          });
          servers.answer();
        }
        now += 600ms;
      };
      turn();
      watcher.was_told_of_change = false;
      servers.say(
          "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n"
          "*1\r\n$31\r\napp-a-key-with-a-name-that-long\r\n");
      const auto said = now;
      for (int i = 0; i < 4; ++i) turn();
      if (watcher.told > said && !watcher.was_told_of_change) return Verdict::wrong;
      return watcher.told > said && watcher.num_keys == 1 ? Verdict::right : Verdict::refused;
    });
  }

  // Only what the loop's thread takes fails, here the test's own.
  TEST_CASE("a loop, from a task to its end: told once, and counted, whatever could not be had") {
    DriverSettings settings;
    settings.own_thread = false;
    settings.operation_timeout = 20ms;
    settings.store.kind = StoreSettings::Kind::memory;
    Refetcher services;
    int num_refused = 0;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 2000);
      Driver driver(settings, system_clock(), services);
      REQUIRE(driver.start().ok());
      int num_ended = 0;
      auto status = Status::ok;
      auto task = std::make_unique<Asking>(num_ended, status);
      auto effect = task->start({});
      REQUIRE(driver.submit(std::move(task), std::move(*effect), nullptr).ok());
      const auto ends = std::chrono::steady_clock::now() + 5s;
      num_made = 0;
      fail_at = n;
      while (num_ended == 0 && std::chrono::steady_clock::now() < ends) {
        try {
          driver.run_once(5ms);
        } catch (const std::bad_alloc&) {  // on the host's own part of the way
        }
      }
      fail_at = 0;
      const bool has_failed = num_made >= n;
      CHECK(num_ended == 1);
      CHECK(driver.num_in_flight() == 0);
      num_refused += status != Status::ok;
      if (has_failed) continue;
      CHECK(status == Status::ok);
      CHECK(num_refused > 0);
      return;
    }
  }

  TEST_CASE("a loop: who must finish does, whatever could not be had behind its first answer") {
    DriverSettings settings;
    settings.own_thread = false;
    settings.store.kind = StoreSettings::Kind::memory;
    settings.store.timeout = 20ms;
    Refetcher services;
    int num_finished = 0;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 2000);
      Driver driver(settings, system_clock(), services);
      REQUIRE(driver.start().ok());
      int num_resumed = 0, num_ended = 0;
      auto status = Status::ok;
      auto task = std::make_unique<Holding>(num_resumed, num_ended, status);
      auto effect = task->start({});
      REQUIRE(driver.submit(std::move(task), std::move(*effect), nullptr).ok());
      const auto ends = std::chrono::steady_clock::now() + 5s;
      num_made = 0;
      fail_at = n;
      while (num_ended == 0 && std::chrono::steady_clock::now() < ends) {
        (void)step([&] { driver.run_once(5ms); });
      }
      fail_at = 0;
      CHECK(num_ended == 1);
      CHECK((num_resumed == 0 || status == Status::ok));
      num_finished += num_resumed > 0;
      if (num_made >= n) continue;
      CHECK(num_finished > 3);
      return;
    }
  }

  TEST_CASE("F-248: a memory store keeps what was there, or what is put, and its bound") {
    const auto clock = system_clock();
    const std::string old_value(40, 'o'), new_value(40, 'n');
    const std::string keys[] = {"a-key-that-needs-memory-of-its-own",
                                "another-key-with-such-a-name", "the-third-of-these-long-keys"};
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 200);
      MemoryStore store(2, clock, nullptr);
      const auto get = [&](const std::string& key) {
        std::string value;
        store.start(1, StoreCall::get(key), [&](const Result<flow::StoreReply>& reply) {
          value = reply.value().record.value_or("");
        });
        return value;
      };
      const auto put = [&](const std::string& key, const std::string& value) {
        store.start(1, StoreCall::put(key, value, 60s), [](const Result<flow::StoreReply>&) {});
      };
      put(keys[0], old_value);
      put(keys[1], old_value);
      num_made = 0;
      fail_at = n;
      const bool is_first_put = step([&] { put(keys[0], new_value); });
      const bool is_third_put = step([&] { put(keys[2], new_value); });
      fail_at = 0;
      const bool has_failed = num_made >= n;
      // Who was not put anew is the one that goes.
      CHECK(get(keys[0]) == (is_first_put ? new_value : is_third_put ? "" : old_value));
      CHECK(get(keys[2]) == (is_third_put ? new_value : ""));
      for (const auto& key : keys)
        put(key, new_value);  // who was lost sight of would be in the way
      CHECK(get(keys[0]).empty());
      CHECK(get(keys[1]) == new_value);
      CHECK(get(keys[2]) == new_value);
      if (has_failed) continue;
      CHECK(n > 3);
      return;
    }
  }

  TEST_CASE(
      "a callback comes, and its operation can be dropped, whatever dispatch could not have") {
    DriverSettings settings;
    settings.own_thread = false;
    Refetcher services;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 200);
      const auto driver = std::make_shared<Driver>(settings, system_clock(), services);
      const auto completion = CompletionOf<int>::make(driver);
      int num_called = 0;
      completion->on_done([&](const Result<int>&) { ++num_called; });
      completion->deliver(7);
      num_made = 0;
      fail_at = n;
      (void)step([&] { driver->dispatch(1); });
      fail_at = 0;
      const bool has_failed = num_made >= n;
      driver->dispatch(1);
      REQUIRE(num_called == 1);
      completion->drop();
      if (!has_failed) return;
    }
  }

  TEST_CASE("a driver with a thread: where it could not begin it begins the next time") {
    DriverSettings settings;
    settings.store.kind = StoreSettings::Kind::memory;
    Refetcher services;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 20'000);
      std::atomic<int> num_ended = 0;
      Driver driver(settings, system_clock(), services);
      num_made = 0;
      fail_at = n;
      bool is_started = false;
      (void)step([&] { is_started = driver.start().ok(); });
      fail_at = 0;
      const bool has_failed = num_made >= n;
      REQUIRE(driver.start().ok());
      driver.after(0s, [&](Instant) { ++num_ended; });
      const auto ends = std::chrono::steady_clock::now() + 5s;
      while (num_ended == 0 && std::chrono::steady_clock::now() < ends) ::usleep(100);
      REQUIRE(num_ended == 1);
      if (has_failed) continue;
      CHECK(is_started);
      CHECK(n > 3);
      return;
    }
  }

  TEST_CASE("a name that could not be looked up once is looked up the next time") {
    const std::string host = "a-host-with-a-long-name.example";
    for (int n = 1; n < 12; ++n) {
      CAPTURE(n);
      NameLookups lookups(4, [&](const std::string&, std::uint16_t) {
        return Addresses{socket_address("/a-path")};
      });
      fail_elsewhere_at = n;
      bool is_found = false;
      const auto ends = std::chrono::steady_clock::now() + 5s;
      while (!is_found && std::chrono::steady_clock::now() < ends) {
        const auto id = lookups.start(host, 1).value();
        for (int i = 0; i < 100 && !is_found; ++i, ::usleep(100)) {
          const auto found = lookups.take(id);
          is_found = found && found->size() == 1;
        }
        lookups.forget(id);
      }
      fail_elsewhere_at = 0;
      REQUIRE(is_found);
    }
  }

  TEST_CASE("after: work that was taken runs, perhaps early; else whoever wanted it is told") {
    DriverSettings settings;
    settings.own_thread = false;
    Refetcher services;
    int num_taken = 0;
    for (long n = 1;; ++n) {
      CAPTURE(n);
      REQUIRE(n < 200);
      Driver driver(settings, system_clock(), services);
      REQUIRE(driver.start().ok());
      int num_run = 0;
      bool is_taken = false;
      num_made = 0;
      fail_at = n;
      (void)step([&] { is_taken = driver.after(1ms, [&num_run](Instant) { ++num_run; }); });
      const auto ends = std::chrono::steady_clock::now() + (is_taken ? 5s : 0s);
      do {
        (void)step([&] { driver.run_once(5ms); });
      } while (num_run == 0 && std::chrono::steady_clock::now() < ends);
      fail_at = 0;
      const bool has_failed = num_made >= n;
      CHECK(num_run == (is_taken ? 1 : 0));
      num_taken += is_taken;
      if (has_failed) continue;
      CHECK(num_taken > 1);
      CHECK(is_taken);
      return;
    }
  }
}
