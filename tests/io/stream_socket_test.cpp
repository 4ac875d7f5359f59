#include "io/stream_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <string>

#include "support/http_server.hpp"

using namespace gatelet;
using namespace gatelet::io;
using support::HttpPeer;
using support::HttpServer;

namespace {

SocketAddress address_of(const HttpServer& server) {
  return socket_address(http::parse_ip("127.0.0.1").value(), server.port());
}

void wait_for(const StreamSocket& socket, short events) {
  pollfd one{socket.fd(), events, 0};
  ::poll(&one, 1, 5000);
}

int option(const StreamSocket& socket, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  ::getsockopt(socket.fd(), level, name, &value, &size);
  return value;
}

}  // namespace

TEST_SUITE("io/stream_socket") {
  TEST_CASE("bytes go both ways, and nothing blocks") {
    HttpServer server([](HttpPeer& peer) {
      const auto got = peer.read_bytes(5);
      peer.send(got.value_or("nothing"));
    });
    auto socket = StreamSocket::connect(address_of(server)).value();
    wait_for(socket, POLLOUT);
    REQUIRE(socket.connected().ok());
    char data[16];
    CHECK(socket.receive(data, sizeof data).state == StreamSocket::State::must_wait);
    CHECK(socket.send("hello").size == 5);
    wait_for(socket, POLLIN);
    CHECK(std::string(data, socket.receive(data, sizeof data).size) == "hello");
    wait_for(socket, POLLIN);
    CHECK(socket.receive(data, sizeof data).state == StreamSocket::State::closed);
  }

  TEST_CASE("K-06: a send to who has gone is an error, and no SIGPIPE") {
    ::signal(SIGPIPE, SIG_DFL);  // would end this program
    HttpServer server([](HttpPeer&) {});
    auto socket = StreamSocket::connect(address_of(server)).value();
    char data[16];
    wait_for(socket, POLLIN);
    CHECK(socket.receive(data, sizeof data).state == StreamSocket::State::closed);
    REQUIRE(server.wait_for_open_connections(0));
    (void)socket.send("one that is answered with a reset");
    wait_for(socket, POLLERR);
    CHECK(socket.send("another").state == StreamSocket::State::closed);
  }

  TEST_CASE("it is not inherited, sends at once, is kept alive; a Unix socket is not asked to") {
    HttpServer server(support::hang());
    auto socket = StreamSocket::connect(address_of(server)).value();
    CHECK((::fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(socket.fd(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK(option(socket, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(option(socket, SOL_SOCKET, SO_KEEPALIVE) != 0);
    const auto nowhere = StreamSocket::connect(socket_address("/nowhere/socket"));
    REQUIRE_FALSE(nowhere.ok());
    CHECK(nowhere.error().text == "there is no such socket");
  }

  TEST_CASE("nobody listens: an error now or when it is asked for") {
    SocketAddress free_port;
    {
      HttpServer server(support::hang());
      free_port = address_of(server);
    }
    auto begun = StreamSocket::connect(free_port);
    if (begun.ok()) {
      wait_for(*begun, POLLOUT);
      CHECK(begun->connected().error().text == "nobody listens there");
    } else {
      CHECK(begun.error().text == "nobody listens there");
    }
  }

  TEST_CASE("writing to a connection that was closed is an error and no signal") {
    HttpServer server([](HttpPeer&) {});
    auto socket = StreamSocket::connect(address_of(server)).value();
    wait_for(socket, POLLIN);
    // The first byte makes the other side's kernel say that nobody reads there; poll tells when
    // that is heard.
    (void)socket.send("x");
    wait_for(socket, POLLERR);
    CHECK(socket.send("x").state == StreamSocket::State::closed);
  }

  TEST_CASE("it moves, and the place it left is empty") {
    HttpServer server(support::hang());
    auto first = StreamSocket::connect(address_of(server)).value();
    const int fd = first.fd();
    StreamSocket second(std::move(first));
    CHECK(second.fd() == fd);
    CHECK(first.fd() == -1);
    struct stat before = {}, after = {};
    REQUIRE(::fstat(fd, &before) == 0);
    second = StreamSocket();
    // The server may have been given the number by now.
    CHECK((::fstat(fd, &after) == -1 || after.st_ino != before.st_ino));
  }
}
