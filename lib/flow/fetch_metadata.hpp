// Bringing a provider's metadata and keys up to date (OpenID Connect Discovery 1.0).
#pragma once

#include <memory>

#include <gatelet/ports.hpp>

#include "base/instant.hpp"
#include "flow/flow.hpp"
#include "oidc/provider.hpp"

namespace gatelet::flow {

class FetchMetadata {
 public:
  // What is known; its keys are kept when the new ones fail.
  std::shared_ptr<const oidc::ProviderState> current;
  // What to discover: the provider as the settings describe it, before any metadata.
  std::shared_ptr<const oidc::Provider> configured;
  std::shared_ptr<Entropy> entropy;  // jitter of the retries
  bool keys_only = false;
  explicit FetchMetadata(std::shared_ptr<const oidc::ProviderState> c) : current(std::move(c)) {}
};

// Metadata (unless discovery is off or keys_only), then keys; two retries of a GET that failed for
// transport reasons or 5xx, after a jittered delay. Keys that cannot be had leave the old keys, or
// a state with has_keys == false; with keys_only, where nothing else is new, they are the failure.
//   Failure: class unavailable, provider_refused or provider_bad_answer: the caller keeps what it
//   had. Status::invalid_configuration without discovery, when an endpoint is missing.
Flow<oidc::ProviderState> fetch_metadata(FetchMetadata in);

}  // namespace gatelet::flow
