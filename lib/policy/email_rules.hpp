// Addresses against the configuration's e-mail rules (EmailRules in policy.hpp).
#pragma once

#include <string_view>

#include "policy/policy.hpp"

namespace gatelet::policy {

// The domain of an address that has exactly one "@", something on both sides of it, and no white
// space or control byte; empty for anything else.
std::string_view domain_of(std::string_view email) noexcept;

// Whether the rules let this address in. "example.com" is that domain alone, ".example.com" and
// "*.example.com" are its sub-domains and not itself, "*" is every address; an address of
// authenticated_emails_file is let in whatever its domain. Both compare without
// regard to ASCII case. Without a rule every address passes.
bool email_allowed(const EmailRules&, std::string_view email) noexcept;

}  // namespace gatelet::policy
