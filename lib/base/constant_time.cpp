#include "base/constant_time.hpp"

#include <cstddef>

namespace gatelet {

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    __asm__ __volatile__(
        ""
        : "+r"(difference));  // hides the running value, so no early exit can be derived
  }
  return difference == 0;
}

}  // namespace gatelet
