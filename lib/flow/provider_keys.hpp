// A provider that is ready to be asked: its metadata and keys are there, refetched where they are
// missing.
#pragma once

#include <functional>
#include <memory>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "flow/flow.hpp"
#include "jose/key_set.hpp"
#include "jose/verified_token.hpp"
#include "oidc/provider.hpp"

namespace gatelet::flow {

using SharedProvider = std::shared_ptr<const oidc::ProviderState>;

// `provider` itself when it has metadata and keys; else one Refetch of what it lacks. Asked before
// a code or a refresh token leaves: without keys their answer could not be verified, and both are
// good for one use.
//   Failure: as the refetch; Status::provider_unreachable when there are no keys afterwards either.
Flow<SharedProvider> ready_provider(SharedProvider provider);

// One way to verify one token.
using Verify = std::function<Result<jose::VerifiedToken>(const jose::KeySet&, Instant now)>;

// Verifies with the provider's keys. A token that names an unknown one gets a second chance after
// one Refetch of the keys (OpenID Connect Core 10.1.1: providers rotate them).
//   Failure: as `verify`; as the refetch.
Flow<jose::VerifiedToken> verify_with_keys(SharedProvider provider, Verify verify);

}  // namespace gatelet::flow
