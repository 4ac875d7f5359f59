// Where a server listens: an address as oauth2-proxy's options write it becomes a socket.
#pragma once

#include <string>

namespace forward_auth {

// A listening socket. It is closed, and what it left in the file system removed, at the end.
class Socket {
 public:
  // `address`: HOST:PORT, :PORT (every address, v4 and v6), [v6]:PORT, unix:///PATH[,mode=0660] or
  // fd:N; port 0 is any free one. On failure is_open() is false and `problem` says why.
  Socket(const std::string& address, std::string& problem);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  bool is_unix() const;
  std::string where() const;  // "127.0.0.1:4180", or a unix socket's path

 private:
  void open_tcp(const std::string& host, const std::string& port, std::string& problem);
  void open_unix(const std::string& path, const std::string& mode, std::string& problem);
  void adopt(int fd, std::string& problem);

  int fd_ = -1;
  std::string path_;  // of a unix socket that was made here
};

}  // namespace forward_auth
