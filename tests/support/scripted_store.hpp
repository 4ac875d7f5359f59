// A store in a test's hands: records and locks in maps, no time, every call noted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "flow/effect.hpp"

namespace gatelet::support {

class ScriptedStore {
 public:
  std::map<std::string, std::string> records, locks;  // locks: the owner
  std::map<std::string, Duration> lifetimes;          // of put

  Result<flow::StoreReply> answer(const flow::StoreCall& call) {
    using What = flow::StoreCall::What;
    flow::StoreReply reply;
    const auto lock = locks.find(call.key);
    switch (call.what) {
      case What::get:
        if (const auto found = records.find(call.key); found != records.end()) {
          reply.record = found->second;
        }
        break;
      case What::replace:
        reply.was_there = records.contains(call.key);
        if (!reply.was_there) break;
        records[call.key] = call.value;
        lifetimes[call.key] = call.lifetime;
        break;
      case What::swap: {
        const auto found = records.find(call.key);
        reply.was_there = found == records.end()
                              ? !call.expected
                              : found->second == call.expected || found->second == call.value;
        if (!reply.was_there) break;
        records[call.key] = call.value;
        lifetimes[call.key] = call.lifetime;
        break;
      }
      case What::put:
        records[call.key] = call.value;
        lifetimes[call.key] = call.lifetime;
        break;
      case What::erase: records.erase(call.key); break;
      case What::lock:
        reply.is_owner = lock == locks.end() || lock->second == call.value;
        if (reply.is_owner) locks[call.key] = call.value;
        break;
      case What::extend: reply.is_owner = lock != locks.end() && lock->second == call.value; break;
      case What::unlock:
        reply.is_owner = lock != locks.end() && lock->second == call.value;
        if (reply.is_owner) locks.erase(lock);
        break;
    }
    return reply;
  }
};

}  // namespace gatelet::support
