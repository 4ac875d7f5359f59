// Misbehaviour on demand: what a good provider never does, switched on by name.
//
// Two kinds of names. A fault of an endpoint is ENDPOINT-KIND: discovery, jwks, token or userinfo,
// and one of the kinds below ("token-500", "jwks-slow"). The others each bend one thing in an
// otherwise good answer; fault_modes.def lists them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace dev_idp {

class Faults {
 public:
  static constexpr int always = -1;

  // False when there is no such mode. `times` is how often it happens before it ends by itself.
  bool set(const std::string& mode, int times);
  void clear();

  // True when `mode` is on; uses up one of its times.
  bool take(const std::string& mode);

  // The kind of fault that is on for this endpoint ("500"), used up once.
  std::optional<std::string> take_kind(const std::string& endpoint);

  nlohmann::json read() const;  // {"known": {name: sentence}, "on": {name: times}}

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> on_;
};

// What slow and hanging answers wait on: they end when the server stops or misbehaviour is cleared.
class Patience {
 public:
  // False when somebody called release() meanwhile.
  bool wait(std::chrono::milliseconds time);
  void release();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  long num_releases_ = 0;
};

}  // namespace dev_idp
