#include "flow/provider_keys.hpp"

#include <utility>

namespace gatelet::flow {

Flow<SharedProvider> ready_provider(SharedProvider provider) {
  if (provider->has_metadata && provider->has_keys) co_return provider;

  const auto what = provider->has_metadata ? Refetch::What::keys : Refetch::What::metadata;
  Refetch refetch(provider->provider->id, what);
  auto fetched = co_await std::move(refetch);
  if (!fetched.state->has_metadata || !fetched.state->has_keys) {
    co_return Error{Status::provider_unreachable, "the provider's keys cannot be had"};
  }
  co_return std::move(fetched.state);
}

Flow<jose::VerifiedToken> verify_with_keys(SharedProvider provider, Verify verify) {
  const auto at = co_await now();
  auto token = verify(provider->keys, at);
  if (token.ok() || token.error().status != Status::key_unknown) co_return token;

  Refetch refetch(provider->provider->id, Refetch::What::keys);
  auto fetched = co_await std::move(refetch);
  const auto later = co_await now();
  co_return verify(fetched.state->keys, later);
}

}  // namespace gatelet::flow
