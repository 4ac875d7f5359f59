// gatelet inside a cpp-httplib server: this file is the whole adapter.
//
// Every request is decided first. What is allowed reaches the application with the headers the
// decision says; everything else is answered here. The same server answers nginx's auth_request:
// PREFIX/auth is one of the engine's own endpoints.
#pragma once

#include <httplib.h>

#include <functional>
#include <gatelet/gatelet.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace forward_auth {

// What the application gets: the request's headers after strip and add, and who is behind it (may
// be null).
struct Allowed {
  std::vector<std::pair<std::string, std::string>> headers;
  const gatelet::Identity* identity = nullptr;
};
using Application =
    std::function<void(const httplib::Request&, const Allowed&, httplib::Response&)>;

// How requests come in.
struct Entrance {
  std::string scheme = "http";
  bool is_unix = false;  // over a unix socket: its peers count as 127.0.0.1
};

// Takes the line of each request that has been answered; may be empty.
using RequestLog = std::function<void(const std::string& line)>;

// Puts the engine in front of the application. Both must outlive the server.
void protect(httplib::Server& server, std::shared_ptr<const gatelet::Engine> engine,
             Application application, Entrance entrance = {}, RequestLog log = {});

}  // namespace forward_auth
