// A Secret is text that must not leak: a token, a client secret, a cookie key.
//
// It is wiped when destroyed or overwritten, compared in constant time, and has no stream operator:
// the only way to its bytes is `reveal()`, which is easy to search for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <gatelet/version.hpp>

namespace gatelet::inline GATELET_CXX_ABI {

class GATELET_API Secret {
 public:
  Secret() noexcept = default;
  explicit Secret(std::string_view text);
  Secret(const Secret&);
  Secret(Secret&&) noexcept;
  Secret& operator=(const Secret&);
  Secret& operator=(Secret&&) noexcept;
  ~Secret();

  // The bytes themselves. Valid until the Secret is assigned to or destroyed.
  std::string_view reveal() const noexcept { return {data_, size_}; }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  // "Secret(32 bytes)": all that a log or a message may say.
  std::string describe() const;

  // Constant time for equal sizes; the size itself is not secret.
  friend GATELET_API bool operator==(const Secret&, const Secret&) noexcept;

 private:
  void wipe() noexcept;

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace gatelet::inline GATELET_CXX_ABI
