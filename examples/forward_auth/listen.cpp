#include "listen.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace forward_auth {
namespace {

constexpr int backlog = 512;

std::string why() { return std::strerror(errno); }

void turn_on(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

int listening_tcp(const addrinfo& found, bool is_every_address) {
  const int fd = socket(found.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  turn_on(fd, SOL_SOCKET, SO_REUSEADDR);
  turn_on(fd, IPPROTO_TCP, TCP_NODELAY);  // accepted connections have it from here
  if (found.ai_family == AF_INET6 && is_every_address) {
    const int off = 0;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (bind(fd, found.ai_addr, found.ai_addrlen) == 0 && listen(fd, backlog) == 0) return fd;
  const int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

// A socket nobody listens on any more, left behind by a process that was killed.
void remove_stale(const sockaddr_un& address) {
  struct stat what {};
  if (stat(address.sun_path, &what) != 0 || !S_ISSOCK(what.st_mode)) return;
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool is_alive =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (!is_alive && errno == ECONNREFUSED) unlink(address.sun_path);
  close(probe);
}

mode_t mode_of(const std::string& octal) {
  return static_cast<mode_t>(std::strtoul(octal.c_str(), nullptr, 8));
}

}  // namespace

Socket::Socket(const std::string& address, std::string& problem) {
  constexpr std::string_view unix_scheme = "unix://", mode_key = ",mode=";
  if (address.starts_with(unix_scheme)) {
    const auto rest = address.substr(unix_scheme.size());
    const auto comma = rest.find(mode_key);
    const auto mode =
        comma == std::string::npos ? std::string() : rest.substr(comma + mode_key.size());
    open_unix(rest.substr(0, comma), mode, problem);
    return;
  }
  if (strncasecmp(address.c_str(), "fd:", 3) == 0) {
    adopt(std::atoi(address.c_str() + 3), problem);
    return;
  }
  const auto scheme = address.find("://");
  const auto rest = scheme == std::string::npos ? address : address.substr(scheme + 3);
  const auto colon = rest.rfind(':');
  auto host = rest.substr(0, colon);
  if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
  open_tcp(host, rest.substr(colon + 1), problem);
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
  if (!path_.empty()) unlink(path_.c_str());
}

void Socket::open_tcp(const std::string& host, const std::string& port, std::string& problem) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  if (host.empty()) wanted.ai_family = AF_INET6;
  const int code =
      getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &wanted, &found);
  if (code != 0) {
    problem = gai_strerror(code);
    return;
  }
  for (const auto* one = found; one != nullptr && fd_ < 0; one = one->ai_next) {
    fd_ = listening_tcp(*one, host.empty());
  }
  const bool has_no_v6 = fd_ < 0 && host.empty() && errno == EAFNOSUPPORT;
  if (fd_ < 0) problem = why();
  freeaddrinfo(found);
  if (!has_no_v6) return;
  problem.clear();
  open_tcp("0.0.0.0", port, problem);
}

void Socket::open_unix(const std::string& path, const std::string& mode, std::string& problem) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    problem = "the path is too long";
    return;
  }
  path.copy(address.sun_path, path.size());
  remove_stale(address);
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Nobody can connect before the mode is right: listen() comes last.
  const bool is_bound =
      fd_ >= 0 && bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (is_bound) path_ = path;
  if (is_bound && (mode.empty() || chmod(path.c_str(), mode_of(mode)) == 0) &&
      listen(fd_, backlog) == 0) {
    return;
  }
  problem = why();
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void Socket::adopt(int fd, std::string& problem) {
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening) {
    fd_ = fd;
  } else {
    problem = "no listening socket was handed over there";
  }
}

bool Socket::is_unix() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.ss_family == AF_UNIX;
}

std::string Socket::where() const {
  if (!path_.empty()) return path_;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host, sizeof host, port,
                  sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "a socket that was handed over";
  }
  const bool is_v6 = address.ss_family == AF_INET6;
  return (is_v6 ? "[" : "") + std::string(host) + (is_v6 ? "]:" : ":") + port;
}

}  // namespace forward_auth
