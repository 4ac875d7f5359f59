#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace dev_idp {
namespace {

std::vector<User> usual_users() {
  return {
      {"alice", "u-1001", "Alice Archer", "alice@example.org", true, {"staff", "ops"}},
      {"bob", "u-1002", "Bob Baker", "bob@example.org", true, {"staff"}},
      {"carol", "u-1003", "Carol Chandler", "", false, {}},
      {"dave", "u-1004", "Dave Dyer", "dave@example.org", false, {"guests"}},
      {"zoe", "u-1005", "Zo\xc3\xab Z\xc3\xbcrcher", "zoe@example.org", true, {"staff", "a,b"}},
  };
}

// [{"username": "alice", "sub": "1", "name": ..., "email": ..., "email_verified": true, "groups":
// []}]
std::vector<User> read_users(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("--users " + path + ": cannot be read");
  std::vector<User> users;
  for (const auto& row : nlohmann::json::parse(file)) {
    const auto username = row.at("username").get<std::string>();
    users.push_back({username, row.value("sub", "u-" + username), row.value("name", username),
                     row.value("email", ""), row.value("email_verified", true),
                     row.value("groups", std::vector<std::string>())});
  }
  if (users.empty()) throw std::runtime_error("--users " + path + ": names nobody");
  return users;
}

}  // namespace

const User* Options::user(const std::string& name) const {
  const auto found = std::find_if(users.begin(), users.end(), [&](const User& user) {
    return user.username == name || user.subject == name;
  });
  return found == users.end() ? nullptr : &*found;
}

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  std::string users_file;
  bool no_refresh_token = false;

  CLI::App app("OpenID provider for development and tests. NEVER FOR PRODUCTION: no passwords.");
  app.add_option("--port", options.port, "port on 127.0.0.1; 0 takes any free one")
      ->check(CLI::Range(0, 65535));
  app.add_option("--issuer-path", options.issuer_path, "path of the issuer, as /realms/demo")
      ->check([](const std::string& path) {
        return path.empty() || path[0] == '/' ? "" : "must begin with a slash";
      });
  app.add_option("--client-id", options.client_id, "the one client");
  app.add_option("--client-secret", options.client_secret, "empty for a public client");
  app.add_option("--redirect-uri", options.redirect_uris, "allowed exactly; none: any on loopback");
  app.add_option("--post-logout-redirect-uri", options.post_logout_redirect_uris,
                 "allowed exactly; none: any on loopback");
  app.add_option("--auth-method", options.auth_methods, "client authentication; repeatable")
      ->check(CLI::IsMember({"client_secret_basic", "client_secret_post", "none"}));
  app.add_option("--algorithm", options.algorithm, "signature of ID tokens")
      ->check(CLI::IsMember({"RS256", "PS256", "ES256", "EdDSA"}));
  app.add_option("--token-lifetime", options.token_lifetime, "seconds, ID and access tokens");
  app.add_option("--code-lifetime", options.code_lifetime, "seconds");
  app.add_flag("--no-refresh-token", no_refresh_token, "issue none");
  app.add_flag("--require-pkce", options.requires_pkce, "refuse requests without S256");
  app.add_flag("--lean-id-token", options.has_lean_id_token, "claims only in userinfo");
  app.add_option("--padding", options.padding, "random bytes of an extra ID token claim");
  app.add_option("--users", users_file, "JSON list of users instead of the built-in ones");
  try {
    app.parse(argc, argv);
    options.users = users_file.empty() ? usual_users() : read_users(users_file);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error);
    return std::nullopt;
  } catch (const std::exception& error) {
    std::cerr << "dev_idp: " << error.what() << '\n';
    exit_code = 2;
    return std::nullopt;
  }

  options.issues_refresh_tokens = !no_refresh_token;
  if (options.auth_methods.empty()) {
    options.auth_methods =
        options.client_secret.empty()
            ? std::vector<std::string>{"none"}
            : std::vector<std::string>{"client_secret_basic", "client_secret_post"};
  }
  return options;
}

}  // namespace dev_idp
