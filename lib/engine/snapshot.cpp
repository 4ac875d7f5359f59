#include "engine/snapshot.hpp"

#include <utility>

namespace gatelet::engine {
namespace {

constexpr Duration keys_good_for = 24h;

}  // namespace

std::shared_ptr<const oidc::ProviderState> Snapshot::provider(std::string_view id) const noexcept {
  if (id.empty()) return providers.size() == 1 ? providers.front() : nullptr;
  for (const auto& state : providers) {
    if (state->provider->id == id) return state;
  }
  return nullptr;
}

std::shared_ptr<const oidc::ProviderState> Snapshot::signer(std::string_view id) const noexcept {
  for (const auto& state : token_issuers) {
    if (state->provider->id == id) return state;
  }
  return provider(id);
}

std::shared_ptr<const oidc::Provider> Snapshot::configured_provider(
    std::string_view id) const noexcept {
  for (const auto& provider : configured) {
    if (provider->id == id) return provider;
  }
  return nullptr;
}

std::shared_ptr<const oidc::ProviderState> without_old_keys(
    std::shared_ptr<const oidc::ProviderState> state, Instant now) {
  const bool from_network = !state->provider->endpoints.jwks.empty();
  if (!state->has_keys || !from_network) return state;
  if (now.steady - state->keys_at.steady < keys_good_for) return state;
  auto without = std::make_shared<oidc::ProviderState>(*state);
  without->has_keys = false;
  without->keys = {};
  return without;
}

std::shared_ptr<const Snapshot> SnapshotBox::load() const noexcept {
  const std::scoped_lock lock(mutex_);
  return current_;
}

void SnapshotBox::store(std::shared_ptr<const Snapshot> next) noexcept {
  const std::scoped_lock lock(mutex_);
  current_.swap(next);  // the old one is released after the lock
}

void SnapshotBox::update_provider(std::uint64_t generation,
                                  const std::shared_ptr<const oidc::ProviderState>& state) {
  std::shared_ptr<const Snapshot> old;  // released after the lock
  const std::scoped_lock lock(mutex_);
  if (current_->generation != generation) return;
  auto next = std::make_shared<Snapshot>(*current_);
  ++next->num_updates;
  for (auto* states : {&next->providers, &next->token_issuers}) {
    for (auto& known : *states) {
      if (known->provider->id == state->provider->id) known = state;
    }
  }
  old = std::exchange(current_, std::move(next));
}

void SnapshotBox::update_policy(std::uint64_t generation,
                                const std::function<void(policy::Policy&)>& change) {
  std::shared_ptr<const Snapshot> old;  // released after the lock
  const std::scoped_lock lock(mutex_);
  if (current_->generation != generation) return;
  auto next = std::make_shared<Snapshot>(*current_);
  auto context = std::make_shared<flow::Context>(*next->context);
  change(context->policy);
  next->context = std::move(context);
  old = std::exchange(current_, std::move(next));
}

}  // namespace gatelet::engine
