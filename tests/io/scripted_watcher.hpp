// Notes what a store tells of changes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/store.hpp"

namespace gatelet::io::testing {

struct ScriptedWatcher final : StoreWatcher {
  std::vector<std::string> keys;
  int num_all = 0;
  std::vector<Deadline> told;  // every moment that was named
  std::vector<std::string> refusals;

  void changed(std::span<const std::string> more) override {
    keys.insert(keys.end(), more.begin(), more.end());
  }
  void changed_all() override { ++num_all; }
  void told_until(Deadline moment) override { told.push_back(moment); }
  void will_not_tell(const Error& why) override { refusals.push_back(why.text); }

  bool is_told() const { return !told.empty() && told.back() != Deadline::min(); }
};

}  // namespace gatelet::io::testing
