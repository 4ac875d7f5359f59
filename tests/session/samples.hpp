// Sessions, keys and cookies for the tests of this room.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "session/cookie_session.hpp"
#include "support/scripted_entropy.hpp"

namespace gatelet::session::samples {

constexpr std::int64_t begin = 1767225600;  // 2026-01-01T00:00:00Z
constexpr std::string_view host = "app.example";

inline std::shared_ptr<const CookieKeys> keys(
    std::string_view secret = "0123456789!bcdef0123456789!bcdef") {
  return CookieKeys::make(Secret(secret)).value();
}

// A token that does not compress.
inline Secret token(std::size_t size, std::uint64_t seed = 7) {
  support::SeededEntropy entropy(seed);
  std::string bytes(size, '\0');
  static_cast<void>(entropy.fill(as_writable_bytes(bytes)));
  return Secret(base64url::encode(bytes).substr(0, size));
}

inline Session session(std::string_view user = "jane", std::size_t token_size = 40) {
  Session session;
  session.created_at = Timestamp{begin, 5};
  session.expires_on = Timestamp{begin + 3600, 0};
  session.access_token = token(token_size);
  session.id_token = token(40, 8);
  session.refresh_token = token(40, 9);
  session.nonce = std::string("\0\xff nonce", 8);
  session.email = std::string(user) + "@example.com";
  session.user = user;
  session.groups = {"admins", "users"};
  session.preferred_username = "Jane";
  session.additional_claims = {{"level", msgpack::Value(std::int64_t{3})}};
  return session;
}

// Request fields that carry what Set-Cookie values set; expired ones are left out.
class Browser {
 public:
  Browser() = default;
  explicit Browser(const std::vector<std::string>& set_cookies) { take(set_cookies); }

  void take(const std::vector<std::string>& set_cookies) {
    for (const auto& line : set_cookies) {
      const auto pair = line.substr(0, line.find(';'));
      const auto name = pair.substr(0, pair.find('=') + 1);
      std::erase_if(pairs_, [&](const auto& one) { return one.starts_with(name); });
      if (line.find("; Max-Age=0;") == std::string::npos) pairs_.push_back(pair);
    }
  }
  void add(std::string pair) { pairs_.push_back(std::move(pair)); }
  std::vector<std::string>& pairs() { return pairs_; }

  // Valid until the browser changes or is asked again.
  const std::vector<HeaderView>& headers() {
    line_.clear();
    for (const auto& pair : pairs_) line_ += (line_.empty() ? "" : "; ") + pair;
    headers_ = {{"Accept", "*/*"}, {"Cookie", line_}};
    return headers_;
  }

 private:
  std::vector<std::string> pairs_;
  std::string line_;
  std::vector<HeaderView> headers_;
};

inline std::vector<std::string> write(const SessionSettings& settings, const Session& session,
                                      const std::vector<HeaderView>& headers = {}) {
  support::SeededEntropy entropy(static_cast<std::uint64_t>(session.created_at->seconds));
  return write_session(settings, *keys(), session, host, headers, entropy).value();
}

// The newest session among the candidates, as the engine takes it.
inline Result<Session> read(const SessionSettings& settings, const std::vector<HeaderView>& headers,
                            Instant now = at_unix(begin + 60)) {
  Result<Session> best = Error{Status::session_invalid, "no candidate"};
  for (const auto& candidate : find_session_cookies(settings, headers)) {
    auto opened = open_session(settings, *keys(), candidate, now);
    if (opened.ok() && (!best.ok() || best->created_at < opened->created_at))
      best = std::move(opened);
    if (!opened.ok() && !best.ok()) best = std::move(opened);
  }
  return best;
}

}  // namespace gatelet::session::samples
