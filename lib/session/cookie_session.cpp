#include "session/cookie_session.hpp"

#include <utility>

#include "http/header.hpp"
#include "session/bounded_record.hpp"
#include "session/cookie_budget.hpp"
#include "session/cookie_expiry.hpp"
#include "session/cookie_split.hpp"
#include "session/cookie_value.hpp"
#include "session/login_state.hpp"
#include "session/ticket.hpp"

namespace gatelet::session {
namespace {

std::string_view without_port(std::string_view host) noexcept {
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  return bracket == std::string_view::npos || colon > bracket ? host.substr(0, colon) : host;
}

// Equal, or a parent domain: a border stands where `domain` begins.
bool covers(std::string_view domain, std::string_view host) noexcept {
  if (host.size() < domain.size()) return false;
  const auto border = host.size() - domain.size();
  return http::equal_ignoring_case(host.substr(border), domain) &&
         (border == 0 || host[border - 1] == '.');
}

bool is_meant(const CookieRule& rule, std::string_view host) noexcept {
  std::string_view domain = rule.host;
  if (!domain.starts_with('.')) return http::equal_ignoring_case(domain, host);
  domain.remove_prefix(1);
  return host.size() > domain.size() && covers(domain, host);
}

Result<std::string> seal(const SessionSettings& settings, const CookieKeys& keys,
                         const Session& session, Entropy& entropy) {
  auto record = write_bounded_record(settings, session, !settings.minimal);
  if (!record) return Error{Status::session_too_large, record.error().text};
  auto value = seal_value(settings, keys, {Purpose::session, settings.cookie_name}, *record,
                          session.created_at->seconds, entropy);
  wipe(*record);
  return value;
}

Error too_large(const SessionSettings& settings, std::size_t size) {
  return Error{Status::session_too_large,
               "the session takes " + std::to_string(size) + " bytes of cookies and may take " +
                   std::to_string(session_room(settings)) +
                   " (cookie_budget, less what a sign-in needs): have the provider tell fewer "
                   "groups or claims, raise cookie_budget as far as all servers in front allow, or "
                   "keep sessions in a store (session_store_type, session_store_beside)"};
}

}  // namespace

http::CookieAttributes cookie_attributes(const SessionSettings& settings, std::string_view host) {
  const CookieRule* best = nullptr;
  for (const auto& rule : settings.cookie_rules) {
    if (!is_meant(rule, without_port(host))) continue;
    if (best == nullptr || rule.host.size() > best->host.size()) best = &rule;
  }
  if (best != nullptr) return best->attributes;
  auto attributes = settings.attributes;
  attributes.domain = domain_for(settings, host);
  return attributes;
}

std::string_view domain_for(const SessionSettings& settings, std::string_view host) noexcept {
  host = without_port(host);
  std::string_view longest, shortest;
  for (std::string_view domain : settings.cookie_domains) {
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (domain.empty()) continue;
    if (domain.size() > longest.size() && covers(domain, host)) longest = domain;
    if (shortest.empty() || domain.size() < shortest.size()) shortest = domain;
  }
  return longest.empty() ? shortest : longest;
}

Result<Session> open_session(const SessionSettings& settings, const CookieKeys& keys,
                             const SessionCookie& cookie, Instant now) {
  const std::string_view name =
      cookie.signed_name.empty() ? settings.cookie_name : cookie.signed_name;
  BorrowedWorkspace workspace(keys.workspaces());
  const CookieValue value{{Purpose::session, name}, cookie.value(), settings.cookie_expire};
  const auto opened = open_value(settings, keys, value, now, *workspace);
  if (!opened) return opened.error();
  return read_bounded_record(settings, opened->content);
}

Result<std::vector<std::string>> write_session(const SessionSettings& settings,
                                               const CookieKeys& keys, const Session& session,
                                               std::string_view host,
                                               std::span<const HeaderView> request_headers,
                                               Entropy& entropy, std::optional<Instant> now) {
  if (session.ticket) {
    return write_ticket(settings, keys, *session.ticket, session, host, request_headers, entropy,
                        now);
  }
  if (!session.created_at) return Error{Status::internal, "a session without created_at"};
  const auto value = seal(settings, keys, session, entropy);
  if (!value) return value.error();

  const auto attributes = cookie_attributes(settings, host);
  auto cookies =
      split_cookie(settings.cookie_name, *value, attributes, max_age(settings, session, now));
  if (!cookies) return std::move(cookies).error();
  const auto size = size_in_request(*cookies);
  if (size > session_room(settings)) return too_large(settings, size);
  auto lines = expire_others(settings, attributes, std::move(cookies).value(), request_headers);
  const AttemptRoom room{no_limit, room_beside(settings, size)};
  const auto written = at_unix(session.created_at->seconds);
  expire_attempts(settings, keys, host, request_headers, room, written, lines);
  return lines;
}

std::vector<std::string> clear_session(const SessionSettings& settings, std::string_view host,
                                       std::span<const HeaderView> request_headers) {
  if (settings.is_stored) return clear_ticket(settings, host, request_headers);
  return expire_others(settings, cookie_attributes(settings, host), {}, request_headers);
}

}  // namespace gatelet::session
