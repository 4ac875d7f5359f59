// One provider's options as the provider the exchanges work with.
#pragma once

#include "config/resolve.hpp"
#include "config/values.hpp"

namespace gatelet::config {

// `policy` is the engine's, resolved: what its rules need to know of a person shapes the provider.
ResolvedProvider resolve_provider(const Values& values, const ProviderValues& provider,
                                  const policy::Policy& policy);

}  // namespace gatelet::config
