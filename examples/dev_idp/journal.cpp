#include "journal.hpp"

#include <utility>

namespace dev_idp {
namespace {

// Always present, so that a test that expects 0 cannot pass by a spelling mistake.
constexpr const char* known_counts[] = {
    "codes_issued",
    "codes_used_twice",
    "grants.authorization_code",
    "grants.refresh_token",
    "refresh_tokens_used_twice",
    "families_revoked",
    "userinfo_answered",
    "sign_ins",
    "denials",
    "sign_outs",
    "redirects_followed",
};

}  // namespace

void Journal::arrived(const std::string& method, const std::string& path,
                      std::vector<std::string> parameters) {
  const std::lock_guard lock(mutex_);
  const auto request = method + ' ' + path;
  ++requests_[request];
  recent_.push_back({request, std::move(parameters)});
  if (recent_.size() > max_recent) recent_.pop_front();
}

void Journal::count(const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++counts_[what];
}

nlohmann::json Journal::read() const {
  const std::lock_guard lock(mutex_);
  nlohmann::json counts;
  for (const char* name : known_counts) counts[name] = 0;
  for (const auto& [name, number] : counts_) counts[name] = number;
  auto recent = nlohmann::json::array();
  for (const auto& entry : recent_) {
    recent.push_back({{"request", entry.request}, {"parameters", entry.parameters}});
  }
  return {{"requests", requests_}, {"counts", counts}, {"recent", recent}};
}

void Journal::clear() {
  const std::lock_guard lock(mutex_);
  requests_.clear();
  counts_.clear();
  recent_.clear();
}

}  // namespace dev_idp
