#include "config/suggest.hpp"

#include <algorithm>
#include <array>

#include "config/options.hpp"

namespace gatelet::config {
namespace {

constexpr std::size_t max_size = 64;  // no key is longer; what is, is near to none

constexpr char folded(char c) noexcept {
  if (c == '-') return '_';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// How many letters to change, insert or leave out (Levenshtein). Both at most max_size long.
std::size_t distance(std::string_view a, std::string_view b) noexcept {
  std::array<std::size_t, max_size + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto changed = diagonal + (folded(a[i - 1]) == folded(b[j - 1]) ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

class Search {
 public:
  explicit Search(std::string_view key) noexcept
      : key_(key), best_(std::max<std::size_t>(2, key.size() / 3) + 1) {}

  void consider(std::string_view name) noexcept {
    if (key_.empty() || key_.size() > max_size || name.size() > max_size) return;
    const auto away = distance(key_, name);
    if (away >= best_) return;
    best_ = away;
    nearest_ = name;
  }

  std::string_view nearest() const noexcept { return nearest_; }

 private:
  std::string_view key_, nearest_;
  std::size_t best_;
};

}  // namespace

std::string_view nearest_option(std::string_view key) noexcept {
  if (key.starts_with("--")) key.remove_prefix(2);
  Search search(key);
  for (const auto& option : options()) search.consider(option.key);
  return search.nearest();
}

std::string_view nearest_of(std::span<const std::string_view> names,
                            std::string_view name) noexcept {
  Search search(name);
  for (const auto known : names) search.consider(known);
  return search.nearest();
}

}  // namespace gatelet::config
