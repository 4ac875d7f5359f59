// A scripted server on loopback for tests: own code over POSIX sockets, so that it can misbehave
// byte for byte. A script runs once a connection, on a thread of its own.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/certificates.hpp"

namespace gatelet::support {

class HttpServer;

// One connection, as its script sees it.
class HttpPeer {
 public:
  // The next request, head and body (by Content-Length); nullopt when the client closed.
  std::optional<std::string> read_request();

  std::optional<std::string> read_bytes(std::size_t exactly);  // nullopt: it closed before

  // What a proxy does: bytes go both ways between the client and `target` until one of them closes.
  void tunnel_to(const HttpServer& target);

  bool send(std::string_view bytes);  // false: the client closed
  void reply(int status, std::string_view body, std::string_view more_fields = "");
  void wait_for_close();  // hangs: reads until the client goes away, or the server ends
  void close_without_alert() noexcept { says_goodbye_ = false; }  // TLS: as if cut

 private:
  friend class HttpServer;
  HttpPeer(HttpServer& server, int fd, SSL* tls) : server_(server), fd_(fd), tls_(tls) {}
  std::ptrdiff_t receive(char* data, std::size_t size);

  HttpServer& server_;
  const int fd_;
  SSL* const tls_;
  std::string unread_;
  bool says_goodbye_ = true;
};

class HttpServer {
 public:
  using Script = std::function<void(HttpPeer&)>;

  struct Tls {
    Certificate certificate;
    int max_version = 0;  // 0: what OpenSSL has; TLS1_VERSION and TLS1_1_VERSION for old ones
  };

  explicit HttpServer(Script script, std::optional<Tls> tls = std::nullopt);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();  // closes every connection and waits for the scripts

  std::uint16_t port() const noexcept { return port_; }
  std::string url(std::string_view path = "/") const;  // by address, 127.0.0.1
  std::string url_at(std::string_view host, std::string_view path = "/") const;

  std::size_t num_connections() const noexcept { return num_connections_; }
  std::size_t num_requests() const noexcept { return num_requests_; }
  std::string tls_version() const;  // of the last handshake that was completed; empty: none

  // Waits for an event; false when it does not come within ten seconds.
  bool wait_for_requests(std::size_t at_least);
  bool wait_for_open_connections(std::size_t exactly);

 private:
  friend class HttpPeer;
  void accept_all();
  void serve(int fd);
  void note_request();

  const Script script_;
  bool is_tls_ = false;
  std::shared_ptr<SSL_CTX> tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> num_connections_{0};
  std::atomic<std::size_t> num_requests_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  bool is_ending_ = false;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::string tls_version_;
  std::thread acceptor_;
};

// Scripts.
HttpServer::Script answer(int status, std::string body, std::string more_fields = "");
HttpServer::Script send_raw(std::string bytes);  // reads a request, sends this, closes
HttpServer::Script hang();                       // reads a request, never answers

}  // namespace gatelet::support
