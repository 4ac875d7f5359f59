// Random sources for tests: one that repeats itself, one that says what it is told, one that fails.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

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

// Serves one text, to whoever draws exactly as much.
class GivenEntropy final : public Entropy {
 public:
  explicit GivenEntropy(std::string_view bytes) : bytes_(bytes) {}

  Result<void> fill(std::span<std::byte> out) noexcept override {
    if (out.size() != bytes_.size()) return Error{Status::no_entropy, {}};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(bytes_[i]);
    return {};
  }

 private:
  std::string bytes_;
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
