#include "crypto/rsa_modulus.hpp"

#include <array>
#include <bit>
#include <cstdint>

namespace gatelet::crypto {
namespace {

constexpr std::size_t min_bits = 2048;
constexpr std::size_t max_bits = 8192;
constexpr std::size_t max_exponent_size = 8;

std::uint8_t octet(char c) noexcept { return static_cast<std::uint8_t>(c); }

// Requires no leading zero byte.
std::size_t bit_size(std::string_view number) noexcept {
  return (number.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(octet(number.front())));
}

std::uint32_t remainder(std::string_view number, std::uint32_t divisor) noexcept {
  std::uint32_t rest = 0;
  for (const char c : number) rest = (rest << 8 | octet(c)) % divisor;
  return rest;
}

// The odd primes up to 167, those of the published ROCA fingerprint.
constexpr std::array<std::uint32_t, 38> primes = {
    3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
    73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

bool has_small_factor(std::string_view modulus) noexcept {
  for (const auto prime : primes) {
    if (remainder(modulus, prime) == 0) return true;
  }
  return false;
}

bool is_power_of_65537(std::uint32_t value, std::uint32_t prime) noexcept {
  const std::uint32_t generator = 65537 % prime;
  std::uint32_t power = 1;
  do {
    if (power == value) return true;
    power = power * generator % prime;
  } while (power != 1);
  return false;
}

// CVE-2017-15361: the primes that some smart cards made are powers of 65537 modulo every small
// prime, and so is their product; such a modulus can be factored. An honest one passes all 38 tests
// once in about 2^27 keys.
bool has_roca_fingerprint(std::string_view modulus) noexcept {
  for (const auto prime : primes) {
    if (!is_power_of_65537(remainder(modulus, prime), prime)) return false;
  }
  return true;
}

Error refused(const char* why) { return {Status::malformed, why}; }

}  // namespace

Result<void> check_rsa_key(std::string_view modulus, std::string_view exponent) {
  if (modulus.empty() || exponent.empty()) return refused("an RSA key lacks modulus or exponent");
  if (modulus.front() == 0 || exponent.front() == 0)
    return refused("an RSA key has a number with leading zeros");
  // The size goes first: what follows is linear in it.
  if (modulus.size() > max_bits / 8 || bit_size(modulus) < min_bits)
    return refused("an RSA modulus must have 2048 to 8192 bits");
  if ((modulus.back() & 1) == 0) return refused("an RSA modulus is even");

  if (exponent.size() > max_exponent_size) return refused("an RSA exponent has more than 64 bits");
  if ((exponent.back() & 1) == 0) return refused("an RSA exponent is even");
  if (exponent.size() == 1 && octet(exponent.front()) < 3)
    return refused("an RSA exponent must be at least 3");

  if (has_small_factor(modulus)) return refused("an RSA modulus has a small factor");
  if (has_roca_fingerprint(modulus))
    return refused("an RSA modulus can be factored (ROCA, CVE-2017-15361)");
  return {};
}

}  // namespace gatelet::crypto
