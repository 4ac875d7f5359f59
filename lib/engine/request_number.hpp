// Ids for requests that bring none: unguessable enough to be told apart in a log, cheap enough for
// every request.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/keyed_hash.hpp"

namespace gatelet::engine {

class RequestNumbers {
 public:
  using Text = std::array<char, 16>;

  explicit RequestNumbers(const std::array<unsigned char, 16>& key) noexcept : hash_(key) {}

  // The next id, 16 hexadecimal digits, written into `text`. Threads: any.
  std::string_view next(Text& text) noexcept;

 private:
  const KeyedHash hash_;
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace gatelet::engine
