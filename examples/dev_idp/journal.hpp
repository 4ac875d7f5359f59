// What the provider was asked and what it did, as numbers: tests assert "one grant" and "the token
// endpoint was never called" here. Safe to use from every thread.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace dev_idp {

class Journal {
 public:
  // One request that arrived; `parameters` are the names only, sorted.
  void arrived(const std::string& method, const std::string& path,
               std::vector<std::string> parameters);

  // One thing that happened: "codes_used_twice", "grants.refresh_token", ...
  void count(const std::string& what);

  // {"requests": {"POST /token": 1}, "counts": {...}, "recent": [{"request", "parameters"}]}
  nlohmann::json read() const;

  void clear();

 private:
  static constexpr std::size_t max_recent = 200;

  struct Entry {
    std::string request;
    std::vector<std::string> parameters;
  };

  mutable std::mutex mutex_;
  std::map<std::string, long> requests_;
  std::map<std::string, long> counts_;
  std::deque<Entry> recent_;
};

}  // namespace dev_idp
