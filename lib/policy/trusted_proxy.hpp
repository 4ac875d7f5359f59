// Which peers may speak for others: forwarded values count only from them.
#pragma once

#include <string_view>

#include "policy/policy.hpp"
#include "policy/request_facts.hpp"

namespace gatelet::policy {

// reverse_proxy is on and the peer's address is in a trusted range. An empty list trusts nobody,
// and private addresses are not trusted for being private.
bool is_trusted_proxy(const ForwardedPolicy&, std::string_view peer) noexcept;

}  // namespace gatelet::policy
