#include "crypto/ed25519_point.hpp"

#include <array>
#include <cstdint>

namespace gatelet::crypto {
namespace {

using Point = std::array<std::uint8_t, 32>;

constexpr std::uint8_t hex_digit(char c) noexcept {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

constexpr Point point(std::string_view hex) noexcept {
  Point out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
  return out;
}

// The y coordinates, little-endian, of the points whose order is 1, 2, 4 or 8; the sign of x, the
// highest bit, stands apart.
constexpr std::array<Point, 5> small_order = {
    point("0100000000000000000000000000000000000000000000000000000000000000"),  // order 1
    point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),  // order 2
    point("0000000000000000000000000000000000000000000000000000000000000000"),  // order 4
    point("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  // order 8
    point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),  // order 8
};

// 2^255 - 19 or more: only the last 19 values of 255 bits.
bool is_beyond_prime(const Point& y) noexcept {
  if (y[31] != 0x7f || y[0] < 0xed) return false;
  for (std::size_t i = 1; i < 31; ++i) {
    if (y[i] != 0xff) return false;
  }
  return true;
}

}  // namespace

Result<void> check_ed25519_point(std::string_view encoded) {
  Point y{};
  if (encoded.size() != y.size())
    return Error{Status::malformed, "an Ed25519 key must have 32 bytes"};
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::uint8_t>(encoded[i]);
  y[31] &= 0x7f;

  if (is_beyond_prime(y)) return Error{Status::malformed, "an Ed25519 key is not canonical"};
  for (const auto& bad : small_order) {
    if (y == bad) return Error{Status::malformed, "an Ed25519 key is a point of small order"};
  }
  return {};
}

}  // namespace gatelet::crypto
