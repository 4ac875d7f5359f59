// base64url: round trip; equal to a decoder without a table; one text for each value.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base64url.hpp"
#include "require.hpp"

using namespace gatelet;
using base64url::Padding;
using base64url::TrailingBits;

namespace {

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

std::optional<std::string> slow_decode(std::string_view text, Padding padding,
                                       TrailingBits trailing) {
  if (padding == Padding::required) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  unsigned bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    num_bits += 6;
    if (num_bits < 8) continue;
    num_bits -= 8;
    out += static_cast<char>(bits >> num_bits & 0xff);
    bits &= (1u << num_bits) - 1;
  }
  if (trailing == TrailingBits::zero && bits != 0) return std::nullopt;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto padding : {Padding::none, Padding::required}) {
    const auto encoded = base64url::encode(text, padding);
    require(encoded.size() == base64url::encoded_size(size, padding));
    require(base64url::decode(encoded, padding) == text);

    for (const auto trailing : {TrailingBits::zero, TrailingBits::ignored}) {
      const auto decoded = base64url::decode(text, padding, trailing);
      require(decoded == slow_decode(text, padding, trailing));
      if (decoded) require(decoded->size() <= base64url::max_decoded_size(size));
      if (decoded && trailing == TrailingBits::zero) {
        require(base64url::encode(*decoded, padding) == text);
      }
    }
  }
  return 0;
}
