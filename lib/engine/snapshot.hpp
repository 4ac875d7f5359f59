// What deciding sees: settings, rules, keys and what is known of the providers; immutable, swapped
// whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "crypto/hmac.hpp"
#include "flow/context.hpp"
#include "oidc/provider.hpp"

namespace gatelet::engine {

constexpr std::size_t max_emails_file_size = 16 * 1024 * 1024;
constexpr std::size_t max_htpasswd_file_size = 16 * 1024 * 1024;

struct Snapshot {
  std::uint64_t generation = 0;  // of the settings: grows with every reload
  std::shared_ptr<const flow::Context> context;
  std::vector<std::shared_ptr<const oidc::ProviderState>>
      providers;  // never empty; the first is the default choice
  std::vector<std::shared_ptr<const oidc::ProviderState>>
      token_issuers;  // whose bearer tokens are taken besides the providers': extra_jwt_issuers
  std::vector<std::shared_ptr<const oidc::Provider>>
      configured;  // the providers, then the issuers, as the settings describe them, before any
                   // metadata

  // By id; null when there is none. The empty id is the only provider, where there is but one.
  std::shared_ptr<const oidc::ProviderState> provider(std::string_view id) const noexcept;

  // By id, a provider or a token issuer; null when there is none.
  std::shared_ptr<const oidc::ProviderState> signer(std::string_view id) const noexcept;

  std::string emails_file;                             // authenticated_emails_file; empty: none
  std::string htpasswd_file;                           // empty: none
  std::shared_ptr<const crypto::HmacKey> attempt_key;  // where there are passwords
  bool watches_files() const noexcept { return !emails_file.empty() || !htpasswd_file.empty(); }

  // Grows with every update of a state: what was verified with the keys of one number may have to
  // be verified anew under another.
  std::uint64_t num_updates = 0;

  // As the settings describe it: what discovery starts from. Null when there is none of this id.
  std::shared_ptr<const oidc::Provider> configured_provider(std::string_view id) const noexcept;
};

// `state`, without keys that are older than a day: whoever asks then fetches new ones before a
// signature is believed.
std::shared_ptr<const oidc::ProviderState> without_old_keys(
    std::shared_ptr<const oidc::ProviderState> state, Instant now);

// The current snapshot. Reading copies a pointer under a mutex held for that long (measured in
// tests/bench).
class SnapshotBox {
 public:
  explicit SnapshotBox(std::shared_ptr<const Snapshot> first) noexcept
      : current_(std::move(first)) {}

  std::shared_ptr<const Snapshot> load() const noexcept;
  void store(std::shared_ptr<const Snapshot> next) noexcept;

  // Replaces one provider's state, unless the settings were replaced since `generation`: what was
  // fetched for the old ones is then dropped.
  void update_provider(std::uint64_t generation,
                       const std::shared_ptr<const oidc::ProviderState>& state);

  // Changes the rules, under the same condition.
  void update_policy(std::uint64_t generation, const std::function<void(policy::Policy&)>& change);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;  // guarded by mutex_
};

}  // namespace gatelet::engine
