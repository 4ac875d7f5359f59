#include "http/header.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "http/ascii.hpp"

namespace gatelet::http {
namespace {

constexpr std::size_t max_headers_size = 64 * 1024;

constexpr auto token_characters = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) {
    table[static_cast<std::size_t>(c)] =
        is_alnum(static_cast<char>(c)) ||
        std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  }
  return table;
}();

constexpr std::uint64_t eight_of(unsigned char byte) noexcept { return 0x0101010101010101u * byte; }

// Not 0 when one of the eight bytes is a control byte: below 0x20, or 0x7f. A subtraction borrows
// into the top bit of the lowest byte that is too small; bytes above 0x7f have it already.
constexpr std::uint64_t control_bytes(std::uint64_t word) noexcept {
  const auto other = word ^ eight_of(0x7f);
  const auto low = (word - eight_of(0x20)) & ~word;
  const auto del = (other - eight_of(0x01)) & ~other;
  return (low | del) & eight_of(0x80);
}

// Sixteen bytes that are compared at once: a session is some 3 KB of a field, looked through with
// every request. Vector types of the language extension that g++ and clang share.
using Lanes [[gnu::vector_size(16)]] = unsigned char;

// CR, LF or NUL. Hardly any text has a byte that small, so the smallest byte tells.
bool breaks_fields(std::string_view value) noexcept {
  unsigned char small = 0xff;
  Lanes bytes;
  if (value.size() < sizeof bytes) {
    for (const char c : value) small = std::min(small, static_cast<unsigned char>(c));
  } else {
    Lanes smallest = Lanes{} + small;
    const auto look_at = [&](std::size_t at) {
      std::memcpy(&bytes, value.data() + at, sizeof bytes);
      smallest = bytes < smallest ? bytes : smallest;
    };
    for (std::size_t at = 0; at + sizeof bytes < value.size(); at += sizeof bytes) look_at(at);
    look_at(value.size() - sizeof bytes);  // some of them once more
    for (std::size_t i = 0; i < sizeof smallest; ++i) small = std::min(small, smallest[i]);
  }
  if (small > '\r') return false;
  // Three searches for one byte each run many times faster than one search for three.
  const auto holds = [&](char c) { return value.find(c) != std::string_view::npos; };
  return holds('\r') || holds('\n') || holds('\0');
}

char folded(char c) noexcept { return is_alnum(c) ? to_lower(c) : '-'; }

Error refused(std::string_view what) { return {Status::bad_request, std::string(what)}; }

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return to_lower(x) == to_lower(y);
         });
}

bool equal_folded(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return folded(x) == folded(y); });
}

const HeaderView* find_header(std::span<const HeaderView> headers, std::string_view name) noexcept {
  for (const auto& header : headers) {
    if (equal_ignoring_case(header.name, name)) return &header;
  }
  return nullptr;
}

std::size_t count_header(std::span<const HeaderView> headers, std::string_view name) noexcept {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(),
      [&](const HeaderView& header) { return equal_ignoring_case(header.name, name); }));
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return token_characters[static_cast<unsigned char>(c)];
  });
}

bool is_safe_value(std::string_view value) noexcept {
  std::uint64_t found = 0;
  while (value.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, value.data(), sizeof(word));
    found |= control_bytes(word);
    value.remove_prefix(sizeof(word));
  }
  return found == 0 && std::none_of(value.begin(), value.end(), is_control);
}

Result<void> check_headers(std::span<const HeaderView> headers) {
  std::size_t size = 0;
  int num_hosts = 0;
  int num_authorizations = 0;
  for (const auto& header : headers) {
    size += header.name.size() + header.value.size();
    if (size > max_headers_size) return refused("the header fields are larger than 64 KiB");
    if (!is_token(header.name)) return refused("a header field has a name that is no token");
    if (breaks_fields(header.value)) {
      return refused("a header field has a value with CR, LF or NUL");
    }
    if (equal_ignoring_case(header.name, "Host")) ++num_hosts;
    if (equal_ignoring_case(header.name, "Authorization")) ++num_authorizations;
  }
  if (num_hosts > 1) return refused("the request has several Host fields");
  if (num_authorizations > 1) return refused("the request has several Authorization fields");
  return {};
}

}  // namespace gatelet::http
