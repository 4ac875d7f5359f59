#include "grants.hpp"

#include <vector>

#include "encoding.hpp"

namespace dev_idp {

std::string Grants::issue_code(const AuthRequest& request, const std::string& username,
                               long authenticated_at, long expires_at) {
  const std::lock_guard lock(mutex_);
  auto code = random_name();
  Code entry;
  entry.grant = {username, request.scope, request.nonce, random_name(), authenticated_at};
  entry.redirect_uri = request.redirect_uri;
  entry.challenge = request.challenge;
  entry.expires_at = expires_at;
  families_[entry.grant.family] = username;
  codes_.emplace(code, std::move(entry));
  journal_.count("codes_issued");
  return code;
}

std::variant<Grant, Refusal> Grants::redeem_code(const std::string& code,
                                                 const std::string& redirect_uri,
                                                 const std::string& verifier, long now) {
  const std::lock_guard lock(mutex_);
  const auto found = codes_.find(code);
  if (found == codes_.end()) return Refusal{"invalid_grant", "this code was never issued"};
  auto& entry = found->second;
  if (entry.is_used) {
    // RFC 6749 section 4.1.2: tokens that came from the code should be revoked.
    journal_.count("codes_used_twice");
    end_family(entry.grant.family);
    return Refusal{"invalid_grant", "this code was used before"};
  }
  entry.is_used = true;
  if (now >= entry.expires_at) return Refusal{"invalid_grant", "this code is too old"};
  if (redirect_uri != entry.redirect_uri) {
    return Refusal{"invalid_grant", "redirect_uri is not the one of the authorization request"};
  }

  // RFC 7636 section 4.6; a verifier without a challenge is a downgrade (RFC 9700 section 2.1.1).
  if (entry.challenge.empty() != verifier.empty()) {
    return Refusal{"invalid_grant", entry.challenge.empty() ? "code_verifier without code_challenge"
                                                            : "code_verifier is missing"};
  }
  if (!entry.challenge.empty() && base64url(sha256(verifier)) != entry.challenge) {
    return Refusal{"invalid_grant", "code_verifier does not fit"};
  }
  return entry.grant;
}

std::variant<Grant, Refusal> Grants::use_refresh_token(const std::string& token, bool rotates) {
  const std::lock_guard lock(mutex_);
  const auto found = refresh_tokens_.find(token);
  if (found == refresh_tokens_.end()) {
    return Refusal{"invalid_grant", "this refresh token was never issued"};
  }
  auto& entry = found->second;
  if (entry.is_used) {
    journal_.count("refresh_tokens_used_twice");
    end_family(entry.grant.family);
    return Refusal{"invalid_grant", "this refresh token was used before; the grant has ended"};
  }
  if (is_revoked(entry.grant)) return Refusal{"invalid_grant", "the grant has ended"};
  entry.is_used = rotates;
  return entry.grant;
}

std::string Grants::issue_access_token(const Grant& grant, long expires_at) {
  const std::lock_guard lock(mutex_);
  auto token = "at_" + random_name();
  access_tokens_[token] = {grant, expires_at, false};
  return token;
}

std::string Grants::issue_refresh_token(const Grant& grant) {
  const std::lock_guard lock(mutex_);
  auto token = "rt_" + random_name();
  refresh_tokens_[token] = {grant, 0, false};
  return token;
}

void Grants::remember_id_token(const std::string& token, const Grant& grant) {
  const std::lock_guard lock(mutex_);
  id_tokens_[sha256(token)] = grant;
}

std::optional<Grant> Grants::find_access_token(const std::string& token, long now) const {
  const std::lock_guard lock(mutex_);
  const auto found = access_tokens_.find(token);
  if (found == access_tokens_.end() || now >= found->second.expires_at ||
      is_revoked(found->second.grant)) {
    return std::nullopt;
  }
  return found->second.grant;
}

std::optional<Grant> Grants::find_id_token(const std::string& token) const {
  const std::lock_guard lock(mutex_);
  const auto found = id_tokens_.find(sha256(token));
  if (found == id_tokens_.end()) return std::nullopt;
  return found->second;
}

void Grants::end_family(const std::string& family) {
  if (revoked_.emplace(family, true).second) journal_.count("families_revoked");
}

void Grants::revoke_family(const std::string& family) {
  const std::lock_guard lock(mutex_);
  end_family(family);
}

void Grants::revoke_user(const std::string& username) {
  const std::lock_guard lock(mutex_);
  for (const auto& [family, owner] : families_) {
    if (owner == username) end_family(family);
  }
}

void Grants::clear() {
  const std::lock_guard lock(mutex_);
  codes_.clear();
  access_tokens_.clear();
  refresh_tokens_.clear();
  id_tokens_.clear();
  families_.clear();
  revoked_.clear();
}

}  // namespace dev_idp
