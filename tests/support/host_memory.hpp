// A store as a host would bring it: a map under a mutex, by the system's steady clock. What a test
// puts into on_call happens inside every call.
#pragma once

#include <gatelet/store.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatelet::support {

class HostMemory final : public SessionStore {
 public:
  Result<std::optional<std::string>> get(std::string_view key) override {
    if (on_call) on_call("get");
    if (const auto failure = failure_of()) return *failure;
    const std::scoped_lock lock(mutex_);
    return at(key);
  }

  Result<bool> write(const Write& write) override {
    if (on_call) on_call("write");
    if (const auto failure = failure_of()) return *failure;
    const std::scoped_lock lock(mutex_);
    if (refuses_writes_) return Error{Status::store_unreachable, "it takes no writes"};
    if (!holds(write, at(write.key))) return false;
    records_.erase(std::string(write.key));
    if (write.value) {
      const auto ends =
          write.lifetime == Duration::zero() ? Deadline::max() : now() + write.lifetime;
      records_[std::string(write.key)] = {std::string(*write.value), ends};
    }
    return true;
  }

  void fail_with(std::optional<Error> error) {
    const std::scoped_lock lock(mutex_);
    failure_ = std::move(error);
  }
  void refuse_writes(bool refuses) {
    const std::scoped_lock lock(mutex_);
    refuses_writes_ = refuses;
  }
  std::vector<std::string> keys() {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [key, record] : records_) {
      if (at(key)) out.push_back(key);
    }
    return out;
  }

  std::function<void(std::string_view what)> on_call;  // set before the first call

 private:
  struct Record {
    std::string value;
    Deadline ends;
  };
  static Deadline now() { return std::chrono::steady_clock::now(); }

  std::optional<Error> failure_of() {
    const std::scoped_lock lock(mutex_);
    return failure_;
  }
  std::optional<std::string> at(std::string_view key) const {
    const auto found = records_.find(key);
    if (found == records_.end() || found->second.ends <= now()) return std::nullopt;
    return found->second.value;
  }
  static bool holds(const Write& write, const std::optional<std::string>& there) {
    switch (write.condition) {
      case Condition::always: return true;
      case Condition::nothing_there: return !there;
      case Condition::something_there: return there.has_value();
      case Condition::same_there: return there == write.expected;
    }
    return false;
  }

  std::mutex mutex_;
  // Guarded by mutex_:
  std::map<std::string, Record, std::less<>> records_;
  std::optional<Error> failure_;
  bool refuses_writes_ = false;
};

}  // namespace gatelet::support
