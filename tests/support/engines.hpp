// Engines and sessions for tests that need no network: the provider is configured by hand, and
// never asked.
#pragma once

#include <gatelet/gatelet.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.hpp"
#include "session/cookie_session.hpp"
#include "session/session.hpp"

namespace gatelet::support {

inline constexpr std::string_view cookie_secret = "0123456789!bcdef0123456789!bcdef";
inline constexpr std::string_view issuer = "https://idp.example";

// A clock that stands where it is put.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(std::int64_t seconds) noexcept : now_(at_unix(seconds)) {}
  Instant now() const noexcept override { return now_; }
  void set(Instant now) noexcept { now_ = now; }
  void advance(Duration by) noexcept { now_ = now_ + by; }

 private:
  Instant now_;
};

// A provider known without discovery: application https://app.example, issuer https://idp.example,
// client c.
Settings offline_settings(std::vector<std::pair<std::string_view, std::string_view>> more = {});

std::shared_ptr<Engine> offline_engine(
    std::vector<std::pair<std::string_view, std::string_view>> more = {},
    Ports ports = default_ports());

// A session of about `token_size` bytes of tokens, begun at `now`; `serial` makes it unlike any
// other.
session::Session make_session(Instant now, std::size_t token_size = 2000, int serial = 0);

// The Cookie header value with which a browser would bring this session back.
std::string cookie_of(const session::Session& session, Instant now,
                      std::string_view cookie_name = "__Host-gatelet",
                      session::CookieFormat format = session::CookieFormat::native);

// A GET for https://app.example, with these headers.
class Request {
 public:
  explicit Request(std::string target,
                   std::vector<std::pair<std::string, std::string>> headers = {});
  Request(Request&&) noexcept = default;  // a copy would view the original
  Request& operator=(Request&&) noexcept = default;
  RequestView view() const noexcept;
  Request& method(std::string method);

 private:
  std::string method_ = "GET";
  std::string target_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::vector<HeaderView> views_;
};

}  // namespace gatelet::support
