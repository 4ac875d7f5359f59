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

}  // namespace

std::string_view nearest_option(std::string_view key) noexcept {
  if (key.starts_with("--")) key.remove_prefix(2);
  if (key.empty() || key.size() > max_size) return {};
  std::string_view nearest;
  auto best = std::max<std::size_t>(2, key.size() / 3) + 1;
  for (const auto& option : options()) {
    const auto away = distance(key, option.key);
    if (away >= best) continue;
    best = away;
    nearest = option.key;
  }
  return nearest;
}

}  // namespace gatelet::config
