// Codes, access tokens and refresh tokens: who holds what, what was used, what was revoked.
//
// A code works once; a refresh token works once and is replaced (rotation). Whoever shows a used
// one ends the whole family of tokens, as RFC 9700 section 4.14 asks of providers.
// Safe to use from every thread.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "journal.hpp"

namespace dev_idp {

struct Grant {
  std::string username;
  std::string scope;
  std::string nonce;
  std::string family;  // everything that came from one code
  long authenticated_at = 0;
};

// What a client asked for at the authorization endpoint, checked.
struct AuthRequest {
  std::string redirect_uri;
  std::string state;
  std::string scope;
  std::string nonce;
  std::string challenge;  // PKCE, S256; empty when none was sent
  bool is_form_post = false;
  bool asks_login = false;    // prompt=login, select_account
  bool asks_consent = false;  // prompt=consent
  bool is_silent = false;     // prompt=none
  std::string login_hint;
};

struct Refusal {
  std::string error;        // RFC 6749 section 5.2
  std::string description;  // for the developer
};

class Grants {
 public:
  explicit Grants(Journal& journal) : journal_(journal) {}

  std::string issue_code(const AuthRequest& request, const std::string& username,
                         long authenticated_at, long expires_at);

  std::variant<Grant, Refusal> redeem_code(const std::string& code, const std::string& redirect_uri,
                                           const std::string& verifier, long now);

  // `rotates` false: the token stays good.
  std::variant<Grant, Refusal> use_refresh_token(const std::string& token, bool rotates);

  std::string issue_access_token(const Grant& grant, long expires_at);
  std::string issue_refresh_token(const Grant& grant);
  void remember_id_token(const std::string& token, const Grant& grant);

  std::optional<Grant> find_access_token(const std::string& token, long now) const;
  std::optional<Grant> find_id_token(const std::string& token) const;

  void revoke_family(const std::string& family);
  void revoke_user(const std::string& username);
  void clear();

 private:
  struct Code {
    Grant grant;
    std::string redirect_uri, challenge;
    long expires_at = 0;
    bool is_used = false;
  };
  struct Token {
    Grant grant;
    long expires_at = 0;
    bool is_used = false;
  };

  bool is_revoked(const Grant& grant) const { return revoked_.count(grant.family) != 0; }
  void end_family(const std::string& family);  // requires mutex_

  Journal& journal_;
  mutable std::mutex mutex_;
  std::map<std::string, Code> codes_;
  std::map<std::string, Token> access_tokens_;
  std::map<std::string, Token> refresh_tokens_;
  std::map<std::string, Grant> id_tokens_;
  std::map<std::string, std::string> families_;  // family -> user
  std::map<std::string, bool> revoked_;
};

}  // namespace dev_idp
