#include "policy/login_trouble.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

#include "http/authority.hpp"
#include "http/cookie.hpp"
#include "http/header.hpp"
#include "http/url.hpp"
#include "policy/return_to.hpp"

namespace gatelet::policy {
namespace {

std::string_view host_of(std::string_view authority) noexcept {
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return authority;
  return authority.substr(0, colon);
}

// The host of an absolute URL; empty for a path. Such texts are judged elsewhere.
std::string host_of_url(std::string_view url) {
  const auto parsed = http::parse_url(url.substr(0, url.find('#')));
  return parsed.ok() ? parsed->host : std::string();
}

std::string minutes_text(std::chrono::seconds time) {
  const auto minutes = time.count() / 60;
  if (time.count() % 60 != 0 || minutes == 0) return std::to_string(time.count()) + " seconds";
  return std::to_string(minutes) + (minutes == 1 ? " minute" : " minutes");
}

// The time stamp a value claims; nothing is decided by it.
std::optional<std::int64_t> claimed_time(std::string_view value) noexcept {
  const auto first = value.find('|');
  if (first == std::string_view::npos) return session::claimed_native_time(value);
  const auto stamp = value.substr(first + 1, value.find('|', first + 1) - first - 1);
  std::int64_t seconds = 0;
  const auto read = std::from_chars(stamp.data(), stamp.data() + stamp.size(), seconds);
  if (read.ec != std::errc() || read.ptr != stamp.data() + stamp.size()) return std::nullopt;
  return seconds;
}

struct Seen {
  unsigned num_cookies = 0;
  unsigned num_of_name = 0;
  std::string_view value;
};

Seen look(const RequestFacts& facts, std::string_view name) noexcept {
  Seen seen;
  http::CookieReader reader(facts.headers);
  for (http::CookieView cookie; reader.next(cookie); ++seen.num_cookies) {
    if (cookie.name != name) continue;
    ++seen.num_of_name;
    seen.value = cookie.value;
  }
  return seen;
}

LoginTrouble not_opened(const session::SessionSettings& session, std::string_view value,
                        Instant now) {
  const auto limit = session.login_state_expire;
  const auto begun = claimed_time(value);
  if (begun && limit.count() > 0 && now.unix_seconds() - *begun >= limit.count()) {
    return {"It took longer than the " + minutes_text(limit) + " a sign-in may take.",
            "the attempt is older than cookie_csrf_expire (" + minutes_text(limit) + ")"};
  }
  return {"What your browser kept of this sign-in cannot be read here.",
          "the login-state cookie cannot be opened: sealed with another cookie_secret (another "
          "instance, or one from before a change), or damaged"};
}

LoginTrouble withheld_by_same_site() {
  return {
      "Your browser kept back what belongs to this sign-in, because the answer came from "
      "another site.",
      "no login-state cookie came with an answer from another site: its SameSite attribute "
      "holds it back; set cookie_csrf_samesite to lax, or auth_request_response_mode to what "
      "the provider sends"};
}

bool is_held_back_by_same_site(const session::SessionSettings& session, const RequestFacts& facts,
                               bool form_post) noexcept {
  if (form_post) return false;  // the cookie is SameSite=None then
  const auto own = session.login_state_same_site;
  const auto same_site = own == http::SameSite::unset ? session.attributes.same_site : own;
  if (same_site == http::SameSite::none) return false;
  if (facts.request != nullptr && facts.request->method == "POST") return true;
  return same_site == http::SameSite::strict;
}

std::string other_host(const session::SessionSettings& session, const RequestFacts& facts,
                       std::string_view url) {
  auto host = host_of_url(url);
  if (host.empty() || http::equal_ignoring_case(host, host_of(facts.host))) return {};
  const auto here = session::domain_for(session, host_of(facts.host));
  const bool is_shared = !here.empty() && (http::equal_ignoring_case(host, here) ||
                                           host.ends_with("." + std::string(here)));
  return is_shared ? std::string() : host;
}

}  // namespace

LoginTrouble login_trouble(const Policy& policy, const session::SessionSettings& session,
                           const RequestFacts& facts, const LostAttempt& attempt, Instant now) {
  if (attempt.was_used) return {{}, "this sign-in answer was used before"};
  const auto seen = look(facts, attempt.cookie_name);
  const std::string name(attempt.cookie_name);
  if (seen.num_of_name > 1) {
    return {"Your browser sent this sign-in's cookie " + std::to_string(seen.num_of_name) +
                " times, and none fits. Please delete the cookies of this site.",
            "the cookie " + name + " came " + std::to_string(seen.num_of_name) +
                " times: it was set for several domains or paths; look at cookie_domains and "
                "cookie_path, and for another server that uses cookie_name"};
  }
  if (seen.num_of_name == 1) return not_opened(session, seen.value, now);

  if (facts.scheme == "http" && (session.attributes.secure || attempt.form_post)) {
    return {"You came back without https, and this sign-in needs it.",
            "no login-state cookie came over plain http: it is Secure; let the server in front say "
            "https (reverse_proxy, trusted_proxy_ips), or set cookie_secure to false"};
  }
  if (is_held_back_by_same_site(session, facts, attempt.form_post)) return withheld_by_same_site();
  // A state that anybody may have written names no host on a page unless it could be returned to.
  const bool is_sound = is_safe_return(attempt.return_to, policy.return_to);
  const auto return_to = is_sound ? attempt.return_to : std::string_view();
  for (const std::string_view url : {return_to, std::string_view(policy.redirect_url)}) {
    const auto other = other_host(session, facts, url);
    if (other.empty()) continue;
    const auto here = host_of(facts.host);
    std::string words, detail;
    words.append("This sign-in belongs to ").append(other);
    words.append(", but you came back to ").append(here).append(".");
    detail.append("the sign-in concerns the host ").append(other);
    detail.append(", the answer came to ").append(here);
    detail.append(": no cookie is for both; look at redirect_url and cookie_domains");
    return {std::move(words), std::move(detail)};
  }
  if (seen.num_cookies == 0) {
    return {
        "It took too long, was finished already, or was started in another browser. Your "
        "browser sent no cookies at all: they may be switched off.",
        "no cookie at all came: none kept, another browser, or another host than the sign-in "
        "began at"};
  }
  return {{},
          "no cookie " + name +
              " came: the attempt is older than cookie_csrf_expire, was finished, "
              "began in another browser or at another host"};
}

}  // namespace gatelet::policy
