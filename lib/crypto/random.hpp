// Random bytes from the operating system, behind the Entropy port.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include <gatelet/ports.hpp>

#include "base/result.hpp"

namespace gatelet::crypto {

// OpenSSL's generator, seeded by the system. Failure of fill: Status::no_entropy.
std::shared_ptr<Entropy> system_entropy();

// Several draws for the price of one: the first fill takes `size` bytes of the source at once and
// serves from them; what goes beyond comes from the source. Each byte is handed out once, and what
// is left is wiped. For one thread, for the length of one call.
class DrawnEntropy final : public Entropy {
 public:
  static constexpr std::size_t max_size = 256;

  // `size`: at most max_size. `source` must outlive this.
  DrawnEntropy(Entropy& source, std::size_t size) noexcept : source_(source), size_(size) {}
  DrawnEntropy(const DrawnEntropy&) = delete;
  DrawnEntropy& operator=(const DrawnEntropy&) = delete;
  ~DrawnEntropy() override;

  Result<void> fill(std::span<std::byte> out) noexcept override;

 private:
  Entropy& source_;
  const std::size_t size_;
  std::size_t used_ = 0;
  bool is_drawn_ = false;
  std::array<std::byte, max_size> bytes_;
};

// `size` random bytes.
Result<std::string> random_bytes(Entropy&, std::size_t size);

}  // namespace gatelet::crypto
