// A connection of our own, TCP or Unix: never blocks, raises no signal, is not inherited.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "http/ip.hpp"

namespace gatelet::io {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

SocketAddress socket_address(const http::IpAddress& address, std::uint16_t port) noexcept;
// Requires at most 107 bytes without a NUL.
SocketAddress socket_address(std::string_view path) noexcept;

class StreamSocket {
 public:
  enum class State : std::uint8_t { moved, must_wait, closed };
  struct Moved {
    State state;
    std::size_t size = 0;  // bytes, when moved
  };

  StreamSocket() noexcept = default;
  StreamSocket(StreamSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  StreamSocket& operator=(StreamSocket&& other) noexcept;
  ~StreamSocket() { close(); }

  // Begins to connect; once it can be written to, connected() tells what came of it.
  //   Failure: Status::store_unreachable, in words to be put behind "it cannot be reached: ".
  static Result<StreamSocket> connect(const SocketAddress& to);
  Result<void> connected() const;

  Moved send(std::string_view bytes) noexcept;
  Moved receive(char* data, std::size_t size) noexcept;

  int fd() const noexcept { return fd_; }
  void close() noexcept;

 private:
  explicit StreamSocket(int fd) noexcept : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace gatelet::io
