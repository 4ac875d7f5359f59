#include "policy/identity_headers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.hpp"
#include "base/secret.hpp"
#include "http/header.hpp"
#include "session/claim_text.hpp"

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

bool has_prefix(std::string_view name, std::string_view prefix) noexcept {
  return !prefix.empty() && http::equal_folded(name.substr(0, prefix.size()), prefix);
}

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

// The name of the pair that a Cookie field starts with; the value behind it is not looked at.
std::string_view first_name(std::string_view field) noexcept {
  std::size_t size = 0;
  while (size < field.size() && field[size] != '=' && field[size] != ';') ++size;
  return trimmed(field.substr(0, size));
}

// The pair that a Cookie field starts with as it stands between the semicolons, and what is behind
// it; null: nothing.
std::string_view take_pair(std::optional<std::string_view>& field) noexcept {
  const auto end = field->find(';');
  const auto pair = field->substr(0, end);
  end == npos ? field.reset() : field->remove_prefix(end + 1);
  return pair;
}

bool holds_own_cookie(std::string_view field, std::string_view cookie_name) noexcept {
  for (std::optional left = field; left; take_pair(left)) {
    if (is_own_cookie(first_name(*left), cookie_name)) return true;
  }
  return false;
}

// The field without our cookies, every other byte as it came.
std::string_view other_cookies(std::string_view field, std::string_view cookie_name, Answer& out) {
  bool first = true;
  for (std::optional left = field; left;) {
    const bool is_own = is_own_cookie(first_name(*left), cookie_name);
    const auto pair = take_pair(left);
    if (is_own) continue;
    if (!first) out.compose(";");
    out.compose(first ? pair.substr(std::min(pair.find_first_not_of(" \t"), pair.size())) : pair);
    first = false;
  }
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

// A separator inside a group would pose as two: it is percent-encoded, and "%" with it, so that the
// reader can tell.
void compose_group(std::string_view group, char separator, Answer& out) {
  while (!group.empty()) {
    std::size_t at = 0;
    while (at < group.size() && group[at] != separator && group[at] != '%') ++at;
    out.compose(group.substr(0, at));
    if (at == group.size()) return;
    out.compose(group[at] == '%' ? "%25" : separator == '|' ? "%7C" : "%2C");
    group.remove_prefix(at + 1);
  }
}

// RFC 7617.
void compose_basic(std::string_view user, const Secret& password, Answer& out) {
  std::string pair;
  pair.reserve(user.size() + password.size() + 1);
  pair.append(user).append(":").append(password.reveal());
  auto text = base64::encode(pair);
  wipe(pair);
  out.compose("Basic ");
  out.compose(text);
  wipe(text);
}

// The values of one rule, joined by its separator.
class RuleText {
 public:
  RuleText(char separator, const HeaderPolicy& policy, const Whom& whom, Answer& out) noexcept
      : separator_(separator), policy_(policy), whom_(whom), out_(out) {}

  void add(std::string_view text) {
    begin();
    out_.compose(text);
  }

  void add(const HeaderValue& value) {
    if (value.text) return value.text->empty() ? void() : add(value.text->reveal());
    if (whom_.session == nullptr) return;
    if (!whom_.tokens_hold && session::is_token_claim(value.claim)) return;
    const bool encodes = policy_.encode_group_separators && value.claim == "groups";
    session::for_each_claim_text(*whom_.session, value.claim, [&](std::string_view text) {
      begin();
      if (value.password) return compose_basic(text, *value.password, out_);
      out_.compose(value.prefix);
      encodes ? compose_group(text, separator_, out_) : out_.compose(text);
    });
  }

  std::string_view finish() { return out_.composed(); }

 private:
  void begin() {
    if (!std::exchange(is_first_, false)) out_.compose(std::string_view(&separator_, 1));
  }

  const char separator_;
  const HeaderPolicy& policy_;
  const Whom& whom_;
  Answer& out_;
  bool is_first_ = true;
};

// What most rules are: one claim as it stands, which needs no copy.
std::optional<std::string_view> plain_value(const HeaderRule& rule, const Whom& whom) noexcept {
  if (rule.values.size() != 1 || whom.session == nullptr) return std::nullopt;
  const auto& value = rule.values.front();
  if (value.text || value.password || !value.prefix.empty()) return std::nullopt;
  if (!whom.tokens_hold && session::is_token_claim(value.claim)) return std::nullopt;
  return session::plain_claim(*whom.session, value.claim);
}

std::string_view value_of(const HeaderRule& rule, const HeaderPolicy& policy, const Whom& whom,
                          Answer& out) {
  if (const auto plain = plain_value(rule, whom)) return *plain;
  RuleText text(rule.separator, policy, whom, out);
  for (const auto& value : rule.values) text.add(value);
  return text.finish();
}

// Whether a value may stand in a field. Blanks at the ends are lost on the way, so that " admin"
// would arrive as "admin": such a value counts as one that cannot be carried.
bool is_carried(std::string_view value) noexcept {
  return value.front() != ' ' && value.back() != ' ';
}

bool is_meant(const HeaderRule& rule, std::string_view name) noexcept {
  if (name.size() != rule.name.size()) return false;  // most are told apart by this
  return rule.exact_name ? http::equal_ignoring_case(name, rule.name)
                         : http::equal_folded(name, rule.name);
}

// The client's own fields of a name whose value stays: ours follows them.
bool keeps(const HeaderRule& rule, std::string_view name) noexcept {
  return rule.keeps_client_value && http::equal_ignoring_case(name, rule.name);
}

bool is_kept(const HeaderPolicy& policy, std::string_view name) noexcept {
  return std::any_of(policy.rules.request.begin(), policy.rules.request.end(),
                     [&](const HeaderRule& rule) { return keeps(rule, name); });
}

// Adds ours behind what the client sent; without any of ours the client's fields stay as they are.
bool add_behind_client(const HeaderRule& rule, const HeaderPolicy& policy,
                       const RequestFacts& facts, const Whom& whom, Answer& out) {
  const auto ours = value_of(rule, policy, whom, out);
  if (ours.empty()) return true;
  if (!is_carried(ours)) return false;
  RuleText text(rule.separator, policy, whom, out);
  for (const auto& field : facts.headers) {
    if (!keeps(rule, field.name)) continue;
    out.strip(field.name);
    text.add(field.value);
  }
  text.add(ours);
  return out.upstream(rule.name, text.finish());
}

}  // namespace

bool is_identity_name(std::string_view name, const HeaderPolicy& policy) noexcept {
  if (has_prefix(name, identity_prefix) || has_prefix(name, policy.own_prefix)) return true;
  const auto& rules = policy.rules.request;
  const auto is_name = [&](std::string_view known) {
    return name.size() == known.size() && http::equal_folded(name, known);
  };
  return std::any_of(identity_names.begin(), identity_names.end(), is_name) ||
         std::any_of(rules.begin(), rules.end(),
                     [&](const HeaderRule& rule) { return is_meant(rule, name); });
}

bool add_request_headers(const Policy& policy, std::string_view cookie_name,
                         const RequestFacts& facts, const Whom& whom, Answer& out) {
  const auto& headers = policy.headers;
  for (const auto& field : facts.headers) {
    const bool is_spent = whom.in_authorization && headers.strip_own_token &&
                          http::equal_ignoring_case(field.name, "Authorization");
    const bool is_ours = is_identity_name(field.name, headers) && !is_kept(headers, field.name);
    if (is_ours || is_spent) out.strip(field.name);
  }
  clean_connection(headers, facts, out);
  if (headers.strip_own_cookies) hide_own_cookies(cookie_name, facts, out);

  bool whole = true;
  for (const auto& rule : headers.rules.request) {
    if (rule.keeps_client_value) {
      whole = add_behind_client(rule, headers, facts, whom, out) && whole;
      continue;
    }
    const auto value = value_of(rule, headers, whom, out);
    if (!value.empty()) whole = is_carried(value) && out.upstream(rule.name, value) && whole;
  }
  return whole;
}

bool add_response_headers(const Policy& policy, const Whom& whom, Answer& out) {
  bool whole = true;
  const auto set = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) whole = is_carried(value) && out.response(name, value) && whole;
  };
  if (whom.session != nullptr) {
    set("GAP-Auth", whom.session->email.empty() ? whom.session->user : whom.session->email);
  }
  for (const auto& rule : policy.headers.rules.response) {
    set(rule.name, value_of(rule, policy.headers, whom, out));
  }
  return whole;
}

}  // namespace gatelet::policy
