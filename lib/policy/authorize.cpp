#include "policy/authorize.hpp"

#include <algorithm>

#include "http/form.hpp"
#include "http/header.hpp"
#include "policy/domain_match.hpp"
#include "policy/email_rules.hpp"

namespace gatelet::policy {
namespace {

// An empty group is nobody's: neither a stray comma in a list nor a provider's empty text lets in.
bool has_group(const session::Session& session, std::string_view wanted) noexcept {
  return !wanted.empty() &&
         std::find(session.groups.begin(), session.groups.end(), wanted) != session.groups.end();
}

bool has_email_domain(const session::Session& session, std::string_view wanted) noexcept {
  return matches_entry(domain_of(session.email), {}, wanted);
}

bool has_email(const session::Session& session, std::string_view wanted) noexcept {
  return !wanted.empty() && session.email == wanted;
}

using Test = bool (*)(const session::Session&, std::string_view) noexcept;

// Met when absent, or when one entry of one of the lists is.
bool meets(const http::Params& params, std::string_view name, const session::Session& session,
           Test test) {
  bool present = false;
  for (const auto& param : params) {
    if (param.name != name) continue;
    present = true;
    for (std::string_view list = param.value; !list.empty();) {
      const auto comma = list.find(',');
      if (test(session, list.substr(0, comma))) return true;
      list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
  }
  return !present;
}

}  // namespace

bool is_listed(const PasswordPolicy& passwords, const session::Session& session) noexcept {
  if (session.password_mark.empty()) return true;
  const auto* user = passwords.users ? passwords.users->find(session.user) : nullptr;
  return user != nullptr && user->mark == session.password_mark;
}

Result<void> authorize(const Policy& policy, const session::Session& session) {
  // Whoever stands in htpasswd_file was let in by name.
  const bool is_named = !session.password_mark.empty() && session.email.empty();
  if (!is_named && !email_allowed(policy.email, session.email)) {
    return Error{Status::not_permitted, "the e-mail address is not in an allowed domain"};
  }
  if (policy.email.restricts() && policy.email.refuse_unverified &&
      session.email_verified == false) {
    return Error{Status::not_permitted, "the e-mail address is not verified"};
  }
  if (policy.allowed_groups.empty()) return {};
  for (const auto& group : policy.allowed_groups) {
    if (has_group(session, group)) return {};
  }
  return Error{Status::not_permitted, "the person is in no allowed group"};
}

Result<bool> meets_auth_query(std::string_view query, const session::Session& session,
                              http::Semicolon semicolon) {
  const auto params = http::parse_form(query, semicolon);
  if (!params.ok()) return prefixed("query", params.error());
  return meets(*params, "allowed_groups", session, has_group) &&
         meets(*params, "allowed_emails", session, has_email) &&
         meets(*params, "allowed_email_domains", session, has_email_domain);
}

}  // namespace gatelet::policy
