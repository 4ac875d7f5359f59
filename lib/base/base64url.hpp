// base64 with the URL-safe alphabet (RFC 4648 section 5), strict: one text for each value.
//
// Refused are characters outside the alphabet (white space and line ends included), wrong padding,
// and non-zero trailing bits. Decoding reads nothing beyond its input and writes at most
// decoded_size(text.size()) bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatelet::base64url {

// `none`: JOSE (RFC 7515 section 2), no `=` allowed. `required`: as oauth2-proxy writes cookies, a
// multiple of four.
enum class Padding : unsigned char { none, required };

// What to do with bits of the last character that stand for nothing. `ignored` is what Go's decoder
// does, and sessions written by oauth2-proxy's users' tools may rely on.
enum class TrailingBits : unsigned char { zero, ignored };

constexpr std::size_t encoded_size(std::size_t size, Padding padding) noexcept {
  return padding == Padding::required ? (size + 2) / 3 * 4
                                      : size / 3 * 4 + (size % 3 == 0 ? 0 : size % 3 + 1);
}
constexpr std::size_t max_decoded_size(std::size_t size) noexcept { return size / 4 * 3 + 2; }

// Appends to `out`, so that a caller may build one buffer.
void encode(std::string_view bytes, Padding padding, std::string& out);
std::string encode(std::string_view bytes, Padding padding = Padding::none);

// Decodes into `out`, which has room for max_decoded_size(text.size()) bytes; the number written.
std::optional<std::size_t> decode_into(std::string_view text, char* out, Padding padding,
                                       TrailingBits bits = TrailingBits::zero) noexcept;
std::optional<std::string> decode(std::string_view text, Padding padding = Padding::none,
                                  TrailingBits bits = TrailingBits::zero);

}  // namespace gatelet::base64url
