// What the tables name in braces: sessions as cookies, tokens, a key file. Prints NAME=VALUE lines;
// the public key goes to the file given.
#include <fstream>
#include <iostream>
#include <string>

#include "session/lifetime.hpp"
#include "support/engines.hpp"
#include "support/token_mint.hpp"

using namespace gatelet;
using support::JsonText;

namespace {

session::Session person(Instant now, std::string_view email) {
  session::Session session;
  session.created_at = session::to_timestamp(now);
  session.user = std::string(email.substr(0, email.find('@'))) + "-id";
  session.email = email;
  session.preferred_username = email.substr(0, email.find('@'));
  session.groups = {"staff", "a,b"};
  session.access_token = Secret("access-token");
  session.id_token = Secret("id-token");
  return session;
}

void print_session(const std::string& name, const session::Session& session, Instant now) {
  std::cout << "cookie:" << name << "=" << support::cookie_of(session, now) << "\n";
  std::cout << "compat:" << name << "="
            << support::cookie_of(session, now, "_oauth2_proxy",
                                  session::CookieFormat::oauth2_proxy)
            << "\n";
}

void print_token(const std::string& name, const JsonText& claims) {
  const auto& key = support::test_key(support::MintKey::Kind::rsa_2048);
  std::cout << "token:" << name << "=" << support::mint(key, claims) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: values KEY_FILE\n", 2;
  std::ofstream(argv[1]) << support::test_key(support::MintKey::Kind::rsa_2048).public_pem();
  const auto now = default_ports().clock->now();

  print_session("jane", person(now, "jane@example.com"), now);
  print_session("bob", person(now, "bob@elsewhere.example"), now);
  auto over = person(now - std::chrono::hours(24 * 8), "old@example.com");
  print_session("over", over, now);
  auto spent = person(now, "spent@example.com");
  spent.expires_on = session::to_timestamp(now - std::chrono::hours(1));
  print_session("spent", spent, now);
  auto nobody = person(now, "");
  nobody.user = "service";
  print_session("no-email", nobody, now);

  print_token("alice", support::id_claims(now));
  print_token("expired", support::id_claims(now - std::chrono::hours(3)));
  print_token("other-audience", support::id_claims(now).set_string("aud", "other"));
  print_token("other-issuer", support::id_claims(now).set_string("iss", "https://x.example"));
  print_token("unverified", support::id_claims(now).set("email_verified", "false"));
  print_token("service", support::id_claims(now).remove("email"));
}
