#include "crypto/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "crypto/openssl_handle.hpp"

namespace gatelet::crypto {
namespace {

class SystemEntropy final : public Entropy {
 public:
  Result<void> fill(std::span<std::byte> out) noexcept override {
    const ErrorScope errors;
    while (!out.empty()) {
      const std::size_t size = std::min<std::size_t>(out.size(), INT_MAX);
      // Only 1 is success; -1 means that the provider has no generator.
      if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) != 1)
        return Error{Status::no_entropy, {}};  // no text: allocating it could throw
      out = out.subspan(size);
    }
    return {};
  }
};

}  // namespace

DrawnEntropy::~DrawnEntropy() { wipe(bytes_.data(), bytes_.size()); }

Result<void> DrawnEntropy::fill(std::span<std::byte> out) noexcept {
  if (!is_drawn_) {
    auto drawn = source_.fill(std::span(bytes_).first(size_));
    if (!drawn.ok()) return drawn;
    is_drawn_ = true;
  }
  if (out.size() > size_ - used_) return source_.fill(out);
  const auto taken = std::span(bytes_).subspan(used_, out.size());
  std::copy(taken.begin(), taken.end(), out.begin());
  used_ += out.size();
  return {};
}

std::shared_ptr<Entropy> system_entropy() { return std::make_shared<SystemEntropy>(); }

Result<std::string> random_bytes(Entropy& entropy, std::size_t size) {
  std::string out(size, '\0');
  const auto filled = entropy.fill(as_writable_bytes(out));
  if (!filled) return Error{Status::no_entropy, "the random source gave no bytes"};
  return out;
}

}  // namespace gatelet::crypto
