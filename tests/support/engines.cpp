#include "support/engines.hpp"

#include <cstdlib>
#include <iostream>

#include "crypto/random.hpp"

namespace gatelet::support {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::cerr << "test support: " << result.error().text << "\n";
    std::exit(1);
  }
  return std::move(result).value();
}

}  // namespace

Settings offline_settings(std::vector<std::pair<std::string_view, std::string_view>> more) {
  Settings settings{
      {"oidc_issuer_url", issuer},
      {"client_id", "c"},
      {"client_secret", "client-secret-canary"},
      {"cookie_secret", cookie_secret},
      {"skip_oidc_discovery", "true"},
      {"oidc_jwks_url", "https://idp.example/jwks"},
      {"login_url", "https://idp.example/authorize"},
      {"redeem_url", "https://idp.example/token"},
  };
  for (const auto& [key, value] : more) (void)settings.set(key, value).ok();
  return settings;
}

std::shared_ptr<Engine> offline_engine(
    std::vector<std::pair<std::string_view, std::string_view>> more, Ports ports) {
  return must(Engine::create(offline_settings(std::move(more)), std::move(ports)));
}

session::Session make_session(Instant now, std::size_t token_size, int serial) {
  const auto entropy = crypto::system_entropy();
  const auto random_text = [&](std::size_t size) {
    return must(crypto::random_bytes(*entropy, size));
  };
  const auto letters = [&](std::size_t size) {
    auto text = random_text(size);
    for (auto& c : text) c = static_cast<char>('A' + (static_cast<unsigned char>(c) & 31) % 26);
    return text;
  };
  session::Session session;
  session.created_at = session::Timestamp{now.unix_seconds(), 0};
  session.access_token = Secret(letters(token_size / 2));
  session.id_token = Secret(letters(token_size / 2));
  session.nonce = random_text(32);
  session.user = "user-" + std::to_string(serial);
  session.email = session.user + "@example.com";
  session.groups = {"staff", "on call"};
  session.preferred_username = "User " + std::to_string(serial);
  return session;
}

std::string cookie_of(const session::Session& session, Instant now, std::string_view cookie_name,
                      session::CookieFormat format) {
  (void)now;
  session::SessionSettings settings;
  settings.cookie_name = cookie_name;
  settings.format = format;
  const auto keys = must(session::CookieKeys::make(Secret(cookie_secret)));
  const auto cookies = must(session::write_session(settings, *keys, session, "app.example", {},
                                                   *crypto::system_entropy()));
  std::string header;
  for (const auto& cookie : cookies) {
    if (!header.empty()) header += "; ";
    header += cookie.substr(0, cookie.find(';'));
  }
  return header;
}

Request::Request(std::string target, std::vector<std::pair<std::string, std::string>> headers)
    : target_(std::move(target)), headers_(std::move(headers)) {
  headers_.emplace_back("Host", "app.example");
  for (const auto& [name, value] : headers_) views_.push_back({name, value});
}

Request& Request::method(std::string method) {
  method_ = std::move(method);
  return *this;
}

RequestView Request::view() const noexcept {
  RequestView view;
  view.method = method_;
  view.scheme = "https";
  view.host = "app.example";
  view.target = target_;
  view.peer = "203.0.113.7";
  view.headers = views_;
  return view;
}

}  // namespace gatelet::support
