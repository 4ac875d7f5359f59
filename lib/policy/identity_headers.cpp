#include "policy/identity_headers.hpp"

#include <algorithm>
#include <array>

#include "http/header.hpp"

namespace gatelet::policy {
namespace {

constexpr auto npos = std::string_view::npos;

constexpr std::array<std::string_view, 7> identity_names = {
    "X-Forwarded-User",
    "X-Forwarded-Groups",
    "X-Forwarded-Email",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Access-Token",
    "GAP-Auth",
    "GAP-Signature",
};
constexpr std::string_view identity_prefix = "X-Auth-Request-";

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// NAME, NAME_<number> (a part), NAME_csrf, NAME_<attempt>_csrf (login states) and NAME_sign_out.
bool is_own_cookie(std::string_view name, std::string_view cookie_name) noexcept {
  if (!name.starts_with(cookie_name) || cookie_name.empty()) return false;
  name.remove_prefix(cookie_name.size());
  if (name.empty()) return true;
  if (name.front() != '_') return false;
  return name.ends_with("_csrf") || name.starts_with("_sign_out") ||
         (name.size() > 1 && name.find_first_not_of("0123456789", 1) == npos);
}

// Calls `each` with every pair of a Cookie field as it stands between the semicolons.
template <class F>
void for_each_pair(std::string_view field, F&& each) {
  for (bool more = true; more;) {
    const auto end = field.find(';');
    const auto pair = field.substr(0, end);
    more = end != npos;
    if (more) field.remove_prefix(end + 1);
    each(pair, trimmed(pair.substr(0, pair.find('='))));
  }
}

bool holds_own_cookie(std::string_view field, std::string_view cookie_name) noexcept {
  bool found = false;
  for_each_pair(field, [&](std::string_view, std::string_view name) {
    found = found || is_own_cookie(name, cookie_name);
  });
  return found;
}

// The field without our cookies, every other byte as it came.
std::string_view other_cookies(std::string_view field, std::string_view cookie_name, Answer& out) {
  bool first = true;
  for_each_pair(field, [&](std::string_view pair, std::string_view name) {
    if (is_own_cookie(name, cookie_name)) return;
    if (!first) out.compose(";");
    out.compose(first ? pair.substr(std::min(pair.find_first_not_of(" \t"), pair.size())) : pair);
    first = false;
  });
  return out.composed();
}

// The application does not need what opens the session (a log, a proxy or a bug there would leak
// it).
void hide_own_cookies(std::string_view cookie_name, const RequestFacts& facts, Answer& out) {
  const auto is_cookie = [](const HeaderView& f) {
    return http::equal_ignoring_case(f.name, "Cookie");
  };
  const bool any = std::any_of(facts.headers.begin(), facts.headers.end(), [&](const auto& f) {
    return is_cookie(f) && holds_own_cookie(f.value, cookie_name);
  });
  if (!any) return;
  for (const auto& field : facts.headers) {
    if (!is_cookie(field)) continue;
    out.strip(field.name);
    const auto rest = holds_own_cookie(field.value, cookie_name)
                          ? other_cookies(field.value, cookie_name, out)
                          : field.value;
    if (!trimmed(rest).empty()) out.upstream("Cookie", rest);
  }
}

bool lists_identity_name(std::string_view connection, const HeaderPolicy& policy) noexcept {
  bool found = false;
  http::for_each_element(
      connection, [&](std::string_view name) { found = found || is_identity_name(name, policy); });
  return found;
}

// What Connection lists, the next hop deletes (RFC 9110 section 7.6.1): a client must not have our
// fields deleted.
void clean_connection(const HeaderPolicy& policy, const RequestFacts& facts, Answer& out) {
  const auto is_connection = [](const HeaderView& f) {
    return http::equal_ignoring_case(f.name, "Connection");
  };
  const bool any = std::any_of(facts.headers.begin(), facts.headers.end(), [&](const auto& f) {
    return is_connection(f) && lists_identity_name(f.value, policy);
  });
  if (!any) return;
  bool first = true;
  for (const auto& field : facts.headers) {
    if (!is_connection(field)) continue;
    out.strip(field.name);
    http::for_each_element(field.value, [&](std::string_view name) {
      if (is_identity_name(name, policy)) return;
      if (!first) out.compose(", ");
      out.compose(name);
      first = false;
    });
  }
  const auto rest = out.composed();
  if (!rest.empty()) out.upstream("Connection", rest);
}

// Groups in one value. A "," inside a group would pose as two: it is percent-encoded, and "%" with
// it, so that the reader can tell.
std::string_view join_groups(const session::Session& session, bool encode, Answer& out) {
  bool first = true;
  for (std::string_view group : session.groups) {
    if (!first) out.compose(",");
    first = false;
    while (!group.empty()) {
      const auto at = encode ? group.find_first_of(",%") : npos;
      out.compose(group.substr(0, at));
      if (at == npos) break;
      out.compose(group[at] == ',' ? "%2C" : "%25");
      group.remove_prefix(at + 1);
    }
  }
  return out.composed();
}

enum class Side : unsigned char { upstream, response };

// Adds one field; an empty value is no field. Blanks at the ends are lost on the way, so that
// " admin" would arrive as "admin": such a value counts as one that cannot be carried.
bool add(Side side, std::string_view name, std::string_view value, Answer& out) {
  if (value.empty()) return true;
  if (value.front() == ' ' || value.back() == ' ') return false;
  return side == Side::upstream ? out.upstream(name, value) : out.response(name, value);
}

bool add_bearer(Side side, const Secret& token, Answer& out) {
  if (token.empty()) return true;
  return add(side, "Authorization", out.join({"Bearer ", token.reveal()}), out);
}

}  // namespace

bool is_identity_name(std::string_view name, const HeaderPolicy& policy) noexcept {
  if (http::equal_folded(name.substr(0, identity_prefix.size()), identity_prefix)) return true;
  if (policy.pass_authorization_header && http::equal_folded(name, "Authorization")) return true;
  return std::any_of(identity_names.begin(), identity_names.end(),
                     [&](std::string_view known) { return http::equal_folded(name, known); });
}

bool add_request_headers(const Policy& policy, std::string_view cookie_name,
                         const RequestFacts& facts, const session::Session* session,
                         bool tokens_hold, Answer& out) {
  const auto& rules = policy.headers;
  for (const auto& field : facts.headers) {
    if (is_identity_name(field.name, rules)) out.strip(field.name);
  }
  clean_connection(rules, facts, out);
  if (rules.strip_own_cookies) hide_own_cookies(cookie_name, facts, out);
  if (session == nullptr) return true;

  bool whole = true;
  const auto set = [&](std::string_view name, std::string_view value) {
    whole = add(Side::upstream, name, value, out) && whole;
  };
  if (rules.pass_user_headers) {
    set("X-Forwarded-User", rules.prefer_email_to_user ? session->email : session->user);
    set("X-Forwarded-Groups", join_groups(*session, rules.encode_group_separators, out));
    if (!rules.prefer_email_to_user) set("X-Forwarded-Email", session->email);
    set("X-Forwarded-Preferred-Username", session->preferred_username);
  }
  if (!tokens_hold) return whole;
  if (rules.pass_access_token) set("X-Forwarded-Access-Token", session->access_token.reveal());
  if (rules.pass_authorization_header) {
    whole = add_bearer(Side::upstream, session->id_token, out) && whole;
  }
  return whole;
}

bool add_response_headers(const Policy& policy, const session::Session& session, bool tokens_hold,
                          Answer& out) {
  const auto& rules = policy.headers;
  bool whole = true;
  const auto set = [&](std::string_view name, std::string_view value) {
    whole = add(Side::response, name, value, out) && whole;
  };
  set("GAP-Auth", session.email.empty() ? session.user : session.email);
  if (rules.set_xauthrequest) {
    set("X-Auth-Request-User", session.user);
    set("X-Auth-Request-Email", session.email);
    set("X-Auth-Request-Preferred-Username", session.preferred_username);
    set("X-Auth-Request-Groups", join_groups(session, rules.encode_group_separators, out));
  }
  if (!tokens_hold) return whole;
  if (rules.set_xauthrequest && rules.pass_access_token) {
    set("X-Auth-Request-Access-Token", session.access_token.reveal());
  }
  if (rules.set_authorization_header) {
    whole = add_bearer(Side::response, session.id_token, out) && whole;
  }
  return whole;
}

}  // namespace gatelet::policy
