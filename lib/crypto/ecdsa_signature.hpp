// ECDSA signatures as JOSE writes them (RFC 7518 section 3.4), turned into what OpenSSL reads.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace gatelet::crypto {

// SEQUENCE { INTEGER r, INTEGER s } in DER, at most for P-521.
struct DerSignature {
  static constexpr std::size_t max_size = 3 + 2 * (2 + 67);
  std::array<unsigned char, max_size> bytes;
  std::size_t size = 0;
};

// The DER form of `signature`, r ‖ s of order.size() bytes each. `order` is the curve's order n,
// big-endian.
//   Failure: nullopt when the size is any other or r or s is not in 1..n-1 (a zero there once
//   signed for everybody, CVE-2022-21449).
std::optional<DerSignature> der_from_jose(std::string_view signature,
                                          std::span<const unsigned char> order) noexcept;

}  // namespace gatelet::crypto
