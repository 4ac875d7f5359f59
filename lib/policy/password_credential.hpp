// The user and the password a program sends with its request (RFC 7617).
#pragma once

#include <optional>

#include "http/basic_credentials.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

struct PasswordCredential {
  bool is_presented = false;                    // Authorization has the scheme Basic
  std::optional<http::BasicCredentials> basic;  // absent: what stands behind it cannot be read
};

PasswordCredential password_credential(const RequestFacts&);

}  // namespace gatelet::policy
