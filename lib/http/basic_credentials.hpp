// User and password of HTTP Basic (RFC 7617).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "base/secret.hpp"

namespace gatelet::http {

class BasicCredentials {
 public:
  // Reads what stands behind the scheme: base64 with padding, at most 32 KiB of it. The user ends
  // at the first colon; either may be empty.
  static std::optional<BasicCredentials> parse(std::string_view token68);

  std::string_view user() const noexcept { return pair_.reveal().substr(0, colon_); }
  std::string_view password() const noexcept { return pair_.reveal().substr(colon_ + 1); }

 private:
  BasicCredentials(Secret pair, std::size_t colon) noexcept
      : pair_(std::move(pair)), colon_(colon) {}
  Secret pair_;
  std::size_t colon_;
};

}  // namespace gatelet::http
