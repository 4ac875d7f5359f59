#include "faults.hpp"

namespace dev_idp {
namespace {

struct Mode {
  std::string_view name, sentence;
};

constexpr Mode single_modes[] = {
#define DEV_IDP_MODE(name, sentence) {name, sentence},
#include "fault_modes.def"
#undef DEV_IDP_MODE
};

constexpr std::string_view endpoints[] = {"discovery", "jwks", "token", "userinfo"};

constexpr Mode kinds[] = {
    {"401", "status 401"},
    {"404", "status 404"},
    {"429", "status 429 with Retry-After"},
    {"500", "status 500"},
    {"503", "status 503 with Retry-After"},
    {"garbage", "bytes that are no JSON"},
    {"html", "an HTML page with status 200"},
    {"wrong-type", "a JSON list"},
    {"empty", "an empty body"},
    {"truncated", "the connection ends in the middle of the body"},
    {"huge", "64 MiB without saying so before"},
    {"huge-length", "announces 1 GiB and sends it"},
    {"redirect", "a redirect to /dev/elsewhere"},
    {"slow", "one byte a second"},
    {"hang", "no answer"},
};

bool is_known(const std::string& name) {
  for (const auto& mode : single_modes) {
    if (mode.name == name) return true;
  }
  for (const auto endpoint : endpoints) {
    for (const auto& kind : kinds) {
      if (name == std::string(endpoint) + '-' + std::string(kind.name)) return true;
    }
  }
  return false;
}

}  // namespace

bool Faults::set(const std::string& mode, int times) {
  if (!is_known(mode)) return false;
  const std::lock_guard lock(mutex_);
  on_[mode] = times;
  return true;
}

void Faults::clear() {
  const std::lock_guard lock(mutex_);
  on_.clear();
}

bool Faults::take(const std::string& mode) {
  const std::lock_guard lock(mutex_);
  const auto found = on_.find(mode);
  if (found == on_.end()) return false;
  if (found->second != always && --found->second <= 0) on_.erase(found);
  return true;
}

std::optional<std::string> Faults::take_kind(const std::string& endpoint) {
  for (const auto& kind : kinds) {
    if (take(endpoint + '-' + std::string(kind.name))) return std::string(kind.name);
  }
  return std::nullopt;
}

nlohmann::json Faults::read() const {
  nlohmann::json known;
  for (const auto& mode : single_modes) known[std::string(mode.name)] = mode.sentence;
  for (const auto endpoint : endpoints) {
    for (const auto& kind : kinds) {
      known[std::string(endpoint) + '-' + std::string(kind.name)] = kind.sentence;
    }
  }
  const std::lock_guard lock(mutex_);
  return {{"known", known}, {"on", on_}};
}

bool Patience::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  const long before = num_releases_;
  return !changed_.wait_for(lock, time, [&] { return num_releases_ != before; });
}

void Patience::release() {
  const std::lock_guard lock(mutex_);
  ++num_releases_;
  changed_.notify_all();
}

}  // namespace dev_idp
