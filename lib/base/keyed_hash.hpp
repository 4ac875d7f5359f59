// A fast keyed hash (SipHash-1-3, 64 bits) for finding entries in tables that strangers may fill.
//
// It finds, it does not confirm: whoever looks something up compares the kept bytes as well.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gatelet {

class KeyedHash {
 public:
  // `key`: 16 random bytes, so that nobody outside can choose colliding inputs.
  explicit KeyedHash(const std::array<unsigned char, 16>& key) noexcept;

  std::uint64_t operator()(std::string_view data) const noexcept;

 private:
  std::uint64_t k0_, k1_;
};

}  // namespace gatelet
