// Random sources for tests: one that repeats itself, one that fails.
#pragma once

#include <cstdint>
#include <memory>
#include <random>

#include <gatelet/ports.hpp>

namespace gatelet::support {

// The same bytes for the same seed.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed = 1) : random_(seed) {}

  Result<void> fill(std::span<std::byte> out) noexcept override {
    for (auto& byte : out) byte = static_cast<std::byte>(random_() & 0xff);
    return {};
  }

 private:
  std::mt19937_64 random_;
};

// Serves `good` calls from a seed, then fails each one, leaving a pattern that must not be used.
class FailingEntropy final : public Entropy {
 public:
  explicit FailingEntropy(int good) : left_(good) {}

  Result<void> fill(std::span<std::byte> out) noexcept override {
    if (left_-- > 0) return seeded_.fill(out);
    for (auto& byte : out) byte = std::byte{0x41};
    return Error{Status::no_entropy, {}};
  }

 private:
  int left_;
  SeededEntropy seeded_;
};

}  // namespace gatelet::support
