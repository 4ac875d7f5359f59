#include "io/http_client.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <string>

#include "io/http_exchange.hpp"
#include "support/http_server.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using support::HttpPeer;
using support::HttpServer;

namespace {

constexpr auto unreachable_provider = Status::provider_unreachable;

}  // namespace

TEST_SUITE("io/http_client") {
  TEST_CASE("cookies are neither kept nor sent") {
    std::string second;
    HttpServer server([&](HttpPeer& peer) {
      peer.read_request();
      peer.reply(200, "", "Set-Cookie: a=b; Path=/\r\n");
      second = peer.read_request().value_or("");
      peer.reply(200, "");
    });
    const auto client = HttpClient::create({}).value();

    REQUIRE(exchange(*client, get(server.url())).ok());
    REQUIRE(exchange(*client, get(server.url())).ok());

    CHECK(server.num_connections() == 1);  // kept alive
    CHECK(second.find("Cookie") == std::string::npos);
  }

  TEST_CASE("a provider that sends nothing for the idle limit has timed out") {
    HttpServer server([](HttpPeer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
      peer.wait_for_close();
    });
    const auto client = HttpClient::create({.max_connections = 1, .idle_limit = 1s}).value();

    CHECK(says(exchange(*client, get(server.url())), Status::timed_out, "stopped answering"));
  }

  TEST_CASE("MA-48: addresses in private space are not connected to, however they are written") {
    HttpServer server(support::answer(200, "secret"));
    HttpTrust trust;
    trust.allow_http = true;
    trust.configured_hosts = {"idp.example"};
    const auto strict = std::make_shared<const HttpTrust>(trust);
    for (const auto* host : {"127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1",
                             "[::ffff:127.0.0.1]", "127.1", "0"}) {
      CAPTURE(host);
      auto call = HttpCall::get(server.url_at(host));
      call.trust = strict;
      CHECK_FALSE(exchange(call).ok());
    }
    auto call = HttpCall::get("http://169.254.169.254/latest/meta-data");
    call.trust = strict;
    CHECK(says(exchange(call), unreachable_provider, "its address is private"));
    CHECK(server.num_connections() == 0);
  }

  TEST_CASE("MA-48: a host the configuration names may be private") {
    HttpServer server(support::answer(200, "ok"));
    HttpTrust trust;
    trust.allow_http = true;
    trust.configured_hosts = {"localhost"};
    auto call = HttpCall::get(server.url_at("localhost"));
    call.trust = std::make_shared<const HttpTrust>(trust);

    CHECK(exchange(call).value().body == "ok");
  }

  TEST_CASE(
      "H-17: a kept connection to a private address does not serve a call that may not go there") {
    HttpServer server(support::answer(200, "secret"));
    const auto client = HttpClient::create({}).value();
    HttpTrust strict;
    strict.allow_http = true;
    auto call = HttpCall::get(server.url());
    call.trust = std::make_shared<const HttpTrust>(strict);

    REQUIRE(exchange(*client, get(server.url())).ok());
    CHECK(says(exchange(*client, call), unreachable_provider, "its address is private"));
    CHECK(server.num_requests() == 1);
  }

  TEST_CASE("a GET on a kept connection that turns out dead is sent again") {
    HttpServer server([](HttpPeer& peer) {
      peer.read_request();
      peer.reply(200, "first");
      peer.read_request();  // then closes without an answer
    });
    const auto client = HttpClient::create({}).value();

    REQUIRE(exchange(*client, get(server.url())).ok());
    CHECK(exchange(*client, get(server.url())).value().body == "first");
    CHECK(server.num_connections() == 2);
  }

  TEST_CASE("a grant is sent once, also where a kept connection would close upon it") {
    std::atomic<int> num_grants{0};
    HttpServer server([&](HttpPeer& peer) {
      while (auto request = peer.read_request()) {
        if (request->starts_with("POST")) {
          ++num_grants;
          return;
        }
        peer.reply(200, "kept");
      }
    });
    const auto client = HttpClient::create({}).value();
    for (int round = 0; round < 3; ++round) {
      REQUIRE(exchange(*client, get(server.url())).ok());
      REQUIRE(exchange(*client, get(server.url())).ok());
      num_grants = 0;
      CHECK(says(exchange(*client, grant(server.url())), unreachable_provider, "closed"));
      CHECK(num_grants == 1);
    }
  }

  TEST_CASE("a POST that is no grant shows the danger: libcurl sends it again") {
    std::atomic<int> num_posts{0};
    HttpServer server([&](HttpPeer& peer) {
      while (auto request = peer.read_request()) {
        if (request->starts_with("POST")) {
          ++num_posts;
          return;
        }
        peer.reply(200, "kept");
      }
    });
    const auto client = HttpClient::create({}).value();
    auto call = grant(server.url());
    call.is_grant = false;

    REQUIRE(exchange(*client, get(server.url())).ok());
    CHECK_FALSE(exchange(*client, call).ok());
    CHECK(num_posts == 2);
  }

  TEST_CASE("cancel: the connection closes, nothing finishes") {
    HttpServer server(support::hang());
    const auto client = HttpClient::create({}).value();
    client->start(7, get(server.url()));
    while (server.num_requests() == 0) {
      client->wait(10ms);
      client->perform();
    }

    client->cancel(7);
    client->cancel(7);
    CHECK(server.wait_for_open_connections(0));
    CHECK_FALSE(client->take_finished());
  }

  TEST_CASE("start: a hanging provider leaves connections for others, and gets what they leave") {
    HttpServer dead(support::hang());
    HttpServer alive(support::answer(200, "ok"));
    const auto client = HttpClient::create({.max_connections = 4, .idle_limit = 1h}).value();
    for (HttpClient::Id id = 100; id < 120; ++id) client->start(id, get(dead.url()));
    while (dead.num_requests() < 2) {
      client->wait(10ms);
      client->perform();
    }

    for (int i = 0; i < 5; ++i) CHECK(exchange(*client, get(alive.url())).value().body == "ok");

    CHECK(dead.num_connections() == 2);  // half of four: as many as are left free
    client->cancel(119);                 // it was still waiting
    client->cancel(100);                 // its place goes to the next
    while (dead.num_connections() < 3) {
      client->wait(10ms);
      client->perform();
    }
  }

  TEST_CASE("start: with one connection in all, calls take turns") {
    HttpServer server(support::answer(200, "ok"));
    const auto client = HttpClient::create({.max_connections = 1, .idle_limit = 1h}).value();
    for (HttpClient::Id id = 1; id <= 5; ++id) client->start(id, get(server.url()));

    for (HttpClient::Id id = 1; id <= 5; ++id) {
      const auto finished = next_finished(*client);
      REQUIRE(finished);
      CHECK(finished->id == id);
      CHECK(finished->reply.ok());
    }
  }

  TEST_CASE("no descriptor left is said as such, and passes") {
    HttpServer server(support::answer(200, "ok"));
    const auto client = HttpClient::create({}).value();
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const int first_free = ::dup(0);
    ::close(first_free);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(first_free);
    setrlimit(RLIMIT_NOFILE, &tight);
    const auto refused = exchange(*client, get(server.url()));
    setrlimit(RLIMIT_NOFILE, &before);

    CHECK(says(refused, unreachable_provider, "no descriptor left"));
    CHECK(exchange(*client, get(server.url())).ok());
  }
}
