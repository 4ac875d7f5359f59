#include "support/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace gatelet::support {
namespace {

constexpr auto patience = std::chrono::seconds(10);

std::size_t body_size(std::string_view head) {
  const auto field = head.find("Content-Length: ");
  if (field == std::string_view::npos) return 0;
  return static_cast<std::size_t>(std::strtoul(head.data() + field + 16, nullptr, 10));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Servers write to connections that clients closed: no signal for the test program.
class QuietSignals {
 public:
  QuietSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  QuietSignals(const QuietSignals&) = delete;
  QuietSignals& operator=(const QuietSignals&) = delete;
  ~QuietSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

std::ptrdiff_t HttpPeer::receive(char* data, std::size_t size) {
  if (tls_) return SSL_read(tls_, data, static_cast<int>(size));
  for (;;) {
    const auto got = ::recv(fd_, data, size, 0);
    if (got >= 0 || errno != EINTR) return got;
  }
}

std::optional<std::string> HttpPeer::read_request() {
  std::size_t wanted = 0;
  for (;;) {
    const auto head_end = unread_.find("\r\n\r\n");
    if (head_end != std::string::npos)
      wanted = head_end + 4 + body_size(unread_.substr(0, head_end));
    if (wanted > 0 && unread_.size() >= wanted) break;
    char chunk[4096];
    const auto got = receive(chunk, sizeof chunk);
    if (got <= 0) return std::nullopt;
    unread_.append(chunk, static_cast<std::size_t>(got));
  }
  auto request = unread_.substr(0, wanted);
  unread_.erase(0, wanted);
  server_.note_request();
  return request;
}

std::optional<std::string> HttpPeer::read_bytes(std::size_t exactly) {
  while (unread_.size() < exactly) {
    char chunk[4096];
    const auto got = receive(chunk, sizeof chunk);
    if (got <= 0) return std::nullopt;
    unread_.append(chunk, static_cast<std::size_t>(got));
  }
  auto bytes = unread_.substr(0, exactly);
  unread_.erase(0, exactly);
  return bytes;
}

void HttpPeer::tunnel_to(const HttpServer& target) {
  const int far = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(target.port());
  bool is_open = ::connect(far, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  while (is_open) {
    pollfd both[] = {{fd_, POLLIN, 0}, {far, POLLIN, 0}};
    const bool has_more = !unread_.empty() || (tls_ && SSL_pending(tls_) > 0);
    ::poll(both, 2, has_more ? 0 : -1);
    char chunk[4096];
    if (has_more || both[0].revents != 0) {
      auto bytes = std::exchange(unread_, {});
      if (bytes.empty()) {
        const auto got = receive(chunk, sizeof chunk);
        bytes.assign(chunk, static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
      }
      is_open = !bytes.empty() && ::send(far, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
    }
    if (is_open && both[1].revents != 0) {
      const auto got = ::recv(far, chunk, sizeof chunk, 0);
      is_open = got > 0 && send({chunk, static_cast<std::size_t>(got)});
    }
  }
  ::close(far);
}

bool HttpPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = tls_ ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                           : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && !tls_ && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void HttpPeer::reply(int status, std::string_view body, std::string_view more_fields) {
  send("HTTP/1.1 " + std::to_string(status) +
       " Whatever\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
       std::string(more_fields) + "\r\n" + std::string(body));
}

void HttpPeer::wait_for_close() {
  char chunk[4096];
  while (receive(chunk, sizeof chunk) > 0) {
  }
}

HttpServer::HttpServer(Script script, std::optional<Tls> tls)
    : script_(std::move(script)), is_tls_(tls.has_value()) {
  if (tls) {
    tls_.reset(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(tls_.get(), tls->certificate.x509.get());
    SSL_CTX_use_PrivateKey(tls_.get(), tls->certificate.key.get());
    if (tls->max_version != 0) {
      SSL_CTX_set_cipher_list(tls_.get(), "ALL:@SECLEVEL=0");  // else OpenSSL itself refuses
      SSL_CTX_set_min_proto_version(tls_.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(tls_.get(), tls->max_version);
    }
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 512) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("no listening socket for the scripted server");
  }
  port_ = ntohs(address.sin_port);
  const QuietSignals quiet;  // the new thread inherits the mask, and so do those it makes
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (auto& thread : threads_) thread.join();
}

void HttpServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::scoped_lock lock(mutex_);
    if (is_ending_) {
      if (fd >= 0) ::close(fd);
      return;
    }
    if (fd < 0) continue;
    open_.push_back(fd);
    ++num_connections_;
    changed_.notify_all();
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void HttpServer::serve(int fd) {
  SSL* tls = nullptr;
  bool is_open = true;
  if (tls_) {
    tls = SSL_new(tls_.get());
    SSL_set_fd(tls, fd);
    is_open = SSL_accept(tls) == 1;
    const std::scoped_lock lock(mutex_);
    if (is_open) tls_version_ = SSL_get_version(tls);
  }
  if (is_open) {
    HttpPeer peer(*this, fd, tls);
    script_(peer);
    if (tls && peer.says_goodbye_) SSL_shutdown(tls);
  }
  if (tls) SSL_free(tls);
  const std::scoped_lock lock(mutex_);
  ::close(fd);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  changed_.notify_all();
}

void HttpServer::note_request() {
  const std::scoped_lock lock(mutex_);
  ++num_requests_;
  changed_.notify_all();
}

std::string HttpServer::url(std::string_view path) const { return url_at("127.0.0.1", path); }

std::string HttpServer::url_at(std::string_view host, std::string_view path) const {
  return std::string(is_tls_ ? "https://" : "http://")
      .append(host)
      .append(":")
      .append(std::to_string(port_))
      .append(path);
}

std::string HttpServer::tls_version() const {
  const std::scoped_lock lock(mutex_);
  return tls_version_;
}

bool HttpServer::wait_for_requests(std::size_t at_least) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return num_requests_ >= at_least; });
}

bool HttpServer::wait_for_open_connections(std::size_t exactly) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return open_.size() == exactly; });
}

HttpServer::Script answer(int status, std::string body, std::string more_fields) {
  return [=](HttpPeer& peer) {
    while (peer.read_request()) peer.reply(status, body, more_fields);
  };
}

HttpServer::Script send_raw(std::string bytes) {
  return [=](HttpPeer& peer) {
    if (peer.read_request()) peer.send(bytes);
  };
}

HttpServer::Script hang() {
  return [](HttpPeer& peer) {
    peer.read_request();
    peer.wait_for_close();
  };
}

}  // namespace gatelet::support
