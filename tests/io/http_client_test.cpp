#include "io/http_client.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include <gatelet/version.hpp>

#include "io/http_exchange.hpp"
#include "support/http_server.hpp"

using namespace gatelet;
using namespace gatelet::io;
using namespace gatelet::io::testing;
using support::HttpPeer;
using support::HttpServer;

namespace {

constexpr auto bad_answer = Status::provider_bad_answer;
constexpr auto unreachable_provider = Status::provider_unreachable;

// Keeps the last request and answers it.
struct Recorder {
  std::string request;
  HttpServer server{[this](HttpPeer& peer) {
    while (auto got = peer.read_request()) {
      request = *got;
      peer.reply(200, "ok");
    }
  }};
};

bool has_line(const std::string& request, const std::string& line) {
  return request.find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

TEST_SUITE("io/http_client") {
  TEST_CASE("a GET comes back with status, fields and body") {
    HttpServer server(
        support::answer(200, "hello", "Content-Type: text/plain\r\nX-Two: 1\r\nx-two: 2\r\n"));

    const auto reply = exchange(get(server.url("/a/../b?c=d"))).value();

    CHECK(reply.status == 200);
    CHECK(reply.body == "hello");
    CHECK(reply.header("content-type") == "text/plain");
    CHECK(reply.fields.size() == 4);
  }

  TEST_CASE("the request says who asks, and nothing that was not asked for") {
    Recorder recorder;
    auto call = get(recorder.server.url("/a/../b?c=d"));
    call.add_header("Authorization", "Bearer t");
    call.add_header("X-Empty", "");

    REQUIRE(exchange(std::move(call)).ok());

    CHECK(recorder.request.starts_with("GET /a/../b?c=d HTTP/1.1\r\n"));
    CHECK(has_line(recorder.request, "User-Agent: gatelet/" GATELET_VERSION_TEXT));
    CHECK(has_line(recorder.request, "Authorization: Bearer t"));
    CHECK(has_line(recorder.request, "X-Empty:"));
    for (const auto* name : {"Accept-Encoding", "Cookie", "Expect", "Content-Length", "Referer"}) {
      CAPTURE(name);
      CHECK(recorder.request.find(name) == std::string::npos);
    }
  }

  TEST_CASE("a POST carries its body whole, NUL and all; a large one asks no permission first") {
    Recorder recorder;
    auto call = grant(recorder.server.url());
    call.body = std::string("a\0b", 3) + std::string(1'200'000, 'x');

    REQUIRE(exchange(call).ok());

    CHECK(recorder.request.starts_with("POST / HTTP/1.1\r\n"));
    CHECK(has_line(recorder.request, "Content-Type: application/x-www-form-urlencoded"));
    CHECK(recorder.request.ends_with(call.body));
    CHECK(recorder.request.find("Expect") == std::string::npos);
  }

  TEST_CASE("a method or field that could smuggle a second request is not sent") {
    Recorder recorder;
    auto split_value = get(recorder.server.url());
    split_value.add_header("X", "a\r\nY: b");
    auto split_name = get(recorder.server.url());
    split_name.add_header("X: a\r\nY", "b");
    auto method = get(recorder.server.url());
    method.method = "GET / HTTP/1.1\r\nX";

    for (const auto& call : {split_value, split_name, method}) {
      CHECK(exchange(call).error().status == Status::internal);
    }
    CHECK(recorder.server.num_connections() == 0);
  }

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

  TEST_CASE("the environment's proxy is not used") {
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    HttpServer server(support::answer(200, "direct"));

    CHECK(exchange(get(server.url())).value().body == "direct");
    ::unsetenv("http_proxy");
  }

  TEST_CASE("H-17: a redirect is an answer like any other, and not followed") {
    HttpServer target(support::answer(200, "secret"));
    HttpServer server(support::answer(302, "", "Location: " + target.url() + "\r\n"));

    const auto reply = exchange(get(server.url())).value();

    CHECK(reply.status == 302);
    CHECK(reply.header("Location") == target.url());
    CHECK(target.num_connections() == 0);
  }

  TEST_CASE("I-11: a huge document is cut at its limit, one byte less is accepted") {
    HttpServer server(support::answer(200, std::string(1000, 'x')));
    auto call = get(server.url());
    call.max_reply_size = 1000;
    CHECK(exchange(call).value().body.size() == 1000);

    call.max_reply_size = 999;
    CHECK(says(exchange(call), bad_answer, "larger than 999 bytes"));
  }

  TEST_CASE("EN-21: an endless body without Content-Length is cut at the limit while it comes") {
    HttpServer server([](HttpPeer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\n\r\n");
      while (peer.send(std::string(65536, 'x'))) {
      }
    });

    CHECK(says(exchange(get(server.url())), bad_answer, "larger than 1048576 bytes"));
    CHECK(server.wait_for_open_connections(0));
  }

  TEST_CASE("EN-21: the same in chunks") {
    HttpServer server([](HttpPeer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (peer.send("1000\r\n" + std::string(4096, 'x') + "\r\n")) {
      }
    });

    CHECK(says(exchange(get(server.url())), bad_answer, "larger than"));
  }

  TEST_CASE("a flood of headers, of interim answers, or of trailers is cut at 64 KiB") {
    const auto flood = [](std::string first, std::string more) {
      return HttpServer::Script([=](HttpPeer& peer) {
        peer.read_request();
        peer.send(first);
        while (peer.send(more)) {
        }
      });
    };
    HttpServer headers(flood("HTTP/1.1 200 OK\r\n", "X-Field: value\r\n"));
    HttpServer interim(flood("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
    HttpServer trailers(
        flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"));

    for (const auto* server : {&headers, &interim, &trailers}) {
      CHECK(says(exchange(get(server->url())), bad_answer, "64 KiB of headers"));
    }
  }

  TEST_CASE("trailers are no header fields") {
    HttpServer server(
        support::send_raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: 1\r\n\r\n"
                          "2\r\nok\r\n0\r\nB: 2\r\n\r\n"));

    const auto reply = exchange(get(server.url())).value();

    CHECK(reply.body == "ok");
    CHECK(reply.header("A") == "1");
    CHECK(reply.header("B").empty());
  }

  TEST_CASE("what is cut short is no answer") {
    for (const auto* bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"}) {
      CAPTURE(bytes);
      HttpServer server(support::send_raw(bytes));
      CHECK(says(exchange(get(server.url())), bad_answer, "cut short"));
    }
  }

  TEST_CASE("a body longer than it says ends where it says") {
    HttpServer server(
        support::send_raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 X\r\n\r\n"));

    CHECK(exchange(get(server.url())).value().body == "ok");
  }

  TEST_CASE("what is not HTTP is no answer, and never repeated") {
    for (const auto* bytes :
         {"canary canary\r\n\r\n", "SSH-2.0-canary\r\n", "HTTP/1.1 canary\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"}) {
      CAPTURE(bytes);
      HttpServer server(support::send_raw(bytes));
      const auto result = exchange(get(server.url()));
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().status == bad_answer);
      CHECK(result.error().text.find("canary") == std::string::npos);
    }
  }

  TEST_CASE("a compressed answer is refused, not unpacked") {
    const std::string gzip("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
    HttpServer server(support::answer(200, gzip, "Content-Encoding: gzip\r\n"));
    HttpServer plain(support::answer(200, "x", "Content-Encoding: Identity\r\n"));

    CHECK(says(exchange(get(server.url())), bad_answer, "compressed"));
    CHECK(exchange(get(plain.url())).ok());
  }

  TEST_CASE("a connection that closes before an answer, or refuses, is unreachable") {
    HttpServer closes([](HttpPeer& peer) { peer.read_request(); });
    CHECK(says(exchange(get(closes.url())), unreachable_provider, "closed the connection"));

    std::string nobody;
    {
      HttpServer gone(support::hang());
      nobody = gone.url();
    }
    CHECK(says(exchange(get(nobody)), unreachable_provider, "nobody listens there"));
    CHECK(says(exchange(get("http://gatelet.invalid/")), unreachable_provider, "no address"));
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
