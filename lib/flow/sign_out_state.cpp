#include "flow/sign_out_state.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "base/base64url.hpp"
#include "crypto/random.hpp"
#include "http/cookie.hpp"
#include "session/cookie_value.hpp"

namespace gatelet::flow {
namespace {

constexpr std::size_t random_size = 32;
constexpr std::size_t state_size = base64url::encoded_size(random_size, base64url::Padding::none);
constexpr std::size_t max_return_size = 2048;

std::string cookie_name(const Context& context) {
  return context.session.cookie_name + "_sign_out";
}

http::CookieAttributes attributes_for(const Context& context, std::string_view host) {
  auto attributes = session::cookie_attributes(context.session, host);
  // The provider sends the browser back from its own site: Strict would keep the cookie at home.
  if (attributes.same_site == http::SameSite::strict) attributes.same_site = http::SameSite::lax;
  return attributes;
}

std::string set_cookie(const Context& context, std::string_view value, std::string_view host,
                       std::chrono::seconds max_age) {
  std::string out;
  http::write_set_cookie(cookie_name(context), value, attributes_for(context, host), max_age, out);
  return out;
}

Result<SignOutState> open(const Context& context, std::string_view value, Instant now) {
  const auto& keys = *context.cookie_keys;
  const auto name = cookie_name(context);
  session::BorrowedWorkspace workspace(keys.workspaces());
  const session::CookieValue cookie{
      {session::Purpose::sign_out_state, name}, value, sign_out_state_expire};
  const auto opened = session::open_value(context.session, keys, cookie, now, *workspace);
  if (!opened.ok()) return opened.error();
  if (opened->content.size() < state_size) return Error{Status::session_invalid, "too short"};

  SignOutState out;
  out.state = opened->content.substr(0, state_size);
  out.return_to = opened->content.substr(state_size);
  return out;
}

}  // namespace

Result<WrittenSignOutState> write_sign_out_state(const Context& context, std::string_view return_to,
                                                 std::string_view host, Instant now) {
  if (return_to.size() > max_return_size) {
    return Error{Status::internal, "the return target is too long for a cookie"};
  }
  const auto bytes = crypto::random_bytes(*context.entropy, random_size);
  if (!bytes.ok()) return bytes.error();

  WrittenSignOutState out;
  out.state = base64url::encode(*bytes);
  const auto name = cookie_name(context);
  const auto value = session::seal_value(
      context.session, *context.cookie_keys, {session::Purpose::sign_out_state, name},
      out.state + std::string(return_to), now.unix_seconds(), *context.entropy);
  if (!value.ok()) return value.error();
  out.set_cookie = set_cookie(context, *value, host, sign_out_state_expire);
  return out;
}

Result<SignOutState> open_sign_out_state(const Context& context,
                                         std::span<const HeaderView> headers, Instant now) {
  const auto name = cookie_name(context);
  http::CookieReader cookies(headers);
  http::CookieView cookie;
  std::size_t num_tried = 0;
  constexpr std::size_t max_tried = 4;
  while (num_tried < max_tried && cookies.next(cookie)) {
    if (cookie.name != name) continue;
    ++num_tried;
    auto opened = open(context, cookie.value, now);
    if (opened.ok()) return opened;
  }
  return Error{Status::state_missing, "no sign-out of this browser is under way"};
}

std::string clear_sign_out_state(const Context& context, std::string_view host) {
  return set_cookie(context, {}, host, std::chrono::seconds(0));
}

}  // namespace gatelet::flow
