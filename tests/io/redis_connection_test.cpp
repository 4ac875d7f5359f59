#include "io/redis_connection.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "io/redis_exchange.hpp"
#include "io/redis_ground.hpp"
#include "support/certificates.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using flow::StoreCall;
using support::Certificate;
using support::CertificateTerms;
using support::HttpPeer;
using support::HttpServer;
using State = RedisConnection::State;
using End = RedisConnection::End;

namespace {

const Certificate& authority() {
  static const auto made = support::make_authority();
  return made;
}

HttpServer::Tls certificate_for(std::string name) {
  CertificateTerms terms;
  terms.dns_names = {std::move(name)};
  return {support::issue(authority(), terms)};
}

// One connection, turned by hand.
struct Turned {
  explicit Turned(http::RedisUrl url, std::shared_ptr<const TlsServer> tls = nullptr,
                  Duration connect_limit = 5s, bool must_be_primary = false)
      : endpoint{std::move(url), std::move(tls), must_be_primary},
        connection(endpoint, lookups, SteadyClock::now(), SteadyClock::now() + connect_limit) {}

  void turn() {
    std::vector<SocketWait> waits;
    connection.add_waits(waits);
    lookups.add_waits(waits);
    poll_waits(waits, 20ms);
    connection.serve(!waits.empty() && waits[0].is_ready, SteadyClock::now());
  }
  bool turn_until(State state) {
    const auto deadline = SteadyClock::now() + 5s;
    while (connection.state() != state && SteadyClock::now() < deadline) turn();
    return connection.state() == state;
  }
  std::optional<RedisReply> ask(std::string key) {
    const auto now = SteadyClock::now();
    connection.send(1, store_command(StoreCall::get(std::move(key))), now, 5s);
    while (SteadyClock::now() < now + 5s && !connection.is_closed()) {
      turn();
      if (auto answer = connection.take_answer()) return std::move(answer->reply);
    }
    return std::nullopt;
  }

  NameLookups lookups;
  const RedisEndpoint endpoint;
  RedisConnection connection;
};

std::shared_ptr<const TlsServer> trust(std::string host) {
  return TlsServer::create({std::move(host), {}, authority().pem(), false, false, "redis_ca_path"})
      .value();
}

http::RedisUrl tls_url(const HttpServer& server, const std::string& before = "") {
  return http::parse_redis_url("rediss://" + before + "localhost:" + std::to_string(server.port()))
      .value();
}

// A socket that listens and has no place left: whoever connects hears nothing, as of a host that
// is gone.
class FullListener {
 public:
  FullListener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener_, generic, size) == 0);
    REQUIRE(::listen(listener_, 0) == 0);
    REQUIRE(::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    for (const int fd : fillers_) ::connect(fd, generic, size);
    std::this_thread::sleep_for(20ms);
  }
  ~FullListener() {
    for (const int fd : fillers_) ::close(fd);
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  static int make(int flags) { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0); }
  int listener_ = make(0);
  std::array<int, 3> fillers_{make(SOCK_NONBLOCK), make(SOCK_NONBLOCK), make(SOCK_NONBLOCK)};
  std::uint16_t port_ = 0;
};

}  // namespace

TEST_SUITE("io/redis_connection") {
  TEST_CASE("its life: connecting, ready, lost when the other side goes") {
    HttpServer server([](HttpPeer& peer) {
      const auto command = read_command(peer);
      peer.send(echo(*command));
    });
    Turned turned(url_of(server));
    CHECK(turned.connection.state() <= State::connecting);
    REQUIRE(turned.turn_until(State::ready));
    CHECK_FALSE(turned.connection.was_heard());
    CHECK(turned.ask("k")->text == "k");
    CHECK(turned.connection.was_heard());
    REQUIRE(turned.turn_until(State::closed));
    CHECK(turned.connection.end() == End::lost);
    CHECK(turned.connection.why().text ==
          "the session store cannot be reached: it closed the connection");
  }

  TEST_CASE("replies that trickle byte by byte are the same replies") {
    HttpServer server([](HttpPeer& peer) {
      while (const auto command = read_command(peer)) {
        for (const char c : echo(*command)) {
          peer.send({&c, 1});
          std::this_thread::sleep_for(1ms);
        }
      }
    });
    Turned turned(url_of(server));
    for (const auto* key : {"a", "b\r\n", ""}) CHECK(turned.ask(key)->text == key);
  }

  TEST_CASE("F-073: over TLS, with sign-in inside it") {
    std::vector<Words> seen;
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
                        seen.push_back(command);
                        return echo(command);
                      }),
                      certificate_for("localhost"));
    Turned turned(tls_url(server, "u:pw@"), trust("localhost"));
    CHECK(turned.ask("k")->text == "k");
    CHECK(seen == std::vector<Words>{{"AUTH", "u", "pw"}, {"GET", "k"}});
    const std::string large(200'000, 'x');
    CHECK(turned.ask(large)->text == large);
  }

  TEST_CASE("RD-05: a certificate for another name: nothing is sent, no password before all") {
    std::atomic<int> num_commands{0};
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
                        ++num_commands;
                        return echo(command);
                      }),
                      certificate_for("other.example"));
    Turned turned(tls_url(server, "u:pw@"), trust("localhost"));
    CHECK_FALSE(turned.ask("k"));
    CHECK(turned.connection.why().text ==
          "the session store cannot be reached: its certificate is for another name");
    CHECK(num_commands == 0);
  }

  TEST_CASE("a server that does not speak TLS, and one that only listens") {
    HttpServer plain(echo_keys());
    Turned to_plain(tls_url(plain), trust("localhost"), 300ms);
    REQUIRE(to_plain.turn_until(State::closed));
    CHECK(to_plain.connection.end() == End::lost);

    HttpServer silent([](HttpPeer& peer) { peer.wait_for_close(); });
    Turned to_silent(tls_url(silent), trust("localhost"), 100ms);
    REQUIRE(to_silent.turn_until(State::closed));
    CHECK(to_silent.connection.why().text ==
          "the session store cannot be reached: it did not answer in time");
    Turned to_silent_hello(url_of(silent, "u:p@"), nullptr, 100ms);
    REQUIRE(to_silent_hello.turn_until(State::closed));
  }

  TEST_CASE("RD-07: past the time of any command the connection is closed, withdrawn or not") {
    for (const bool is_withdrawn : {false, true}) {
      HttpServer server([](HttpPeer& peer) { peer.wait_for_close(); });
      Turned turned(url_of(server));
      REQUIRE(turned.turn_until(State::ready));
      const auto now = SteadyClock::now();
      turned.connection.send(1, store_command(StoreCall::get("a")), now, 50ms);
      turned.connection.send(2, store_command(StoreCall::get("b")), now, 5s);
      turned.turn();
      if (is_withdrawn) turned.connection.withdraw(1);
      CHECK(turned.connection.next_deadline() >= now + 50ms);
      CHECK(turned.connection.next_deadline() <= SteadyClock::now() + 50ms);
      REQUIRE(turned.turn_until(State::closed));
      CHECK(SteadyClock::now() - now < 2s);
      const auto left = turned.connection.take_unanswered();
      CHECK(left.size() == (is_withdrawn ? 1 : 2));
      CHECK(left.back().id == 2);
      CHECK(left.back().was_sent);
    }
  }

  TEST_CASE("a distant server: what the beginning took is no time that its first answer lacks") {
    HttpServer server([](HttpPeer& peer) {
      while (const auto command = read_command(peer)) {
        const bool is_first = command->at(0) == "AUTH";
        if (is_first) std::this_thread::sleep_for(1200ms);
        peer.send(is_first ? "+OK\r\n" : echo(*command));
      }
    });
    Turned turned(url_of(server, "u:p@"));
    const auto now = SteadyClock::now();
    turned.connection.send(1, store_command(StoreCall::get("a")), now, 1s);
    REQUIRE(turned.turn_until(State::ready));
    turned.connection.withdraw(1);  // whoever asked has waited long enough
    const auto answer = turned.ask("b");
    REQUIRE(answer);
    CHECK(answer->text == "b");
    CHECK(SteadyClock::now() - now >= 1s);
  }

  TEST_CASE("where nothing was heard for long, half of the time is enough to give the way up") {
    HttpServer server(echo_keys());
    Turned turned(url_of(server));
    CHECK(turned.ask("k"));
    const auto later = SteadyClock::now() + 11s;
    turned.connection.send(2, store_command(StoreCall::get("b")), later, 1s);
    turned.connection.serve(false, later);
    CHECK(turned.connection.next_deadline() == later + 500ms);
    turned.connection.send(3, store_command(StoreCall::get("c")), later, 1s);
    turned.connection.serve(false, later);
    CHECK(turned.connection.next_deadline() == later + 500ms);
    turned.connection.serve(false, later + 500ms);
    CHECK(turned.connection.is_closed());
    CHECK(turned.connection.end() == End::lost);
  }

  TEST_CASE("a server that takes nothing: what waits can be withdrawn, memory stays bounded") {
    HttpServer server([](HttpPeer& peer) {
      std::this_thread::sleep_for(300ms);
      while (const auto command = read_command(peer)) peer.send(echo(*command));
    });
    Turned turned(url_of(server));
    REQUIRE(turned.turn_until(State::ready));
    const auto now = SteadyClock::now();
    const std::string large(500'000, 'x');
    for (RedisConnection::Id id = 1; id <= 20; ++id) {
      turned.connection.send(id, store_command(StoreCall::put("k", large, 1s)), now, 10s);
    }
    turned.turn();
    for (RedisConnection::Id id = 1; id <= 19; ++id) turned.connection.withdraw(id);
    CHECK(turned.connection.num_waiting() < 19);
    while (SteadyClock::now() < now + 5s) {
      turned.turn();
      if (const auto answer = turned.connection.take_answer()) {
        CHECK(answer->id == 20);
        CHECK(is_ok(answer->reply));
        return;
      }
    }
    FAIL("no answer");
  }

  TEST_CASE("F-071: who must be a primary is asked last of all before calls, on every connection") {
    const auto primary = "*3\r\n" + bulk("master") + ":0\r\n*0\r\n";
    const auto replica =
        "*5\r\n" + bulk("slave") + bulk("h") + ":1\r\n" + bulk("connected") + ":0\r\n";
    const auto seen_with = [](const std::string& role, End end, std::vector<Words>& seen) {
      HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
        seen.push_back(command);
        return command[0] == "ROLE" ? role : echo(command);
      }));
      Turned turned(url_of(server, "u:pw@", "/3"), nullptr, 5s, true);
      const auto answer = turned.ask("k");
      CHECK((answer || turned.connection.end() == end));
      return answer.has_value();
    };
    std::vector<Words> seen;
    CHECK(seen_with(primary, End::lost, seen));
    CHECK(seen == std::vector<Words>{{"AUTH", "u", "pw"}, {"SELECT", "3"}, {"ROLE"}, {"GET", "k"}});
    for (const auto& one : std::vector<std::pair<std::string, End>>{{replica, End::replica},
                                                                    {"-NOPERM x\r\n", End::lost},
                                                                    {"+OK\r\n", End::nonsense},
                                                                    {"$-1\r\n", End::nonsense}}) {
      const auto& role = one.first;
      CAPTURE(role);
      seen.clear();
      CHECK_FALSE(seen_with(role, one.second, seen));
      CHECK(seen.size() == 3);
      CHECK(seen.back() == Words{"ROLE"});
    }
  }

  TEST_CASE(
      "F-072: ASKING goes right before its command, and nothing is asked for that is withdrawn") {
    std::mutex mutex;
    std::vector<Words> seen;
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) -> std::string {
      const std::scoped_lock lock(mutex);
      seen.push_back(command);
      return command[0] == "ASKING" ? "-ERR x\r\n" : echo(command);
    }));
    Turned turned(url_of(server));
    const auto now = SteadyClock::now();
    const auto send = [&](RedisConnection::Id id, const char* key, RedisConnection::Manner manner) {
      turned.connection.send(id, store_command(StoreCall::get(key)), now, 5s, manner);
    };
    send(1, "a", RedisConnection::Manner::plain);
    send(2, "b", RedisConnection::Manner::asking);
    send(3, "c", RedisConnection::Manner::asking);
    send(4, "d", RedisConnection::Manner::plain);
    turned.connection.withdraw(2);
    std::vector<std::string> answers;
    while (answers.size() < 3 && SteadyClock::now() < now + 5s) {
      turned.turn();
      while (auto answer = turned.connection.take_answer()) answers.push_back(answer->reply.text);
    }
    CHECK(answers == std::vector<std::string>{"a", "c", "d"});
    const std::scoped_lock lock(mutex);
    CHECK(seen == std::vector<Words>{{"GET", "a"}, {"ASKING"}, {"GET", "c"}, {"GET", "d"}});
  }

  TEST_CASE("what a server says before it is asked: an error is told, anything else is nonsense") {
    HttpServer full([](HttpPeer& peer) { peer.send("-ERR max number of clients reached\r\n"); });
    Turned turned(url_of(full));
    REQUIRE(turned.turn_until(State::closed));
    CHECK(turned.connection.end() == End::lost);
    HttpServer other([](HttpPeer& peer) {
      peer.send("SSH-2.0-OpenSSH\r\n");
      peer.wait_for_close();
    });
    Turned to_other(url_of(other));
    REQUIRE(to_other.turn_until(State::closed));
    CHECK(to_other.connection.end() == End::nonsense);
  }

  TEST_CASE("that a server has too many clients is no answer, though something was asked by then") {
    HttpServer full([](HttpPeer& peer) {
      (void)peer.read_bytes(1);
      peer.send("-ERR max number of clients reached\r\n");
    });
    Turned turned(url_of(full));
    CHECK_FALSE(turned.ask("k"));
    CHECK(turned.connection.is_closed());
    CHECK(turned.connection.end() == End::lost);
  }

  TEST_CASE("answers with so many elements are for those who asked for a list") {
    std::string many = "*20000\r\n";
    for (int i = 0; i < 20'000; ++i) many += ":1\r\n";
    HttpServer server(answer_each([&](HttpPeer&, const Words& command) {
      return command[1] == "list" ? many : command[1] == "more" ? "*200000\r\n" : bulk("x");
    }));
    using Manner = RedisConnection::Manner;
    const auto ask = [&](Turned& turned, const char* key, Manner manner) {
      const auto now = SteadyClock::now();
      turned.connection.send(1, store_command(StoreCall::get(key)), now, 5s, manner);
    };
    const auto wait = [](Turned& turned) {
      std::optional<RedisConnection::Answer> answer;
      while (!answer && !turned.connection.is_closed()) {
        turned.turn();
        answer = turned.connection.take_answer();
      }
      return answer ? answer->reply.items.size() : 0;
    };
    Turned turned(url_of(server));
    for (const auto* key : {"k", "list", "k"}) ask(turned, key, Manner::listing);
    CHECK(wait(turned) == 0);
    CHECK(wait(turned) == 20'000);
    CHECK(wait(turned) == 0);
    ask(turned, "list", Manner::plain);
    CHECK(wait(turned) == 0);
    CHECK(turned.connection.end() == End::nonsense);
    Turned other(url_of(server));
    ask(other, "more", Manner::listing);
    CHECK(wait(other) == 0);
    CHECK(other.connection.end() == End::nonsense);
  }

  TEST_CASE("an address that swallows everything is given up soon, however much time there is") {
    const FullListener listener;
    Turned turned(
        http::parse_redis_url("redis://127.0.0.1:" + std::to_string(listener.port())).value());
    const auto began = SteadyClock::now();
    turned.turn();
    CHECK(turned.connection.next_deadline() <= began + 500ms);
    REQUIRE(turned.turn_until(State::closed));
    CHECK(SteadyClock::now() - began >= 400ms);  // a server far away answers within that
    CHECK(SteadyClock::now() - began < 4s);      // it might take five
    CHECK(turned.connection.why().text ==
          "the session store cannot be reached: it did not answer in time");
  }

  TEST_CASE("once it is connected a server has the whole time for its hello") {
    HttpServer server(answer_each([](HttpPeer&, const Words&) {
      std::this_thread::sleep_for(700ms);
      return "+OK\r\n";
    }));
    Turned turned(url_of(server, "u:p@"), nullptr, 5s);
    CHECK(turned.turn_until(State::ready));
  }
}
