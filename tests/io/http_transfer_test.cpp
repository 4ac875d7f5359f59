#include "io/http_transfer.hpp"

#include <doctest/doctest.h>

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

TEST_SUITE("io/http_transfer") {
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
}
