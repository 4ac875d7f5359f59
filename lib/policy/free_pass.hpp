// Requests that need no sign-in: CORS preflights, routes that skip it and clients at trusted
// addresses. Whoever is signed in all the same still has an identity.
#pragma once

#include <optional>

#include "http/ip.hpp"
#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// The address the request comes from: the peer's, or what a trusted proxy says in
// real_client_ip_header; of X-Forwarded-For the right-most address that is no trusted proxy's.
// nullopt when that is not to be told: a trusted proxy's own address is nobody's.
std::optional<http::IpAddress> client_ip(const Policy&, const RequestFacts&) noexcept;

// The request passes without a session.
bool has_free_pass(const Policy&, const RequestFacts&);

// The request passes without a credential, and not with a bad one: optional_auth_routes.
bool is_optional_route(const Policy&, const RequestFacts&);

}  // namespace gatelet::policy
