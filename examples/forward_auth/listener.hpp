// A cpp-httplib server on a socket of ours, in threads of its own.
#pragma once

#include <httplib.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "listen.hpp"
#include "tls.hpp"

namespace forward_auth {

class Listener {
 public:
  // Listens at `address`, with TLS where there are settings for it. On failure `problem` says why,
  // and nothing else may be called.
  Listener(const std::string& address, const std::optional<TlsSettings>& tls, std::string& problem);
  ~Listener();  // as end(), and waits

  httplib::Server& server();
  bool is_unix() const { return socket_.is_unix(); }
  const char* scheme() const { return is_tls_ ? "https" : "http"; }
  std::string where() const;  // "https://127.0.0.1:4443", "unix:///run/a.sock"

  // Serves from now on; `on_failure` is called from its thread when it cannot.
  void begin(std::function<void()> on_failure);

  // Takes no more connections; requests that were begun are answered. Does not wait.
  void end();
  void join();

 private:
  class Server;
  Socket socket_;
  bool is_tls_;
  std::unique_ptr<Server> server_;
  std::atomic<bool> has_ended_{false};
  std::thread thread_;
};

}  // namespace forward_auth
