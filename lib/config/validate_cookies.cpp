#include <string_view>

#include "config/cookie_rule.hpp"
#include "config/range.hpp"
#include "config/validate.hpp"
#include "http/header.hpp"
#include "session/cookie_session.hpp"

namespace gatelet::config {
namespace {

// oauth2-proxy compresses what it seals; the native format does where it can.
void check_format(const EngineValues& engine, Problems& problems) {
  if constexpr (GATELET_HAVE_LZ4 == 0) {
    constexpr std::string_view said =
        "\"oauth2-proxy\" is not in this build; build the library with -Dlz4=enabled";
    if (*engine.session_format != "native") {
      problems.add(Row::session_format, std::string(said), Status::not_built);
    } else if (*engine.accept_other_session_format) {
      problems.add(Row::accept_other_session_format, std::string(said), Status::not_built);
    }
  }
}

// Browsers judge the prefixes without regard to case (RFC 6265bis section 5.4).
bool has_prefix(std::string_view name, std::string_view prefix) noexcept {
  return http::equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

void check_secret(const EngineValues& engine, Problems& problems) {
  const auto& secret = engine.cookie_secret;
  if (!secret.given && !engine.cookie_secret_file.given) {
    return problems.add(Row::cookie_secret,
                        "missing; write the output of: openssl rand -base64 32 | tr -- '+/' '-_'");
  }
  if (!secret.given || !session::aes_key_of(*secret).empty()) return;
  problems.add(Row::cookie_secret, "has " + std::to_string(secret->size()) +
                                       " bytes; write 16, 24 or 32, or base64url of as many "
                                       "(openssl rand -base64 32 | tr -- '+/' '-_')");
}

// By their place, never by what they are.
void check_previous(const EngineValues& engine, Problems& problems) {
  constexpr std::size_t max_previous = 8;  // a cookie that fits none costs one look for each
  const auto& secrets = engine.cookie_secrets_previous->items;
  if (secrets.size() > max_previous) {
    return problems.add(Row::cookie_secrets_previous,
                        "holds " + std::to_string(secrets.size()) + " secrets; write at most 8");
  }
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    if (!session::aes_key_of(secrets[i]).empty()) continue;
    problems.add(Row::cookie_secrets_previous,
                 "number " + std::to_string(i + 1) + " has " + std::to_string(secrets[i].size()) +
                     " bytes; write the secret as it stood in cookie_secret");
  }
}

void check_name(const EngineValues& engine, Problems& problems) {
  const auto& name = *engine.cookie_name;
  if (has_prefix(name, "__Host-")) {
    if (!*engine.cookie_secure || *engine.cookie_path != "/" || !engine.cookie_domains->empty()) {
      problems.add(Row::cookie_name, shown(name) +
                                         " needs cookie_secure = true, cookie_path = \"/\" and no "
                                         "cookie_domains; write another name, or those");
    }
  } else if (has_prefix(name, "__Secure-") && !*engine.cookie_secure) {
    problems.add(Row::cookie_name,
                 shown(name) + " needs cookie_secure = true; write another name, or that");
  }
}

void check_same_site(const Values& values, Problems& problems) {
  const auto& engine = values.engine;
  constexpr std::string_view refused = "\"none\" needs cookie_secure = true; browsers drop it else";
  if (*engine.cookie_samesite == "none" && !*engine.cookie_secure) {
    problems.add(Row::cookie_samesite, std::string(refused));
  }
  if (*engine.cookie_csrf_samesite == "none" && !*engine.cookie_secure) {
    problems.add(Row::cookie_csrf_samesite, std::string(refused));
  }
  if (*engine.cookie_csrf_samesite == "strict" && !values.is_compat) {
    problems.add(Row::cookie_csrf_samesite,
                 "\"strict\" is not sent on the way back from the provider, so no sign-in could "
                 "end; write \"lax\"");
  }
}

void check_partitioned(const EngineValues& engine, Problems& problems) {
  if (*engine.cookie_partitioned && !*engine.cookie_secure) {
    problems.add(Row::cookie_partitioned,
                 "needs cookie_secure = true; browsers drop the cookie else");
  }
}

void check_rules(const EngineValues& engine, Problems& problems) {
  http::CookieAttributes base;
  base.secure = *engine.cookie_secure;
  for (const auto& entry : *engine.cookie_rules) {
    const auto rule = parse_cookie_rule(entry, base);
    if (!rule.ok()) {
      problems.add(Row::cookie_rules, shown(entry) + ": " + rule.error().text);
    } else if (has_prefix(*engine.cookie_name, "__Host-")) {
      problems.add(Row::cookie_rules,
                   "does not go with a cookie_name that begins with __Host-; write another name");
      return;
    }
  }
}

void check_lives(const EngineValues& engine, Problems& problems) {
  const auto expire = *engine.cookie_expire, refresh = *engine.cookie_refresh;
  if (expire > Duration{} && refresh >= expire) {
    problems.add(Row::cookie_refresh, "is not below cookie_expire; write a shorter time");
  }
  const auto longest = *engine.session_max_lifetime, idle = *engine.session_idle_timeout;
  if (longest > Duration{} && idle >= longest) {
    problems.add(Row::session_idle_timeout,
                 "is not below session_max_lifetime, so it ends no session; write a shorter time");
  }
}

void check_attempts(const Values& values, Problems& problems) {
  const auto& engine = values.engine;
  if (!values.is_compat && *engine.cookie_csrf_per_request_limit == 0) {
    problems.add(Row::cookie_csrf_per_request_limit,
                 "\"0\" would keep any number of cookies; write 1 to 64");
  }
}

void check_budget(const EngineValues& engine, Problems& problems) {
  constexpr std::size_t least = 2048;  // one sign-in attempt, and a session without tokens
  const auto budget = *engine.cookie_budget;
  if (budget != 0 && budget < least) {
    problems.add(Row::cookie_budget, "has " + std::to_string(budget) +
                                         " bytes, which hold no session; write 2 KiB or more");
  }
}

}  // namespace

void validate_cookies(const Values& values, Problems& problems) {
  check_format(values.engine, problems);
  check_secret(values.engine, problems);
  check_previous(values.engine, problems);
  check_name(values.engine, problems);
  check_same_site(values, problems);
  check_partitioned(values.engine, problems);
  check_rules(values.engine, problems);
  check_lives(values.engine, problems);
  check_attempts(values, problems);
  check_budget(values.engine, problems);
}

}  // namespace gatelet::config
