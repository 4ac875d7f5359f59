// GAP-Auth and GAP-Signature on the way to the application.
#pragma once

#include "policy/answer.hpp"
#include "policy/identity_headers.hpp"
#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// A signature is asked for, and the request says that it has a body, which it covers.
bool signs_body(const Policy&, std::span<const HeaderView> headers) noexcept;

// What the answer to an allowed request carries where there is a key: GAP-Auth with who it is, and
// the signature over everything the application gets. The answer must be complete but for them.
// False when the signature had to be left out.
bool add_signature(const Policy&, const RequestFacts&, const Whom&, Answer&);

}  // namespace gatelet::policy
