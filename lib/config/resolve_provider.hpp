// One provider's options as the provider the exchanges work with.
#pragma once

#include <vector>

#include "config/resolve.hpp"
#include "config/values.hpp"

namespace gatelet::config {

// `policy` is the engine's, resolved: what its rules need to know of a person shapes the provider.
ResolvedProvider resolve_provider(const Values& values, const ProviderValues& provider,
                                  const policy::Policy& policy);

// The issuers of extra_jwt_issuers, reached as the first provider is.
std::vector<ResolvedProvider> resolve_token_issuers(const Values& values,
                                                    const policy::Policy& policy);

}  // namespace gatelet::config
