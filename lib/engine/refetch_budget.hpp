// How often a provider's documents may be fetched because somebody asked: a stranger's token or
// click must not turn into a stream of requests to the provider.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/instant.hpp"

namespace gatelet::engine {

class RefetchBudget {
 public:
  // Forced refetches of keys: three at once, one regained per minute; failures count as well.
  bool take_keys(std::string_view provider_id, Instant now);

  // After a failed fetch nothing is tried for a second, so that a dead provider is asked once a
  // second at most.
  void note_failure(std::string_view provider_id, Instant now);
  bool may_fetch(std::string_view provider_id, Instant now);

 private:
  struct Account {
    double tokens = max_tokens;
    Duration counted_at{};  // steady clock
    Duration not_before{};
  };
  static constexpr double max_tokens = 3;

  std::mutex mutex_;
  std::map<std::string, Account, std::less<>> accounts_;  // guarded by mutex_
  Account& account(std::string_view provider_id, Instant now);
};

}  // namespace gatelet::engine
