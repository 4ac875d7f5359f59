#include "connection.hpp"

#include <fcntl.h>
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

bool would_wait(ssize_t result) {
  return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

}  // namespace

Connection::Connection(int fd, SSL_CTX* context)
    : fd_(fd),
      ssl_(context == nullptr ? nullptr : SSL_new(context), SSL_free),
      deadline_(std::chrono::steady_clock::now() + longest_request) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
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
  return !ssl_ || by_tls([&] { return SSL_accept(ssl_.get()); }, true) > 0;
}

template <class Step>
int Connection::by_tls(Step step, bool is_bounded) {
  for (;;) {
    ERR_clear_error();
    const int done = step();
    if (done > 0) return done;
    const int why = SSL_get_error(ssl_.get(), done);
    const bool wants_read = why == SSL_ERROR_WANT_READ;
    if (!wants_read && why != SSL_ERROR_WANT_WRITE) return -1;
    if (!wait_in_time(wants_read, is_bounded)) return -1;
  }
}

bool Connection::wait_in_time(bool to_read, bool is_bounded) const {
  auto longest = patience;
  if (is_bounded) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    longest = std::min(longest, left);
  }
  return longest.count() > 0 && wait_for(to_read, longest);
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
  if (ssl_) {
    const int most = static_cast<int>(std::min<std::size_t>(size, 1 << 20));
    return by_tls([&] { return SSL_read(ssl_.get(), out, most); }, true);
  }
  for (;;) {
    const auto got = recv(fd_, out, size, 0);
    if (!would_wait(got)) return got;
    if (!wait_in_time(true, true)) return -1;
  }
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
  if (size == 0) return 0;
  if (ssl_) {
    const int most = static_cast<int>(std::min<size_t>(size, 1 << 20));
    return by_tls([&] { return SSL_write(ssl_.get(), data, most); }, false);
  }
  for (;;) {
    const auto put = send(fd_, data, size, MSG_NOSIGNAL);
    if (!would_wait(put)) return put;
    if (!wait_in_time(false, false)) return -1;
  }
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  read_name(getpeername, fd_, ip, port);
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  read_name(getsockname, fd_, ip, port);
}

}  // namespace forward_auth
