// RD-01: the n-th allocation fails, for every n: an error or std::bad_alloc, no wrong answer, no
// leak, and what is left can be destroyed.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/failing_malloc.hpp"
#include "io/redis_exchange.hpp"
#include "io/redis_store.hpp"
#include "io/redis_topology.hpp"
#include "io/redis_tracking.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using flow::StoreCall;
using namespace std::chrono_literals;

namespace {

enum class Verdict { right, refused, wrong };

// Runs `what` with every allocation failing in turn, until none is left to fail.
void check_every_failure(const std::function<Verdict()>& what) {
  REQUIRE(what() == Verdict::right);  // what is made once in a process is made now
  for (long n = 1;; ++n) {
    REQUIRE(n < 20'000);
    const long live_before = num_live();
    Failure failure(n);
    auto outcome = Verdict::refused;
    try {
      outcome = what();
    } catch (const std::bad_alloc&) {
    }
    const bool has_failed = failure.end();
    const long num_left = num_live() - live_before;
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
      connection.send(1, store_command(StoreCall::get("key")), now, 5s);
      connection.send(2, store_command(StoreCall::get("key")), now, 5s,
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
        is_settled[id - 1] = !step(
            [&] { connection.send(id, store_command(StoreCall::get(keys[id - 1])), now, 5s); });
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
}
