#include "session/cookie_expiry.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "session/lifetime.hpp"

namespace gatelet::session {
namespace {

constexpr std::size_t max_cleared = 64;

}  // namespace

std::optional<std::chrono::seconds> max_age(const SessionSettings& settings, const Session& session,
                                            std::optional<Instant> now) noexcept {
  if (settings.cookie_expire == std::chrono::seconds(0)) return std::nullopt;
  return time_left(session, settings, now ? to_timestamp(*now) : *session.created_at);
}

std::vector<std::string> expire_others(const SessionSettings& settings,
                                       const http::CookieAttributes& attributes,
                                       std::vector<NamedCookie> kept,
                                       std::span<const HeaderView> request_headers) {
  std::vector<std::string> out;
  out.reserve(kept.size());
  for (auto& cookie : kept) out.push_back(std::move(cookie.set_cookie));

  auto unpartitioned = attributes;
  unpartitioned.partitioned = false;
  std::vector<std::string_view> expired;
  http::CookieReader reader(request_headers);
  http::CookieView cookie;
  while (expired.size() < max_cleared && reader.next(cookie)) {
    const auto name = cookie.name;
    if (!is_cookie_or_part(settings.cookie_name, name)) continue;
    if (std::find(expired.begin(), expired.end(), name) != expired.end()) continue;
    const bool is_kept =
        std::any_of(kept.begin(), kept.end(), [&](const auto& one) { return one.name == name; });
    if (is_kept && !attributes.partitioned) continue;
    expired.push_back(name);
    const auto expire = [&](const http::CookieAttributes& as) {
      http::write_set_cookie(name, {}, as, std::chrono::seconds(0), out.emplace_back());
    };
    if (!is_kept) expire(attributes);
    if (attributes.partitioned) expire(unpartitioned);
  }
  return out;
}

}  // namespace gatelet::session
