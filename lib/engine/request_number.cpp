#include "engine/request_number.hpp"

namespace gatelet::engine {

std::string_view RequestNumbers::next(Text& text) noexcept {
  const std::uint64_t count = count_.fetch_add(1, std::memory_order_relaxed);
  auto number = hash_({reinterpret_cast<const char*>(&count), sizeof(count)});
  constexpr std::string_view digits = "0123456789abcdef";
  for (auto& digit : text) {
    digit = digits[number & 15];
    number >>= 4;
  }
  return {text.data(), text.size()};
}

}  // namespace gatelet::engine
