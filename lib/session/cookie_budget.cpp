#include "session/cookie_budget.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "http/cookie.hpp"

namespace gatelet::session {
namespace {

constexpr std::size_t login_room = 1024;  // more than one attempt takes
constexpr std::size_t no_bound = std::numeric_limits<std::size_t>::max();

// Attributes differ from host to host, and with them the number of parts.
constexpr std::size_t margin = 256;

struct Droppable {
  Secret Session::*token;
  std::string_view name;
};

std::array<Droppable, 2> in_order(const SessionSettings& settings) noexcept {
  const Droppable access{&Session::access_token, "access token"};
  const Droppable id{&Session::id_token, "ID token"};
  if (settings.access_token_goes_last) return {id, access};
  return {access, id};
}

bool may_go(const SessionSettings& settings, const Session& session, Secret Session::*token) {
  if ((session.*token).empty()) return false;
  const bool is_needed = token == &Session::id_token && settings.needs_id_token;
  return !is_needed || session.refresh_token.empty();
}

SessionSettings with_login_room(const SessionSettings& settings) {
  auto whole = settings;
  whole.takes_login_room = true;
  return whole;
}

void leave_out(Fitted& fitted, const Droppable& one) {
  fitted.session.*one.token = Secret();
  fitted.left_out.append(fitted.left_out.empty() ? "" : " and ").append(one.name);
}

SessionSettings with_margin(const SessionSettings& settings) {
  auto strict = settings;
  if (strict.cookie_budget > margin) strict.cookie_budget -= margin;
  return strict;
}

}  // namespace

std::size_t size_in_request(std::span<const NamedCookie> cookies) noexcept {
  std::size_t size = 0;
  for (const auto& cookie : cookies) size += cookie.set_cookie.find(';') + 2;
  return size;
}

std::size_t session_size(const SessionSettings& settings,
                         std::span<const HeaderView> headers) noexcept {
  std::size_t size = 0;
  http::CookieReader reader(headers);
  http::CookieView cookie;
  while (reader.next(cookie)) {
    if (!is_cookie_or_part(settings.cookie_name, cookie.name)) continue;
    size += size_in_request(cookie.name, cookie.value);
  }
  return size;
}

std::size_t session_room(const SessionSettings& settings) noexcept {
  if (settings.cookie_budget == 0) return no_bound;
  return settings.takes_login_room ? settings.cookie_budget : room_beside(settings, login_room);
}

std::size_t room_beside(const SessionSettings& settings, std::size_t taken) noexcept {
  if (settings.cookie_budget == 0) return no_bound;
  return settings.cookie_budget - std::min(settings.cookie_budget, taken);
}

Result<Fitted> fit_into_cookies(const SessionSettings& settings, const CookieKeys& keys,
                                const Session& session, Entropy& entropy) {
  const auto strict = with_margin(settings);
  Fitted fitted{session, {}};
  auto written = write_session(strict, keys, fitted.session, {}, {}, entropy);
  if (settings.cookie_budget == 0 && !written.ok()) return std::move(written).error();
  for (const auto& one : in_order(settings)) {
    if (written.ok() || written.error().status != Status::session_too_large) break;
    if (!may_go(settings, fitted.session, one.token)) continue;
    leave_out(fitted, one);
    written = write_session(strict, keys, fitted.session, {}, {}, entropy);
  }
  if (!written.ok()) return std::move(written).error();
  return fitted;
}

Result<Fitted> fit_going_on(const SessionSettings& settings, const CookieKeys& keys,
                            const Session& session, Entropy& entropy) {
  auto fitted = fit_into_cookies(settings, keys, session, entropy);
  if (fitted.ok() || fitted.error().status != Status::session_too_large) return fitted;
  return fit_into_cookies(with_login_room(settings), keys, session, entropy);
}

Result<Written> write_going_on(const SessionSettings& settings, const CookieKeys& keys,
                               const Session& session, std::string_view host,
                               std::span<const HeaderView> request_headers, Entropy& entropy,
                               Instant now) {
  auto whole = write_session(settings, keys, session, host, request_headers, entropy, now);
  if (whole.ok()) return Written{std::move(whole).value(), {}};
  if (whole.error().status != Status::session_too_large) return std::move(whole).error();
  auto fitted = fit_going_on(settings, keys, session, entropy);
  if (!fitted.ok()) return std::move(fitted).error();
  auto smaller = write_session(with_login_room(settings), keys, fitted->session, host,
                               request_headers, entropy, now);
  if (!smaller.ok()) return std::move(smaller).error();
  return Written{std::move(smaller).value(), std::move(fitted->left_out)};
}

Fitted without_spare_tokens(const SessionSettings& settings, Session session) {
  Fitted fitted{std::move(session), {}};
  for (const auto& one : in_order(settings)) {
    if (may_go(settings, fitted.session, one.token)) leave_out(fitted, one);
  }
  return fitted;
}

}  // namespace gatelet::session
