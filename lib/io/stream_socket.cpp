#include "io/stream_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/system.hpp"

namespace gatelet::io {
namespace {

Error unreachable_because(std::string_view why) {
  return {Status::store_unreachable, std::string(why)};
}

Error connect_problem(int error) {
  switch (error) {
    case ECONNREFUSED: return unreachable_because("nobody listens there");
    case ENOENT: return unreachable_because("there is no such socket");
    case EACCES:
    case EPERM: return unreachable_because("this process may not open the socket");
    case ENETUNREACH:
    case EHOSTUNREACH: return unreachable_because("there is no way to its network");
    case EMFILE:
    case ENFILE: return unreachable_because("this process has no descriptor left");
    case ETIMEDOUT: return unreachable_because("it did not answer in time");
    default: return unreachable_because("no connection could be made");
  }
}

bool prepare(int fd, bool is_local) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return false;
  const int on = 1;
#ifdef SO_NOSIGPIPE
  ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  if (is_local) return true;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  return ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

StreamSocket::Moved outcome(std::ptrdiff_t moved) noexcept {
  if (moved >= 0) return {StreamSocket::State::moved, static_cast<std::size_t>(moved)};
  const bool must_wait = errno == EAGAIN || errno == EWOULDBLOCK;
  return {must_wait ? StreamSocket::State::must_wait : StreamSocket::State::closed};
}

#ifdef MSG_NOSIGNAL
constexpr int quiet = MSG_NOSIGNAL;
#else
constexpr int quiet = 0;
#endif

}  // namespace

SocketAddress socket_address(const http::IpAddress& address, std::uint16_t port) noexcept {
  SocketAddress made;
  if (address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(made.bytes);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data() + 12, 4);
    made.size = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(made.bytes);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
    made.size = sizeof v6;
  }
  return made;
}

SocketAddress socket_address(std::string_view path) noexcept {
  SocketAddress made;
  auto& local = reinterpret_cast<sockaddr_un&>(made.bytes);
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.data(), std::min(path.size(), sizeof local.sun_path - 1));
  made.size = sizeof local;
  return made;
}

StreamSocket& StreamSocket::operator=(StreamSocket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Result<StreamSocket> StreamSocket::connect(const SocketAddress& to) {
  const auto* address = reinterpret_cast<const sockaddr*>(&to.bytes);
  StreamSocket made(open_socket(address->sa_family, SOCK_STREAM, 0));
  if (made.fd_ < 0 || !prepare(made.fd_, address->sa_family == AF_UNIX)) {
    return connect_problem(errno);
  }
  if (::connect(made.fd_, address, to.size) == 0 || errno == EINPROGRESS || errno == EINTR) {
    return made;
  }
  return connect_problem(errno);
}

Result<void> StreamSocket::connected() const {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? Result<void>() : connect_problem(error);
}

StreamSocket::Moved StreamSocket::send(std::string_view bytes) noexcept {
  for (;;) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), quiet);
    if (sent >= 0 || errno != EINTR) return outcome(sent);
  }
}

StreamSocket::Moved StreamSocket::receive(char* data, std::size_t size) noexcept {
  for (;;) {
    const auto got = ::recv(fd_, data, size, 0);
    if (got == 0) return {State::closed};
    if (got > 0 || errno != EINTR) return outcome(got);
  }
}

void StreamSocket::close() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace gatelet::io
