// RD-01: the n-th allocation fails, for every n: an error or std::bad_alloc, no wrong answer, no
// leak, and what is left can be destroyed. A program of its own: malloc is its own, for hiredis
// too.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "io/driver.hpp"
#include "io/redis_exchange.hpp"
#include "io/redis_store.hpp"
#include "io/redis_topology.hpp"
#include "io/system.hpp"

namespace {

long num_live = 0, num_made = 0, fail_at = 0;  // fail_at 0: none fails

bool must_fail() noexcept { return ++num_made == fail_at; }
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
  if (block) --num_live;
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
    for (int fd = 0; (fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) ::close(fd);
  }

  // Allocates nothing.
  class Peer {
   public:
    explicit Peer(const Listener& listener)
        : fd_(::accept4(listener.fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) {}
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
      store.start(1, StoreCall::get("key"), [&outcome](Result<flow::StoreReply> reply) {
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
}
