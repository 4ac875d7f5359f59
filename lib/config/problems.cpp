#include "config/problems.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gatelet::config {

std::string full_key(Row row, const ProviderName& provider) {
  const auto key = std::string(option(row).key);
  const bool is_flat = option(row).scope != Scope::provider || provider.id == "default";
  return is_flat ? key : "providers." + provider.id + "." + key;
}

void Problems::add(Row row, const std::string& text, Status status) {
  add(ProviderName{}, row, text, status);
}

void Problems::add(const ProviderName& provider, Row row, const std::string& text, Status status) {
  found_.push_back({row, provider.number, {status, full_key(row, provider) + ": " + text}});
}

bool Problems::has(Row row, std::size_t provider_number) const noexcept {
  return std::any_of(found_.begin(), found_.end(), [&](const Problem& problem) {
    return problem.row == row && problem.provider_number == provider_number;
  });
}

std::vector<Error> Problems::in_order() const {
  auto sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.row, a.provider_number) < std::tie(b.row, b.provider_number);
  });
  auto errors = first_;
  for (auto& problem : sorted) errors.push_back(std::move(problem.error));
  return errors;
}

}  // namespace gatelet::config
