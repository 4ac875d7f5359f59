#include "base/keyed_hash.hpp"

#include <bit>
#include <cstring>

namespace gatelet {
namespace {

std::uint64_t little_endian(const unsigned char* bytes, std::size_t size) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

// Aumasson and Bernstein, "SipHash: a fast short-input PRF": one compression round, three
// finalisation rounds.
class State {
 public:
  State(std::uint64_t k0, std::uint64_t k1) noexcept
      : a_(k0 ^ 0x736f6d6570736575),
        b_(k1 ^ 0x646f72616e646f6d),
        c_(k0 ^ 0x6c7967656e657261),
        d_(k1 ^ 0x7465646279746573) {}

  void absorb(std::uint64_t word) noexcept {
    d_ ^= word;
    round();
    a_ ^= word;
  }

  std::uint64_t finish() noexcept {
    c_ ^= 0xff;
    round();
    round();
    round();
    return a_ ^ b_ ^ c_ ^ d_;
  }

 private:
  void round() noexcept {
    a_ += b_;
    b_ = std::rotl(b_, 13) ^ a_;
    a_ = std::rotl(a_, 32);
    c_ += d_;
    d_ = std::rotl(d_, 16) ^ c_;
    a_ += d_;
    d_ = std::rotl(d_, 21) ^ a_;
    c_ += b_;
    b_ = std::rotl(b_, 17) ^ c_;
    c_ = std::rotl(c_, 32);
  }

  std::uint64_t a_, b_, c_, d_;
};

}  // namespace

KeyedHash::KeyedHash(const std::array<unsigned char, 16>& key) noexcept
    : k0_(little_endian(key.data(), 8)), k1_(little_endian(key.data() + 8, 8)) {}

std::uint64_t KeyedHash::operator()(std::string_view data) const noexcept {
  State state(k0_, k1_);
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  std::size_t left = data.size();
  for (; left >= 8; left -= 8, bytes += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes, 8);
    if constexpr (std::endian::native == std::endian::big) word = little_endian(bytes, 8);
    state.absorb(word);
  }
  state.absorb(little_endian(bytes, left) | static_cast<std::uint64_t>(data.size() & 0xff) << 56);
  return state.finish();
}

}  // namespace gatelet
