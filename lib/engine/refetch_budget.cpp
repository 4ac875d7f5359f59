#include "engine/refetch_budget.hpp"

#include <algorithm>

namespace gatelet::engine {
namespace {

constexpr Duration regained_per = 60s;
constexpr Duration pause_after_failure = 1s;

}  // namespace

RefetchBudget::Account& RefetchBudget::account(std::string_view provider_id, Instant now) {
  const auto found = accounts_.find(provider_id);
  if (found != accounts_.end()) return found->second;
  auto& fresh = accounts_[std::string(provider_id)];
  fresh.counted_at = now.steady;
  fresh.not_before = now.steady;
  return fresh;
}

bool RefetchBudget::take_keys(std::string_view provider_id, Instant now) {
  const std::scoped_lock lock(mutex_);
  auto& account = this->account(provider_id, now);
  const auto passed = std::max(now.steady - account.counted_at, Duration{});
  account.tokens =
      std::min(max_tokens, account.tokens + static_cast<double>(passed.count()) /
                                                static_cast<double>(regained_per.count()));
  account.counted_at = now.steady;
  if (account.tokens < 1) return false;
  account.tokens -= 1;
  return true;
}

void RefetchBudget::note_failure(std::string_view provider_id, Instant now) {
  const std::scoped_lock lock(mutex_);
  account(provider_id, now).not_before = now.steady + pause_after_failure;
}

bool RefetchBudget::may_fetch(std::string_view provider_id, Instant now) {
  const std::scoped_lock lock(mutex_);
  return account(provider_id, now).not_before <= now.steady;
}

}  // namespace gatelet::engine
