#include "base/base64url.hpp"

#include <array>
#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

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

#ifdef __x86_64__

// Sixteen characters at once, by Mula and Lemire, "Faster Base64 Encoding and Decoding Using AVX2
// Instructions": a character is known by its two halves. Each upper half that has characters of the
// alphabet is a class with a bit of its own; any other is a class without any.
constexpr unsigned first_class = 2, last_class = 7;
constexpr std::uint8_t no_class = 0x80;

constexpr std::uint8_t class_of(unsigned upper) noexcept {
  return upper >= first_class && upper <= last_class
             ? static_cast<std::uint8_t>(1u << (upper - first_class))
             : no_class;
}

struct Halves {
  alignas(16) std::array<std::uint8_t, 16> classes{};   // of an upper half: its class
  alignas(16) std::array<std::uint8_t, 16> refusing{};  // of a lower half: the classes it is not in
  alignas(16) std::array<std::int8_t, 16> distances{};  // of an upper half: from character to value
};

constexpr Halves make_halves() {
  Halves halves;
  for (unsigned lower = 0; lower < 16; ++lower) halves.refusing[lower] = no_class;
  for (unsigned upper = 0; upper < 16; ++upper) {
    halves.classes[upper] = class_of(upper);
    for (unsigned lower = 0; lower < 16; ++lower) {
      const auto value = alphabet.find(static_cast<char>(upper << 4 | lower));
      if (value == std::string_view::npos) {
        halves.refusing[lower] |= class_of(upper);
      } else if (value != 63) {  // `_` stands apart from the others of its class
        halves.distances[upper] = static_cast<std::int8_t>(static_cast<int>(value) -
                                                           static_cast<int>(upper << 4 | lower));
      }
    }
  }
  return halves;
}
constexpr Halves halves = make_halves();

const __m128i* vector_at(const void* bytes) noexcept { return static_cast<const __m128i*>(bytes); }

// Decodes what it can of the text's front and says how much that was; `out` has room for the whole
// text. Each step writes four bytes more than it has, the next one or the caller writes over them.
[[gnu::target("ssse3")]] std::size_t decode_front(std::string_view text, char* out,
                                                  bool& is_good) noexcept {
  constexpr std::size_t step = 16, margin = 8;
  const auto classes = _mm_load_si128(vector_at(halves.classes.data()));
  const auto refusing = _mm_load_si128(vector_at(halves.refusing.data()));
  const auto distances = _mm_load_si128(vector_at(halves.distances.data()));
  const auto lower_half = _mm_set1_epi8(0x0f);
  const auto order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  constexpr char underscore_further = 63 - ('_' + (15 - 'P'));
  auto refused = _mm_setzero_si128();
  std::size_t done = 0;
  for (; text.size() - done >= step + margin; done += step, out += step / 4 * 3) {
    const auto characters = _mm_loadu_si128(vector_at(text.data() + done));
    const auto upper = _mm_and_si128(_mm_srli_epi32(characters, 4), lower_half);
    const auto lower = _mm_and_si128(characters, lower_half);
    refused = _mm_or_si128(refused, _mm_and_si128(_mm_shuffle_epi8(classes, upper),
                                                  _mm_shuffle_epi8(refusing, lower)));
    const auto underscores = _mm_and_si128(_mm_cmpeq_epi8(characters, _mm_set1_epi8('_')),
                                           _mm_set1_epi8(underscore_further));
    const auto values =
        _mm_add_epi8(_mm_add_epi8(characters, _mm_shuffle_epi8(distances, upper)), underscores);
    const auto pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));  // twelve bits each
    const auto groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));     // twenty-four
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_shuffle_epi8(groups, order));
  }
  is_good = _mm_movemask_epi8(_mm_cmpeq_epi8(refused, _mm_setzero_si128())) == 0xffff;
  return done;
}

bool has_wide_decoder() noexcept {
  static const bool has = __builtin_cpu_supports("ssse3") != 0;
  return has;
}

#else

std::size_t decode_front(std::string_view, char*, bool&) noexcept { return 0; }
constexpr bool has_wide_decoder() noexcept { return false; }

#endif

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
  if (has_wide_decoder()) {
    bool is_good = false;
    const auto done = decode_front(text, out, is_good);
    if (!is_good) return std::nullopt;
    text.remove_prefix(done);
    out += done / 4 * 3;
  }
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
