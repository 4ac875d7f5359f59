// Writes session and login-state cookies for independent_decoder.py, which shares no code with us.
// One JSON line each: what was put in, under which secret, and the Set-Cookie values that came out.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "session/cookie_session.hpp"
#include "session/login_state.hpp"
#include "support/scripted_entropy.hpp"

using namespace gatelet;
using namespace gatelet::session;
using Json = nlohmann::json;

namespace {

constexpr std::int64_t begin = 1767225600;

std::string random_text(std::size_t size) {
  support::SeededEntropy entropy(size);
  std::string bytes(size, '\0');
  static_cast<void>(entropy.fill(as_writable_bytes(bytes)));
  return base64url::encode(bytes).substr(0, size);
}

struct Case {
  std::string name;
  Session session;
  SessionSettings settings;
  std::string secret = "0123456789!bcdef0123456789!bcdef";
};

Case make(std::string name) {
  Case one;
  one.name = std::move(name);
  one.session.created_at = Timestamp{begin, 0};
  one.session.user = "jane";
  one.settings.cookie_name = "_oauth2_proxy";
  return one;
}

void add_tokens(Session& session, std::size_t size) {
  session.access_token = Secret(random_text(size));
  session.id_token = Secret(random_text(size + 1));
  session.refresh_token = Secret(random_text(40));
}

std::vector<Case> cases() {
  std::vector<Case> out;
  out.push_back(make("smallest"));
  for (const char* secret :
       {"0123456789!bcdef", "0123456789!bcdef01234567", "abcdefghijklmnopqrstuvwxyz012345",
        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="}) {
    auto& one = out.emplace_back(make(std::string("secret ") + secret));
    one.secret = secret;
    add_tokens(one.session, 100);
  }
  for (const std::size_t size : {31u, 32u, 255u, 256u, 1000u, 4000u, 20000u}) {
    auto& one = out.emplace_back(make("tokens of " + std::to_string(size)));
    add_tokens(one.session, size);
  }
  {
    auto& one = out.emplace_back(make("a record of several blocks"));
    one.session.preferred_username = std::string(200000, 'a') + random_text(500);
  }
  for (const auto& [seconds, nanos] : {std::pair<std::int64_t, std::uint32_t>{0, 0},
                                       {4294967295, 0},
                                       {4294967296, 0},
                                       {17179869183, 999999999},
                                       {17179869184, 0},
                                       {-1, 1},
                                       {1, 1}}) {
    auto& one = out.emplace_back(make("time " + std::to_string(seconds)));
    one.session.expires_on = Timestamp{seconds, nanos};
  }
  {
    auto& one = out.emplace_back(make("everything"));
    add_tokens(one.session, 600);
    one.session.expires_on = Timestamp{begin + 3600, 5};
    one.session.nonce = std::string("\0\xff\x80", 3);
    one.session.email = "j\xc3\xa4ne@example.com";
    one.session.groups.assign(300, "group");
    one.session.preferred_username = "Jane";
    using msgpack::Value;
    one.session.additional_claims = {
        {"n", Value()},
        {"t", Value(true)},
        {"i", Value(std::int64_t{-5})},
        {"u", Value(std::uint64_t{18446744073709551615u})},
        {"f", Value(1.5)},
        {"s", Value(std::string("text"))},
        {"b", Value(msgpack::Binary{std::string("\0\1", 2)})},
        {"m", Value(msgpack::Time{begin, 7})},
        {"l", Value(msgpack::Array{Value(std::string("x")), Value(msgpack::Map{})})}};
    one.session.provider_id = "google";
    one.session.email_verified = false;
    one.session.signed_in_at = Timestamp{begin - 60, 0};
    one.session.groups_complete = false;
  }
  {
    auto& one = out.emplace_back(make("without our own keys and without tokens"));
    add_tokens(one.session, 600);
    one.session.provider_id = "google";
    one.settings.write_extra_keys = false;
    one.settings.minimal = true;
  }
  return out;
}

Json time_json(const std::optional<Timestamp>& at) {
  return at ? Json{at->seconds, at->nanos} : Json();
}

std::string hex(const Secret& secret, bool is_kept = true) {
  return is_kept ? to_hex(secret.reveal()) : std::string();
}

Json content_of(const Case& one) {
  const auto& session = one.session;
  const bool tokens = !one.settings.minimal;
  const bool extra = one.settings.write_extra_keys || one.settings.format == CookieFormat::native;
  Json groups = Json::array();
  for (const auto& group : session.groups) groups.push_back(to_hex(group));
  Json claims = Json::array();
  for (const auto& claim : session.additional_claims) claims.push_back(claim.first);
  return {{"ca", time_json(session.created_at)},
          {"eo", time_json(session.expires_on)},
          {"at", hex(session.access_token, tokens)},
          {"it", hex(session.id_token, tokens)},
          {"rt", hex(session.refresh_token, tokens)},
          {"n", to_hex(session.nonce)},
          {"e", to_hex(session.email)},
          {"u", to_hex(session.user)},
          {"g", groups},
          {"pu", to_hex(session.preferred_username)},
          {"ac", claims},
          {"pid", extra ? to_hex(session.provider_id) : ""},
          {"ev", extra && session.email_verified ? Json(*session.email_verified) : Json()},
          {"si", extra ? time_json(session.signed_in_at) : Json()},
          {"gi", extra && !session.groups_complete ? Json(true) : Json()}};
}

const char* name_of(CookieFormat format) {
  return format == CookieFormat::native ? "native" : "oauth2-proxy";
}

void write_sessions(CookieFormat format, Entropy& entropy) {
  for (auto& one : cases()) {
    one.settings.format = format;
    const auto keys = CookieKeys::make(Secret(one.secret)).value();
    const auto lines =
        write_session(one.settings, *keys, one.session, "app.example", {}, entropy).value();
    std::cout << Json{{"kind", "session"},
                      {"name", name_of(format) + (": " + one.name)},
                      {"format", name_of(format)},
                      {"secret", one.secret},
                      {"cookie_name", one.settings.cookie_name},
                      {"set_cookie", lines},
                      {"seconds", one.session.created_at->seconds},
                      {"content", content_of(one)}}
                     .dump()
              << "\n";
  }
}

void write_login_states(CookieFormat format, Entropy& entropy) {
  for (const bool has_pkce : {true, false}) {
    for (const bool per_request : {true, false}) {
      SessionSettings settings;
      settings.cookie_name = "_oauth2_proxy";
      settings.format = format;
      settings.login_state_per_request = per_request;
      const std::string secret = "0123456789!bcdef0123456789!bcdef";
      const auto keys = CookieKeys::make(Secret(secret)).value();
      oidc::LoginState state;
      state.state_nonce = Secret(random_text(32));
      state.oidc_nonce = Secret(random_text(32));
      if (has_pkce) state.code_verifier = Secret(random_text(128));
      const auto hashed = oidc::hashed_nonce(state.state_nonce).value();
      const auto lines = write_login_state(settings, *keys, state, hashed, "app.example", {}, false,
                                           at_unix(begin), entropy)
                             .value();
      const auto name =
          per_request ? "_oauth2_proxy_" + hashed.substr(0, 8) + "_csrf" : "_oauth2_proxy_csrf";
      std::cout << Json{{"kind", "login_state"},
                        {"format", name_of(format)},
                        {"name", std::string(name_of(format)) + ": login state" +
                                     (has_pkce ? ", pkce" : "") +
                                     (per_request ? ", per request" : "")},
                        {"secret", secret},
                        {"cookie_name", name},
                        {"set_cookie", lines},
                        {"seconds", begin},
                        {"content",
                         {{"s", hex(state.state_nonce)},
                          {"n", hex(state.oidc_nonce)},
                          {"cv", hex(state.code_verifier)}}}}
                       .dump()
                << "\n";
    }
  }
}

}  // namespace

int main() {
  support::SeededEntropy entropy;
  for (const auto format : {CookieFormat::oauth2_proxy, CookieFormat::native}) {
    write_sessions(format, entropy);
    write_login_states(format, entropy);
  }
}
