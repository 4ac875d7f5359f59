// One connection to a client, for cpp-httplib to read requests from and write answers to.
#pragma once

#include <httplib.h>
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>

#include "request_head.hpp"

namespace forward_auth {

class Connection : public httplib::Stream {
 public:
  // Takes the socket over. `context`: TLS is spoken; null: it is not.
  Connection(int fd, SSL_CTX* context);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Blocking, each at most as long as a client may take: 5 s between two bytes, 20 s for TLS, and
  // 20 s for a request with its body.
  bool shake_hands();                                        // TLS; without, true
  bool wait_for_request(std::chrono::milliseconds longest);  // false: none came, or it is closed
  enum class Head { good, bad, gone };
  Head read_head(bool escape_percent, bool& has_body);  // what follows is then read from here
  void refuse();                                        // 400

  // Of httplib::Stream. Versions differ in what they ask for, so none is marked as overriding.
  bool is_readable() const { return true; }
  bool is_writable() const { return wait_for(false, patience); }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return is_writable(); }
  time_t duration() const { return 0; }
  ssize_t read(char* out, size_t size);
  ssize_t write(const char* data, size_t size);
  using httplib::Stream::write;
  void get_remote_ip_and_port(std::string& ip, int& port) const;
  void get_local_ip_and_port(std::string& ip, int& port) const;
  socket_t socket() const { return fd_; }

 private:
  static constexpr std::chrono::milliseconds patience{5000};
  static constexpr std::chrono::seconds longest_request{20};

  bool wait_for(bool to_read, std::chrono::milliseconds longest) const;
  bool wait_in_time(bool to_read, bool is_bounded) const;  // is_bounded: by the deadline as well
  template <class Step>
  int by_tls(Step step, bool is_bounded);
  ssize_t receive(char* out, std::size_t size);  // from the network, past what was read ahead

  const int fd_;
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  std::string ahead_;      // read, and not yet given out
  std::size_t begin_ = 0;  // of what is left of it
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace forward_auth
