#include "connection.hpp"

#include <netdb.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace forward_auth {
namespace {

void read_name(int (*ask)(int, sockaddr*, socklen_t*), int fd, std::string& ip, int& port) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  char host[NI_MAXHOST], service[NI_MAXSERV];
  if (ask(fd, generic, &size) != 0 || address.ss_family == AF_UNIX) return;
  if (getnameinfo(generic, size, host, sizeof host, service, sizeof service,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return;
  }
  ip = host;
  port = std::atoi(service);
}

void limit_waiting(int fd, std::chrono::milliseconds longest) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  const timeval limit{seconds.count(), 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

Connection::Connection(int fd, SSL_CTX* context)
    : fd_(fd), ssl_(context == nullptr ? nullptr : SSL_new(context), SSL_free) {
  limit_waiting(fd, patience);
  if (ssl_) SSL_set_fd(ssl_.get(), fd);
}

// What the client still sends is read for a moment: else closing would reset the connection, and
// it might not see the answer.
Connection::~Connection() {
  if (ssl_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ::shutdown(fd_, SHUT_WR);
  char rest[4096];
  constexpr std::chrono::milliseconds moment(200);
  for (int i = 0; i < 16 && wait_for(true, moment) && recv(fd_, rest, sizeof rest, 0) > 0; ++i) {
  }
  close(fd_);
}

bool Connection::shake_hands() {
  if (!ssl_) return true;
  ERR_clear_error();
  return SSL_accept(ssl_.get()) == 1;
}

bool Connection::wait_for(bool to_read, std::chrono::milliseconds longest) const {
  pollfd one{fd_, static_cast<short>(to_read ? POLLIN : POLLOUT), 0};
  int found = 0;
  do {
    found = poll(&one, 1, static_cast<int>(longest.count()));
  } while (found < 0 && errno == EINTR);
  return found > 0;
}

bool Connection::wait_for_request(std::chrono::milliseconds longest) {
  if (begin_ < ahead_.size() || (ssl_ && SSL_pending(ssl_.get()) > 0)) return true;
  return wait_for(true, longest);
}

ssize_t Connection::receive(char* out, std::size_t size) {
  if (std::chrono::steady_clock::now() > deadline_) return -1;
  if (!ssl_) {
    ssize_t got = 0;
    do {
      got = recv(fd_, out, size, 0);
    } while (got < 0 && errno == EINTR);
    return got;
  }
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), out, static_cast<int>(std::min<std::size_t>(size, 1 << 20)));
  return got > 0 ? got : -1;
}

Connection::Head Connection::read_head(bool escape_percent, bool& has_body) {
  ahead_.erase(0, std::exchange(begin_, 0));
  deadline_ = std::chrono::steady_clock::now() + longest_request;
  auto end = ahead_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (ahead_.size() > max_head_size) return Head::bad;
    char block[4096];
    const auto got = receive(block, sizeof block);
    if (got <= 0) return Head::gone;
    const auto from = ahead_.size() < 3 ? 0 : ahead_.size() - 3;
    ahead_.append(block, static_cast<std::size_t>(got));
    end = ahead_.find("\r\n\r\n", from);
  }
  if (end > max_head_size) return Head::bad;
  auto head = check_head(std::string_view(ahead_).substr(0, end + 4), escape_percent);
  if (!head) return Head::bad;
  has_body = head->has_body;
  ahead_.replace(0, end + 4, head->text);
  return Head::good;
}

void Connection::refuse() {
  write(
      std::string("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nCache-Control: no-store\r\n"
                  "Content-Length: 0\r\n\r\n"));
}

ssize_t Connection::read(char* out, size_t size) {
  if (begin_ == ahead_.size()) return receive(out, size);
  const auto given = std::min(size, ahead_.size() - begin_);
  ahead_.copy(out, given, begin_);
  begin_ += given;
  return static_cast<ssize_t>(given);
}

ssize_t Connection::write(const char* data, size_t size) {
  if (!ssl_) return send(fd_, data, size, MSG_NOSIGNAL);
  if (size == 0) return 0;
  ERR_clear_error();
  const int put = SSL_write(ssl_.get(), data, static_cast<int>(std::min<size_t>(size, 1 << 20)));
  return put > 0 ? put : -1;
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  read_name(getpeername, fd_, ip, port);
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  read_name(getsockname, fd_, ip, port);
}

}  // namespace forward_auth
