#include "base/base64url.hpp"

#include <array>
#include <cstdint>

namespace gatelet::base64url {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t bad = 1u << 31;  // survives every shift and or below

// tables[i][c]: the value of character c as the i-th of a group of four, already shifted into
// place.
constexpr auto make_tables() {
  std::array<std::array<std::uint32_t, 256>, 4> tables{};
  for (auto& table : tables) table.fill(bad);
  for (std::uint32_t value = 0; value < 64; ++value) {
    const auto c = static_cast<unsigned char>(alphabet[value]);
    for (unsigned i = 0; i < 4; ++i) tables[i][c] = value << (18 - 6 * i);
  }
  return tables;
}
constexpr auto tables = make_tables();

std::uint32_t lookup(unsigned place, char c) noexcept {
  return tables[place][static_cast<unsigned char>(c)];
}

}  // namespace

void encode(std::string_view bytes, Padding padding, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + encoded_size(bytes.size(), padding));
  char* to = out.data() + start;
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 3; left -= 3, from += 3) {
    const std::uint32_t group = static_cast<std::uint32_t>(from[0]) << 16 |
                                static_cast<std::uint32_t>(from[1]) << 8 | from[2];
    *to++ = alphabet[group >> 18];
    *to++ = alphabet[group >> 12 & 63];
    *to++ = alphabet[group >> 6 & 63];
    *to++ = alphabet[group & 63];
  }
  if (left == 0) return;
  const std::uint32_t group = static_cast<std::uint32_t>(from[0]) << 16 |
                              (left == 2 ? static_cast<std::uint32_t>(from[1]) << 8 : 0);
  *to++ = alphabet[group >> 18];
  *to++ = alphabet[group >> 12 & 63];
  if (left == 2) *to++ = alphabet[group >> 6 & 63];
  if (padding == Padding::none) return;
  if (left == 1) *to++ = '=';
  *to++ = '=';
}

std::string encode(std::string_view bytes, Padding padding) {
  std::string out;
  encode(bytes, padding, out);
  return out;
}

std::optional<std::size_t> decode_into(std::string_view text, char* out, Padding padding,
                                       TrailingBits bits) noexcept {
  if (padding == Padding::required) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.ends_with('=')) text.remove_suffix(1);
    if (text.ends_with('=') && text.size() % 4 == 3) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;

  const char* const begin = out;
  const char* from = text.data();
  std::size_t left = text.size();
  std::uint32_t seen = 0;
  for (; left >= 4; left -= 4, from += 4) {
    const std::uint32_t group =
        lookup(0, from[0]) | lookup(1, from[1]) | lookup(2, from[2]) | lookup(3, from[3]);
    seen |= group;
    *out++ = static_cast<char>(group >> 16);
    *out++ = static_cast<char>(group >> 8);
    *out++ = static_cast<char>(group);
  }
  if (left > 0) {
    std::uint32_t group = lookup(0, from[0]) | lookup(1, from[1]);
    if (left == 3) group |= lookup(2, from[2]);
    seen |= group;
    const std::uint32_t unused = left == 2 ? 0xffff : 0xff;
    if (bits == TrailingBits::zero && (group & unused) != 0) return std::nullopt;
    *out++ = static_cast<char>(group >> 16);
    if (left == 3) *out++ = static_cast<char>(group >> 8);
  }
  if ((seen & bad) != 0) return std::nullopt;
  return static_cast<std::size_t>(out - begin);
}

std::optional<std::string> decode(std::string_view text, Padding padding, TrailingBits bits) {
  std::string out;
  out.resize(max_decoded_size(text.size()));
  const auto size = decode_into(text, out.data(), padding, bits);
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

}  // namespace gatelet::base64url
