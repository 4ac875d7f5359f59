// What the development provider is told at its start: one client, its users, lifetimes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace dev_idp {

struct User {
  std::string username;
  std::string subject;
  std::string name;
  std::string email;  // empty: this person has none
  bool is_email_verified = true;
  std::vector<std::string> groups;
};

struct Options {
  int port = 9090;
  std::string issuer_path;  // "", or "/realms/demo"; a trailing slash is kept in the issuer
  std::string client_id = "gatelet-demo";
  std::string client_secret = "gatelet-demo-secret";   // empty: a public client
  std::vector<std::string> redirect_uris;              // empty: any http URI on loopback
  std::vector<std::string> post_logout_redirect_uris;  // empty: any http URI on loopback
  std::vector<std::string> auth_methods;  // announced and accepted at the token endpoint
  std::string algorithm = "RS256";
  long token_lifetime = 300;  // seconds, ID and access tokens
  long code_lifetime = 60;
  bool issues_refresh_tokens = true;
  bool requires_pkce = false;
  bool has_lean_id_token = false;  // claims of the scopes only in the userinfo answer
  std::size_t padding = 0;         // bytes of an extra claim, to see large tokens
  std::vector<User> users;

  // The user with this name or subject; null when there is none.
  const User* user(const std::string& name) const;
};

// Reads the command line; empty when the program should end with `exit_code` (help, or a mistake
// that was printed).
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace dev_idp
